"""Intervals and McNemar's test, against values worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binomtest

from lib.evaluation.shares import share, share_or_none, with_interval
from lib.i18n import Translator

Z2 = 1.959963984540054**2


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Wilson's interval: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
        pytest.param(8, 10, 0.490162, 0.943318, id="8 of 10"),
        pytest.param(0, 10, 0.0, Z2 / (10 + Z2), id="none: z² / (n + z²)"),
        pytest.param(10, 10, 10 / (10 + Z2), 1.0, id="all: n / (n + z²)"),
    ],
)
def test_wilsons_interval(count: int, total: int, low: float, high: float) -> None:
    found = share(count, total)
    assert found.value == count / total
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


def test_a_share_of_nothing_is_none() -> None:
    assert share_or_none(0, 0) is None


@pytest.mark.parametrize(("count", "total"), [(0, 1), (1, 1), (3, 7), (2_499, 4_999), (49_999, 50_000), (0, 50_000)])
def test_wilsons_interval_is_scipys(count: int, total: int) -> None:
    expected = binomtest(count, total).proportion_ci(0.95, method="wilson")
    found = share(count, total)
    assert (found.low, found.high) == (
        pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12),
    )  # fmt: skip


def test_a_share_and_its_interval_are_written_one_way() -> None:
    assert str(with_interval(share(3, 5))) == "60.0% (23.1–88.2%)"
    assert Translator("ko").message(with_interval(share(3, 5))) == "60.0% (23.1~88.2%)"
    assert str(with_interval(None)) == "–"


def test_of_a_hundred_intervals_95_hold_the_true_figure_and_far_fewer_repetitions_lie_in_one() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(400, 0.865, 4000)
    intervals = [share(int(count), 400) for count in draws]
    held = np.mean([one.low <= 0.865 <= one.high for one in intervals])
    repeated = np.mean([a.low <= b.value <= a.high for a, b in pairwise(intervals)])
    assert held == pytest.approx(0.95, abs=0.01)
    assert repeated < 0.88
