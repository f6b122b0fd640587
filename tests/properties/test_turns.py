"""However much anybody brings, in whatever pieces, everybody gets the same share, and nobody is kept out."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lib.server.turns import Turns

COSTS = st.integers(5, 250)  # milliseconds a piece


@given(st.lists(COSTS, min_size=2, max_size=8), st.data())
def test_shares_of_those_who_wait_all_the_time_differ_by_one_piece_of_each(
    costs: list[int], data: st.DataObject
) -> None:
    turns: Turns[int] = Turns()
    for key in range(len(costs)):
        turns.come(key)
    had: Counter[int] = Counter()
    for _ in range(data.draw(st.integers(1, 200))):
        key = turns.next(range(len(costs)))
        turns.serve(key, costs[key])
        had[key] += costs[key]
        for other in range(len(costs)):  # theorem 1 of the paper
            assert abs(had[key] - had[other]) <= costs[key] + costs[other]


@given(st.lists(st.tuples(st.booleans(), COSTS), min_size=1, max_size=60), COSTS)
def test_one_who_comes_and_goes_gets_no_more_than_who_stays(steps: list[tuple[bool, int]], stays: int) -> None:
    """`steps` say whether she is back when a piece is done, and what her piece takes then."""
    turns: Turns[str] = Turns()
    had: Counter[str] = Counter()
    turns.come("stays")
    is_here = False
    for is_back, cost in steps:
        if is_back and not is_here:
            turns.come("comes")
            is_here = True
        key = turns.next(["stays", "comes"] if is_here else ["stays"])
        turns.serve(key, stays if key == "stays" else cost)
        had[key] += stays if key == "stays" else cost
        is_here = is_here and key != "comes"
    assert had["comes"] <= had["stays"] + 2 * 250


@given(st.integers(1, 60), st.integers(0, 200))
def test_a_latecomer_is_next_whatever_many_brought(many: int, turns_before: int) -> None:
    turns: Turns[int] = Turns()
    for key in range(many):
        turns.come(key)
    for _ in range(many + turns_before):  # all have been served
        turns.serve(turns.next(range(many)), 10)
    turns.come(many)
    assert turns.next(range(many + 1)) == many


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_a_tenth_is_left_for_jobs_and_no_more_is_taken_from_people(gaps: list[int]) -> None:
    """People bring ten pieces at a time, and bring more when all are done, or `gaps` pieces of the jobs later."""
    turns: Turns[str] = Turns()
    turns.come("job", behind_s=100)
    had: Counter[str] = Counter()
    for gap in gaps:
        for _ in range(gap):
            turns.serve(turns.next(["job"]), 10)
        turns.come("person")
        busy: Counter[str] = Counter()
        while busy["person"] < 100:
            key = turns.next(["person", "job"])
            turns.serve(key, 10 / 9 if key == "person" else 10)
            busy[key] += 10
        had += busy
    assert had["job"] <= had["person"] / 9 + 10 * len(gaps)
    assert had["job"] >= had["person"] / 9 - 100 - 10 or sum(gaps)
