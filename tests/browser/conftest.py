"""A real server and a real Chromium for the end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.embed import packages
from tests.embed.packages import MODULES, NoPackagesError
from tests.support.server import Server, start_server


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty data folder, the server's."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    """Serve the app with an empty data folder."""
    running = start_server(home)
    yield running
    running.process.terminate()
    running.process.wait(20)


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script."""
    try:
        packages.install()
    except NoPackagesError as error:
        pytest.skip(f"axe-core is needed. {error}")
    return (MODULES / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Open an English page, wide and light; requests to other hosts, and what its own headers forbid, fail the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", permissions=["camera"])
    opened = context.new_page()
    strangers: list[str] = []
    opened.on("request", lambda request: _note_stranger(request.url, strangers))
    forbidden: list[str] = []
    opened.on("console", lambda said: forbidden.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    context.close()
    assert not strangers, f"The page asked other hosts: {strangers}"
    assert not forbidden, f"The page's own headers forbid what it does: {forbidden}"


def _note_stranger(url: str, strangers: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:")):
        strangers.append(url)
