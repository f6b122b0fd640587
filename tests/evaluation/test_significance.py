"""Whether a difference between models may be chance."""

import numpy as np
import pytest
from scipy.stats import binomtest

from lib.evaluation.significance import chance_words, correct, explain_difference, gain_words, mcnemar
from lib.i18n import LANGUAGES, Translator


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


@pytest.mark.parametrize(
    ("first", "second", "is_significant"),
    [
        pytest.param(5, 0, False, id="2 / 2^5 = 6.25%"),
        pytest.param(6, 0, True, id="2 / 2^6 = 3.125%"),
        pytest.param(0, 6, True, id="either way"),
        pytest.param(13, 4, True, id="4.9%"),
        pytest.param(12, 4, False, id="7.7%"),
    ],
)
def test_one_model_is_better_below_five_percent(first: int, second: int, is_significant: bool) -> None:
    assert mcnemar(100, first, second).is_significant is is_significant


def test_a_difference_has_an_interval() -> None:
    # (13 + 1) / 402 - (4 + 1) / 402 ± 1.95996 √((14 + 5) / 402 - (9 / 402)²) / √402
    found = mcnemar(400, 13, 4)
    assert found.gain == 9 / 400
    assert found.interval == (pytest.approx(0.0012491, abs=1e-6), pytest.approx(0.0435270, abs=1e-6))
    assert str(gain_words(found)) == "+2.2 points (+0.1 to +4.4)"
    assert str(gain_words(found.reversed)) == "−2.2 points (−4.4 to −0.1)"
    assert mcnemar(3, 0, 0).interval[0] == -mcnemar(3, 0, 0).interval[1]
    assert mcnemar(3, 3, 0).interval[1] == 1.0


def test_of_a_hundred_intervals_of_a_difference_95_hold_it() -> None:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(400, [0.12, 0.05, 0.83], 4000)
    intervals = [mcnemar(400, int(a), int(b)).interval for a, b, _ in draws]
    assert np.mean([low <= 0.07 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("first", "words"),
    [(20, "almost surely not chance"), (9, "hardly chance"), (7, "probably not chance"), (5, "may be chance")],
)
def test_chance_is_told_in_words(first: int, words: str) -> None:
    assert str(chance_words(mcnemar(100, first, 0))) == words  # 2 / 2^20, 2^9, 2^7, 2^5: .0004 %, .4 %, 1.6 %, 6.3 %


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
        (0, 0, "A and B got exactly the same photos right and wrong (all 100)."),
        (
            1, 5,
            "Of 100 photos, only B was right on 5, only A on 1. This may be chance. If both were equally good, a "
            "difference this large would occur in 22% of comparisons.",
        ),
        (
            8, 0,
            "On photos like these, A is better than B. Of 100 photos, only A was right on 8, only B on 0. If both were "
            "equally good, a difference this large would occur in 1% of comparisons.",
        ),
        (
            0, 8,
            "On photos like these, B is better than A. Of 100 photos, only B was right on 8, only A on 0. If both were "
            "equally good, a difference this large would occur in 1% of comparisons.",
        ),
    ],
)  # fmt: skip
def test_the_test_in_plain_words(first: int, second: int, told: str) -> None:
    assert str(explain_difference(mcnemar(100, first, second), "A", "B")) == told


def test_of_several_pairs_the_words_tell_both_values() -> None:
    found = correct([mcnemar(100, 6, 0), mcnemar(100, 3, 3), mcnemar(100, 3, 3)])
    assert str(explain_difference(found[0], "A", "B")) == (
        "Of 100 photos, only A was right on 6, only B on 0. This may be chance. If both were equally good, a "
        "difference this large would occur in 3% of comparisons. As 3 pairs are compared here, this counts as 9% "
        "(Holm's correction)."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_called_really_better(language: str) -> None:
    told = Translator(language).message(explain_difference(mcnemar(100, 8, 0), "A", "B"))
    assert not any(word in told for word in ("really", "정말", "確かに"))
