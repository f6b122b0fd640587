"""A real server and a real Chromium for the end-to-end tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A running app.

    Attributes:
        url: Its address.
        process: The process that serves it.
        started: When it was started, in seconds of time.monotonic().
    """

    url: str
    process: "subprocess.Popen[bytes]"
    started: float = field(default_factory=time.monotonic)

    def is_healthy(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def start_server(home: Path, *, port: int | None = None, **environment: str) -> Server:
    """Start the app, on a free port unless told, with its data in `home`, and wait until it answers."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    process = subprocess.Popen(
        [*command, "--server.headless=true"],
        cwd=ROOT,
        env={**os.environ, "DISCERN_HOME": str(home), **environment},
        stdout=subprocess.DEVNULL,
        stderr=None,
    )
    server = Server(f"http://127.0.0.1:{port}", process)
    deadline = time.monotonic() + 60
    while not server.is_healthy():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail("The server did not start.")
        time.sleep(0.05)
    return server


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


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Open an English page, wide and light; requests to other hosts fail the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", permissions=["camera"])
    opened = context.new_page()
    strangers: list[str] = []
    opened.on("request", lambda request: _note_stranger(request.url, strangers))
    yield opened
    context.close()
    assert not strangers, f"The page asked other hosts: {strangers}"


def _note_stranger(url: str, strangers: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:")):
        strangers.append(url)
