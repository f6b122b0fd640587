"""The app as people start it: a real server, on a free port of this machine."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Whose certificate nobody vouches for, is reached all the same.
UNCHECKED = ssl.create_default_context()
UNCHECKED.check_hostname = False
UNCHECKED.verify_mode = ssl.CERT_NONE


@dataclass
class Server:
    """A running app.

    Attributes:
        url: Its address.
        process: The process that serves it.
        log: Where its standard error goes, if not to the tests' own.
        started: When it was started, in seconds of time.monotonic().
    """

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path | None = None
    started: float = field(default_factory=time.monotonic)

    def is_healthy(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2, context=UNCHECKED) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False


def start_class(home: Path, *, log: Path, open_files: int | None = None, **environment: str) -> Server:
    """Start the app as `make class` does, and wait until it answers.

    Args:
        home: Its data folder.
        log: Where its output goes.
        open_files: How many files it may open, sockets included.
        environment: Further settings.
    """
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "lib", "class", f"--port={port}", "--no-browser"],
        cwd=ROOT,
        env={**os.environ, "DISCERN_HOME": str(home), **environment},
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        preexec_fn=None if os.name == "nt" else lambda: _prepare(open_files),
    )
    return _up(Server(f"https://127.0.0.1:{port}", process, log))


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def start_server(
    home: Path,
    *,
    port: int | None = None,
    log: Path | None = None,
    open_files: int | None = None,
    headless: bool = True,
    root: Path = ROOT,
    **environment: str,
) -> Server:
    """Start the app and wait until it answers.

    Args:
        home: Its data folder.
        port: A free one unless told.
        log: Where its standard error goes, instead of to the tests' own.
        open_files: How many files it may open, sockets included.
        headless: Whether it leaves the browser alone.
        root: The app's folder.
        environment: Further settings.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    process = subprocess.Popen(
        [*command, f"--server.headless={str(headless).lower()}"],
        cwd=root,
        env={**os.environ, "DISCERN_HOME": str(home), **environment},
        stdout=subprocess.DEVNULL,
        stderr=None if log is None else log.open("wb"),
        preexec_fn=None if os.name == "nt" else lambda: _prepare(open_files),
    )
    return _up(Server(f"http://127.0.0.1:{port}", process, log))


def _up(server: Server) -> Server:
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while not server.is_healthy():
        if server.process.poll() is not None or time.monotonic() > deadline:
            pytest.fail("The server did not start.")
        time.sleep(0.05)
    return server


def _prepare(open_files: int | None) -> None:
    """Start as from a shell in front: Ctrl-C is heard, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if open_files is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
