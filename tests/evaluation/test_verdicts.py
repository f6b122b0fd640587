"""What the verdicts are worth, worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from lib.evaluation.accuracy import find_hits
from lib.evaluation.answers import Answers
from lib.evaluation.shares import share_or_none
from lib.evaluation.verdicts import accuracy_words, coverage_curve, figures_per_verdict, nearest_ratio, ratios
from lib.results import VerdictKind
from lib.verdict import Thresholds, judge

Made = Callable[..., Answers]
# ratio p2 / p1:  .11 clear     .67 close          .39 weak                    .97 none              .25 clear
ROWS = [[0.9, 0.1, 0, 0], [0.6, 0.4, 0, 0], [0.46, 0.18, 0.18, 0.18], [0.35, 0.34, 0.31, 0], [0.8, 0.2, 0, 0]]
LABELS = np.array([0, 1, 0, 0, 1])  # right: yes, no, yes, yes, no
TARGETS = ((0,), (1,), (2,), (3,))


def test_share_and_accuracy_of_each_verdict(answers: Made) -> None:
    made = answers(ROWS)
    kinds = made.kinds(Thresholds())
    assert [kind.value for kind in kinds] == ["clear", "close", "weak", "none", "clear"]
    figures = figures_per_verdict(kinds, find_hits(made, LABELS, TARGETS))
    assert list(figures) == list(VerdictKind)
    assert {k.value: (f.share.count, f.accuracy and f.accuracy.count) for k, f in figures.items()} == {
        "clear": (2, 1), "close": (1, 0), "weak": (1, 1), "none": (1, 1),
    }  # fmt: skip


def test_a_verdict_that_is_never_given_has_no_accuracy(answers: Made) -> None:
    made = answers(ROWS[:1])
    figures = figures_per_verdict(made.kinds(Thresholds()), find_hits(made, LABELS[:1], TARGETS))
    assert figures[VerdictKind.WEAK].accuracy is None


def test_photos_that_are_not_judged_do_not_count(answers: Made) -> None:
    made = answers(ROWS)
    figures = figures_per_verdict(made.kinds(Thresholds()), find_hits(made, LABELS, ((0,), ())))
    assert (figures[VerdictKind.CLEAR].share.count, figures[VerdictKind.CLEAR].share.total) == (1, 3)


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_the_verdicts_are_those_of_the_rule(answers: Made, classes: int) -> None:
    made = answers(np.random.default_rng(0).dirichlet([0.3] * classes, 200))
    for thresholds in (Thresholds(), Thresholds(0.3, 0.4)):
        expected = [judge(row, made.labels, thresholds).kind for row in made.probabilities]
        assert list(made.kinds(thresholds)) == expected


def test_a_model_of_one_class_is_always_clear(answers: Made) -> None:
    assert answers([[1.0]]).kinds(Thresholds()) == (VerdictKind.CLEAR,)


def test_the_curve_follows_the_ratio(answers: Made) -> None:
    made = answers(ROWS)
    curve = coverage_curve(made, find_hits(made, LABELS, TARGETS), Thresholds())
    at = {point.ratio: (point.answered.count, point.accuracy and point.accuracy.value) for point in curve}
    assert at[0.2] == (1, 1.0)  # only the first: 0.2 / 0.8 = 0.25 is a rival already
    assert at[0.25] == (1, 1.0)
    assert at[0.3] == (2, 0.5)
    assert at[0.7] == (3, pytest.approx(1 / 3))  # 0.4 / 0.6 = 0.67


def test_the_ratios_are_the_sliders() -> None:
    assert ratios()[0] == 0.2
    assert ratios()[-1] == 0.9
    assert len(ratios()) == 15


@pytest.mark.parametrize(
    ("right", "photos", "told"), [(3, 3, "(3 / 3)"), (9, 9, "(9 / 9)"), (9, 10, "90% (9 / 10)"), (0, 0, "–")]
)
def test_of_few_photos_the_counts_stand_alone(right: int, photos: int, told: str) -> None:
    assert accuracy_words(share_or_none(right, photos)) == told


@pytest.mark.parametrize(("ratio", "nearest"), [(0.2, 0.2), (0.52, 0.5), (0.53, 0.55), (0.9, 0.9)])
def test_a_ratio_between_two_positions_belongs_to_the_nearer(ratio: float, nearest: float) -> None:
    assert nearest_ratio(ratio) == nearest


def test_the_floor_holds_for_the_curve_too(answers: Made) -> None:
    made = answers(ROWS)
    hits = find_hits(made, LABELS, TARGETS)
    at = {p.ratio: p.answered.count for p in coverage_curve(made, hits, Thresholds(floor=0.85))}
    # Without a floor of 0.85 the last row, 0.8 to 0.2, is clear from 0.3 on, and the second from 0.7 on.
    assert (at[0.3], at[0.7], at[0.9]) == (1, 1, 1)
