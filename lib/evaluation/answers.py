"""What one model said of many photos, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lib.results import VerdictKind
from lib.verdict import Thresholds, kind_of, percent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scores:
    """How familiar a model finds each of N photos.

    Attributes:
        method: What the scores are; see `lib.results.Familiarity`.
        values: Shape (N,), the higher, the more familiar.
        threshold: Below it a photo is unfamiliar.
        is_hint: Whether the scores tell so little apart that it is only hinted at.
    """

    method: str
    values: Floats
    threshold: float
    is_hint: bool

    @property
    def unfamiliar(self) -> Bools:
        """Return which photos are, shape (N,)."""
        return np.asarray(self.values < self.threshold)


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model said of N photos. Never changed; what follows from the probabilities is worked out once.

    Attributes:
        model: Id of the model.
        name: For people.
        labels: K names, in the reader's language.
        own_labels: Names of the model's own classes as its maker gives them, by which models are compared.
        probabilities: Shape (N, K), float64, rows of sum 1.
        made_from: Id of the model that this is a smaller form of; "" for a model in its own right.
        columns: For each of its own classes which of the K it is part of (see `lib.evaluation.meaning`); None where
            the K are its own.
        view: Which part of each photo it looked at, as `InputSpec.resize` has it.
        sha256: Digest of its weights, lower-case hex; "" if unknown.
        scores: How familiar it finds the photos; None for a model that cannot say.
    """

    model: str
    name: str
    labels: tuple[str, ...]
    own_labels: tuple[str, ...]
    probabilities: Floats
    made_from: str = ""
    columns: Ints | None = None
    view: str = ""
    sha256: str = ""
    scores: Scores | None = None

    def __len__(self) -> int:
        """Return N."""
        return len(self.probabilities)

    @cached_property
    def best(self) -> Ints:
        """Return the likeliest class of each photo, shape (N,); of equals the lower."""
        best: Ints = self.probabilities.argmax(axis=1)
        return best

    @cached_property
    def p1(self) -> Floats:
        """Return the largest probability of each photo, shape (N,)."""
        largest: Floats = self.probabilities.max(axis=1)
        return largest

    @cached_property
    def p2(self) -> Floats:
        """Return the second largest probability of each photo, shape (N,); 0 for a model of one class."""
        if self.probabilities.shape[1] == 1:
            return np.zeros(len(self))
        second: Floats = np.partition(self.probabilities, -2, axis=1)[:, -2]
        return second

    @cached_property
    def top5(self) -> Ints:
        """Return the five likeliest classes of each photo, shape (N, 5 or K), likeliest first; ties by index."""
        return np.argsort(-self.probabilities, axis=1, kind="stable")[:, :5]

    def said(self, photo: int) -> str:
        """Return the likeliest class of one photo with its probability: "cat 91%"."""
        return f"{self.labels[self.best[photo]]} {percent(float(self.p1[photo]))}"

    def kinds(self, thresholds: Thresholds) -> tuple[VerdictKind, ...]:
        """Return the verdict on each photo."""
        classes = len(self.labels)
        pairs = zip(self.p1.tolist(), self.p2.tolist(), strict=True)
        return tuple(kind_of(p1, p2, classes, thresholds) for p1, p2 in pairs)


def ambiguous(kinds: Sequence[VerdictKind]) -> Bools:
    """Return for each verdict whether it is ambiguous, shape (N,)."""
    return np.array([kind.is_ambiguous for kind in kinds], dtype=np.bool_)
