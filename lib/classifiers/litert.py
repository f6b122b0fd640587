"""LiteRT models: float32, float16 or dynamic-range weights, and 8-bit integers throughout.

One single-threaded interpreter per core is faster for photos that come in numbers than one interpreter with several
threads, and `invoke()` releases the GIL; interpreters are not safe to share, so each call takes one from a pool.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.catalogue.contract import InputSpec, ModelFolder, ModelSpec
from lib.classifiers.outputs import dequantise, to_probabilities
from lib.errors import ModelFileError, ModelOutputError
from lib.messages import N_
from lib.preprocess import Quantiser, resize, to_floats
from lib.work.cores import usable_cores


class LiteRTClassifier:
    """A `.tflite` model with a pool of interpreters, made as they are needed.

    Args:
        folder: The model's folder.
        workers: Interpreters at most; None for one per core.
        threads: Threads inside each interpreter.

    Raises:
        ModelFileError: The file is damaged, or its tensors contradict `model.toml`.
    """

    def __init__(self, folder: ModelFolder, *, workers: int | None = None, threads: int = 1) -> None:
        self.spec: ModelSpec = folder.spec
        self.labels = folder.read_labels()
        self.workers = workers or usable_cores()
        self._threads = threads
        self._content = _read(folder)
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._made = 1
        self._lock = threading.Lock()
        first = self._make()
        self._input, self._output = _details(first, self.spec)
        self._to_tensor = _converter(self._input, self.spec.input)
        self._idle.put(first)

    def prepare(self, image: Image.Image) -> NDArray[Any]:
        """Turn an RGB image of any size into the input tensor, shape (1, H, W, 3)."""
        return self._to_tensor(np.asarray(resize(image, self.spec.input)))[np.newaxis]

    def run(self, tensor: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
        """Return the probabilities, shape (K,), sum 1, and the milliseconds that inference took.

        Raises:
            ModelOutputError: The answer is not a set of probabilities, or there is none.
        """
        with self._interpreter() as interpreter:
            start = time.perf_counter()
            try:
                interpreter.set_tensor(self._input["index"], tensor)
                interpreter.invoke()
            except (ValueError, RuntimeError) as error:
                raise ModelOutputError(
                    N_("{model} failed while it ran: {reason}."), model=self.spec.id, reason=_first_line(error)
                ) from error
            raw = interpreter.get_tensor(self._output["index"])
            milliseconds = (time.perf_counter() - start) * 1e3
        scale, zero_point = self._output["quantization"]
        return to_probabilities(dequantise(raw, scale, zero_point), self.spec.output), milliseconds

    @contextmanager
    def _interpreter(self) -> Iterator[Any]:
        interpreter = self._take()
        try:
            yield interpreter
        finally:
            self._idle.put(interpreter)

    def _take(self) -> Any:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                may_make = self._made < self.workers
                self._made += may_make
        return self._make() if may_make else self._idle.get()

    def _make(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(
                N_("{model}: {file} is not a LiteRT model that can be run: {reason}."),
                model=self.spec.id,
                file=self.spec.weights,
                reason=_first_line(error),
            ) from error
        return interpreter


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _read(folder: ModelFolder) -> bytes:
    try:
        return folder.weights_path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            N_("{model}: the weights in {file} could not be read."),
            model=folder.spec.id,
            file=folder.spec.weights,
        ) from error


def _details(interpreter: Any, spec: ModelSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the input's and the output's details, after checking them against the model's description."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    width, height = spec.input.size_wh
    shape = tuple(int(n) for n in inputs[0]["shape"]) if len(inputs) == 1 else ()
    if shape != (1, height, width, 3):
        raise _contradiction(spec, N_("input"), shape, (1, height, width, 3))
    units = 1 if spec.output.activation == "sigmoid" else spec.outputs
    found = int(np.prod(outputs[0]["shape"])) if len(outputs) == 1 else 0
    if found not in {units, 1 if spec.output.classes == 2 else units}:
        raise _contradiction(spec, N_("output"), tuple(int(n) for n in outputs[0]["shape"]), (1, units))
    return inputs[0], outputs[0]


def _contradiction(spec: ModelSpec, which: str, found: object, expected: object) -> ModelFileError:
    return ModelFileError(
        N_("{model}: the {which} of {file} has shape {found}; its description says {expected}."),
        model=spec.id,
        which=which,
        file=spec.weights,
        found=found,
        expected=expected,
    )


def _converter(details: dict[str, Any], spec: InputSpec) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return what turns bytes, shape (H, W, 3), into the input tensor's type."""
    dtype = details["dtype"]
    if dtype == np.float32:
        return lambda pixels: to_floats(pixels, spec)
    if dtype in (np.uint8, np.int8):
        scale, zero_point = details["quantization"]
        return Quantiser(spec, dtype, scale, zero_point)
    raise ModelFileError(
        N_("The input of {file} holds {dtype} numbers; float32, uint8 and int8 are supported."),
        file=details["name"],
        dtype=np.dtype(dtype).name,
    )
