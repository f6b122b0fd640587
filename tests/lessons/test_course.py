"""The lessons as texts: short, and no term that is not explained where it first stands."""

import re

import pytest

from lib.i18n import LANGUAGES, Translator
from lib.lessons.course import LESSONS
from lib.lessons.lesson import Lesson

MOST_WORDS = 350
TERMS = (
    "pixel", "model", "class", "vote", "softmax", "probability", "temperature", "rival", "unfamiliar", "filter",
    "convolution", "network", "layer", "feature map", "channel", "depthwise", "pointwise", "top-1", "top-5", "accuracy",
    "confusion table", "bit", "quantising", "millisecond", "feature", "over-fitting", "bias", "classification",
    "detection", "segmentation",
)  # fmt: skip
NAMES = [lesson.id for lesson in LESSONS]


def texts(lesson: Lesson) -> list[str]:
    """Return what a pupil reads, in order; the teacher's notes are none of it."""
    own = [lesson.title, lesson.goal]
    return own + [part for step in lesson.steps for part in (step.title, *step.text, step.notice, step.prompt)]


def test_the_eight_lessons_are_there() -> None:
    assert NAMES == ["pixels", "votes", "sure", "network", "scoring", "small", "learning", "limits"]


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_lesson_is_short(lesson: Lesson) -> None:
    words = re.findall(r"[^\W_]+(?:[-’'][^\W_]+)*", " ".join(texts(lesson)))
    assert 100 < len(words) <= MOST_WORDS
    assert 5 <= lesson.minutes <= 10


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_every_term_is_explained_where_it_first_stands(lesson: Lesson) -> None:
    told = " ".join(part for step in lesson.steps for part in (*step.text, step.notice, step.prompt)).lower()
    unexplained = []
    for term in TERMS:
        plural = term.removesuffix("y") + "ies" if term.endswith("y") else f"{term}s"
        first = re.search(rf"(?<![\w-])(\*?)({re.escape(term)}|{re.escape(plural)})(?![\w-])(?! map)", told)
        if first and not first[1]:
            unexplained.append(told[max(0, first.start() - 40) : first.end() + 10])
    assert not unexplained


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_lesson_has_something_to_move_to_notice_and_to_answer(lesson: Lesson) -> None:
    assert [step for step in lesson.steps if step.scene and step.notice]
    assert [step for step in lesson.steps if step.ask and step.prompt]
    assert all(step.scene or step.ask for step in lesson.steps)
    assert len(lesson.notes) >= 3
    assert lesson.follow_up


@pytest.mark.parametrize("language", LANGUAGES)
def test_terms_are_marked_in_every_language(language: str) -> None:
    t = Translator(language)
    for lesson in LESSONS:
        for part in (part for step in lesson.steps for part in step.text):
            assert t(part).count("*") == part.count("*"), t(part)
