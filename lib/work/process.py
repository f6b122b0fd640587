"""Running a function in a child process that may crash, hang or grow without harming this one.

    python -m lib.work.process lib.formats.first_look:inspect_tflite MEMORY CPU FILE     (the payload on standard input)

The child limits itself before it imports anything of weight, reads one line of JSON, calls the function and answers
in JSON lines: any number of `{"event": …}`, then one `{"result": …}` or `{"error": …}`. Whatever noisy libraries
print goes to standard error. When this process ends, however it ends, the child's standard input closes and the
child ends too.
"""

import collections
import contextlib
import importlib
import json
import logging
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lib.errors import AppError, Cancelled, WorkerError, class_of
from lib.messages import N_, Listed, Message
from lib.work.files import data_folder
from lib.work.locks import claim, left_behind

Emit = Callable[[dict[str, Any]], None]
Function = Callable[[dict[str, Any], Emit], dict[str, Any]]

_ROOT = Path(__file__).resolve().parents[2]
_LOG = logging.getLogger(__name__)
_TICK_S = 0.1
_STDERR_LINES = 40
# A conversion's answer is a line of numbers, never megabytes; a child gone wild must not fill this process.
_MAX_LINE = 8 * 2**20
_MOST_LINES = 64
_MAX_NOISE = 1000
_PATIENCE_S = 2.0


