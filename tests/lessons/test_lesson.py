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
    places = [shuffled([RIGHT, *WRONG], number).index(RIGHT) for number in range(40)]
    assert places == [shuffled([*WRONG, RIGHT], number).index(RIGHT) for number in range(40)]
    assert set(places) == {0, 1, 2, 3}


def test_an_answer_that_reads_as_the_right_one_is_left_out() -> None:
    assert shuffled([Option("A", "wrong"), RIGHT, WRONG[0]], "x").count(RIGHT) == 1
    assert len(shuffled([Option("A", "wrong"), RIGHT, WRONG[0]], "x")) == 2


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
            assert all(option.why for option in question.options)


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
    progress.answer("votes", 2, "A", is_right=False)
    assert not progress.marked["votes", 2].is_right
    progress.answer("votes", 2, "B", is_right=True)
    last = progress.answer("votes", 2, "C", is_right=False)
    assert (last.choice, last.is_right, last.tries) == ("C", True, 3)
