"""Whose turn it is."""

from lib.server.turns import Turns


def served(turns: Turns[str], waiting: dict[str, int], count: int, cost: float = 1.0) -> str:
    """Return who is served in the next turns, one letter each; `waiting` says how much each still has."""
    order = ""
    for _ in range(count):
        key = turns.next([key for key, left in waiting.items() if left])
        turns.serve(key, cost)
        waiting[key] -= 1
        order += key
    return order


def test_those_who_came_together_are_served_in_turn() -> None:
    turns: Turns[str] = Turns()
    for key in "abc":
        turns.come(key)
    assert served(turns, dict.fromkeys("abc", 3), 9) == "abcabcabc"


def test_who_comes_anew_goes_before_all_who_were_served() -> None:
    turns: Turns[str] = Turns()
    waiting = dict.fromkeys("abcdefghij", 20)
    for key in waiting:
        turns.come(key)
    served(turns, waiting, 33)  # in the middle of a round
    turns.come("z")
    waiting["z"] = 1
    assert served(turns, waiting, 1) == "z"


def test_who_sends_one_after_another_is_not_new_each_time() -> None:
    turns: Turns[str] = Turns()
    order, waiting = "", {"m": 100, "o": 0}
    turns.come("m")
    for _ in range(10):
        turns.come("o")  # the last one was answered
        waiting["o"] = 1
        while waiting["o"]:
            order += served(turns, waiting, 1)
    assert abs(order.count("m") - order.count("o")) <= 1


def test_what_was_charged_too_little_is_made_up_for() -> None:
    turns: Turns[str] = Turns()
    turns.come("a")
    turns.come("b")
    turns.serve("a", 1)
    turns.charge("a", 3)  # it took four
    assert served(turns, dict.fromkeys("ab", 9), 6) == "bbbbab"


def test_who_comes_from_behind_lets_others_go_first() -> None:
    turns: Turns[str] = Turns()
    turns.come("p")
    turns.come("j", behind_s=2.5)
    assert served(turns, dict.fromkeys("pj", 9), 5) == "pppjp"


def test_after_a_rest_everybody_is_new() -> None:
    turns: Turns[str] = Turns()
    turns.come("a")
    turns.serve("a", 100)
    turns.rest()
    turns.come("a")
    turns.come("b")
    assert served(turns, dict.fromkeys("ab", 9), 4) == "abab"
