"""`class-check`: what is said of a machine, a rehearsal without a server, and one with."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509

from lib.catalogue.store import Store
from lib.cli import class_check
from lib.cli.class_check import Line, Stand
from lib.cli.main import main
from lib.cli.rehearsal import RehearsalError, meet
from lib.i18n import Translator
from lib.messages import Message
from lib.model.spec import ModelFolder
from lib.server import certificate
from tests.support.meeting import Browser, Meeting, Teacher
from tests.support.server import ROOT, free_port

GB = class_check.GB


def said(line: Line) -> tuple[str, str, str]:
    return line.stand, str(line.found), str(line.advice or "")


@pytest.mark.parametrize(
    ("line", "stand", "found", "advice"),
    [
        pytest.param(class_check.others(2), "ok", "internet: 2", "", id="two models"),
        pytest.param(class_check.others(1), "to do", "internet: 1", "two are needed", id="one model"),
        pytest.param(class_check.scripts(0), "ok", "are here", "", id="scripts"),
        pytest.param(class_check.scripts(1), "to do", "are missing", "python -m lib.embed.scripts", id="no scripts"),
        pytest.param(class_check.disk(2 * GB), "ok", "2.0 GB", "", id="disk"),
        pytest.param(class_check.disk(GB), "to do", "1.0 GB", "Delete", id="little disk"),
        pytest.param(class_check.disk(GB // 5), "failed", "0.2 GB", "Delete", id="no disk"),
        pytest.param(class_check.memory(8 * GB), "ok", "8.0 GB", "", id="memory"),
        pytest.param(class_check.memory(GB), "to do", "1.0 GB", "Close", id="little memory"),
        pytest.param(class_check.memory(GB // 2), "failed", "0.5 GB", "Close", id="no memory"),
        pytest.param(class_check.network(["10.0.0.7"]), "ok", "10.0.0.7.", "", id="network"),
        pytest.param(class_check.network(["10.0.0.7", "192.168.1.5"]), "ok", "has 192.168.1.5.", "", id="two networks"),
        pytest.param(class_check.network([]), "failed", "on no network", "hotspot", id="no network"),
    ],
)
def test_what_is_said_of_a_machine(line: Line, stand: str, found: str, advice: str) -> None:
    assert line.stand == stand
    assert found in str(line.found)
    assert advice in str(line.advice or "")
    assert bool(advice) == (line.advice is not None)


def test_a_data_folder_that_cannot_be_written_to_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "교실" / "data"
    assert class_check.room_for(folder).stand in (Stand.OK, Stand.TO_DO)  # it will be made
    assert not folder.parent.exists()
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    assert said(class_check.room_for(folder)) == (
        "failed",
        f"The data folder {folder} cannot be written to.",
        "Make it writable, or choose another one with DISCERN_HOME.",
    )


def test_without_a_place_for_its_own_data_folder_nothing_is_rehearsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Callable[[str], ModelFolder]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    (line,) = class_check.rehearse(free_port(), tiny_model("float32"), "127.0.0.1")
    assert line.stand == "failed"
    assert "could not be saved: No such file or directory." in str(line.found)


@pytest.fixture
def shown(tmp_path: Path) -> x509.Certificate:
    pem = certificate.ready(tmp_path, [], ["192.168.1.5"])
    return x509.load_pem_x509_certificate(pem.read_bytes())


@pytest.mark.parametrize(
    ("policy", "address", "later_days", "stand", "found"),
    [
        ("camera=(self), usb=()", "192.168.1.5", 0, "ok", "valid for 89 days"),
        ("camera=(self)", "10.0.0.7", 0, "failed", "does not name 10.0.0.7"),
        ("camera=(self)", "192.168.1.5", 89, "failed", "valid for 0 days"),
        ("camera=()", "192.168.1.5", 0, "failed", "does not allow"),
    ],
)
def test_pages_may_use_the_camera_where_the_certificate_is_good_and_the_server_allows_it(
    shown: x509.Certificate, policy: str, address: str, later_days: int, stand: str, found: str
) -> None:
    now = datetime.now(UTC) + timedelta(days=later_days, minutes=1)
    line = class_check.camera(policy, shown, address, now)
    assert line.stand == stand
    assert found in str(line.found)


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_advice_stands_below_what_it_is_for(language: str) -> None:
    say = Translator(language)
    first, below = class_check.written(class_check.disk(GB), say)
    start = len(first) - len(say.message(class_check.disk(GB).found))
    assert first.startswith(say("to do"))
    assert below[:start].isspace()
    assert not below[start].isspace()


class _Asks:
    """Whoever asks, as the rehearsal has it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def tell(self, method: str, path: str, told: object = None, /) -> dict[str, Any]:
        answer = self.browser.told(method, path.partition("?")[0], told, status=201 if path.endswith(CREATE) else 200)
        return self.change(path, answer)

    def change(self, _path: str, answer: dict[str, Any]) -> dict[str, Any]:
        return answer


