"""One process that has imported TensorFlow, and forks for each piece of work that needs it: an import takes seconds.

It is isolated (`python -I`): nothing of this program can be imported in it, unless a piece of work asks for that.
"""

import contextlib
import json
import os
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}


class Nursery:
    """The process, seen from the tests; it ends with them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **QUIET},
            text=True,
        )

    def run(self, code: str, *arguments: object, cwd: Path = ROOT, alone: bool = False) -> str:
        """Run Python code in a process of its own, which has Keras and TensorFlow, and return what it printed.

        Args:
            code: The program.
            arguments: `sys.argv` behind its name.
            cwd: Where it runs.
            alone: Whether nothing of this program can be imported.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"code": code, "arguments": [*map(str, arguments)], "cwd": str(cwd), "path": "" if alone else str(ROOT)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        assert told["status"] == 0, told["said"][-3000:]
        return str(told["said"])


@cache
def nursery() -> Nursery:
    """Return the one of this test process."""
    return Nursery()


def serve() -> None:
    """Be the process: run each program that standard input brings, one a line, and tell what it printed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.dup2(writer, 1)
            os._exit(_be(json.loads(line)))
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8", errors="replace") as pipe:
            said = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(json.dumps({"status": status, "said": said}) + "\n")
        answers.flush()


def _be(asked: dict[str, object]) -> int:
    """Be a child: run the program and return its exit status; where it fails, the traceback is what it prints last."""
    os.chdir(str(asked["cwd"]))
    sys.path[:0] = filter(None, [str(asked["path"])])
    sys.argv = ["-c", *asked["arguments"]]  # type: ignore[misc]
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
        try:
            exec(compile(str(asked["code"]), "<program>", "exec"), {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc(file=out)
            return 1
    return 0


if __name__ == "__main__":
    serve()
