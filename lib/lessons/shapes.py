"""The drawn set that lessons learn from and test with: circles, squares and triangles on paper."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.datasets.shapes import SHAPES
from lib.i18n import Translator
from lib.lessons.bench import Bench
from lib.lessons.drawing import Ground, scene
from lib.lessons.heads import Draw, Layer, Rows, features, learn, pixels
from lib.lessons.shown import tile_url

TRAINING, TESTING = 102, 60  # pictures: of each shape the same number, one after the other
_LEARNED, _NEW = 1, 2  # seeds
Ints = NDArray[np.int64]


def picture(shape: int, ground: Ground, number: int, seed: int) -> Image.Image:
    """Return a drawn picture; see `lib.lessons.drawing.scene`."""
    return scene(shape, ground, number, seed)[0]


def draws(count: int, seed: int) -> list[Draw]:
    """Return what draws so many pictures: circle, square, triangle, circle, …"""
    kinds = len(SHAPES)
    return [partial(picture, place % kinds, "paper", place // kinds, seed) for place in range(count)]


def labels(count: int, kinds: int = len(SHAPES)) -> Ints:
    """Return the classes of so many pictures that come in turns."""
    return np.arange(count, dtype=np.int64) % kinds


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """Pictures as a layer gets them, one of each class after the other.

    Attributes:
        learned: Those to learn from, shape (N, D).
        new: Those to test with, shape (M, D).
        kinds: How many classes there are.
    """

    learned: Rows
    new: Rows
    kinds: int = len(SHAPES)

    @property
    def labels(self) -> tuple[Ints, Ints]:
        """Return the classes of both."""
        return labels(len(self.learned), self.kinds), labels(len(self.new), self.kinds)


def drawn(bench: Bench, *, is_borrowed: bool = True) -> Set:
    """Return the drawn set: borrowed features of it, or its pixels."""
    learned, new = draws(TRAINING, _LEARNED), draws(TESTING, _NEW)
    if not is_borrowed:
        return Set(pixels(bench.drawn, "learned", learned), pixels(bench.drawn, "new", new))
    model = bench.model()
    return Set(features(bench, bench.drawn, "learned", model, learned), features(bench, bench.drawn, "new", model, new))


def taught(found: Set, count: int) -> Layer:
    """Return a layer that learned from the first `count` pictures, at least one of each class."""
    learned, _ = found.labels
    return learn(found.learned[:count], learned[:count])


def new_picture(place: int) -> Image.Image:
    """Return a picture to test with."""
    return draws(TESTING, _NEW)[place]()


def tile(place: int) -> str:
    """Return the address of a small one."""
    return tile_url(new_picture(place))


def names(t: Translator) -> tuple[str, ...]:
    """Return the names of the shapes."""
    return tuple(t(name) for name in SHAPES)
