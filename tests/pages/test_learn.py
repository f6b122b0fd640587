"""The page Learn: what is drawn around its component, which Chromium tests."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.lessons.course import LESSONS
from tests.pages.conftest import app

PAGE = "pages/learn.py"


def told(test: AppTest) -> dict[str, Any]:
    """Return what the page hands to its script."""
    assert not test.exception
    components = [element.proto for element in test.get("bidi_component")]
    found: dict[str, Any] = json.loads(next(c.json for c in components if c.component_name == "discern_learn"))
    return found


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
