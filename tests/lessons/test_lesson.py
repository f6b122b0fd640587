"""Answers are mixed, the same way each time; controls never stand out of range; what is kept stays small."""

import numpy as np
import pytest

from lib.lessons.bench import Bench, Memo
from lib.lessons.choosing import along, place
from lib.lessons.course import LESSONS
from lib.lessons.lesson import Option, Question, shuffled
from lib.lessons.progress import Progress
from tests.support.lessons import Benches

WRONG = [Option(text, "because") for text in "BCD"]
RIGHT = Option("A", "because", is_right=True)


def test_answers_stand_the_same_way_each_time_and_the_right_one_anywhere() -> None:
    places = [order(number).index("A") for number in range(40)]
    assert places == [order(number).index("A") for number in range(40)]
    assert set(places) == {0, 1, 2, 3}


def order(about: int) -> list[str]:
    return [option.text for option in shuffled([RIGHT, *WRONG], about)]


def test_answers_stand_the_same_way_and_have_the_same_numbers_in_every_language() -> None:
    korean = [Option(text, "", is_right=text == "가") for text in "가나다라"]
    for about in range(10):
        both = [[one.number for one in shuffled(options, about)] for options in ([RIGHT, *WRONG], korean)]
        assert both[0] == both[1]
        assert sorted(both[0]) == [0, 1, 2, 3]


def test_an_answer_that_reads_as_the_right_one_is_left_out() -> None:
    found = shuffled([Option("A", "wrong"), RIGHT, WRONG[0]], "x")
    assert sorted((one.text, one.is_right) for one in found) == [("A", True), ("B", False)]


@pytest.mark.parametrize(("given", "at"), [("2", 2), ("9", 3), ("-1", 1), ("x", 1), ("", 1), ("٣", 3), ("9" * 50, 1)])
def test_a_control_never_stands_out_of_range(given: str, at: int) -> None:
    assert place({"side": given}, "side", 4, 1) == at
    assert along({"side": given}, "side", "Side", "abcd", 1).at == at


def test_every_question_has_one_right_answer_whatever_the_pictures(benches: Benches) -> None:
    for chosen in ("samples", "drawn"):
        bench = benches.bench(chosen)
        for question in questions(bench):
            assert sum(option.is_right for option in question.options) == 1
            assert len({option.name for option in question.options}) == len(question.options) >= 2
            assert len({option.number for option in question.options}) == len(question.options)
            assert all(option.why for option in question.options)
            assert question.hint


def questions(bench: Bench) -> list[Question]:
    return [step.ask(bench) for lesson in LESSONS for step in lesson.steps if step.ask]


def test_one_picture_is_enough_for_every_lesson(benches: Benches) -> None:
    bench = benches.bench(pictures=list(benches.bench().pictures[:1]))
    assert len(questions(bench)) == 9
    for step in (step for lesson in LESSONS for step in lesson.steps if step.scene):
        assert step.scene(bench, {}).html


def test_a_memo_keeps_the_latest() -> None:
    memo, made = Memo(3000), []

    def make(number: int) -> np.ndarray:
        made.append(number)
        return np.zeros(125)  # 1000 bytes

    for number in (1, 2, 3, 1, 4, 1):  # 2 was used longest ago when 4 came
        memo.get(number, lambda number=number: make(number))
    assert made == [1, 2, 3, 4]
    assert memo.held_bytes == 3000
    memo.get(2, lambda: make(2))
    assert made == [1, 2, 3, 4, 2]
    memo.clear()
    assert memo.held_bytes == 0


def test_what_was_answered_rightly_once_stays_so() -> None:
    progress = Progress()
    progress.answer("votes", 2, "Q", 0, is_right=False)
    assert not progress.marked["votes", 2].is_right
    progress.answer("votes", 2, "Q", 1, is_right=True)
    last = progress.answer("votes", 2, "Q", 2, is_right=False)
    assert (last.choice, last.is_right, last.tries, last.tries_here) == (2, True, 3, 3)


def test_another_question_begins_with_a_first_try() -> None:
    progress = Progress()
    progress.answer("votes", 2, "Q", 0, is_right=False)
    last = progress.answer("votes", 2, "other", 0, is_right=False)
    assert (last.tries, last.tries_here) == (2, 1)
