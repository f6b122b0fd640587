"""Damaged .tflite files as users' models: no death, no hang, no traceback, no swelling of the process that serves.

    python -m tests.fuzz.models COUNT [SEED]

Three processes take part, so that whatever a file does is seen from outside. The *overseer* (`run`) makes the files and
starts the *server*, which puts one after another into its data folder and does with it all that pages and commands do.
Its trials go to the *trier*, which forks a child with the usual limits for each: starting Python anew three thousand
times would take a quarter of an hour. One seed always gives the same files.
"""

import contextlib
import json
import os
import queue
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from lib.catalogue import trial
from lib.catalogue.store import Store
from lib.errors import AppError, WorkerError
from lib.work import process
from tests.support.user_models import MODELS, TINY

ROOT = MODELS.parent
BASES = (
    *(TINY / name for name in ("float32", "uint8", "int8", "dynamic", "float16", "sigmoid", "background-first")),
    *(MODELS / name for name in ("starter-small", "starter-int8", "starter")),
)  # fmt: skip
LONGEST_S = 10.0
MOST_GROWTH = 600 * 2**20  # of the server, over all files; what a sound model of 5 MB takes is 17 MB
_SPECIAL = (0, 1, -1, 2, 3, 7, 127, 255, 65_535, 100_000_000, 2**31 - 1, -(2**31))


@dataclass
class Report:
    """What came of it.

    Attributes:
        outcomes: How many files were refused, answered, or failed on the photo alone.
        faults: What must not be: deaths, hangs, tracebacks, each with the number of its file.
        slowest_s: The longest that one file took, its trial included.
        growth_bytes: By how much the server grew, at most.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    growth_bytes: int = 0

    def __str__(self) -> str:
        """Return the figures in a few lines."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        lines = [f"{sum(self.outcomes.values())} models: {counts}"]
        lines.append(f"slowest {self.slowest_s:.1f} s; the server grew by {self.growth_bytes / 1e6:.0f} MB")
        return "\n".join([*lines, *self.faults])


def run(count: int, seed: int = 0) -> Report:
    """Try `count` damaged files and return what came of them."""
    report = Report()
    done = 0
    while done < count:
        with _Server(done, count, seed) as server:
            for line in server.answers():
                done = line["number"] + 1
                report.outcomes[line["outcome"]] += 1
                report.slowest_s = max(report.slowest_s, line["seconds"])
                report.growth_bytes = max(report.growth_bytes, line["growth"])
                if line["fault"]:
                    report.faults.append(f"file {line['number']}: {line['fault']}")
        if done < count:
            report.faults.append(f"file {done}: {server.end}")
            report.outcomes["ended the server"] += 1
            done += 1
    if report.slowest_s > LONGEST_S:
        report.faults.append(f"one file took {report.slowest_s:.1f} s")
    if report.growth_bytes > MOST_GROWTH:
        report.faults.append(f"the server grew by {report.growth_bytes / 1e6:.0f} MB")
    return report


# The overseer's view of the server ---------------------------------------------------------------------------------


