"""One process that has imported TensorFlow, for many tests: to start another takes seconds each time.

It runs code for a test, or works in the place of the worker processes of trainings. There a test that cancels is heard
at the next event, and the process lives on; how a real one is ended is tested with `lib.work.process`.
"""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from lib.errors import Cancelled
from lib.training import worker
from lib.work import process

ROOT = Path(__file__).resolve().parents[2]


class Workshop:
    """The process; a context manager, which ends it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.support.workshop"]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._child as child:
            child.kill()

    def evaluate(self, code: str, **values: Any) -> Any:
        """Run code that sets `result`, a JSON value; `values`, JSON values too, are its variables."""
        return self._ask({"code": code, "values": values})["result"]

    def work(self, function: str, payload: dict[str, Any], *, on_event: Any, cancelled: Any, **limits: Any) -> Any:
        """Do what `lib.work.process.run` does."""
        answer = self._ask({"function": function, "payload": payload})
        while "event" in answer:
            on_event(answer["event"])
            answer = self._ask({"goes_on": cancelled is None or not cancelled.is_set()})
        if "error" in answer:
            raise process.revive(answer["error"])
        return answer["result"]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()
        answer = json.loads(self._child.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return dict(answer)


def main() -> None:
    """Be the process."""
    import os
    import traceback

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    def emit(event: dict[str, Any]) -> None:
        say({"event": event})
        if not json.loads(sys.stdin.readline())["goes_on"]:
            raise Cancelled

    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "code" in question:
                values = question["values"]
                exec(question["code"], values)
                say({"result": values["result"]})
            else:
                function = getattr(worker, question["function"].partition(":")[2])
                say({"result": function(question["payload"], emit)})
        except worker.AppError as error:
            say({"error": process.pack(error)})
        except Exception:
            say({"failed": traceback.format_exc()})


if __name__ == "__main__":
    main()
