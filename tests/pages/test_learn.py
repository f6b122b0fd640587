"""The page Learn: what is drawn around its component, which Chromium tests."""

from functools import partial

import pytest

from lib.lessons.course import LESSONS
from tests.pages.conftest import app, handed

PAGE = "pages/learn.py"
told = partial(handed, component="learn")


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Learn how it works"), ("ko", "어떻게 작동하는지 배우기"), ("ja", "しくみを学ぶ")],
)
def test_all_lessons_stand_there_before_the_script_asks(language: str, title: str) -> None:
    page = told(app(PAGE, lang=language))
    assert page["at"] == ""
    assert f"<h1>{title}</h1>" in page["first"]
    assert page["first"].count("data-to=") == len(LESSONS)


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        pytest.param("sure", "sure/0", id="a lesson"),
        pytest.param("sure/3", "sure/2", id="one of its steps, counted from 1"),
        pytest.param("sure/99", "sure/3", id="past the last"),
        pytest.param("sure/x", "sure/0", id="no number"),
        pytest.param("none/1", "", id="no such lesson"),
    ],
)
def test_an_address_opens_a_lesson_at_a_step(asked: str, at: str) -> None:
    page = told(app(PAGE, lesson=asked))
    assert page["at"] == at
    assert ("<article" in page["first"]) == bool(at)
