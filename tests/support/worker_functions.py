"""Functions that the tests of `lib.work.process` run in child processes."""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError
from lib.evaluation.speed_worker import measure_slots
from lib.messages import N_, Message
from lib.work.process import Emit


def double(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Answer with twice the number, after telling of it and printing where only answers belong."""
    print("noise on standard output")
    os.write(1, b"noise below Python\n")
    emit({"seen": payload["number"]})
    return {"number": 2 * payload["number"]}


def refuse(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Raise an error for people, with a sentence inside its sentence."""
    raise ModelFileError(
        N_("{file}: {reason}"), file=payload["file"], reason=Message("{n} bytes too many {{}}", {"n": 3})
    )


def write(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Write a file of so many bytes; answer with the number of the error, and with this process's place in line."""
    number = 0
    with tempfile.TemporaryFile() as file:
        try:
            file.write(bytes(payload["bytes"]))
            file.flush()
        except OSError as error:
            number = error.errno or -1
    order = Path("/proc/self/oom_score_adj")
    return {"errno": number, "oom": int(order.read_text()) if order.is_file() else None}


def crash(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Read address 0, as a native library with a bug does."""
    ctypes.string_at(0)
    return {}


def time_all_but_thirds(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Time models as the benchmark does, but crash when it is the turn of the one called "thirds"."""

    def watch(event: dict[str, Any]) -> None:
        emit(event)
        slot = payload["slots"][event["number"]]
        if payload["models"][slot["model"]]["spec"]["id"] == "thirds":
            ctypes.string_at(0)

    return measure_slots(payload, watch)


def grow(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Take more memory than allowed."""
    return {"length": len(bytearray(payload["bytes"]))}


def spin(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Use processor time without end."""
    while True:
        pass


def sleep(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Tell the process id, then wait without end."""
    emit({"pid": os.getpid()})
    time.sleep(600)
    return {}


def leave(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """End without an answer."""
    sys.stderr.write("goodbye\n")
    sys.stderr.flush()
    os._exit(3)


def fail(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Have a bug."""
    return {"answer": {}["missing"]}


def leave_a_grandchild(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Start a process that outlives this one, holding its output open, and answer or crash."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    emit({"pid": grandchild.pid})
    if payload["crash"]:
        os._exit(3)
    return {}


def sleep_beside_a_grandchild(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Start a process, and sleep as long as it does."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    emit({"pids": [os.getpid(), grandchild.pid]})
    time.sleep(600)
    return {}


def litter(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Leave a temporary file behind, as TensorFlow does when it cannot end in peace; wait if asked to."""
    descriptor, name = tempfile.mkstemp()
    os.close(descriptor)
    emit({"file": name, "pid": os.getpid()})
    time.sleep(payload["seconds"])
    return {}


def shout(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Write one long line where noise belongs, then end without an answer."""
    sys.stderr.write("x" * payload["bytes"] + " the end\n")
    sys.stderr.flush()
    os._exit(3)


def chatter(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Emit more events than anybody could listen to."""
    for number in range(payload["events"]):
        emit({"number": number})
    return {}
