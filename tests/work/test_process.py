"""A child process may crash, hang or grow; this one goes on, and says in a sentence what happened."""

import contextlib
import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lib.errors import Cancelled, ModelFileError, WorkerError
from lib.messages import Listed, Message
from lib.work import process

ROOT = Path(__file__).resolve().parents[2]
MB = 2**20


def run(name: str, payload: dict[str, Any] | None = None, **limits: Any) -> dict[str, Any]:
    limits = {"memory_bytes": 512 * MB, "cpu_seconds": 20, "wall_seconds": 30.0, **limits}
    return process.run(f"tests.support.worker_functions:{name}", payload or {}, **limits)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A child whose parent was killed may stay as a zombie where nobody collects it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return sys.platform != "linux"


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_result_and_events_come_back_whatever_is_printed() -> None:
    events: list[dict[str, Any]] = []
    assert run("double", {"number": 21}, on_event=events.append) == {"number": 42}
    assert events == [{"seen": 21}]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_files_are_limited_and_the_child_ends_first_where_memory_runs_out() -> None:
    assert run("write", {"bytes": MB}, file_bytes=2 * MB)["errno"] == 0
    told = run("write", {"bytes": 3 * MB}, file_bytes=2 * MB)
    assert told["errno"] in (errno.EFBIG, errno.ENOSPC)
    assert told["oom"] in (1000, None)


def test_an_error_keeps_its_class_sentence_and_values() -> None:
    with pytest.raises(ModelFileError) as caught:
        run("refuse", {"file": "a{b}.tflite"})
    assert str(caught.value) == "a{b}.tflite: 3 bytes too many {}"
    assert caught.value.message.text == "{file}: {reason}"
    assert caught.value.message.values["file"] == "a{b}.tflite"


def test_a_list_in_an_error_stays_a_list_for_the_readers_language() -> None:
    error = ModelFileError("{file} lacks {names}.", file="a", names=Listed(("b", Message("{n} more", {"n": 2}))))
    assert process.revive(json.loads(json.dumps(process.pack(error)))).message == error.message


def test_a_crash_is_an_error_here_and_no_crash() -> None:
    with pytest.raises(WorkerError, match=r"crashed \(signal 11\)"):
        run("crash")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space reliably")
def test_memory_is_limited() -> None:
    assert run("grow", {"bytes": 10 * MB}) == {"length": 10 * MB}
    with pytest.raises(WorkerError, match="more memory than allowed"):
        run("grow", {"bytes": 1024 * MB})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_processor_time_is_limited() -> None:
    with pytest.raises(WorkerError, match="processor time"):
        run("spin", cpu_seconds=1)


def test_wall_time_is_limited_and_the_child_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pids = [0.0], []
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def on_event(event: dict[str, Any]) -> None:
        pids.append(event["pid"])
        now[0] = 30.5

    with pytest.raises(WorkerError, match="longer than 30 seconds"):
        run("sleep", on_event=on_event)
    assert wait_until_gone(pids[0])


def test_cancelling_ends_the_child() -> None:
    cancelled = threading.Event()
    pids: list[int] = []

    def on_event(event: dict[str, Any]) -> None:
        pids.append(event["pid"])
        cancelled.set()

    with pytest.raises(Cancelled):
        run("sleep", cancelled=cancelled, on_event=on_event)
    assert wait_until_gone(pids[0])


def test_an_end_without_an_answer_is_named() -> None:
    with pytest.raises(WorkerError, match=r"exit code 3"):
        run("leave")


def test_a_bug_in_the_function_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WorkerError, match="exit code 1"):
        run("fail")
    assert "KeyError: 'missing'" in caplog.text


def test_the_child_and_what_it_started_end_when_its_parent_is_killed() -> None:
    code = (
        "from lib.work import process\n"
        "process.run('tests.support.worker_functions:sleep_beside_a_grandchild', {}, memory_bytes=None,\n"
        "            cpu_seconds=None, wall_seconds=60, on_event=lambda e: print(*e['pids'], flush=True))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(map(is_alive, pids))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all(map(wait_until_gone, pids))


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX's")
@pytest.mark.parametrize("crash", [False, True])
def test_what_the_child_started_ends_with_it_however_it_ended(crash: bool) -> None:
    pids: list[int] = []
    with pytest.raises(WorkerError, match="exit code 3") if crash else contextlib.nullcontext():
        run("leave_a_grandchild", {"crash": crash}, on_event=lambda event: pids.append(event["pid"]), wall_seconds=8.0)
    assert wait_until_gone(pids[0])


@pytest.mark.skipif(sys.platform != "linux", reason="counts what lies in /proc")
def test_no_pipe_stays_open_and_no_thread_stays() -> None:
    run("double", {"number": 1})
    before = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    for name, payload in (("double", {"number": 1}), ("leave_a_grandchild", {"crash": False})):
        run(name, payload)
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before  # noqa: PTH208


def test_noise_without_an_end_of_line_is_not_gathered(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WorkerError, match="exit code 3"):
        run("shout", {"bytes": 5 * MB})
    assert "the end" in caplog.text
    assert len(caplog.text) < MB


def test_a_child_is_not_heard_faster_than_it_is_listened_to() -> None:
    seen: list[int] = []
    run("chatter", {"events": 500}, on_event=lambda event: seen.append(event["number"]))
    assert seen == list(range(500))


def test_temporary_files_of_a_child_lie_in_the_data_folder_and_go_with_it(home: Path) -> None:
    files: list[str] = []
    run("litter", {"seconds": 0}, on_event=lambda event: files.append(event["file"]))
    assert Path(files[0]).is_relative_to(home)
    assert list((home / "tmp").iterdir()) == []


def test_what_a_killed_process_left_is_swept_by_the_next(home: Path) -> None:
    code = (
        "from lib.work import process\n"
        "process.run('tests.support.worker_functions:litter', {'seconds': 600}, memory_bytes=None, cpu_seconds=None,\n"
        "            wall_seconds=60, on_event=lambda e: print(e['file'], flush=True))"
    )
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    left = Path(killed.stdout.readline().strip())
    with process.scratch():
        assert left.is_file(), "it is still somebody's"
    killed.kill()
    killed.wait()
    killed.stdout.close()
    assert left.is_file()
    with process.scratch() as mine:
        assert not left.exists()
        assert mine.is_dir()
    assert list((home / "tmp").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_stops_no_child(home: Path) -> None:
    (home / "tmp").write_text("in the way")
    assert run("double", {"number": 4}) == {"number": 8}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    return tmp_path
