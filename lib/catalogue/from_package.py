"""From weights inside an installed package to a model folder: read, write, try, describe, move.

The weights are checked against their digest, read as numbers and written as a LiteRT file into the data folder, with
description and labels, whole or not at all. The file is the same to the byte on every machine; it is made anew when the
weights, the numbers of ours that go into it, or the way of writing change.
"""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from lib.catalogue.packaged import KIND, Packaged, find, is_current, is_written, problem
from lib.catalogue.trial import Trials
from lib.classify.opening import open_classifier
from lib.errors import DownloadError, ModelError, ModelFileError
from lib.formats import efficientnet_lite
from lib.formats.efficientnet_lite import Head
from lib.formats.write import Ranges
from lib.messages import N_
from lib.model import writing
from lib.model.imagenet import imagenet
from lib.model.spec import ModelFolder, load, parse_labels, reading
from lib.work.files import disk_error, read_small, replace_folder
from lib.work.locks import locked

# How far the self-test's answer may lie from the one that was written down: 8-bit arithmetic may differ by a step here
# and there between processors.
MOST_SHIFT = 0.1

# Each takes the weights file's content and name, the input's side in pixels, and ranges and head where there are.
WRITERS: dict[str, Callable[[bytes, str, int, Ranges | None, Head | None], bytes]] = {
    "efficientnet-lite": efficientnet_lite.from_pth
}


def write(model: Packaged, data: Path, trials: Trials, *, cancelled: threading.Event | None = None) -> ModelFolder:
    """Return the model's folder, written now unless it is there already.

    Two who ask at once get the same. A data folder that takes no files does not matter, nor does a user's own model in
    this one's place: the model then lies in a temporary folder and lasts as long as this process.

    Args:
        model: The model.
        data: The data folder.
        trials: What is known of its files.
        cancelled: When set while another process writes, waiting ends.

    Raises:
        ModelError: Its package is missing or altered, or what came of it does not answer as it should.
        DownloadError: There is no room for it anywhere.
        Cancelled: `cancelled` was set.
    """
    target = data / "models" / model.spec.id
    try:
        with locked(data / "locks" / f"model-{model.spec.id}.lock", cancelled=cancelled):
            return _current(model, target, trials) or _write(model, data / "incoming" / model.spec.id, target, trials)
    except DownloadError:  # the disk refuses
        place = Path(_temporary().name)
        with _ONE_AT_A_TIME:
            target = place / model.spec.id
            return _current(model, target, trials) or _write(model, place / "incoming", target, trials)


def _current(model: Packaged, target: Path, trials: Trials) -> ModelFolder | None:
    """Return what lies at `target` if it is whole, and the model as it would be written now."""
    with suppress(ModelFileError):
        if is_current(model, found := load(target)):
            found.read_labels()
            return trials.admit(found, vouched=model.weights_sha256)
    return None


def _write(model: Packaged, incoming: Path, target: Path, trials: Trials) -> ModelFolder:
    """Write the model into `incoming`, test it, and move it to `target`; the caller holds the lock."""
    try:
        if target.exists() and not is_written(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        shutil.rmtree(incoming, ignore_errors=True)  # left by a process that was killed
        incoming.mkdir(parents=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = litert(model)
        (incoming / model.spec.weights).write_bytes(content)
        (incoming / model.spec.labels).write_text("\n".join(_names(model)) + "\n", encoding="utf-8")
        source = {
            "kind": KIND,
            "package": model.requirement,
            "sha256": model.sha256,
            "recipe": model.recipe,
            "weights_sha256": hashlib.sha256(content).hexdigest(),
        }
        writing.write(incoming, replace(model.spec, source=source))
        folder = trials.admit(load(incoming), vouched=model.weights_sha256)
        self_test(folder, model.self_test)
        replace_folder(incoming, target)
        return replace(folder, path=target)
    except OSError as error:
        raise disk_error(error, model.spec.id) from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def litert(model: Packaged) -> bytes:
    """Return the LiteRT file, made of the very bytes whose digest was checked; raises as `published` does."""
    name, content = published(model)
    side, _ = model.spec.input.size_wh
    head = None if model.head is None else read_head(model.head)
    ranges = None if model.ranges is None else read_ranges(model.ranges)
    return WRITERS[model.writer](content, name, side, ranges, head)


def published(model: Packaged) -> tuple[str, bytes]:
    """Return the name and the content of the weights file in the package, its digest checked.

    Raises:
        ModelError: The package is missing or altered.
    """
    path = find(model)
    content = b"" if path is None else path.read_bytes()
    if path is None or hashlib.sha256(content).hexdigest() != model.sha256:
        raise problem(model) or _changed_meanwhile(model)
    return path.name, content


def _changed_meanwhile(model: Packaged) -> ModelError:
    return ModelFileError(
        N_("The package {package} changed while {model} was being read from it. Try again."),
        model=model.spec.id,
        package=model.requirement,
    )


def read_ranges(path: Path) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest value of each tensor in one of our files.

    Raises:
        ModelFileError: It cannot be read.
    """
    with _ours(path):
        return {str(name): (float(low), float(high)) for name, (low, high) in json.loads(read_small(path)).items()}


def read_head(path: Path) -> Head:
    """Return the linear head in one of our files: float16 arrays `weight`, shape (K, features), and `bias`, (K,).

    Raises:
        ModelFileError: It cannot be read.
    """
    with _ours(path), np.load(path, allow_pickle=False) as arrays:
        return Head(*(arrays[name].astype(np.float32) for name in ("weight", "bias")))


@contextmanager
def _ours(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(N_("{file} could not be read."), file=path.name) from error


def _names(model: Packaged) -> tuple[str, ...]:
    if model.labels is None:
        return tuple(names[0] for _, names in imagenet())
    with reading(model.labels.name):
        return parse_labels(read_small(model.labels))


def probe(size_wh: tuple[int, int]) -> Image.Image:
    """Return the picture of the self-test: something like a crossword puzzle, with squares of 16 pixels."""
    x, y = np.meshgrid(*map(np.arange, size_wh))
    is_black = (x % 16 == 0) | (y % 16 == 0) | ((x // 16) * (y // 16) % 4 == 1)
    return Image.fromarray(np.where(is_black, 0, 255).astype(np.uint8)).convert("RGB")


def self_test(folder: ModelFolder, test: tuple[int, float]) -> None:
    """Let a file that was put together here answer to `probe`.

    Args:
        folder: The model, whose weights may be opened.
        test: A class, and how likely it should be.

    Raises:
        ModelError: It does not run, or answers otherwise than it should on any processor.
    """
    classifier = open_classifier(folder, workers=1)
    index, expected = test
    probabilities = classifier.run(classifier.prepare(probe(folder.spec.input.size_wh))).probabilities
    if abs(probabilities[index] - expected) > MOST_SHIFT:
        raise ModelFileError(
            N_("{model} gives a wrong answer on this computer: {found} instead of {expected}."),
            model=folder.spec.id,
            found=f"{probabilities[index]:.3f}",
            expected=f"{expected:.3f}",
        )


_ONE_AT_A_TIME = threading.Lock()


@cache
def _temporary() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder of this process, which goes with it."""
    try:
        return tempfile.TemporaryDirectory(prefix="discern-")
    except OSError as error:
        raise disk_error(error, "discern") from error
