"""Damaged .tflite files as users' models: no death, no hang, no traceback, no swelling of the process that serves.

The process that tries them stands in for the server: it puts one after another into its data folder and does with it
all that pages and commands do. Its trials go to the *trier*, which forks a child with the usual limits for each:
starting Python anew three thousand times would take a quarter of an hour. One seed always gives the same files.
"""

import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lib.catalogue import trial
from lib.catalogue.store import Store
from lib.catalogue.variants import variants
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.embed import weights_file
from lib.errors import AppError, WorkerError
from lib.formats.tables import read_ends
from lib.photos.source import Source
from lib.results import Answer
from lib.work import process
from lib.work.files import data_folder
from tests.fuzz import Report, try_all
from tests.support.pictures import encode, noise
from tests.support.user_models import MODELS, TINY

BASES = (
    *(TINY / name for name in ("float32", "uint8", "int8", "dynamic", "float16", "sigmoid", "background-first")),
    *(MODELS / name for name in ("starter-small", "starter-scratch")),
)  # fmt: skip
MOST_GROWTH_MB = 600  # of the process, over all files; what a sound model of 5 MB takes is 17 MB
_PHOTO = encode(noise(60, 40, 1), "PNG")
_SPECIAL = (0, 1, -1, 2, 3, 7, 127, 255, 65_535, 100_000_000, 2**31 - 1, -(2**31))


def run(count: int, seed: int) -> Report:
    """Try `count` damaged models."""
    # NumPy's libraries reserve memory for every core when they load, which a limit would count.
    with (
        tempfile.TemporaryDirectory(prefix="discern-fuzz-") as home,
        patch.dict(os.environ, DISCERN_HOME=home, OPENBLAS_NUM_THREADS="1"),
    ):
        report = try_all("models", seed, use, _files(count, seed))
    if report.grown_mb > MOST_GROWTH_MB:
        report.wrong.append(f"the process grew by {report.grown_mb:.0f} MB")
    return report


def use(data: bytes) -> bool:
    """Put a model, the number of its base in front, into the data folder, and use it as pages and commands do."""
    base, store = BASES[data[0]], _store()
    folder = store.models / "mutant"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(data[1:])
    (folder / "labels.txt").write_bytes((base / "labels.txt").read_bytes())
    card = (base / "model.toml").read_text(encoding="utf-8").split("[source]")[0]
    (folder / "model.toml").write_text(card.replace(f'id = "{base.name}"', 'id = "mutant"'), encoding="utf-8")
    try:
        store.entries()
        model = store.open_folder("mutant")
        variants(model, data=store.data)
        read_ends(model)
        weights_file(model)
        return isinstance(infer(Source.of_bytes(_PHOTO, "photo.png"), open_classifier(model)), Answer)
    except AppError as error:
        if "mutant" in str(error) or "model.tflite" in str(error):
            raise
        raise AssertionError(f"says only: {error}") from error


@cache
def _store() -> Store:
    """Return the data folder's models; whatever is run in a process of its own goes to the trier from now on."""
    process.run = _Trier().run  # type: ignore[assignment]
    return Store(data_folder())


def _files(count: int, seed: int) -> Iterator[bytes]:
    for number in range(count):
        base, content = mutant(number, seed)
        yield bytes([BASES.index(base)]) + content


# The trier ---------------------------------------------------------------------------------------------------------


class _Trier:
    """Stands in for `lib.work.process.run`: a long-lived process that forks for each call."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.models"],
            cwd=MODELS.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

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
            raise WorkerError("The process crashed (signal {signal}).", signal=answer["signal"])
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


if __name__ == "__main__":
    try_forever()
