"""What follows from probabilities, worked out by hand."""

from collections.abc import Callable

import pytest

from lib.evaluation.answers import Answers
from lib.results import VerdictKind
from lib.verdict import Thresholds

Made = Callable[..., Answers]


@pytest.mark.parametrize(
    ("row", "p1", "p2"),
    [([1.0], 1.0, 0.0), ([0.4, 0.6], 0.6, 0.4), ([0.5, 0.5], 0.5, 0.5), ([0.2, 0.5, 0.3], 0.5, 0.3)],
    ids=["one class", "two classes", "a draw", "three classes"],
)
def test_the_two_largest_probabilities(answers: Made, row: list[float], p1: float, p2: float) -> None:
    made = answers([row])
    assert (made.p1.tolist(), made.p2.tolist()) == ([p1], [p2])


def test_two_classes_can_be_too_close_to_call(answers: Made) -> None:
    assert answers([[0.6, 0.4], [0.7, 0.3]]).kinds(Thresholds()) == (VerdictKind.CLOSE, VerdictKind.CLEAR)
