"""LiteRT models: float32, float16 or dynamic-range weights, and 8-bit integers throughout."""

import time
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Inference
from lib.classify.interpreters import Interpreters
from lib.classify.novelty import gauge, unlike_its_means
from lib.classify.outputs import dequantise, to_probabilities
from lib.classify.preprocess import Quantiser, resize, to_floats
from lib.errors import ModelFileError, ModelOutputError
from lib.formats.first_look import classifier_ends, damaged
from lib.formats.inner import Inner, expose
from lib.formats.tables import shows_its_input
from lib.formats.unbelieved import DAMAGE, first_line
from lib.messages import N_
from lib.model.spec import InputSpec, ModelFolder, ModelSpec


class LiteRTClassifier:
    """A `.tflite` model with a pool of interpreters, made as they are needed.

    Args:
        folder: The model's folder.
        workers: Interpreters at most; None for one per core.
        threads: Threads inside each interpreter.
        inner: Inner tensors to give with every answer; what novelty is told by always comes.

    Raises:
        ModelFileError: The file is damaged, or its tensors contradict `model.toml`.
    """

    def __init__(
        self, folder: ModelFolder, *, workers: int | None = None, threads: int = 1, inner: Collection[Inner] = ()
    ) -> None:
        self.spec: ModelSpec = folder.spec
        self.labels = folder.read_labels()
        self._gauge = gauge(folder)
        told_by = () if self._gauge is None else (self._gauge.inner,)
        wanted = sorted({*inner, *told_by})
        content = expose(folder.read_weights(), wanted, f"{self.spec.id}/{self.spec.weights}")
        self._interpreters = Interpreters(content, self.spec, workers=workers, threads=threads)
        self.workers = self._interpreters.workers
        with self._interpreters.one() as first:
            self._input, self._output = _details(first, self.spec, exposed=len(wanted))
            self._exposed = dict(zip(wanted, first.get_output_details()[1:], strict=True))
        self._check_gauge()
        self._shows_its_input = shows_its_input(content, folder.spec.weights)
        self._to_tensor = converter(self._input, self.spec.input)

    def _check_gauge(self) -> None:
        told, classes = self._gauge, self.spec.output.classes
        if told is not None and told.length is not None:
            length = int(np.prod(self._exposed[told.inner]["shape"]))
            if length != told.length:
                raise unlike_its_means(self.spec.id, (classes, length), (classes, told.length))

    def prepare(self, image: Image.Image) -> NDArray[Any]:
        """Turn an RGB image of any size into the input tensor, shape (1, H, W, 3)."""
        return self._to_tensor(np.asarray(resize(image, self.spec.input)))[np.newaxis]

    def run(self, tensor: NDArray[Any]) -> Inference:
        """Let the model look at what `prepare` made.

        Raises:
            ModelOutputError: The answer is not a set of probabilities, or there is none.
        """
        with self._interpreters.one() as interpreter:
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
            tensor: _without_batch(tensor, dequantise(values, *details["quantization"]))
            for (tensor, details), values in zip(self._exposed.items(), exposed, strict=True)
        }
        told = self._gauge
        familiarity = None if told is None else told.read(inner[told.inner])
        return Inference(probabilities, milliseconds, familiarity, inner)


def _without_batch(tensor: Inner, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[0] if tensor is Inner.MAP else values.reshape(-1)


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


def converter(details: dict[str, Any], spec: InputSpec) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return what turns bytes, shape (H, W, 3), into the input tensor's type."""
    if details["dtype"] == np.float32:
        return lambda pixels: to_floats(pixels, spec)
    scale, zero_point = details["quantization"]
    return Quantiser(spec, details["dtype"], scale, zero_point)
