"""Intervals and McNemar's test, against values worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binomtest

from lib.evaluation.shares import correct, explain_difference, mcnemar, share, share_or_none, with_interval
from lib.i18n import LANGUAGES, Translator

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
    ("first", "second"), [(0, 1), (13, 4), (40, 10), (731, 27), (500, 520), (24_000, 25_000), (25_000, 25_000)]
)
def test_mcnemars_test_is_scipys_binomial_test_however_many_photos(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue
    assert mcnemar(60_000, first, second).p_value == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("count", "total"), [(0, 1), (1, 1), (3, 7), (2_499, 4_999), (49_999, 50_000), (0, 50_000)])
def test_wilsons_interval_is_scipys(count: int, total: int) -> None:
    expected = binomtest(count, total).proportion_ci(0.95, method="wilson")
    found = share(count, total)
    assert (found.low, found.high) == (
        pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "is_significant"),
    [
        pytest.param(5, 0, False, id="2 / 2^5 = 6.25 %"),
        pytest.param(6, 0, True, id="2 / 2^6 = 3.125 %"),
        pytest.param(0, 6, True, id="either way"),
        pytest.param(13, 4, True, id="4.9 %"),
        pytest.param(12, 4, False, id="7.7 %"),
    ],
)
def test_one_model_is_better_below_five_percent(first: int, second: int, is_significant: bool) -> None:
    assert mcnemar(100, first, second).is_significant is is_significant


def test_several_pairs_are_corrected_as_holm_does() -> None:
    # p = 2/2^6 = .03125, 2/2^8 = .0078125, 2/2^7 = .015625: the smallest counts 3 times, the next 2 times, the last
    # once, and none less than the one before: .0234375, .03125, .03125.
    found = correct([mcnemar(100, n, 0) for n in (6, 8, 7)])
    assert [one.corrected for one in found] == [0.03125, 0.0234375, 0.03125]
    assert [one.p_value for one in found] == [0.03125, 0.0078125, 0.015625]
    assert {one.pairs for one in found} == {3}


def test_what_one_pair_alone_would_show_two_pairs_may_not() -> None:
    alone = mcnemar(100, 6, 0)
    assert alone.is_significant
    assert not any(one.is_significant for one in correct([alone, mcnemar(100, 0, 6)]))  # 2 · .03125 = .0625
    assert correct([mcnemar(9, 2, 2)] * 3)[0].corrected == 1.0
    assert correct([]) == ()


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (0, 0, "A and B are right and wrong on the same photos, all 100 of them."),
        (
            1, 5,
            "Of 100 photos, only B was right on 5, only A on 1. This may be chance. If both were equally good, a "
            "difference this large would occur in 22 % of comparisons.",
        ),
        (
            8, 0,
            "On photos like these, A is better than B. Of 100 photos, only A was right on 8, only B on 0. If both were "
            "equally good, a difference this large would occur in 1 % of comparisons.",
        ),
        (
            0, 8,
            "On photos like these, B is better than A. Of 100 photos, only B was right on 8, only A on 0. If both were "
            "equally good, a difference this large would occur in 1 % of comparisons.",
        ),
    ],
)  # fmt: skip
def test_the_test_in_plain_words(first: int, second: int, told: str) -> None:
    assert str(explain_difference(mcnemar(100, first, second), "A", "B")) == told


def test_of_several_pairs_the_words_tell_both_values() -> None:
    found = correct([mcnemar(100, 6, 0), mcnemar(100, 3, 3), mcnemar(100, 3, 3)])
    assert str(explain_difference(found[0], "A", "B")) == (
        "Of 100 photos, only A was right on 6, only B on 0. This may be chance. If both were equally good, a "
        "difference this large would occur in 3 % of comparisons. As 3 pairs are compared here, this counts as 9 % "
        "(Holm's correction)."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_called_really_better(language: str) -> None:
    told = Translator(language).message(explain_difference(mcnemar(100, 8, 0), "A", "B"))
    assert not any(word in told for word in ("really", "정말", "確かに"))


def test_a_share_and_its_interval_are_written_one_way() -> None:
    assert with_interval(share(3, 5)) == "60.0 % (23.1 – 88.2 %)"
    assert with_interval(None) == "–"


def test_of_a_hundred_intervals_95_hold_the_true_figure_and_far_fewer_repetitions_lie_in_one() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(400, 0.865, 4000)
    intervals = [share(int(count), 400) for count in draws]
    held = np.mean([one.low <= 0.865 <= one.high for one in intervals])
    repeated = np.mean([a.low <= b.value <= a.high for a, b in pairwise(intervals)])
    assert held == pytest.approx(0.95, abs=0.01)
    assert repeated < 0.88
