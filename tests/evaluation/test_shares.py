"""Intervals and McNemar's test, against values worked out by hand."""

import pytest

from lib.evaluation.shares import explain_difference, mcnemar, share, share_or_none

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


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        pytest.param(1, 5, 2 * (1 + 6) / 64, id="2 (C(6,0) + C(6,1)) / 2^6"),
        pytest.param(6, 0, 2 / 64, id="2 C(6,0) / 2^6"),
        pytest.param(3, 3, 1.0, id="even"),
        pytest.param(0, 0, 1.0, id="no difference at all"),
    ],
)
def test_mcnemars_exact_test(first: int, second: int, p_value: float) -> None:
    assert mcnemar(100, first, second).p_value == pytest.approx(p_value)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (0, 0, "A and B are right and wrong on the same photos, all 100 of them."),
        (
            1, 5,
            "Of 100 photos, only A is right on 1 and only B on 5. That may well be chance: of two equally good models "
            "one comes out ahead by as much in 22 % of such comparisons.",
        ),
        (
            8, 0,
            "A is really better than B on photos like these: of 100, only A is right on 8, and only B on 0. Chance "
            "alone would produce such a difference in 1 % of such comparisons.",
        ),
        (
            0, 8,
            "B is really better than A on photos like these: of 100, only B is right on 8, and only A on 0. Chance "
            "alone would produce such a difference in 1 % of such comparisons.",
        ),
    ],
)  # fmt: skip
def test_the_test_in_plain_words(first: int, second: int, told: str) -> None:
    assert str(explain_difference(mcnemar(100, first, second), "A", "B")) == told
