"""The verdict on probabilities that nobody thought of."""

import math
import re
from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lib.messages import Word
from lib.results import VerdictKind
from lib.verdict import (
    FLOOR_GROUPS,
    FLOOR_RANGE,
    MAX_NAMED,
    RATIO_RANGE,
    Groups,
    Thresholds,
    explain,
    judge,
    judge_groups,
    kind_of,
    percent,
    rank,
    spread,
    sure_group,
)

Floats = NDArray[np.float64]

# Small whole weights make draws, and rivals at exactly the ratio, common.
WEIGHTS = st.lists(st.integers(0, 12), min_size=1, max_size=40).filter(any)
PROBABILITIES = WEIGHTS.map(lambda weights: np.array(weights, np.float64) / sum(weights))
PROBABILITY = st.floats(0.0, 1.0)
RATIOS = st.floats(*RATIO_RANGE)
FLOORS = st.none() | st.floats(*FLOOR_RANGE)
THRESHOLDS = st.builds(Thresholds, RATIOS, FLOORS)
CLASSES = st.integers(1, 30) | st.integers(1, 20_000)


def names(count: int) -> tuple[str, ...]:
    return tuple(f"c{index}" for index in range(count))


@given(PROBABILITIES, THRESHOLDS, st.randoms(use_true_random=False))
def test_the_order_of_the_classes_does_not_matter(values: Floats, thresholds: Thresholds, random: "object") -> None:
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = judge(values, names(len(values)), thresholds)
    other = judge(values[order], tuple(f"c{index}" for index in order), thresholds)
    assert (one.kind, one.p2, one.more_rivals) == (other.kind, other.p2, other.more_rivals)
    assert one.winner.probability == other.winner.probability
    assert [rival.probability for rival in one.rivals] == [rival.probability for rival in other.rivals]
    assert math.isclose(one.spread, other.spread)
    assert all(values[int(rival.label[1:])] == rival.probability for rival in other.rivals)


@given(PROBABILITIES, st.sampled_from([0.2, 0.25, 0.5, 0.75, 0.9]), FLOORS)
@example(np.array([0.5, 0.25, 0.25]), 0.5, None)
@example(np.array([0.5, 0.5]), 0.5, 0.5)
def test_two_questions_decide(values: Floats, ratio: float, floor: float | None) -> None:
    verdict = judge(values, names(len(values)), Thresholds(ratio, floor))
    first, *others = sorted(values.tolist(), reverse=True)
    floor = floor if floor is not None else 0.5 if len(values) <= 20 else 0.2
    running = 1 + sum(other >= ratio * first for other in others)
    expected = {
        (False, False): "clear", (True, False): "close", (False, True): "weak", (True, True): "none"
    }[running > 1, first < floor]  # fmt: skip
    assert verdict.kind == expected
    assert verdict.kind.is_ambiguous == (expected != "clear")
    # The classes in the running are named, at most five of them and the others counted, when there is a rival.
    assert len(verdict.rivals) + verdict.more_rivals == (running if running > 1 else 0)
    assert len(verdict.rivals) <= MAX_NAMED
    assert verdict.rivals == (rank(values, names(len(values)), top=len(verdict.rivals)) if verdict.rivals else ())
    assert all(rival.probability >= ratio * first for rival in verdict.rivals)


def has_rival(kind: VerdictKind) -> bool:
    return kind in (VerdictKind.CLOSE, VerdictKind.NONE)


def is_weak(kind: VerdictKind) -> bool:
    return kind in (VerdictKind.WEAK, VerdictKind.NONE)


@given(PROBABILITY, PROBABILITY, CLASSES, THRESHOLDS, RATIOS, st.floats(*FLOOR_RANGE))
def test_a_higher_ratio_makes_no_rival_and_a_higher_floor_no_winner_strong(
    one: float, two: float, classes: int, thresholds: Thresholds, ratio: float, floor: float
) -> None:
    def ask(**changes: float) -> VerdictKind:
        return kind_of(max(one, two), min(one, two), classes, replace(thresholds, **changes))

    before, stricter = ask(), ask(ratio=max(ratio, thresholds.ratio))
    assert has_rival(before) or not has_rival(stricter)
    assert is_weak(before) == is_weak(stricter), "the ratio has no say in the strength of the winner"
    higher = ask(floor=max(floor, thresholds.floor_for(classes)))
    assert is_weak(higher) or not is_weak(before)
    assert has_rival(before) == has_rival(higher), "the floor has no say in rivals"


