"""The head of the model `starter`: features of every photo, then logistic regression. No TensorFlow.

Features are divided by their length first, so that no photo weighs more because it is bright or full, and logits of
different photos can be compared (`lib.classify.novelty`): logits = W · (f / ‖f‖) + b. With hundreds of photos a class
it is as good as what users' own models have (`lib.training.heads`), and its logits tell the unfamiliar.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib.classify.infer import pixels_needed
from lib.classify.litert import LiteRTClassifier
from lib.formats.inner import Inner
from lib.photos.opening import open_photo
from lib.photos.source import Source

Floats = NDArray[np.float32]
# Inverse strength of the L2 penalty: from 1 to 100 top-1 changes little, but the larger, the more unknown things come
# out clear.
C = 10.0


@dataclass(frozen=True, slots=True)
class Head:
    """A linear head for features of length 1.

    Attributes:
        weight: Shape (C, D), float16.
        bias: Shape (C,), float16.
    """

    weight: NDArray[np.float16]
    bias: NDArray[np.float16]

    def logits(self, features: Floats) -> Floats:
        """Return shape (N, C) for features of shape (N, D)."""
        return features @ self.weight.astype(np.float32).T + self.bias.astype(np.float32)

    def save(self, file: Path) -> None:
        """Write an .npz of `weight` and `bias`; the same head gives the same bytes."""
        np.savez_compressed(file, weight=self.weight, bias=self.bias)


def read_features(backbone: LiteRTClassifier, photos: Sequence[Source]) -> Floats:
    """Return what a model makes of photos before its head, shape (N, D), each row of length 1.

    Args:
        backbone: Opened with `inner=(Inner.FEATURES,)`.
        photos: Opened and resized as the app does it for this model.

    Raises:
        PhotoError: One cannot be looked at.
    """

    def one(source: Source) -> Floats:
        image = open_photo(source.read(), source.name, at_least=pixels_needed(backbone))
        features = backbone.run(backbone.prepare(image)).inner[Inner.FEATURES]
        return (features / np.linalg.norm(features)).astype(np.float32)

    with ThreadPoolExecutor(backbone.workers) as pool:
        return np.stack(list(pool.map(one, photos)))


def fit(features: Floats, labels: NDArray[np.int64]) -> Head:
    """Fit multinomial logistic regression, to the end: so the photos' order makes no difference.

    Args:
        features: Shape (N, D), rows of length 1.
        labels: Shape (N,), every class from 0 on at least once.
    """
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=C, tol=1e-7, max_iter=5000).fit(features.astype(np.float64), labels)
    return Head(found.coef_.astype(np.float16), found.intercept_.astype(np.float16))
