"""How well a score tells known from unknown, worked out by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from lib.evaluation.novelty import auroc, fpr, least, prices


@pytest.mark.parametrize(
    ("known", "unknown", "expected"),
    [
        pytest.param([3, 4], [1, 2], 1.0, id="apart"),
        pytest.param([1, 2], [3, 4], 0.0, id="the wrong way round"),
        pytest.param([1, 3], [2], 0.5, id="one above, one below"),
        pytest.param([2, 2], [2], 0.5, id="ties count half"),
        pytest.param([2, 5], [1, 3, 4], 4 / 6, id="four of six pairs"),
    ],
)
def test_auroc_is_the_share_of_pairs_in_the_right_order(
    known: list[float], unknown: list[float], expected: float
) -> None:
    assert auroc(np.array(known), np.array(unknown)) == pytest.approx(expected)


def test_fpr_is_the_share_of_the_unknown_above_what_95_percent_of_the_known_reach() -> None:
    known = np.arange(0, 101)  # 95% are at 5 or above
    assert fpr(known, np.array([4.9, 5.0, 50, 0])) == 0.5


@pytest.mark.parametrize(
    ("scores", "kept", "expected"),
    [
        pytest.param(range(100), 0.95, 5, id="exactly 95 of 100"),
        pytest.param(range(101), 0.95, 5, id="96 of 101 rather than 95"),
        pytest.param([2.00019, 3], 1.0, 2.0001, id="rounded down, or the lowest would be lost"),
        pytest.param([-1.00001, 3], 1.0, -1.0001, id="rounded down below 0, too"),
        pytest.param([4], 0.95, 4, id="of one none may be lost"),
    ],
)
def test_a_threshold_never_loses_more_than_it_may(scores: Sequence[float], kept: float, expected: float) -> None:
    found = least(np.array(scores, dtype=float), kept)
    assert found == pytest.approx(expected, abs=1e-9)
    assert (np.array(scores) >= found).mean() >= kept


def test_prices_go_from_the_threshold_that_costs_nothing_to_the_one_that_costs_half() -> None:
    known, elsewhere = np.arange(100.0), np.array([0.0, 20, 40, 100])
    found = prices(known, [(np.array([-1.0, 30]), 4), (np.array([60.0]), 1)], elsewhere)
    assert found.threshold == (0, 1, 2, 5, 10, 15, 20, 30, 40, 50)
    assert found.known_kept == (1.0, 0.99, 0.98, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
    # Of the first source's four photos one is clear and above until 30, of the other's one photo always.
    assert found.unknown_clear == (0.625,) * 8 + (0.5,) * 2
    assert found.elsewhere_kept == (1.0,) + (0.75,) * 5 + (0.75, 0.5, 0.5, 0.25)
    assert prices(known, [(known, 100)]).elsewhere_kept is None
    assert prices(known, ()).unknown_clear is None
