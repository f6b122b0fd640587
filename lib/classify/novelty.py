"""Is a photo unlike those that a model learned from? Asked beside the verdict, which may be clear all the same.

Two ways, by what the model says in `[novelty]`. The largest logit says how strong the strongest vote was, before
softmax makes all votes sum to 1: "MaxLogit" of Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World
Settings (arXiv 1911.11132). A head of few classes on the features of a net that knows a thousand other things says only
which of the few is nearest; there the features themselves tell: the cosine to the nearest class mean (Mensink et al.,
Distance-Based Image Classification, IEEE TPAMI 2013, with the angle as distance).
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats.inner import Inner
from lib.messages import N_
from lib.model.spec import MEANS, ModelFolder, Novelty
from lib.results import Familiarity
from lib.work.files import read_small

Floats = NDArray[np.floating]
_MOST_BYTES = 64 * 2**20  # a thousand classes of 5120 numbers in float16 are 10 MB


@dataclass(frozen=True, slots=True)
class Gauge:
    """How a model tells.

    Attributes:
        novelty: What its description says of it.
        inner: The inner tensor that it is told by.
        score: Given that tensor of one photo, flat, returns how familiar the photo looks.
        length: How many numbers the tensor has to have; None for any.
    """

    novelty: Novelty
    inner: Inner
    score: Callable[[Floats], float]
    length: int | None = None

    def read(self, values: Floats) -> Familiarity:
        """Return how familiar a photo looks, by the model's own threshold, given the tensor of it, flat."""
        novelty = self.novelty
        return Familiarity(novelty.method, self.score(values), novelty.threshold, novelty.hint)


def gauge(folder: ModelFolder) -> Gauge | None:
    """Return how a model tells whether a photo is unlike those it learned from; None for one that cannot.

    Raises:
        ModelFileError: The means of its classes cannot be read, or are not one for each class.
    """
    novelty, output = folder.spec.novelty, folder.spec.output
    if novelty is None:
        return None
    if novelty.method == "max-logit":
        return Gauge(novelty, Inner.LOGITS, lambda logits: float(logits[output.shown].max()))
    means = class_means(folder)
    return Gauge(
        novelty, Inner.NORMALISED, lambda features: float(nearness(features[np.newaxis], means)[0]), means.shape[1]
    )


def nearness(features: Floats, means: Floats) -> NDArray[np.float64]:
    """Return the cosine of each row of features, shape (N, D), to the nearest class mean, shape (C, D): shape (N,)."""
    nearest: NDArray[np.float64] = (_of_length_1(features) @ _of_length_1(means).T).max(axis=1)
    return nearest


def _of_length_1(rows: Floats) -> NDArray[np.float64]:
    real = rows.astype(np.float64)
    return np.asarray(real / np.maximum(np.linalg.norm(real, axis=1, keepdims=True), np.finfo(np.float64).tiny))


def class_means(folder: ModelFolder) -> NDArray[np.float64]:
    """Return the class means of a model, shape (K, D).

    Raises:
        ModelFileError: They cannot be read, or are not one for each class.
    """
    spec = folder.spec
    try:
        means = np.load(io.BytesIO(read_small(folder.path / MEANS, _MOST_BYTES)), allow_pickle=False)
        whole = np.asarray(means, dtype=np.float64)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise ModelFileError(
            N_("The class means of {model} could not be read from {file}."), model=spec.id, file=MEANS
        ) from error
    if whole.ndim != 2 or len(whole) != spec.output.classes or not np.isfinite(whole).all():
        raise unlike_its_means(spec.id, (spec.output.classes, "…"), whole.shape)
    return whole


def unlike_its_means(model: str, expected: tuple[object, ...], found: tuple[int, ...]) -> ModelFileError:
    """Return the error of a model whose class means are not of the shape that they should have."""
    text = N_("{model}: {file} must hold numbers of the shape {expected}. Found: {found}.")
    return ModelFileError(text, model=model, file=MEANS, expected=f"({', '.join(map(str, expected))})", found=found)
