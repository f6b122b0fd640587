"""Small models that are learned within a lesson: a few pictures, their features, and one layer on top.

The layer is that of models of one's own (`lib.training.discriminant`); the features are what the default model makes of
a picture before its own last layer, at length 1. From nothing means that the layer gets the pixels themselves.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.classify.outputs import softmax
from lib.formats.inner import Inner
from lib.lessons.bench import Bench, Memo, Opened, look, told
from lib.training.discriminant import Discriminant

Rows = NDArray[np.float32]
Ints = NDArray[np.int64]
Draw = Callable[[], Image.Image]
PIXELS_SIDE = 16  # of a picture that is learned from nothing
_SURE = 20.0  # what cosines are multiplied by, as in `lib.training.heads` where nothing tells how sure to be


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One linear layer.

    Attributes:
        weight: Shape (K, D).
        bias: Shape (K,).
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """Return shape (N, K) for rows of shape (N, D)."""
        return softmax(rows.astype(np.float64) @ self.weight.T + self.bias)

    def answers(self, rows: Rows) -> Ints:
        """Return the likeliest class of each row, shape (N,)."""
        return np.asarray(self.probabilities(rows).argmax(axis=1), np.int64)

    def right(self, rows: Rows, labels: Ints) -> float:
        """Return the share of rows whose class it names, in [0, 1]."""
        return float((self.answers(rows) == labels).mean())


def learn(rows: Rows, labels: Ints) -> Layer:
    """Return the layer that tells classes apart; every class from 0 on has at least one row."""
    weight, bias = Discriminant(rows, labels).weights()
    size = float(np.linalg.norm(weight, axis=1).mean()) or 1.0
    return Layer(_SURE * weight / size, _SURE * bias / size)


def features(bench: Bench, memo: Memo, key: Hashable, model: Opened, draws: Sequence[Draw]) -> Rows:
    """Return the features of pictures, shape (N, D), each of length 1; worked out once for each key.

    Args:
        bench: Whose lesson it is.
        memo: Where they are kept.
        key: What the pictures are.
        model: Whose features.
        draws: Return the pictures.
    """
    return memo.get(("features", key, model.folder.digest(), len(draws)), partial(_features, model, draws))


def _features(model: Opened, draws: Sequence[Draw]) -> Rows:
    found = [told(look(draw(), model), Inner.FEATURES, model) for draw in draws]
    return np.stack([row / (np.linalg.norm(row) or 1.0) for row in found]).astype(np.float32)


def pixels(memo: Memo, key: Hashable, draws: Sequence[Draw]) -> Rows:
    """Return the pixels of pictures made small, less their mean and at length 1; see `features`."""
    return memo.get(("pixels", key, len(draws)), partial(_pixels, draws))


def _pixels(draws: Sequence[Draw]) -> Rows:
    size = PIXELS_SIDE, PIXELS_SIDE
    rows = [np.asarray(draw().resize(size, Image.Resampling.BOX), np.float32).ravel() for draw in draws]
    level = [row - row.mean() for row in rows]
    return np.stack([row / (np.linalg.norm(row) or 1.0) for row in level]).astype(np.float32)
