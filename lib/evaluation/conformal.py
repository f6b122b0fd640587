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
from lib.evaluation.answers import Answers, Bools, Floats, Ints
from lib.evaluation.shares import Share, share
from lib.messages import N_, Message
from lib.verdict import percent

LEAST_PHOTOS = 50
COVERAGE = 0.9
COVERAGE_RANGE = (0.5, 0.99)
_NORMAL_95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSets:
    """What came of making sets on one half of the photos and using them on the other.

    Attributes:
        wanted: The chosen coverage, in [0.5, 0.99].
        calibrated: How many photos set the threshold.
        threshold: A class is in the set from this probability on; 0 takes every class.
        coverage: How many sets of the other half hold the right class.
        mean_size: Classes in a set, on average.
        size_low: Lower end of the mean's 95 % interval (normal approximation).
        size_high: Upper end.
        sizes: For each size that occurs, how many sets have it; a set may be empty.
        photos: Positions of the measured photos.
        sets: For each of them the names in its set, likeliest first.
        holds: For each of them whether the right class is in it.
    """

    wanted: float
    calibrated: int
    threshold: float
    coverage: Share
    mean_size: float
    size_low: float
    size_high: float
    sizes: dict[int, int]
    photos: tuple[int, ...]
    sets: tuple[tuple[str, ...], ...]
    holds: tuple[bool, ...]


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

    Classes of the model that count as right for the same photos are one class, with the sum of their probabilities.

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
        text = N_("The coverage must lie between {low} and {high}; {value} does not.")
        raise UsageError(text, low=low, high=high, value=coverage)
    merged, true, names = _merge(answers, labels, matching, titles)
    judged = np.flatnonzero(true >= 0)
    if len(judged) < LEAST_PHOTOS:
        raise UsageError(
            N_("Prediction sets need at least {least} photos of classes that the model knows; there are {count}."),
            least=LEAST_PHOTOS, count=len(judged),
        )  # fmt: skip
    first, second = halves(true[judged], seed=seed)
    calibration, measured = judged[first], judged[second]
    limit = conformal_quantile(1.0 - merged[calibration, true[calibration]], coverage)
    # A finite quantile is one of the scores itself; comparing scores, not probabilities, keeps ties exact.
    inside: Bools = 1.0 - merged[measured] <= limit
    holds = inside[np.arange(len(measured)), true[measured]]
    sizes = inside.sum(axis=1)
    margin = _NORMAL_95 * float(sizes.std(ddof=1)) / math.sqrt(len(sizes))
    return PredictionSets(
        wanted=coverage,
        calibrated=len(calibration),
        threshold=max(0.0, 1.0 - limit),
        coverage=share(int(holds.sum()), len(measured)),
        mean_size=float(sizes.mean()),
        size_low=max(0.0, float(sizes.mean()) - margin),
        size_high=float(sizes.mean()) + margin,
        sizes={int(size): int(count) for size, count in zip(*np.unique(sizes, return_counts=True), strict=True)},
        photos=tuple(measured.tolist()),
        sets=tuple(_named(row, members, names) for row, members in zip(merged[measured], inside, strict=True)),
        holds=tuple(holds.tolist()),
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
            "Instead of one answer, the model now names every class with at least {threshold}. That limit was set on "
            "{calibrated} photos so that {wanted} of the lists should hold the right class. On the other {measured} "
            "photos {held} did ({low} to {high} allowing for chance), and a list had {size} classes on average."
        ),
        {
            "threshold": percent(sets.threshold),
            "calibrated": sets.calibrated,
            "wanted": percent(sets.wanted),
            "measured": sets.coverage.total,
            "held": percent(sets.coverage.value),
            "low": percent(sets.coverage.low),
            "high": percent(sets.coverage.high),
            "size": f"{sets.mean_size:.1f}",
        },
    )


def _merge(
    answers: Answers, labels: Ints, matching: Matching, titles: Sequence[str]
) -> tuple[Floats, Ints, tuple[str, ...]]:
    """Return probabilities of merged classes, the merged class of each photo (-1: unknown to the model), and names."""
    groups, group_of = group_classes(matching)
    taken = {index for group in groups for index in group}
    alone = [index for index in range(len(answers.labels)) if index not in taken]
    sums = [answers.probabilities[:, list(group)].sum(axis=1) for group in groups]
    merged: Floats = np.column_stack([*sums, answers.probabilities[:, alone]])
    names = [answers.labels[group[0]] if len(group) == 1 else titles[matching.targets.index(group)] for group in groups]
    return merged, group_of[labels], (*names, *(answers.labels[index] for index in alone))


def _named(row: Floats, members: Bools, names: Sequence[str]) -> tuple[str, ...]:
    inside = np.flatnonzero(members)
    return tuple(names[index] for index in inside[np.argsort(-row[inside], kind="stable")])
