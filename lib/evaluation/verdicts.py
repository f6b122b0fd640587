"""How much the verdicts are worth: how often each is given, and how often it is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lib.evaluation.accuracy import Hits
from lib.evaluation.answers import Answers, Bools, ambiguous
from lib.evaluation.shares import Share, share, share_or_none
from lib.messages import N_
from lib.results import AnswerKind, VerdictKind
from lib.verdict import RATIO_RANGE, Thresholds, percent

RATIO_STEP = 0.05
# Of fewer photos a percentage says little; the counts are given alone.
FEWEST_FOR_PERCENT = 10
KIND_NAMES = {
    AnswerKind.CLEAR: N_("clear"),
    AnswerKind.CLOSE: N_("too close to call"),
    AnswerKind.WEAK: N_("not sure"),
    AnswerKind.NONE: N_("no class stands out"),
    AnswerKind.GROUP: N_("only a group is sure"),
    AnswerKind.UNFAMILIAR: N_("unfamiliar"),
}
VERDICTS_NOTE = N_(
    "How many photos got each verdict, and how often the first answer was right, with the 95% interval. Grey: fewer "
    "than ten photos, too few for a percentage."
)


@dataclass(frozen=True, slots=True)
class VerdictFigures:
    """How one verdict does.

    Attributes:
        share: How many of the judged photos got it.
        accuracy: How many of these were named rightly; None if there are none.
    """

    share: Share
    accuracy: Share | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What the rule does at one position of the ratio slider.

    Attributes:
        ratio: From this share of the winner on a class is a rival.
        answered: How many of the judged photos get a clear answer.
        accuracy: How many of these answers are right; None if there are none.
    """

    ratio: float
    answered: Share
    accuracy: Share | None


def figures_per_verdict(kinds: Sequence[VerdictKind], hits: Hits) -> Mapping[VerdictKind, VerdictFigures]:
    """Return share and accuracy of each verdict, in the order clear, close, weak, none.

    Args:
        kinds: The verdict on each photo.
        hits: Which photos were named rightly; at least one must be judged.
    """
    given = np.array([kind.value for kind in kinds])
    return {kind: figures_of(given == kind.value, hits.right, hits.judged) for kind in VerdictKind}


def figures_of(given: Bools, right: Bools, judged: Bools) -> VerdictFigures:
    """Return how many of the judged photos are among those `given` a verdict, and how many of these are right.

    Args:
        given: Shape (N,).
        right: Shape (N,).
        judged: Shape (N,), at least one.
    """
    members = given & judged
    count = int(members.sum())
    return VerdictFigures(share(count, int(judged.sum())), share_or_none(int((members & right).sum()), count))


def accuracy_words(accuracy: Share | None) -> str:
    """Return how often answers with a verdict are right: "92% (93 / 101)"; "(3 / 3)" of few; a dash of none."""
    if accuracy is None:
        return "–"
    counts = f"({accuracy.count} / {accuracy.total})"
    return counts if accuracy.total < FEWEST_FOR_PERCENT else f"{percent(accuracy.value)} {counts}"


def coverage_curve(answers: Answers, hits: Hits, thresholds: Thresholds) -> tuple[CurvePoint, ...]:
    """Return what the rule does as the ratio moves over its range, the floor as in `thresholds`."""
    points = []
    for ratio in ratios():
        is_clear = ~ambiguous(answers.kinds(Thresholds(ratio, thresholds.floor)))
        found = figures_of(is_clear, hits.right, hits.judged)
        points.append(CurvePoint(ratio, found.share, found.accuracy))
    return tuple(points)


def nearest_ratio(ratio: float) -> float:
    """Return the position of the slider that is nearest to `ratio`; of two the lower."""
    return min(ratios(), key=lambda position: abs(position - ratio))


def ratios() -> tuple[float, ...]:
    """Return the positions of the ratio slider: 0.20, 0.25, … 0.90."""
    low, high = RATIO_RANGE
    return tuple(round(low + RATIO_STEP * step, 2) for step in range(round((high - low) / RATIO_STEP) + 1))
