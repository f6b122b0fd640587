"""Whether a model that says 80% is right in 80% of cases."""

from dataclasses import dataclass

import numpy as np

from lib.evaluation.answers import Bools, Floats, Ints
from lib.evaluation.shares import Share, share

BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Photos whose answers are about equally confident.

    Attributes:
        low: Lower end of the confidences, in [0, 1].
        high: Upper end.
        confidence: Their mean confidence.
        accuracy: How many of the answers are right.
    """

    low: float
    high: float
    confidence: float
    accuracy: Share


def reliability(confidence: Floats, right: Bools) -> tuple[Bin, ...]:
    """Return the bars of a reliability diagram: 15 equal bins of confidence, those without photos left out.

    Args:
        confidence: Shape (N,), the probability of each answer, in [0, 1].
        right: Shape (N,), whether the answer was right.
    """
    positions = bin_of(confidence)
    found = []
    for position in np.unique(positions):
        members = positions == position
        found.append(
            Bin(
                low=float(position) / BINS,
                high=float(position + 1) / BINS,
                confidence=float(confidence[members].mean()),
                accuracy=share(int(right[members].sum()), int(members.sum())),
            )
        )
    return tuple(found)


def bin_of(confidence: Floats) -> Ints:
    """Return the bin, from 0, of each confidence, in [0, 1]; certainty belongs to the last."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def calibration_error(confidence: Floats, right: Bools) -> float:
    """Return the expected calibration error: mean |accuracy - confidence| over 15 equal bins, weighted by count.

    Naeini et al. 2015; Guo et al. 2017 (On calibration of modern neural networks), equation 3.

    Args:
        confidence: Shape (N,), the probability of each answer, in [0, 1]; N at least 1.
        right: Shape (N,), whether the answer was right.
    """
    gaps = (b.accuracy.total * abs(b.accuracy.value - b.confidence) for b in reliability(confidence, right))
    return sum(gaps) / len(confidence)


def points(error: float) -> str:
    """Return a calibration error, in [0, 1], as people read it: in percentage points, without the words."""
    return f"{100 * error:.1f}"
