"""The rule that decides, and the sentences that explain it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lib.errors import ModelOutputError, UsageError
from lib.i18n import Translator
from lib.messages import Word
from lib.results import Familiarity, Group, Prediction, Verdict, VerdictKind
from lib.verdict import (
    Groups,
    Thresholds,
    by_threshold,
    default_floor,
    explain,
    explain_group,
    judge,
    judge_groups,
    name_rivals,
    numbers,
    percent,
    rank,
    spoken_percent,
    spread,
    strange,
    sure_group,
)


def names(count: int) -> tuple[str, ...]:
    return tuple(f"c{i}" for i in range(count))


def verdict(head: list[float], classes: int | None = None, thresholds: Thresholds | None = None) -> Verdict:
    """Judge `head`, with what it leaves spread evenly over the remaining classes."""
    classes = classes or len(head)
    rest = classes - len(head)
    tail = [(1.0 - sum(head)) / rest] * rest if rest else []
    return judge(np.array(head + tail), names(classes), thresholds)


@pytest.mark.parametrize(
    ("classes", "head", "expected"),
    [
        pytest.param(3, [0.91, 0.07, 0.02], "clear", id="one far ahead"),
        pytest.param(3, [0.35, 0.34, 0.31], "none", id="three level"),
        pytest.param(2, [0.9430, 0.0570], "clear", id="two classes, one far ahead"),
        pytest.param(2, [0.66, 0.34], "close", id="more than half of the winner"),
        pytest.param(2, [0.67, 0.33], "clear", id="less than half of the winner"),
        pytest.param(2, [0.50, 0.50], "close", id="a draw of two is close, not weak"),
        pytest.param(10, [0.40, 0.10], "weak", id="ten classes, a leader below a half"),
        pytest.param(10, [0.45, 0.40], "none", id="ten classes, two below a half"),
        pytest.param(1000, [0.45, 0.40], "close", id="45% is not weak among a thousand"),
        pytest.param(1000, [0.446], "clear", id="a lone 45% among a thousand"),
        pytest.param(1000, [0.122], "weak", id="a lone 12% among a thousand"),
        pytest.param(3, [1 / 3, 1 / 3, 1 / 3], "none", id="three equal"),
        pytest.param(20, [0.05] * 20, "none", id="twenty equal"),
        pytest.param(1000, [], "none", id="a thousand equal"),
        pytest.param(1, [1.0], "clear", id="a single class has no rival"),
    ],
)
def test_the_verdict_on(classes: int, head: list[float], expected: str) -> None:
    assert verdict(head, classes).kind == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param([0.5, 0.25, 0.25], "close", id="exactly half of the winner is a rival"),
        pytest.param([0.5, 0.2499, 0.2501], "close", id="order in the output does not matter"),
        pytest.param([0.52, 0.24, 0.24], "clear", id="just under half is none"),
        pytest.param([0.5, 0.2, 0.2, 0.1], "clear", id="a winner at exactly the floor is not weak"),
        pytest.param([0.4999, 0.2, 0.2, 0.1001], "weak", id="a winner just below the floor is"),
    ],
)
def test_edges_of_the_rule(head: list[float], expected: str) -> None:
    assert verdict(head).kind == expected


def test_eight_bit_probabilities_in_the_ratio_of_one_to_two_are_rivals_after_normalising() -> None:
    assert judge(np.array([200.0, 100.0]) / 300.0, names(2)).kind is VerdictKind.CLOSE


@pytest.mark.parametrize(
    ("classes", "floor"), [(1, 0.50), (2, 0.50), (20, 0.50), (21, 0.20), (1000, 0.20)], ids=lambda v: str(v)
)
def test_the_floor_falls_beyond_twenty_classes(classes: int, floor: float) -> None:
    assert default_floor(classes) == floor


@pytest.mark.parametrize(("classes", "expected"), [(20, "weak"), (21, "clear")])
def test_a_lone_30_percent_is_weak_among_20_classes_and_clear_among_21(classes: int, expected: str) -> None:
    assert verdict([0.30], classes).kind == expected


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (Thresholds(ratio=0.2), "close"),
        (Thresholds(ratio=0.9), "clear"),
        (Thresholds(ratio=0.2, floor=0.95), "none"),
        (Thresholds(ratio=0.9, floor=0.95), "weak"),
    ],
)
def test_thresholds_change_the_verdict(thresholds: Thresholds, expected: str) -> None:
    result = verdict([0.7, 0.3], thresholds=thresholds)
    assert result.kind == expected
    assert result.ratio == thresholds.ratio
    assert result.floor == (thresholds.floor or 0.5)


@pytest.mark.parametrize("ratio", [0.19, 0.91, -1.0, math.nan, math.inf])
def test_a_ratio_out_of_range_is_refused_with_the_range(ratio: float) -> None:
    with pytest.raises(UsageError, match=r"ratio must be between 0\.2 and 0\.9"):
        Thresholds(ratio=ratio)


@pytest.mark.parametrize("floor", [0.0, 0.04, 0.96, math.nan])
def test_a_floor_out_of_range_is_refused_with_the_range(floor: float) -> None:
    with pytest.raises(UsageError, match=r"winner must be between 0\.05 and 0\.95"):
        Thresholds(floor=floor)


@pytest.mark.parametrize("edge", [Thresholds(0.2, 0.05), Thresholds(0.9, 0.95)])
def test_the_ends_of_the_ranges_are_allowed(edge: Thresholds) -> None:
    assert verdict([0.9, 0.1], thresholds=edge).floor == edge.floor


def test_all_rivals_are_named_winner_first() -> None:
    result = verdict([0.31, 0.35, 0.34])
    assert [rival.label for rival in result.rivals] == ["c1", "c2", "c0"]
    assert (result.more_rivals, result.winner.label, result.p2) == (0, "c1", 0.34)


def test_a_class_at_exactly_the_ratio_is_named() -> None:
    found = verdict([0.4, 0.2, 0.2, 0.1999, 0.0001])
    assert [rival.label for rival in found.rivals] == ["c0", "c1", "c2"]


def test_a_half_is_not_said_to_be_a_lot() -> None:
    assert str(explain(verdict([0.5], 1000))) == "c0, 50%"


def test_a_class_below_the_ratio_is_not_named() -> None:
    assert [rival.label for rival in verdict([0.5, 0.3, 0.2]).rivals] == ["c0", "c1"]


@pytest.mark.parametrize(("count", "named", "more"), [(5, 5, 0), (6, 5, 1), (20, 5, 15)])
def test_at_most_five_rivals_are_named(count: int, named: int, more: int) -> None:
    result = verdict([1 / count] * count)
    assert (len(result.rivals), result.more_rivals) == (named, more)


@pytest.mark.parametrize("head", [[0.91, 0.07, 0.02], [0.4, 0.1] + [0.0625] * 8])
def test_clear_and_weak_name_no_rivals(head: list[float]) -> None:
    assert verdict(head).rivals == ()


@pytest.mark.parametrize(("kind", "ambiguous"), [("clear", False), ("close", True), ("weak", True), ("none", True)])
def test_all_but_clear_are_ambiguous(kind: str, ambiguous: bool) -> None:
    assert VerdictKind(kind).is_ambiguous is ambiguous


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [([1.0, 0.0, 0.0], 1.0), ([0.5, 0.5, 0.0], 2.0), ([0.25] * 4, 4.0), ([0.5, 0.25, 0.25], 2 * math.sqrt(2))],
)
def test_spread_counts_the_classes_in_play(probabilities: list[float], expected: float) -> None:
    # The last: entropy 0.5 ln 2 + 2 · 0.25 ln 4 = 1.5 ln 2, and exp of that is 2^1.5.
    assert spread(np.array(probabilities)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "top", "expected"),
    [
        pytest.param([0.1, 0.7, 0.2], 2, ["c1", "c2"], id="likeliest first"),
        pytest.param([0.4, 0.4, 0.2], 3, ["c0", "c1", "c2"], id="tie keeps lower index"),
        pytest.param([0.1, 0.7, 0.2], 9, ["c1", "c2", "c0"], id="top beyond K"),
    ],
)
def test_rank(values: list[float], top: int, expected: list[str]) -> None:
    assert [p.label for p in rank(np.array(values), names(3), top=top)] == expected


@pytest.mark.parametrize("steps", [2, 10, 1000], ids="of {} different values".format)
@pytest.mark.parametrize("top", [1, 2, 5, 999, 1000, 5000])
def test_ranking_a_thousand_classes_agrees_with_sorting_them_all(steps: int, top: int) -> None:
    values = np.random.default_rng(0).integers(0, steps, 1000) / steps
    expected = sorted(range(1000), key=lambda i: (-values[i], i))[:top]
    assert [p.index for p in rank(values, names(1000), top=top)] == expected


def test_ranking_leaves_its_input_unchanged() -> None:
    values = np.array([0.1, 0.7, 0.2])
    rank(values, names(3), top=3)
    assert values.tolist() == [0.1, 0.7, 0.2]


def test_a_wrong_number_of_probabilities_is_reported_with_both_numbers() -> None:
    with pytest.raises(ModelOutputError, match=r"Expected 3 .* Received shape \(2,\)"):
        judge(np.array([0.5, 0.5]), names(3))


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.0, "0%"),
        (1e-9, "<1%"),
        (0.0049, "<1%"),
        (0.005, "<1%"),
        (0.0051, "1%"),
        (0.445, "44%"),
        (0.446, "45%"),
        (0.9949, "99%"),
        (0.995, ">99%"),
        (0.9999999, ">99%"),
        (1.0, "100%"),
    ],
)
def test_percent(probability: float, expected: str) -> None:
    assert percent(probability) == expected


@pytest.mark.parametrize(
    ("classes", "head", "expected"),
    [
        pytest.param(3, [0.91, 0.07, 0.02], "c0, 91%", id="clear"),
        pytest.param(1000, [0.446], "c0, 45% (high, given 1000 classes to choose from)", id="clear among many"),
        pytest.param(2, [0.46, 0.54], "Too close to call: c1 54%, c0 46%", id="close"),
        pytest.param(10, [0.4, 0.1], "Not sure: c0 leads, but with only 40%", id="weak"),
        pytest.param(
            6, [0.2] + [0.16] * 5, "No class stands out: c0 20%, c1 16%, c2 16%, c3 16%, c4 16% and 1 more", id="none"
        ),
    ],
)
def test_the_sentence(classes: int, head: list[float], expected: str) -> None:
    assert str(explain(verdict(head, classes))) == expected


def test_a_label_with_braces_stays_as_it_is() -> None:
    result = judge(np.array([0.9, 0.1]), ("{percent}", "{0.__class__}"))
    assert str(explain(result)) == "{percent}, 90%"


@pytest.mark.parametrize(
    ("language", "few", "many"),
    [
        ("en", "c0 50%, c1 50%", "c0 20%, c1 16%, c2 16%, c3 16%, c4 16% and 1 more"),
        ("ko", "c0 50%, c1 50%", "c0 20%, c1 16%, c2 16%, c3 16%, c4 16% 외 1개"),
        ("ja", "c0 50%、c1 50%", "c0 20%、c1 16%、c2 16%、c3 16%、c4 16%、ほか1クラス"),
    ],
)
def test_rivals_are_named_as_the_language_lists_things(language: str, few: str, many: str) -> None:
    say = Translator(language)
    assert say("{names}", names=name_rivals(verdict([0.5, 0.5]))) == few
    assert say("{names}", names=name_rivals(verdict([0.2] + [0.16] * 5))) == many


@pytest.mark.parametrize(
    ("probability", "language", "told"),
    [
        (0.004, "en", "less than 1%"),
        (0.004, "ko", "1% 미만"),
        (0.004, "ja", "1%未満"),
        (0.996, "en", "more than 99%"),
        (0.91, "ko", "91%"),
    ],
)
def test_a_sentence_says_what_a_chart_abbreviates(probability: float, language: str, told: str) -> None:
    assert Translator(language)("{share}", share=spoken_percent(probability)) == told


def test_a_prediction_counts_from_zero() -> None:
    assert verdict([0.1, 0.9]).winner == Prediction(1, "c1", 0.9)


# Everyday groups ----------------------------------------------------------------------------------------------------

KINDS = ("collie", "beagle", "pug", "tabby", "Persian", "bubble", "switch")
PETS = Groups(
    (Word("dog", {"ko": "개", "ja": "犬"}), Word("cat", {"ko": "고양이", "ja": "猫"})),
    (Word("a dog", {"ko": "개", "ja": "犬"}), Word("a cat", {"ko": "고양이", "ja": "猫"})),
    np.array([0, 0, 0, 1, 1, 2, 2]),
)


def group(shares: list[float], thresholds: Thresholds | None = None) -> Group:
    """Judge the groups of shares of 100 for each of `KINDS`."""
    found = judge_groups(np.array(shares) / 100, KINDS, PETS, thresholds)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("shares", "name", "percent_of_it", "kind"),
    [
        pytest.param([40, 33, 24, 2, 1, 0, 0], "dog", 97, "clear", id="breeds add up"),
        pytest.param([1, 1, 0, 50, 48, 0, 0], "cat", 98, "clear", id="the other group"),
        pytest.param([50, 10, 0, 20, 9, 6, 5], "dog", 60, "clear", id="exactly the floor"),
        pytest.param([50, 9, 0, 20, 9, 7, 5], "dog", 59, "weak", id="just below the floor"),
        pytest.param([40, 24, 0, 32, 4, 0, 0], "dog", 64, "close", id="a rival group"),
        pytest.param([40, 20, 0, 20, 10, 10, 0], "dog", 60, "close", id="a group of exactly half is a rival"),
        pytest.param([20, 20, 0, 30, 10, 20, 0], "dog", 40, "none", id="of a tie the first, and it is a rival"),
        pytest.param([30, 31, 0, 0, 0, 20, 19], "dog", 61, "close", id="the rest is a rival too"),
        pytest.param([40, 0, 0, 0, 0, 40, 20], None, 0, "", id="the rest leads"),
    ],
)
def test_the_group_that_leads(shares: list[float], name: str | None, percent_of_it: int, kind: str) -> None:
    found = judge_groups(np.array(shares) / 100, KINDS, PETS)
    if name is None:
        assert found is None
        return
    assert found is not None
    assert (str(found.name), found.verdict) == (name, kind)
    assert found.probability == pytest.approx(percent_of_it / 100)


def test_a_sum_is_at_most_one() -> None:
    assert judge_groups(np.array([0.5, 0.3, 0.2 + 1e-12, 0, 0, 0, 0]), KINDS, PETS).probability == 1.0  # type: ignore[union-attr]


@pytest.mark.parametrize(("ratio", "kind"), [(0.2, "close"), (0.3, "clear"), (0.9, "clear")])
def test_the_ratio_of_the_groups_is_that_of_the_classes(ratio: float, kind: str) -> None:
    assert group([40, 40, 0, 20, 0, 0, 0], Thresholds(ratio)).verdict == kind


def test_the_floor_of_the_groups_is_their_own() -> None:
    assert group([30, 31, 0, 14, 11, 8, 6], Thresholds(floor=0.95)).verdict == "clear"


def test_the_classes_in_the_running_are_the_groups_own() -> None:
    found = group([20, 40, 19, 21, 0, 0, 0])
    assert [rival.label for rival in found.rivals] == ["beagle", "collie"]
    assert found.more_rivals == 0


def test_at_most_five_of_a_group_are_named() -> None:
    one = Groups(PETS.names[:1], PETS.phrases[:1], np.zeros(7, np.intp))
    found = judge_groups(np.array([0.1, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15]), KINDS, one)
    assert found is not None
    assert [rival.label for rival in found.rivals] == ["beagle", "pug", "tabby", "Persian", "bubble"]
    assert found.more_rivals == 2


@pytest.mark.parametrize(
    ("shares", "floor", "expected"),
    [
        pytest.param(
            [41, 33, 23, 3, 0, 0, 0],
            0.2,
            "Most likely a dog, 97%. Too close to say which kind: collie 41%, beagle 33%, pug 23%.",
            id="close",
        ),
        pytest.param(
            [16, 2, 2, 40, 40, 0, 0],
            0.5,
            "Most likely a cat, 80%. No kind stands out: tabby 40%, Persian 40%.",
            id="none",
        ),
        pytest.param(
            [45, 20, 20, 5, 5, 5, 0],
            0.5,
            "Most likely a dog, 85%. Not sure which kind: collie leads, but with only 45%.",
            id="weak",
        ),
        pytest.param(
            [50, 9, 8, 26, 0, 7, 0],
            0.2,
            "Most likely a dog, 67%. Not sure which kind: collie leads, but with only 50%.",
            id="the rival is of another group, which is not the question",
        ),
        pytest.param([70, 20, 7, 3, 0, 0, 0], 0.2, "collie, 70%", id="a clear class is never replaced"),
        pytest.param(
            [30, 25, 0, 25, 20, 0, 0],
            0.2,
            "Too close to call: collie 30%, beagle 25%, tabby 25%, Persian 20%",
            id="neither is sure",
        ),
    ],
)
def test_the_sentence_says_the_group_where_no_class_stands_out(
    shares: list[float], floor: float, expected: str
) -> None:
    values, thresholds = np.array(shares) / 100, Thresholds(floor=floor)
    judged, found = judge(values, KINDS, thresholds), judge_groups(values, KINDS, PETS, thresholds)
    assert str(explain(judged, found)) == expected
    assert (sure_group(judged, found) is found) == expected.startswith("Most likely")


def test_without_groups_the_sentence_is_the_verdicts() -> None:
    judged = judge(np.array([0.6, 0.4]), ("cat", "dog"))
    assert explain(judged, None) == explain(judged)
    assert sure_group(judged, None) is None


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Most likely a dog, 97%."),
        ("ko", "개일 가능성이 가장 높아요 (97%)."),
        ("ja", "おそらく犬です（97%）。"),
    ],
)
def test_a_group_is_named_in_the_readers_language(language: str, expected: str) -> None:
    assert Translator(language).message(explain_group(group([41, 33, 23, 3, 0, 0, 0]))) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            "Unfamiliar: unlike anything it learned. The nearest thing it knows: c0. Its strongest vote is 3.1, less "
            "than the 5.2 needed.",
        ),
        (
            "ko",
            "낯선 사진: 배운 것과 닮지 않았어요. 아는 것 중 가장 가까운 것: c0. 가장 센 표가 3.1점으로, 필요한 5.2점에 "
            "못 미쳐요.",
        ),
        (
            "ja",
            "見慣れない写真：学習したどれにも似ていません。知っている中で最も近いもの：c0。最も強い票は3.1で、必要な5.2に届きません。",
        ),
    ],
)
def test_what_is_unfamiliar_is_said_before_anything_else(language: str, expected: str) -> None:
    judged = verdict([0.94, 0.06], 2)
    assert judged.kind is VerdictKind.CLEAR
    assert Translator(language).message(explain(judged, None, Familiarity("max-logit", 3.14, 5.18))) == expected
    assert explain(judged, None, Familiarity("max-logit", 5.18, 5.18)) == explain(judged)


@pytest.mark.parametrize("shares", [[0.9, 0.1], [0.6, 0.4], [0.44, 0.1, 0.46 - 0.1, 0.1], [0.34, 0.33, 0.33]])
def test_unfamiliar_goes_before_every_verdict_and_before_a_group(shares: list[float]) -> None:
    said = explain(verdict(shares), group([41, 33, 23, 3, 0, 0, 0]), Familiarity("class-mean", 0.6, 0.75))
    assert str(said).startswith("Unfamiliar: ")
    assert str(said).endswith("Its likeness to the nearest class is 0.60, less than the 0.75 needed.")


def test_a_model_that_tells_little_says_perhaps_and_only_in_the_place_of_a_clear_class() -> None:
    hint, breeds = Familiarity("max-logit", 3.1, 5.2, is_hint=True), group([41, 33, 23, 3, 0, 0, 0])
    said = str(explain(verdict([0.9, 0.1]), None, hint))
    assert said.startswith("Perhaps unfamiliar: it may be unlike anything it learned.")
    for shares in ([0.6, 0.4], [0.44, 0.1, 0.36, 0.1], [0.34, 0.33, 0.33]):
        doubtful = verdict(shares)
        assert explain(doubtful, breeds, hint) == explain(doubtful, breeds)
        assert strange(doubtful, hint) is None
        assert strange(doubtful, replace(hint, is_hint=False)) is not None


@pytest.mark.parametrize(
    ("method", "score", "threshold", "expected"),
    [
        ("max-logit", 3.14159, 5.1808, ("3.1", "5.2")),
        ("max-logit", 5.1799, 5.1808, ("5.180", "5.181")),  # as many digits as tell them apart
        ("max-logit", -0.01, 5.0, ("0.0", "5.0")),
        ("max-logit", 5.0, 5.0, ("5.0000", "5.0000")),
        ("class-mean", 0.61, 0.754, ("0.61", "0.75")),
    ],
)
def test_a_score_has_as_few_digits_as_tell_it_from_its_threshold(
    method: str, score: float, threshold: float, expected: tuple[str, str]
) -> None:
    assert numbers(Familiarity(method, score, threshold)) == expected


def test_another_threshold_judges_the_same_score_again() -> None:
    found = Familiarity("max-logit", 4.0, 5.0)
    assert by_threshold(found, None) is found
    assert by_threshold(found, 3.9) == Familiarity("max-logit", 4.0, 3.9)
    assert by_threshold(None, 3.9) is None
