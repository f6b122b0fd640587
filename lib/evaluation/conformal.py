"""Prediction sets: instead of one answer, all the classes that may be right, so that a chosen share of sets holds it.

Split conformal prediction with the least ambiguous set-valued classifier (LAC): Sadinle, Lei and Wasserman 2019, "Least
ambiguous set-valued classifiers with bounded error levels", J. Am. Stat. Assoc. 114, 223-234; the finite-sample
quantile as in Angelopoulos and Bates 2021, "A gentle introduction to conformal prediction", section 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.datasets.matching import Matching
from lib.errors import UsageError
from lib.evaluation.accuracy import group_classes
from lib.evaluation.answers import Answers, Floats, Ints
from lib.evaluation.meaning import membership, merge
from lib.evaluation.shares import Share, share
from lib.messages import N_, Message
from lib.verdict import percent, spoken_percent

LEAST_PHOTOS = 50
COVERAGE = 0.9
COVERAGE_RANGE = (0.5, 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSets:
    """What came of making sets on one half of the photos and using them on the other.

    Attributes:
        wanted: The chosen coverage, in [0.5, 0.99].
        calibrated: How many photos set the threshold.
        threshold: A class is in the set from this probability on; 0 takes every class.
        coverage: How many sets of the other half hold the right class.
        mean_size: Classes in a set, on average; a set may be empty.
    """

    wanted: float
    calibrated: int
    threshold: float
    coverage: Share
    mean_size: float


def prediction_sets(
    answers: Answers,
    labels: Ints,
    matching: Matching,
    titles: Sequence[str],
    *,
    coverage: float = COVERAGE,
    seed: int = 0,
) -> PredictionSets:
    """Set a threshold on one half of the photos, drawn class by class, and measure it on the other.

    Classes of the model that mean the same for the photos are one, see `lib.evaluation.meaning`.

    Args:
        answers: What a model said of N photos.
        labels: Shape (N,), the class of each photo.
        matching: How the photos' classes relate to the model's.
        titles: Names of the photos' classes for people.
        coverage: How many of the sets should hold the right class, in [0.5, 0.99].
        seed: Of the draw.

    Raises:
        UsageError: Fewer than 50 photos of classes the model knows, or a coverage out of range.
    """
    low, high = COVERAGE_RANGE
    if not low <= coverage <= high:
        text = N_("The coverage must be between {low} and {high}, not {value}.")
        raise UsageError(text, low=low, high=high, value=coverage)
    merged, meant = merge(answers, matching, titles)
    right = membership(meant.targets, len(merged.labels))[labels]
    judged = np.flatnonzero(right.any(axis=1))
    if len(judged) < LEAST_PHOTOS:
        raise UsageError(
            N_("Prediction sets need at least {least} photos of classes that the model knows. There are {count}."),
            least=LEAST_PHOTOS, count=len(judged),
        )  # fmt: skip
    first, second = halves(group_classes(meant)[1][labels[judged]], seed=seed)
    calibration, measured = judged[first], judged[second]
    scores = 1.0 - merged.probabilities
    limit = conformal_quantile(scores[calibration].min(axis=1, where=right[calibration], initial=1.0), coverage)
    # A finite quantile is one of the scores itself; comparing scores, not probabilities, keeps ties exact.
    inside = scores[measured] <= limit
    holds = (inside & right[measured]).any(axis=1)
    return PredictionSets(
        wanted=coverage,
        calibrated=len(calibration),
        threshold=max(0.0, 1.0 - limit),
        coverage=share(int(holds.sum()), len(measured)),
        mean_size=float(inside.sum(axis=1).mean()),
    )


def conformal_quantile(scores: Floats, coverage: float) -> float:
    """Return the ceil((n + 1) · coverage)-th smallest of n scores; infinity if that is more than n."""
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)  # 0.9 · 10 is 9.000000000000002 in floating point
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf


def halves(labels: Ints, *, seed: int) -> tuple[Ints, Ints]:
    """Split positions into two halves that share every class as evenly as possible, at random.

    Args:
        labels: Shape (N,), the class of each.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    # Dealt out like cards, class after class: no class, nor the whole, is off by more than one.
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    start = int(rng.integers(2))
    return np.sort(dealt[start::2]), np.sort(dealt[1 - start :: 2])


def explain_sets(sets: PredictionSets) -> Message:
    """Return the outcome in words that need no statistics."""
    return Message(
        N_(
            "Here the model gives a list instead of one answer: every class with a probability of at least "
            "{threshold}. This limit was chosen on {calibrated} photos so that {wanted} of the lists contain the right "
            "class. On the other {measured} photos, {held} of the lists did (95% interval: {low} to {high}). A list "
            "had {size} classes on average."
        ),
        {
            "threshold": spoken_percent(sets.threshold),
            "calibrated": sets.calibrated,
            "wanted": percent(sets.wanted),
            "measured": sets.coverage.total,
            "held": spoken_percent(sets.coverage.value),
            "low": spoken_percent(sets.coverage.low),
            "high": spoken_percent(sets.coverage.high),
            "size": f"{sets.mean_size:.1f}",
        },
    )
