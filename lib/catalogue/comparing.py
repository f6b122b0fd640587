"""How the answers of two forms of a model compare, and the photos they are compared on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import match
from lib.photos.samples import find_samples
from lib.photos.source import Source

# What another form may cost: a tenth of the answers, since 8 bits change that many of a model of 1000 classes
# (`lib.catalogue.variants`), and as many photos lost as are gained. It is refused where what was seen would come by
# chance in fewer than one of twenty cases if it cost no more than that: of few photos, few say little.
MOST_CHANGED = 0.1
CHANCE = 0.05

Probabilities = NDArray[np.float64]  # (N, K): of photos


@dataclass(frozen=True, slots=True)
class Photos:
    """What a form is made and checked with.

    Attributes:
        calibration: For 8 bits: typical photos, those of training; none: the samples.
        check: Other photos, to compare answers on.
        labels: What each of them shows, as a position among the model's classes; None where that is not known.
        are_unseen: Whether none of `check` is among the calibration or the training photos.
    """

    calibration: tuple[Source, ...]
    check: tuple[Source, ...]
    labels: tuple[int | None, ...]
    are_unseen: bool = True


def photos_of(
    train: LabelledPhotos, held_out: LabelledPhotos, names: Sequence[str], *, are_unseen: bool = True
) -> Photos:
    """Return a user's own photos: some to calibrate with, others to check on, if there are any.

    Args:
        train: What the model learned from.
        held_out: Others.
        names: The model's classes.
        are_unseen: Whether it did not learn from these others.
    """
    check = held_out if held_out.photos else train
    targets = match(check.classes, names).targets
    labels = tuple(targets[photo.label][0] if targets[photo.label] else None for photo in check.photos)
    sources = tuple(photo.source for photo in check.photos)
    return Photos(
        tuple(photo.source for photo in train.photos), sources, labels, are_unseen=are_unseen and check is held_out
    )


def photos_given(sources: Sequence[Source]) -> Photos:
    """Return photos without classes: every fifth to check on, the others to calibrate with; the samples for none."""
    given = tuple(sources) or tuple(Source.of_path(sample.path) for sample in find_samples())
    if not sources or len(given) < 2 * 5:
        return Photos(tuple(sources), given, (None,) * len(given), are_unseen=False)
    check = given[::5]
    return Photos(tuple(photo for n, photo in enumerate(given) if n % 5), check, (None,) * len(check))


@dataclass(frozen=True, slots=True)
class Check:
    """How the answers of a form compare with those of the float32 form, on the same photos.

    The float32 form of a model that is in 8 bits is itself compared with the model as it is.

    Attributes:
        photos: How many were looked at.
        same: To how many both gave the same class.
        largest: The largest difference of a probability, over all photos and classes.
        labelled: Of how many photos it is known what they show.
        right: How many of those the form got right.
        lost: How many of those only the other form got right.
        gained: How many of those only this form got right.
        are_unseen: Whether the photos were held out of training.
    """

    photos: int
    same: int
    largest: float
    labelled: int
    right: int
    lost: int
    gained: int
    are_unseen: bool

    @property
    def changed(self) -> int:
        """Return how many photos get another answer."""
        return self.photos - self.same

    @property
    def right_before(self) -> int:
        """Return how many photos the other form got right."""
        return self.right + self.lost - self.gained

    @property
    def passes(self) -> bool:
        """Whether the form is good enough to be offered; the second question is the sign test of McNemar, exact."""
        changes = at_least(self.changed, self.photos, MOST_CHANGED)
        return min(changes, at_least(self.lost, self.lost + self.gained, 0.5)) >= CHANCE


def at_least(count: int, total: int, share: float) -> float:
    """Return how likely `count` or more of `total` are, each being so likely as `share` (binomial distribution)."""
    return math.fsum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count, total + 1))


def compare(
    before: Probabilities, found: Probabilities, labels: Sequence[int | None], *, are_unseen: bool = True
) -> Check:
    """Return how the answers to N photos compare.

    Args:
        before: Of the float32 form, shape (N, K).
        found: Of another form, shape (N, K).
        labels: N classes, None where they are not known.
        are_unseen: See `Check`.
    """
    known = [n for n, label in enumerate(labels) if label is not None]
    first, second = before.argmax(axis=1), found.argmax(axis=1)
    return Check(
        photos=len(before),
        same=int((first == second).sum()),
        largest=float(np.abs(before - found).max()),
        labelled=len(known),
        right=sum(int(second[n] == labels[n]) for n in known),
        lost=sum(int(first[n] == labels[n] != second[n]) for n in known),
        gained=sum(int(first[n] != labels[n] == second[n]) for n in known),
        are_unseen=are_unseen,
    )
