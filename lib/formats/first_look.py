"""The first look at a LiteRT file from outside; runs only in a limited child process (see `lib.work.process`).

A malformed file can crash or stall the process that loads it (one in some two thousand mutations did), so no file
is opened in the web process before it has been loaded, allocated and run here. `inspect` is the side of the web
process; `inspect_tflite` is the child's.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError, WorkerError
from lib.formats.inner import SCORE
from lib.formats.tables import DTYPES, Tensor, other_numbers, require_one_of_each
from lib.formats.unbelieved import DAMAGE, first_line, tables
from lib.messages import N_
from lib.model.spec import MAX_CLASSES, MAX_SIDE, parse_labels, reading
from lib.work import process

MEMORY_BYTES = 2**30  # half of it ran every model tried, up to 114 MB of weights
CPU_SECONDS = 20
WALL_SECONDS = 60.0  # generous: a workshop's machine is busy, and processor time is limited anyway
MAX_BYTES = 512 * 2**20
_MAGIC = b"TFL3"
_MAX_LABEL_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a model file says of itself.

    Attributes:
        size_wh: Of a photo in its input.
        input: The input.
        units: How many numbers it answers with, N.
        looks_like_probabilities: Whether two runs gave non-negative numbers that sum to about 1.
        labels: The label list packed into the file, N lines, or empty.
    """

    size_wh: tuple[int, int]
    input: Tensor
    units: int
    looks_like_probabilities: bool
    labels: tuple[str, ...]


def inspect(path: Path, *, name: str | None = None, cancelled: threading.Event | None = None) -> Inspection:
    """Load, allocate and run a LiteRT file in a limited child process.

    Args:
        path: The file.
        name: What to call it in an error; its own name unless told.
        cancelled: When set, the child is ended.

    Raises:
        ModelFileError: It is no LiteRT image classifier, is damaged, or took the child down.
        Cancelled: `cancelled` was set.
    """
    name = name or path.name
    with reading(name):
        size = path.stat().st_size
    report = in_child(
        "lib.formats.first_look:inspect_tflite",
        {"path": str(path), "name": name},
        name,
        # The interpreter keeps the file, a packed copy of its weights and its tensors.
        memory_bytes=MEMORY_BYTES + 4 * size,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        cancelled=cancelled,
    )
    width, height = report["size_wh"]
    labels = tuple(report["labels"])
    return Inspection(
        (width, height), Tensor(**report["input"]), report["units"], report["looks_like_probabilities"], labels
    )


def in_child(function: str, payload: Mapping[str, Any], name: str, **limits: Any) -> dict[str, Any]:
    """Return what `process.run` does for a function that tries a model's file; a child that dies is the file's fault.

    Raises:
        ModelFileError: It took the child down; the message calls it `name`. Or what the function raised.
        Cancelled: Its `cancelled` was set.
    """
    try:
        return process.run(function, payload, **limits)
    except WorkerError as error:
        raise ModelFileError(
            N_("{file} is damaged or too large to run: the test run stopped. {reason}"),
            file=name,
            reason=error.message,
        ) from error