class _Server:
    """The process that uses the files from number `first` on, until it ends, dies, or is silent for too long."""

    def __init__(self, first: int, count: int, seed: int) -> None:
        self.end = ""
        self._home = tempfile.TemporaryDirectory(prefix="discern-fuzz-")
        command = [sys.executable, "-m", "tests.fuzz.models", "--serve", str(first), str(count), str(seed)]
        environment = {**os.environ, "DISCERN_HOME": self._home.name, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        self.end = self.end or f"the server ended with code {code}"
        self._home.cleanup()

    def answers(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        lines = _lines(self._process.stdout)
        patience = 60.0  # for its start
        while True:
            try:
                line = lines.get(timeout=patience)
            except queue.Empty:
                self.end = f"the server was silent for {patience:.0f} s"
                return
            if line is None:
                self._process.wait()
                return
            patience = 3 * LONGEST_S
            yield json.loads(line)


def _lines(pipe: IO[bytes]) -> "queue.Queue[bytes | None]":
    """Read a pipe in a thread of its own; None follows the last line."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        for line in pipe:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


# The server --------------------------------------------------------------------------------------------------------


def serve(first: int, count: int, seed: int) -> None:
    """Use one file after another as pages and commands do, and print a line of JSON for each."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    data = Path(os.environ["DISCERN_HOME"])
    store, trier, base = Store(data), _Trier(), _peak()
    with patch.object(process, "run", trier.run):
        for number in range(first, count):
            start = time.monotonic()
            outcome, fault = _use(store, number, seed)
            line = {"number": number, "outcome": outcome, "fault": fault, "growth": _peak() - base}
            answers.write(json.dumps({**line, "seconds": round(time.monotonic() - start, 3)}) + "\n")
            answers.flush()


def _use(store: Store, number: int, seed: int) -> tuple[str, str]:
    """Put a damaged file into the data folder and use it; return what came of it, and what must not be, or ""."""
    from lib.catalogue.variants import variants
    from lib.classify.infer import infer
    from lib.classify.opening import open_classifier
    from lib.embed import weights_file
    from lib.formats.tables import read_ends
    from lib.photos.source import Source
    from lib.results import Failure

    base, content = mutant(number, seed)
    folder = store.models / "mutant"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(content)
    (folder / "labels.txt").write_bytes((base / "labels.txt").read_bytes())
    card = (base / "model.toml").read_text(encoding="utf-8").split("[source]")[0]
    (folder / "model.toml").write_text(card.replace(f'id = "{base.name}"', 'id = "mutant"'), encoding="utf-8")
    try:
        store.entries()
        model = store.open_folder("mutant")
        variants(model, data=store.data)
        read_ends(model)
        weights_file(model)
        seen = infer(Source.of_bytes(_photo(), "photo.png"), open_classifier(model))
        return ("failed on the photo" if isinstance(seen, Failure) else "answered"), ""
    except AppError as error:
        sentence = str(error)
        return "refused", "" if "mutant" in sentence or "model.tflite" in sentence else f"says only: {sentence}"
    except Exception as error:  # the very thing that is looked for, and told
        return "traceback", f"{type(error).__name__}: {error}"


@lru_cache(maxsize=1)
def _photo() -> bytes:
    from tests.support.pictures import encode, noise

    return encode(noise(60, 40, 1), "PNG")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# The trier ---------------------------------------------------------------------------------------------------------


class _Trier:
    """Stands in for `lib.work.process.run`: a long-lived process that forks for each call."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.models", "--try"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(
        self, function: str, payload: Mapping[str, Any], *, memory_bytes: int, cpu_seconds: int, **_: object
    ) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"payload": dict(payload), "memory": memory_bytes, "cpu": cpu_seconds}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise process.revive(answer["error"])
        if "result" not in answer:
            raise WorkerError("The process that did the work crashed (signal {signal}).", signal=answer["signal"])
        return dict(answer["result"])


def try_forever() -> None:
    """Answer each line of standard input with one line: what a forked, limited child made of it."""
    import numpy.random  # noqa: F401 - so that no child has to load them

    import lib.classify.litert
    import lib.formats.from_keras
    import lib.formats.quantise  # noqa: F401

    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _try(asked, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        answers.write(answer or json.dumps({"signal": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _try(asked: dict[str, Any], writer: int) -> None:
    """Be the child: limit this process, try the model, tell, and end."""
    process._limit(asked["memory"], asked["cpu"])
    signal.alarm(int(trial.WALL_SECONDS))
    try:
        answer = {"result": trial.try_in_worker(asked["payload"], lambda event: None)}
    except AppError as error:
        answer = {"error": process.pack(error)}
    except BaseException:  # its traceback would be the child's last word; the parent sees an end without an answer
        os._exit(1)
    os.write(writer, json.dumps(answer).encode() + b"\n")
    os._exit(0)


# The files ---------------------------------------------------------------------------------------------------------


def mutant(number: int, seed: int) -> tuple[Path, bytes]:
    """Return the model folder that file `number` was made from, and its content."""
    chance = random.Random(f"{seed}-{number}")
    base = chance.choice(BASES)
    content = bytearray((base / "model.tflite").read_bytes())
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        change: Callable[[bytearray, random.Random], bytearray] = chance.choice(
            (flip_bytes, flip_bytes, flip_in_tables, flip_in_tables, set_number, set_number, change_tables,
             change_tables, change_tables, cut, splice, blank)
        )  # fmt: skip
        content = change(content, chance)
    return base, bytes(content)


def flip_bytes(content: bytearray, chance: random.Random) -> bytearray:
    """Give some bytes anywhere other values."""
    for _ in range(chance.choice((1, 1, 2, 8, 64)) if content else 0):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return content


def flip_in_tables(content: bytearray, chance: random.Random) -> bytearray:
    """Give some bytes near the end or the beginning other values: there are the tables, the rest is weights."""
    for _ in range(chance.choice((1, 1, 2, 8)) if content else 0):
        far = chance.randrange(min(len(content), 20_000))
        content[far if chance.random() < 0.3 else -1 - far] = chance.randrange(256)
    return content


def set_number(content: bytearray, chance: random.Random) -> bytearray:
    """Write a number that matters over four bytes: a count, an offset, a size, an index."""
    if len(content) >= 8:
        far = chance.randrange(min(len(content) // 4, 5_000))
        at = 4 * (far if chance.random() < 0.3 else len(content) // 4 - 1 - far)
        struct.pack_into("<i", content, at, chance.choice((*_SPECIAL, len(content), len(content) - at)))
    return content


def cut(content: bytearray, chance: random.Random) -> bytearray:
    """Leave out the end, or a piece in the middle."""
    start = chance.randrange(len(content) + 1)
    return content[:start] if chance.random() < 0.5 else content[:start] + content[start + chance.randrange(1, 5000) :]


def splice(content: bytearray, chance: random.Random) -> bytearray:
    """Copy a piece of the file, or of another, over a piece of it."""
    other = (chance.choice(BASES[:8]) / "model.tflite").read_bytes() if chance.random() < 0.5 else bytes(content)
    length, start = chance.randrange(1, 2000), chance.randrange(len(other) + 1)
    at = chance.randrange(len(content) + 1)
    content[at : at + length] = other[start : start + length]
    return content


def blank(content: bytearray, chance: random.Random) -> bytearray:
    """Fill a piece with zeros or ones."""
    at, length = chance.randrange(len(content) + 1), chance.randrange(1, 3000)
    content[at : at + length] = chance.choice((b"\0", b"\xff")) * min(length, len(content) - at)
    return content


def change_tables(content: bytearray, chance: random.Random) -> bytearray:
    """Read the file, change one thing that its tables say, and write it anew: well formed, but wrong."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    try:
        model = schema.ModelT.InitFromPackedBuf(bytes(content), 0)
        _change_one_thing(model, chance)
        return bytearray(flatbuffer_utils.convert_object_to_bytearray(model))
    except Exception:  # damaged already, or nothing that could be written: these are the readers of others
        return flip_bytes(content, chance)


def _change_one_thing(model: Any, chance: random.Random) -> None:
    graph = model.subgraphs[0]
    tensor, operator = chance.choice(graph.tensors), chance.choice(graph.operators)
    number = chance.choice(_SPECIAL)
    match chance.randrange(12):
        case 0:
            tensor.shape = [chance.choice((*map(int, tensor.shape), number)) for _ in range(chance.randrange(7))]
        case 1:
            tensor.shape = [*tensor.shape]
            tensor.shape[chance.randrange(len(tensor.shape))] = number
        case 2:
            tensor.shapeSignature = [chance.choice((-1, 1, number)) for _ in range(chance.randrange(6))]
        case 3:
            tensor.type = chance.randrange(20)
        case 4:
            tensor.buffer = chance.choice((chance.randrange(len(model.buffers)), abs(number)))
        case 5:
            operator.inputs = [chance.choice((*operator.inputs, chance.randrange(len(graph.tensors)), number))]
        case 6:
            operator.outputs = [chance.choice((chance.randrange(len(graph.tensors)), number))]
        case 7:
            operator.opcodeIndex = chance.choice((chance.randrange(len(model.operatorCodes)), abs(number)))
        case 8:
            model.operatorCodes[0].builtinCode = chance.randrange(210)
        case 9:
            options = operator.builtinOptions
            names = [name for name, value in vars(options).items() if isinstance(value, int)]
            setattr(options, chance.choice(names), number)
        case 10:
            ends = (
                ([number], graph.outputs), (graph.inputs, [number]), (graph.outputs, graph.inputs),
                (graph.inputs, [*graph.outputs, *graph.inputs]),
            )  # fmt: skip
            graph.inputs, graph.outputs = chance.choice(ends)
        case _:
            steps = tensor.quantization
            steps.scale = [
                chance.choice((0.0, -1.0, float("nan"), float("inf"), 1e-30)) for _ in range(len(steps.scale))
            ]


def main(arguments: list[str]) -> int:
    """Be the overseer, the server or the trier."""
    match arguments:
        case ["--serve", first, count, seed]:
            serve(int(first), int(count), int(seed))
        case ["--try"]:
            try_forever()
        case [count, *seed]:
            report = run(int(count), int(seed[0]) if seed else 0)
            print(report)
            return 1 if report.faults else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