def run(
    function: str,
    payload: Mapping[str, Any],
    *,
    memory_bytes: int | None,
    cpu_seconds: int | None,
    wall_seconds: float,
    file_bytes: int | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    cancelled: threading.Event | None = None,
) -> dict[str, Any]:
    """Call a function in a child process and return what it returns.

    Args:
        function: "package.module:name" of a `Function`.
        payload: Its argument; JSON values only.
        memory_bytes: Limit of the child's address space, where the system has such limits; None for none.
        cpu_seconds: Limit of the child's processor time, where the system has such limits; None for none.
        wall_seconds: After this the child is ended.
        file_bytes: Limit of each file that the child writes, where the system has such limits; None for none.
        on_event: Called in this thread with each event the function emits.
        cancelled: When set, the child is ended.

    Raises:
        WorkerError: The child crashed, or ran out of memory or time.
        Cancelled: `cancelled` was set.
        AppError: What the function raised, of the same class, with the same message.
    """
    with scratch() as temporary:
        limits = [str(limit or 0) for limit in (memory_bytes, cpu_seconds, file_bytes)]
        command = [sys.executable, "-m", "lib.work.process", function, *limits]
        environment = {
            # NumPy's libraries reserve memory for every core when they load, which a limit would count.
            "OPENBLAS_NUM_THREADS": "1",
            **os.environ,
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
            "PYTHONPATH": _python_path(),
            "PYTHONIOENCODING": "utf-8",
        }
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        conversation = _Conversation(child, wall_seconds, on_event, cancelled)
        try:
            return conversation.hold(payload)
        finally:
            conversation.end()


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for temporary files below the data folder, for as long as the block runs.

    A process that is killed leaves it behind, photos and all; whoever makes the next one removes it then. Where the
    data folder cannot be written, the system's place for temporary files has to do.
    """
    try:
        parent = data_folder() / "tmp"
        for lock in left_behind(parent):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
        place = parent / secrets.token_hex(8)
        held = claim(place.with_suffix(".lock"))
        place.mkdir()
    except OSError:
        with tempfile.TemporaryDirectory(prefix="discern-", ignore_cleanup_errors=True) as elsewhere:
            yield Path(elsewhere)
        return
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        place.with_suffix(".lock").unlink(missing_ok=True)
        if held is not None:
            held.release()


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))


class _Conversation:
    """What is said between this process and one child."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        wall_seconds: float,
        on_event: Callable[[dict[str, Any]], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        self._child, self._on_event, self._cancelled = child, on_event, cancelled
        self._wall_seconds = wall_seconds
        self._deadline = time.monotonic() + wall_seconds
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MOST_LINES)
        self._noise: collections.deque[str] = collections.deque(maxlen=_STDERR_LINES)
        self._threads = [
            threading.Thread(target=self._read_answers, args=(child.stdout,), daemon=True),
            threading.Thread(target=self._read_noise, args=(child.stderr,), daemon=True),
        ]

    def hold(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        for thread in self._threads:
            thread.start()
        self._say(payload)
        while (line := self._next_line()) is not None:
            answer = _decode(line)
            if "event" in answer:
                if self._on_event:
                    self._on_event(answer["event"])
            elif "error" in answer:
                raise revive(answer["error"])
            elif "result" in answer:
                return dict(answer["result"])
        raise self._explain_death()

    def _say(self, payload: Mapping[str, Any]) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(dict(payload)).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return  # it died before it listened; how it died is found out when its output ends

    def _next_line(self) -> bytes | None:
        while True:
            if self._cancelled is not None and self._cancelled.is_set():
                raise Cancelled
            if time.monotonic() > self._deadline:
                raise WorkerError(
                    N_("The task took longer than {seconds} seconds and was stopped."),
                    seconds=round(self._wall_seconds),
                )
            try:
                return self._lines.get(timeout=_TICK_S)
            except queue.Empty:
                if self._child.poll() is not None:
                    _kill(self._child)  # what it started may hold its output open

    def end(self) -> None:
        """End the child and whatever it started, and leave no pipe open; what they still say is not heard."""
        _kill(self._child)
        self._child.wait()
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):  # unsent bytes for a child that is gone
                self._child.stdin.close()
        until = time.monotonic() + _PATIENCE_S  # somebody that left the group may keep a pipe: it is not waited for
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                self._lines.get(timeout=0.01)

    def _read_answers(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(_MAX_LINE):
                self._lines.put(line)
        self._lines.put(None)

    def _read_noise(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(_MAX_NOISE):
                self._noise.append(line.decode("utf-8", "replace").rstrip())

    def _explain_death(self) -> WorkerError:
        try:
            code = self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = 0
        self._threads[1].join(timeout=1)
        noise = "\n".join(self._noise)
        _LOG.warning("A worker ended with code %s. Its last words:\n%s", code, noise)
        # abort() is how C++ ends when it cannot have the memory it asks for.
        if "MemoryError" in noise or "bad_alloc" in noise or code == -getattr(signal, "SIGKILL", 9):
            return WorkerError(N_("The task needed more memory than allowed."))
        if code == -getattr(signal, "SIGXCPU", 24):
            return WorkerError(N_("The task needed more processor time than allowed."))
        if code < 0:
            return WorkerError(N_("The process crashed (signal {signal})."), signal=-code)
        return WorkerError(N_("The process ended without a result (exit code {code})."), code=code)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started: all of its process group, also when the child itself has ended."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a group of zombies
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def _decode(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def pack(error: AppError) -> dict[str, Any]:
    """Return an error as JSON values, for another process or a file."""
    return {"code": error.code, **_pack_message(error.message)}


def _pack_message(message: Message) -> dict[str, Any]:
    return {"text": message.text, "values": {name: _pack_value(value) for name, value in message.values.items()}}


def _pack_value(value: object) -> object:
    match value:
        case Message():
            return _pack_message(value)
        case Listed():
            return [_pack_value(item) for item in value.items]
        case _:
            return value


def _unpack_message(packed: Mapping[str, Any]) -> Message:
    return Message(packed["text"], {name: _unpack_value(value) for name, value in packed["values"].items()})


def _unpack_value(value: Any) -> Any:
    match value:
        case dict():
            return _unpack_message(value)
        case list():
            return Listed(tuple(map(_unpack_value, value)))
        case _:
            return value


def revive(packed: Mapping[str, Any]) -> AppError:
    """Return the error that `pack` was given."""
    message = _unpack_message(packed)
    return class_of(packed["code"])(message.text, **message.values)


def _limit(memory_bytes: int, cpu_seconds: int, file_bytes: int = 0) -> None:
    """Limit this process, where the system can; where memory runs out, Linux ends it before its parent."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    try:
        import resource
    except ImportError:  # Windows: wall time alone limits the child
        return
    for which, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, -1),
    ):
        if amount == 0:
            continue
        _, hard = resource.getrlimit(which)
        try:
            resource.setrlimit(which, (max(amount, 0), hard))
        except (ValueError, OSError):  # macOS refuses some; wall time remains
            _LOG.debug("This system does not limit %s.", which)


def _end_with_parent() -> None:
    """Wait for the end of standard input, which comes when the parent is gone; end, with whatever was started."""
    while os.read(0, 4096):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Be the child: limit this process, read the payload, call the function, answer."""
    function_path, memory, cpu, file = arguments
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _limit(int(memory), int(cpu), int(file))

    def answer(kind: str, value: object) -> None:
        answers.write(json.dumps({kind: value}) + "\n")
        answers.flush()

    payload = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, _, name = function_path.partition(":")
    function: Function = getattr(importlib.import_module(module), name)
    try:
        result = function(payload, lambda event: answer("event", event))
    except AppError as error:
        answer("error", pack(error))
    else:
        answer("result", result)
    # Libraries such as TensorFlow can take seconds, or crash, on the way out; the answer is given.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
