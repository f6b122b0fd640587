"""LiteRT models: float32, float16 or dynamic-range weights, and 8-bit integers throughout.

One single-threaded interpreter per core is faster for photos that come in numbers than one interpreter with several
threads, and `invoke()` releases the GIL; interpreters are not safe to share, so each call takes one from a pool.
"""

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Inference
from lib.classify.novelty import is_unfamiliar
from lib.classify.outputs import dequantise, to_probabilities
from lib.classify.preprocess import Quantiser, resize, to_floats
from lib.errors import ModelFileError, ModelOutputError
from lib.formats.first_look import classifier_ends, damaged
from lib.formats.inner import Inner, expose
from lib.formats.tables import shows_its_input
from lib.formats.unbelieved import DAMAGE, first_line
from lib.messages import N_
from lib.model.spec import InputSpec, ModelFolder, ModelSpec
from lib.work.cores import usable_cores

_OPEN = -1


class LiteRTClassifier:
    """A `.tflite` model with a pool of interpreters, made as they are needed.

    Args:
        folder: The model's folder.
        workers: Interpreters at most; None for one per core.
        threads: Threads inside each interpreter.
        inner: Inner tensors to give with every answer; the logits always come where novelty is told by them.

    Raises:
        ModelFileError: The file is damaged, or its tensors contradict `model.toml`.
    """

    def __init__(
        self, folder: ModelFolder, *, workers: int | None = None, threads: int = 1, inner: Collection[Inner] = ()
    ) -> None:
        self.spec: ModelSpec = folder.spec
        self.labels = folder.read_labels()
        self.workers = workers or usable_cores()
        self._threads = threads
        self._content = folder.read_weights()
        wanted = sorted({*inner, *([Inner.LOGITS] if self.spec.novelty is not None else [])})
        for tensor in wanted:
            self._content = expose(self._content, tensor, f"{self.spec.id}/{self.spec.weights}")
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._made = 1
        self._lock = threading.Lock()
        first = self._make()
        self._input, self._output = _details(first, self.spec, exposed=len(wanted))
        self._exposed = dict(zip(wanted, first.get_output_details()[1:], strict=True))
        self._shows_its_input = shows_its_input(self._content, folder.spec.weights)
        self._to_tensor = _converter(self._input, self.spec.input)
        self._idle.put(first)

    def prepare(self, image: Image.Image) -> NDArray[Any]:
        """Turn an RGB image of any size into the input tensor, shape (1, H, W, 3)."""
        return self._to_tensor(np.asarray(resize(image, self.spec.input)))[np.newaxis]

    def run(self, tensor: NDArray[Any]) -> Inference:
        """Let the model look at what `prepare` made.

        Raises:
            ModelOutputError: The answer is not a set of probabilities, or there is none.
        """
        with self._interpreter() as interpreter:
            start = time.perf_counter()
            try:
                interpreter.set_tensor(self._input["index"], tensor)
                interpreter.invoke()
            except DAMAGE as error:
                raise ModelOutputError(
                    N_("{model} stopped with an error: {reason}."), model=self.spec.id, reason=first_line(error)
                ) from error
            raw, *exposed = (interpreter.get_tensor(each["index"]) for each in (self._output, *self._exposed.values()))
            milliseconds = (time.perf_counter() - start) * 1e3
        scale, zero_point = self._output["quantization"]
        probabilities = to_probabilities(
            dequantise(raw, scale, zero_point), self.spec.output, scale=scale, shows_its_input=self._shows_its_input
        )
        inner = {
            tensor: dequantise(values, *details["quantization"]).reshape(-1)
            for (tensor, details), values in zip(self._exposed.items(), exposed, strict=True)
        }
        novelty = self.spec.novelty
        unfamiliar = None if novelty is None else is_unfamiliar(inner[Inner.LOGITS], self.spec.output, novelty)
        return Inference(probabilities, milliseconds, unfamiliar, inner)

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
            return self._another() or self._idle.get()

    def _another(self) -> Any:
        """Return one more interpreter; None where there are enough, or this machine has no room for it."""
        with self._lock:
            if self._made >= self.workers:
                return None
            self._made += 1
        try:
            return self._make()
        except ModelFileError:  # the first one could be made: the others wait for it
            with self._lock:
                self._made -= 1
            return None

    def _make(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            _give_size(interpreter, self.spec.input)
            interpreter.allocate_tensors()
        except DAMAGE as error:
            raise ModelFileError(
                N_("{model} cannot be run: {file} is not a valid LiteRT model ({reason})."),
                model=self.spec.id,
                file=self.spec.weights,
                reason=first_line(error),
            ) from error
        return interpreter


def _give_size(interpreter: Any, spec: InputSpec) -> None:
    """Let a file that leaves dimensions of its input open take one photo of the size that `model.toml` names."""
    width, height = spec.size_wh
    wanted = (1, height, width, 3)
    for details in interpreter.get_input_details():
        signature = tuple(int(n) for n in details["shape_signature"])
        if _OPEN in signature and len(signature) == len(wanted):
            closed = [size if said == _OPEN else said for said, size in zip(signature, wanted, strict=True)]
            interpreter.resize_tensor_input(details["index"], closed)


def _details(interpreter: Any, spec: ModelSpec, *, exposed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the input's and the output's details, after checking them against the model's description."""
    file = f"{spec.id}/{spec.weights}"
    try:
        image, classes = classifier_ends(interpreter, file, exposed=exposed)
    except DAMAGE as error:
        raise damaged(file, error) from error
    width, height = spec.input.size_wh
    shape = tuple(int(n) for n in image["shape"])
    if shape != (1, height, width, 3):
        raise _contradiction(spec, N_("input"), shape, (1, height, width, 3))
    units = 1 if spec.output.activation == "sigmoid" else spec.outputs
    if int(np.prod(classes["shape"])) not in {units, 1 if spec.output.classes == 2 else units}:
        raise _contradiction(spec, N_("output"), tuple(int(n) for n in classes["shape"]), (1, units))
    return image, classes


def _contradiction(spec: ModelSpec, which: str, found: object, expected: object) -> ModelFileError:
    return ModelFileError(
        N_("{model}: the {which} of {file} has the shape {found}, but its description says {expected}."),
        model=spec.id,
        which=which,
        file=spec.weights,
        found=found,
        expected=expected,
    )


def _converter(details: dict[str, Any], spec: InputSpec) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return what turns bytes, shape (H, W, 3), into the input tensor's type."""
    if details["dtype"] == np.float32:
        return lambda pixels: to_floats(pixels, spec)
    scale, zero_point = details["quantization"]
    return Quantiser(spec, details["dtype"], scale, zero_point)
