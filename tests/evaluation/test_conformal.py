"""Prediction sets: the quantile by hand, the promise on simulated photos."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from lib.datasets.matching import match
from lib.errors import UsageError
from lib.evaluation.answers import Answers
from lib.evaluation.conformal import conformal_quantile, explain_sets, halves, prediction_sets

Made = Callable[..., Answers]
NINE = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])


@pytest.mark.parametrize(
    ("coverage", "quantile"),
    [
        pytest.param(0.5, 0.5, id="ceil(10 · 0.5) = 5th"),
        pytest.param(0.51, 0.6, id="ceil(10 · 0.51) = 6th"),
        pytest.param(0.9, 0.9, id="ceil(10 · 0.9) = 9th"),
        pytest.param(0.95, math.inf, id="ceil(10 · 0.95) = 10th of 9"),
    ],
)
def test_the_quantile_counts_one_score_more_than_there_are(coverage: float, quantile: float) -> None:
    assert conformal_quantile(NINE[::-1], coverage) == quantile


def test_halves_share_every_class_evenly_and_come_again_with_the_seed() -> None:
    labels = np.array([0] * 10 + [1] * 7 + [2] * 3)
    first, second = halves(labels, seed=3)
    assert sorted([*first, *second]) == list(range(20))
    for label, count in Counter(labels.tolist()).items():
        assert abs(2 * int((labels[first] == label).sum()) - count) <= 1
    assert [a.tolist() for a in halves(labels, seed=3)] == [first.tolist(), second.tolist()]
    assert halves(labels, seed=4)[0].tolist() != first.tolist()


def test_a_model_that_is_always_right_names_one_class(answers: Made) -> None:
    made = answers([[0.9, 0.1]] * 30 + [[0.1, 0.9]] * 30)
    sets = prediction_sets(made, np.array([0] * 30 + [1] * 30), match("ab", "ab"), "ab")
    assert (sets.calibrated, sets.coverage.total) == (30, 30)
    assert (sets.coverage.value, sets.mean_size) == (1.0, 1.0)
    assert sets.threshold == pytest.approx(0.9)


def test_a_model_that_is_often_wrong_names_both(answers: Made) -> None:
    # Half of the photos are of b, and the model says a, 80%, of each: to hold b, a set must go down to 20%.
    made = answers([[0.8, 0.2]] * 60)
    sets = prediction_sets(made, np.array([0, 1] * 30), match("ab", "ab"), "ab")
    assert (sets.coverage.value, sets.mean_size) == (1.0, 2.0)


def test_classes_of_one_meaning_are_added_up(answers: Made) -> None:
    made = answers([[0.5, 0.4, 0.1]] * 60)
    matching = match(["ab", "c"], "abc", chosen={"ab": ("a", "b")})
    sets = prediction_sets(made, np.zeros(60, np.int64), matching, ("ab", "c"))
    assert sets.threshold == pytest.approx(0.9)
    assert sets.mean_size == 1.0


def test_a_photo_of_a_dog_is_held_by_a_set_with_a_narrower_class_of_dogs(answers: Made) -> None:
    made = answers([[0.9, 0.1, 0.0]] * 60)  # beagle, collie, cat
    matching = match(["beagle", "dog"], ["beagle", "collie", "cat"], chosen={"dog": ("beagle", "collie")})
    sets = prediction_sets(made, np.array([0, 1] * 30), matching, ("beagle", "dog"))
    assert (sets.threshold, sets.coverage.value, sets.mean_size) == (pytest.approx(0.9), 1.0, 1.0)


def test_the_promise_is_kept_on_photos_like_those_it_was_set_on(answers: Made) -> None:
    rng = np.random.default_rng(5)
    rows = rng.dirichlet([0.4] * 8, 4000)
    labels = np.array([rng.choice(8, p=row) for row in rows])
    sets = prediction_sets(answers(rows), labels, match("abcdefgh", "abcdefgh"), "abcdefgh", coverage=0.8)
    # The standard error of 2000 photos, and of the threshold set on 2000: √(0.8 · 0.2 / 2000) · √2 = 0.013
    assert sets.coverage.value == pytest.approx(0.8, abs=0.04)


def test_photos_the_model_has_no_class_for_are_left_out(answers: Made) -> None:
    made = answers([[0.9, 0.1]] * 80)
    sets = prediction_sets(made, np.array([0] * 60 + [1] * 20), match("az", "ab", chosen={"z": None}), "az")
    assert sets.calibrated + sets.coverage.total == 60


def test_fewer_than_fifty_photos_are_refused_with_a_sentence(answers: Made) -> None:
    with pytest.raises(UsageError, match=r"at least 50 photos of classes that the model knows\. There are 49"):
        prediction_sets(answers([[0.9, 0.1]] * 49), np.zeros(49, np.int64), match("ab", "ab"), "ab")


@pytest.mark.parametrize("coverage", [0.4, 1.0])
def test_a_coverage_out_of_range_is_an_error(answers: Made, coverage: float) -> None:
    with pytest.raises(UsageError, match="must be between"):
        prediction_sets(
            answers([[0.9, 0.1]] * 60), np.zeros(60, np.int64), match("ab", "ab"), "ab", coverage=coverage
        )  # fmt: skip


def test_sets_are_explained_without_statistics(answers: Made) -> None:
    made = answers([[0.9, 0.1]] * 60)
    told = str(explain_sets(prediction_sets(made, np.zeros(60, np.int64), match("ab", "ab"), "ab")))
    assert "chosen on 30 photos so that 90% of the lists contain the right class" in told
    assert "On the other 30 photos, 100% of the lists did (95% interval: 89% to 100%)" in told  # 30 / (30 + 1.96²)
    assert told.endswith("A list had 1.0 classes on average.")
