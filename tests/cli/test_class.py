"""`class`: what is started, and what is in the way."""

import socket
import sys
from pathlib import Path

import pytest

from lib.cli import class_
from lib.cli.main import main
from tests.support.server import ROOT, free_port


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Start nothing, and return what would have been."""
    commands: list[list[str]] = []
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "교실 data"))
    monkeypatch.setattr(class_, "_start", lambda command: commands.append(command) or 0)
    return commands


def test_streamlit_is_started_on_all_networks_with_a_certificate(started: list[list[str]], tmp_path: Path) -> None:
    port = free_port()
    assert main(["class", "--port", str(port), "--lang", "ko", "--no-browser"]) == 0
    pem = tmp_path / "교실 data" / "class" / "tls.pem"
    assert started == [
        [
            *[sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")],
            *["--server.address=0.0.0.0", f"--server.port={port}"],
            *[f"--server.sslCertFile={pem}", f"--server.sslKeyFile={pem}"],
            *["--server.headless=true", "--", "--lang=ko"],
        ]
    ]
    assert pem.is_file()


def test_without_tls_there_is_no_certificate(started: list[list[str]], tmp_path: Path) -> None:
    assert main(["class", "--port", str(free_port()), "--plain"]) == 0
    assert not any("ssl" in argument or "headless" in argument for argument in started[0])
    assert not (tmp_path / "교실 data").exists()


def test_a_port_that_is_taken_is_a_sentence(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["class", "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert f"Port {port} is taken, perhaps by another Discern." in told
    assert "make class PORT=8501" in told
    assert started == []


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_a_port_that_is_none_is_a_sentence(
    started: list[list[str]], capsys: pytest.CaptureFixture[str], port: str
) -> None:
    assert main(["class", f"--port={port}"]) == 2
    assert capsys.readouterr().err.strip() == f"{port} is no port. Choose one from 1024 to 65535."


def test_a_folder_that_cannot_be_written_is_a_sentence(
    started: list[list[str]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "교실 data").write_text("a file in the way")
    assert main(["class", "--port", str(free_port())]) == 2
    assert capsys.readouterr().err.startswith("The certificate could not be written to ")
    assert started == []