@given(WEIGHTS, st.integers(1, 50))
def test_ranking_is_a_stable_sort(weights: list[int], top: int) -> None:
    values = np.array(weights, np.float64) / sum(weights)
    ranked = rank(values, names(len(weights)), top=top)
    assert [one.index for one in ranked] == sorted(range(len(weights)), key=lambda index: -weights[index])[:top]
    assert [one.label for one in ranked] == [f"c{one.index}" for one in ranked]
    assert [one.probability for one in ranked] == [values[one.index] for one in ranked]


@given(PROBABILITIES)
def test_the_spread_lies_between_one_class_and_all(values: Floats) -> None:
    assert 1 - 1e-9 <= spread(values) <= np.count_nonzero(values) + 1e-9


@given(PROBABILITY)
@example(5e-324)
@example(1 - 2**-53)
@example(0.005)
@example(0.995)
def test_only_nothing_is_0_percent_and_only_everything_100(probability: float) -> None:
    written = percent(probability)
    assert (written == "0%") == (probability == 0)
    assert (written == "100%") == (probability == 1)
    assert re.fullmatch(r"<1%|>99%|\d+%", written)
    assert abs(int(re.sub(r"\D", "", written)) - 100 * probability) <= 1


@given(PROBABILITY, PROBABILITY)
def test_a_larger_probability_never_reads_as_a_smaller_one(one: float, two: float) -> None:
    def place(written: str) -> float:
        return {"<1%": 0.5, ">99%": 99.5}.get(written) or float(written.removesuffix("%"))

    assert place(percent(min(one, two))) <= place(percent(max(one, two)))


@given(PROBABILITIES, THRESHOLDS)
@example(np.array([0.5] + [0.5 / 29] * 29), Thresholds())
def test_the_sentence_names_the_winner_and_says_a_lot_only_below_a_half(values: Floats, thresholds: Thresholds) -> None:
    verdict = judge(values, names(len(values)), thresholds)
    sentence = str(explain(verdict))
    assert verdict.winner.label in sentence
    assert percent(verdict.winner.probability) in sentence
    assert ("high, given" in sentence) == (verdict.kind == "clear" and verdict.winner.probability < 0.5)


# Classes that fall into up to five groups, and the rest, in any order; some groups may have no class.
GROUPED = PROBABILITIES.flatmap(
    lambda values: st.tuples(st.just(values), st.lists(st.integers(0, 5), min_size=len(values), max_size=len(values)))
)


def made(of_class: list[int]) -> Groups:
    names = tuple(Word(f"g{number}") for number in range(5))
    return Groups(names, tuple(Word(f"a g{number}") for number in range(5)), np.array(of_class))


@given(GROUPED, THRESHOLDS)
def test_the_leading_group_is_judged_as_a_class_would_be(
    grouped: tuple[Floats, list[int]], thresholds: Thresholds
) -> None:
    values, of_class = grouped
    labels, groups = names(len(values)), made(of_class)
    sums = groups.sums(values)
    assert math.isclose(sums.sum(), 1)
    found = judge_groups(values, labels, groups, thresholds)
    if found is None:
        assert sums[5] == max(sums), "only where the rest leads there is none"
        assert sums[5] > max(sums[:5])
        return
    number = int(str(found.name)[1:])
    assert (number, number < 5) == (int(sums.argmax()), True)
    assert 0 < found.probability <= 1
    as_classes = judge(sums, names(6), Thresholds(thresholds.ratio, FLOOR_GROUPS))
    assert found.verdict == as_classes.kind
    # Who is named is of the group, and in the running there.
    own = [index for index, other in enumerate(of_class) if other == number]
    most = max(values[own])
    running = [index for index in own if values[index] >= thresholds.ratio * most]
    ranked = sorted(running, key=lambda index: (-values[index], index))
    assert [rival.index for rival in found.rivals] == ranked[:MAX_NAMED]
    assert len(found.rivals) + found.more_rivals == len(running)
    assert all(rival.label == labels[rival.index] for rival in found.rivals)


@given(GROUPED, THRESHOLDS)
def test_a_group_is_said_only_where_it_is_sure_and_no_class_is(
    grouped: tuple[Floats, list[int]], thresholds: Thresholds
) -> None:
    values, of_class = grouped
    labels = names(len(values))
    verdict, group = judge(values, labels, thresholds), judge_groups(values, labels, made(of_class), thresholds)
    sentence = str(explain(verdict, group))
    if sure_group(verdict, group) is None:
        assert sentence == str(explain(verdict))
        return
    assert group is not None
    assert verdict.kind.is_ambiguous
    assert group.verdict is VerdictKind.CLEAR
    assert group.probability >= FLOOR_GROUPS
    assert sentence.startswith(f"Most likely {group.phrase}, {percent(group.probability)}. ")
    assert all(rival.label in sentence for rival in group.rivals)
