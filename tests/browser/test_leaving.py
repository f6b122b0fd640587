"""What the server still holds of a visitor who left; with the waits of `lib.server.limits` shortened."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.photos.samples import find_samples
from tests.support.server import ROOT, Server, start_server

pytestmark = pytest.mark.browser
SHORT = """
from lib.server import limits
limits.SWEEP_S, limits.FORGET_S, limits.GRACE_S, limits.KEEP_S = 0.3, 0.3, 1.0, 3.0
"""


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    """Serve an app that forgets in seconds what takes minutes."""
    (tmp_path / "sitecustomize.py").write_text(SHORT)
    short = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1"}
    server = start_server(tmp_path / "home", PYTHONPATH=f"{tmp_path}:{ROOT}", **short)
    yield server
    server.process.terminate()
    server.process.wait(20)


def is_served(address: str) -> bool:
    """Whether anybody who knows the address gets something."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def bring(page: Page, server: Server) -> str:
    """Bring a photo and return the address of its picture."""
    page.goto(server.url)
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    page.set_input_files("input[type=file]", cat)
    expect(page.locator(".stage [data-verdict]")).to_be_visible(timeout=30_000)
    visit = page.evaluate("sessionStorage.getItem('discern-visit')")
    return f"{server.url}/visits/{visit}/photos/1.jpg"


def test_an_open_page_keeps_its_photos_and_a_closed_one_none_even_if_nobody_else_comes(
    hasty: Server, browser: Browser
) -> None:
    page = browser.new_context(locale="en-US").new_page()
    thumbnail = bring(page, hasty)
    time.sleep(5)  # longer than a visit is kept that nobody shows
    page.reload()
    expect(page.locator(".stage [data-verdict]")).to_be_visible(timeout=20_000)
    assert is_served(thumbnail)
    page.context.close()
    deadline = time.monotonic() + 20
    while is_served(thumbnail):
        assert time.monotonic() < deadline, "the thumbnail of a visitor who left is still served"
        time.sleep(4)  # to ask is to show it