def inspect_tflite(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Look at one file; the child's side of `inspect`.

    Raises:
        ModelFileError: It is no LiteRT image classifier.
    """
    name = str(payload["name"])
    content = _read(Path(payload["path"]), name)
    interpreter = _allocate(content, name)
    _refuse_foreign_operations(content, name)
    image, classes = classifier_ends(interpreter, name)
    units = max(int(n) for n in classes["shape"])
    scale, zero_point = image["quantization"]
    labels = _packed_labels(Path(payload["path"]))
    return {
        "size_wh": [int(image["shape"][2]), int(image["shape"][1])],
        "input": {"dtype": image["dtype"].__name__, "scale": float(scale), "zero_point": int(zero_point)},
        "units": units,
        "looks_like_probabilities": _run(interpreter, image, classes, name),
        "labels": labels if len(labels) == units else (),
    }


def check_size(path: Path, name: str) -> None:
    """Raise ModelFileError if a model's file is too large to be looked at."""
    if path.stat().st_size > MAX_BYTES:
        raise too_large(name)


def too_large(name: str) -> ModelFileError:
    """Return the error of a model's file, or of several together, above `MAX_BYTES`."""
    return ModelFileError(N_("{file} is larger than {limit} MB."), file=name, limit=MAX_BYTES // 2**20)


def _read(path: Path, name: str) -> bytes:
    check_size(path, name)
    content = path.read_bytes()
    if content[4:8] != _MAGIC:
        raise ModelFileError(N_("{file} is not a LiteRT model: it does not start like one."), file=name)
    return content


def _allocate(content: bytes, name: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    except DAMAGE as error:
        raise damaged(name, error) from error
    return interpreter


def damaged(name: str, error: Exception) -> ModelFileError:
    """Return the error of a file that LiteRT refuses, or that breaks what reads it."""
    return ModelFileError(N_("{file} is damaged or not supported: {reason}"), file=name, reason=first_line(error)[:200])


def _refuse_foreign_operations(content: bytes, name: str) -> None:
    with tables(content, name) as model:
        custom = [model.OperatorCodes(i).CustomCode() for i in range(model.OperatorCodesLength())]
    for code in filter(None, custom):
        raise ModelFileError(
            N_("{file} needs the operation {operation}, which LiteRT does not have."),
            file=name,
            operation=code.decode("utf-8", "replace")[:60],
        )


def classifier_ends(interpreter: Any, name: str, *, exposed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the details of the one input and the one output, after checking that they are an image classifier's.

    Args:
        interpreter: Holds the file.
        name: What to call it in an error.
        exposed: How many inner tensors were made outputs too (`lib.formats.inner.expose`).

    Raises:
        ModelFileError: They are not; the message calls the file `name`.
    """
    inputs = interpreter.get_input_details()
    outputs = [details for details in interpreter.get_output_details() if details["name"] != SCORE]
    require_one_of_each(len(inputs), len(outputs) - exposed, name)
    image, classes = inputs[0], outputs[0]
    shape = tuple(int(n) for n in image["shape"])
    if len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or not all(1 <= n <= MAX_SIDE for n in shape[1:3]):
        raise no_photo(shape, name)
    shape = tuple(int(n) for n in classes["shape"])
    units = max(shape, default=0)
    if units != math.prod(shape) or not 1 <= units <= MAX_CLASSES:
        raise no_classes(shape, name)
    for details in (image, classes):
        if details["dtype"].__name__ not in DTYPES:
            raise other_numbers(details["dtype"].__name__, name)
    # An input that does not say it takes the bytes as they are.
    if classes["dtype"].__name__ != "float32" and not classes["quantization"][0] > 0:
        raise ModelFileError(
            N_("{file} has no quantization parameters, so its 8-bit numbers cannot be read."), file=name
        )
    return image, classes


def no_photo(shape: tuple[int | None, ...], name: str) -> ModelFileError:
    """Return the error of an input of another shape than one photo's; None: a side that is left open."""
    return ModelFileError(
        N_(
            "The input of {file} has the shape {shape}. Expected: one RGB photo, (1, height, width, 3), "
            "with at most {limit} pixels per side."
        ),
        file=name,
        shape=str(shape),
        limit=MAX_SIDE,
    )


def no_classes(shape: tuple[int | None, ...], name: str) -> ModelFileError:
    """Return the error of an output of another shape than one number for each class."""
    return ModelFileError(
        N_("The output of {file} has the shape {shape}. Expected: one number per class, (1, classes)."),
        file=name,
        shape=str(shape),
    )


def one_by_one(name: str) -> ModelFileError:
    """Return the error of a model of several sigmoid units, whose answers do not depend on each other."""
    return ModelFileError(
        N_("{file} answers each class by itself, yes or no (sigmoid). Discern needs one answer among all classes."),
        file=name,
    )


def _run(interpreter: Any, image: dict[str, Any], classes: dict[str, Any], name: str) -> bool:
    """Run the model on zeros and on noise; return whether both answers look like probabilities."""
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 256, size=image["shape"], dtype=np.uint8)
    tests = [np.zeros(image["shape"], image["dtype"])]
    tests.append(
        noise / np.float32(127.5) - np.float32(1) if image["dtype"] == np.float32 else noise.view(image["dtype"])
    )
    verdicts = []
    for tensor in tests:
        try:
            interpreter.set_tensor(image["index"], tensor.astype(image["dtype"], copy=False))
            interpreter.invoke()
        except DAMAGE as error:
            raise damaged(name, error) from error
        answer = interpreter.get_tensor(classes["index"]).astype(np.float64).reshape(-1)
        if not np.all(np.isfinite(answer)):
            raise ModelFileError(
                N_("{file} is damaged: its output contains infinite or invalid numbers (NaN)."), file=name
            )
        scale, zero_point = classes["quantization"]
        real = (answer - zero_point) * scale if scale else answer
        # 8-bit probabilities do not sum to 1; sums down to 0.53 were measured on good models.
        slack = 0.6 if scale else 0.01
        verdicts.append(bool(real.min() >= -1e-5 and abs(real.sum() - 1) <= slack))
    return all(verdicts)


def _packed_labels(path: Path) -> tuple[str, ...]:
    """Return the lines of the label file that model metadata appends to a file as a zip, or none."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as packed:
            members = [m for m in packed.infolist()[:100] if m.filename.lower().endswith(".txt")]
            if len(members) != 1 or members[0].file_size > _MAX_LABEL_BYTES:
                return ()
            with packed.open(members[0]) as file:
                return parse_labels(file.read(_MAX_LABEL_BYTES), errors="replace")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, ValueError, RuntimeError):
        return ()
