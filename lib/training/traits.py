"""What can be measured of photos without knowing what they show, and where it gives their class away.

A model learns whatever tells the classes apart. Where all photos of one class are dark and all others bright, that may
be the light. What belongs to the thing itself, its shape and colour in the middle of the picture, is not looked at:
colour and unrest are those of the rim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96  # pixels of the small picture that is measured; nothing smaller is seen
_RIM = SIDE // 8
_CELLS = 8  # of the background's colours, a side
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601 luma

# When a difference is said: of a hundred pairs of photos, one of each side, in ninety the same one has more of it; that
# is three standard errors from what chance does (the normal approximation of Mann and Whitney, Annals of Mathematical
# Statistics 18, 1947); and people can see it (`Trait.least`).
SHARE, ERRORS = 0.9, 3.0
# Mean difference of the rims' colours, of 255, between two photos of a class. Measured on 80 to 100 photos a class:
# before the same plain wall 15 to 19 (hand-digits), of photos from anywhere 56 to 68 (ants-vs-bees, cats-vs-dogs,
# flowers-5x100).
SAME_RIM = 25.0
_MOST_RIMS = 200  # that are compared, each with each


class Trait(Enum):
    """Something that a photo has more or less of: where it stands in `Traits.amounts`, and what is the least to see."""

    LIGHT = 0, 0.15  # mean brightness, from 0 to 1
    WARMTH = 1, 0.15  # red less blue of the rim, from -1 to 1
    UNREST = 2, 0.12  # standard deviation of the rim's brightness, over its mean: so less light is not less unrest
    SHARPNESS = 3, 0.5  # logarithm of the finest contrast over all contrast
    WIDTH = 4, 0.25  # logarithm of width over height
    SIZE = 5, 1.0  # how many times the pixels double

    @property
    def place(self) -> int:
        """Return where it stands among the amounts."""
        return self.value[0]

    @property
    def least(self) -> float:
        """Return the difference of two medians below which it is not said."""
        return self.value[1]


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What was measured of one photo.

    Attributes:
        amounts: Shape (6,), one for each `Trait`.
        rim: Shape (28, 3), 0 … 255: the colours around the photo, clockwise from no particular place.
    """

    amounts: NDArray[np.float64]
    rim: NDArray[np.float64]

    @property
    def nbytes(self) -> int:
        """Return how much memory they take."""
        return self.amounts.nbytes + self.rim.nbytes


@dataclass(frozen=True, slots=True)
class Difference:
    """A trait that tells the photos of one class from all others.

    Attributes:
        trait: Which.
        klass: Position of the class.
        has_more: Whether its photos have more of it.
        share: Of all pairs of a photo of the class and another, in which this is so; in [0.9, 1].
    """

    trait: Trait
    klass: int
    has_more: bool
    share: float


def measure(image: Image.Image, size_wh: tuple[int, int]) -> Traits:
    """Return the traits of a photo.

    Args:
        image: RGB, upright; at least `SIDE` pixels a side, if the photo has them.
        size_wh: The photo's own size.
    """
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float64) / 255
    grey = small @ GREY
    is_rim = np.ones((SIDE, SIDE), bool)
    is_rim[_RIM:-_RIM, _RIM:-_RIM] = False
    red, _, blue = small[is_rim].mean(axis=0)
    fine = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    width, height = size_wh
    amounts = [
        grey.mean(),
        red - blue,
        grey[is_rim].std() / (grey[is_rim].mean() + 0.05),
        np.log((fine.std() + 1e-3) / (grey.std() + 1e-3)),
        np.log(width / height),
        np.log2(width * height),
    ]
    cells = np.asarray(image.resize((_CELLS, _CELLS), Image.Resampling.BOX), np.float64)
    rim = np.ones((_CELLS, _CELLS), bool)
    rim[1:-1, 1:-1] = False
    return Traits(np.array(amounts), cells[rim])


def differences(traits: Sequence[Traits], labels: NDArray[np.intp]) -> tuple[Difference, ...]:
    """Return where a trait gives a class away, those with the largest share first; of two classes only the first.

    Args:
        traits: Of N photos.
        labels: Shape (N,): their classes, from 0.
    """
    amounts = np.array([each.amounts for each in traits]).reshape(-1, len(Trait))
    classes = np.unique(labels)
    found = []
    for klass in classes[:1] if len(classes) == 2 else classes:
        is_in = labels == klass
        for trait in Trait:
            own, others = amounts[is_in, trait.place], amounts[~is_in, trait.place]
            share = share_above(own, others)
            if max(share, 1 - share) >= SHARE and _is_no_chance(own, others, share, trait.least):
                found.append(Difference(trait, int(klass), share > 0.5, max(share, 1 - share)))
    return tuple(sorted(found, key=lambda difference: -difference.share))


def share_above(own: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return of all pairs the share in which the number of `own` is the larger one; equal ones count half."""
    if not own.size or not others.size:
        return 0.5
    return float((own[:, None] > others).mean() + (own[:, None] == others).mean() / 2)


def _is_no_chance(own: NDArray[np.float64], others: NDArray[np.float64], share: float, least: float) -> bool:
    error = np.sqrt((own.size + others.size + 1) / (12 * own.size * others.size))
    is_seen = abs(np.median(own) - np.median(others)) >= least
    return bool(is_seen and abs(share - 0.5) >= ERRORS * error)


def rim_difference(some: Sequence[Traits], others: Sequence[Traits] | None = None) -> float:
    """Return the median difference of the rims of two photos, of 255: of every two, or of each and each of `others`.

    Infinite where there are no two. Of many, some are taken at even steps.
    """
    rims = _rims(some)
    against = rims if others is None else _rims(others)
    gaps = [np.abs(against[(n + 1 if others is None else 0) :] - rim).mean(axis=(1, 2)) for n, rim in enumerate(rims)]
    every = np.concatenate(gaps) if gaps else np.zeros(0)
    return float(np.median(every)) if every.size else float("inf")


def _rims(some: Sequence[Traits]) -> NDArray[np.float32]:
    step = -(-len(some) // _MOST_RIMS) or 1
    return np.array([each.rim for each in some[::step]], np.float32)
