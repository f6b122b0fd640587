"""A class as it is started for a room: over TLS, with a host and with visitors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lib.photos.samples import find_samples
from lib.server import addresses
from lib.server.host import COOKIE
from tests.support.axe import unusable
from tests.support.server import Server, start_class

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """Start a class with an empty data folder."""
    running = start_class(home, log=home / "log")
    yield running
    running.process.terminate()
    running.process.wait(20)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a browser of somebody who pressed what the warning asks for."""
    opened = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-US", ignore_https_errors=True, permissions=["camera"]
    )
    yield opened
    opened.close()


def key(home: Path) -> str:
    return (home / "class" / "host.key").read_text("ascii")


def come(context: BrowserContext, address: str) -> Page:
    """Open a page and wait until it is drawn."""
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body.ready", state="attached")
    return page


def test_the_terminal_says_everything_that_a_teacher_needs(server: Server, home: Path) -> None:
    assert server.log is not None
    told, port = server.log.read_text("utf-8"), server.url.rpartition(":")[2]
    assert f"For the host, works once: https://localhost:{port}/?host=" in told
    assert key(home) not in told
    for address in addresses.lan():
        assert f"https://{address}:{port}" in told
    assert "Traceback" not in told


def test_a_phone_may_use_its_camera_and_a_visitor_is_no_host(server: Server, context: BrowserContext) -> None:
    page = come(context, server.url)
    assert page.evaluate("window.isSecureContext")
    tracks = page.evaluate("navigator.mediaDevices.getUserMedia({ video: true }).then((s) => s.getTracks().length)")
    assert tracks == 1
    expect(page.locator(".hosts")).to_be_hidden()
    visitor = come(context, f"{server.url}/models")
    expect(visitor.get_by_text("In a class only the teacher can download models.").first).to_be_visible()
    expect(visitor.locator("[data-do=get]")).to_have_count(0)


def test_the_link_in_the_terminal_makes_a_host_and_leaves_no_key_in_the_address(
    server: Server, home: Path, context: BrowserContext
) -> None:
    assert server.log is not None
    link = re.findall(r"works once: \S+(/\?host=\S+)", server.log.read_text("utf-8"))[0]
    page = come(context, f"{server.url}{link}")
    assert page.url == f"{server.url}/"
    assert COOKIE not in page.evaluate("document.cookie")
    (cookie,) = (each for each in context.cookies() if each.get("name") == COOKIE)
    assert (cookie.get("httpOnly"), cookie.get("secure"), cookie.get("sameSite")) == (True, True, "Strict")
    page.locator(".hosts").click()
    expect(page.get_by_role("heading", name="Point your phone’s camera here")).to_be_visible()
    port = server.url.rpartition(":")[2]
    expect(page.locator(".join-address")).to_have_text(f"https://{addresses.lan()[0]}:{port}")
    assert page.url.endswith("/join")
    page.get_by_role("button", name="Another host").click()
    expect(page.locator("[data-testid=stCode]")).to_contain_text("/?host=")
    hosts = come(context, f"{server.url}/models")
    expect(hosts.locator("[data-do=get]").first).to_be_visible()
    stranger = hosts.context.browser.new_context(ignore_https_errors=True)  # type: ignore[union-attr]
    refused = stranger.request.get(f"{server.url}{link}", max_redirects=0)
    assert refused.status == 403
    stranger.close()


def test_photos_are_answered_over_tls(server: Server, context: BrowserContext) -> None:

    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    page = come(context, server.url)
    page.set_input_files("input[type=file]", cat)
    expect(page.locator(".stage [data-verdict]")).to_contain_text("cat", timeout=20_000)


@pytest.mark.parametrize("width", [375, 1600])
def test_everybody_can_use_what_the_host_sees(
    server: Server, home: Path, context: BrowserContext, axe: str, width: int
) -> None:
    page = come(context, f"{server.url}/join?host={key(home)}")
    page.set_viewport_size({"width": width, "height": 812})
    expect(page.get_by_role("heading", name="In class now")).to_be_visible()
    code, address = page.locator(".join-poster img").bounding_box(), page.locator(".join-address").bounding_box()
    assert code is not None
    assert address is not None
    assert code["width"] >= min(width - 32, 600)
    assert address["x"] + address["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = unusable(page, axe)
    assert not found, "\n".join(found)