CREATE = ("/rooms", "/join")


def test_two_phones_meet_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    meet(_Asks(Teacher(meeting)), lambda: _Asks(Browser(meeting)))
    assert meeting.rooms.count == 0


@pytest.mark.parametrize(
    ("spoilt", "value", "sentence"),
    [
        ("guess", [], "was not shown the photo"),
        ("photos", [], "has not two photos"),
        ("shown", [], "was not shown the answers"),
        ("left", {"rooms": 0, "photos": 1}, "something of it is still there"),
    ],
)
def test_what_goes_wrong_is_a_sentence(tmp_path: Path, spoilt: str, value: object, sentence: str) -> None:
    class Spoilt(_Asks):
        def change(self, _path: str, answer: dict[str, Any]) -> dict[str, Any]:
            return answer | {spoilt: value} if spoilt in answer else answer

    meeting = Meeting(tmp_path)
    with pytest.raises(RehearsalError, match=sentence):
        meet(Spoilt(Teacher(meeting)), lambda: Spoilt(Browser(meeting)))


@pytest.mark.parametrize(("stand", "code", "end"), [("to do", 0, "make class"), ("failed", 1, "Not ready yet")])
def test_the_exit_code_says_whether_a_class_can_be_held(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stand: str, code: int, end: str
) -> None:
    ended = []

    def check(port: int) -> Generator[Line]:
        try:
            yield Line(Stand(stand), Message("Port {port}", {"port": port}))
            yield Line(Stand.OK, Message("More"))
        finally:
            ended.append(port)

    monkeypatch.setattr(class_check, "check", check)
    assert main(["class-check", "--port", "8502"]) == code
    told = capsys.readouterr().out
    assert f"{stand} " in told
    assert "Port 8502" in told
    assert end in told
    assert ended == [8502]


def test_a_port_that_is_taken_fails_and_the_rest_is_tried_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsed: list[int] = []
    monkeypatch.setattr(class_check, "rehearse", lambda port, *_: rehearsed.append(port) or iter(()))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        lines = [said(line) for line in class_check.check(port)]
    assert [found for stand, found, _ in lines if stand == "failed" and f"Port {port} is taken" in found]
    assert rehearsed
    assert rehearsed != [port]


def test_a_class_is_rehearsed_at_a_real_server_and_its_data_folder_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_check.addresses, "lan", lambda: ())  # whatever the machine of the tests is on
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = {path.name for path in Store().data.iterdir()} if Store().data.is_dir() else set()
    assert main(["class-check", "--port", str(free_port())]) == 1
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line.startswith("failed")] == [
        "failed  This computer is on no network: no phone can reach it."
    ]
    assert "answers at https://127.0.0.1:" in told
    assert "Two phones joined a room" in told
    assert {path.name for path in Store().data.iterdir()} - before <= {"models", "locks", "incoming", "trials.json"}
    assert not list(tmp_path.glob("discern-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_what_was_started(tmp_path: Path) -> None:
    port = free_port()
    code = "import sys; from lib.cli.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "class-check", f"--port={port}"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "is free" in line:
            break
    while not (family := psutil.Process(process.pid).children(recursive=True)):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert not any(each.is_running() for each in family)
    assert not list(tmp_path.glob("discern-*"))
