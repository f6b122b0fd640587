"""The plan for ninety minutes: it fits into them, and calls pages and buttons as they are called."""

import re
from html import unescape
from pathlib import Path

import pytest

from lib.i18n import LANGUAGES, Translator
from lib.lessons import plan
from lib.server import limits

ROOT = Path(__file__).resolve().parents[2]
PAGES = "".join(
    path.read_text(encoding="utf-8") for folder in ("lib/ui", "pages") for path in (ROOT / folder).rglob("*.py")
)


def sentences() -> list[str]:
    """Return all that the plan says."""
    return [
        sentence
        for part in plan.PARTS
        for sentence in (
            part.goal,
            *part.steps,
            part.say,
            *(one for pair in part.troubles for one in pair),
            part.without,
        )
    ]


def test_six_parts_take_ninety_minutes_one_after_the_other() -> None:
    spans = [(begin, end) for begin, end, _ in plan.spans()]
    assert len(spans) == 6
    assert spans[0][0] == 0
    assert spans[-1][1] == 90
    assert [end for _, end in spans[:-1]] == [begin for begin, _ in spans[1:]]


@pytest.mark.parametrize("word", plan.WORDS.values())
def test_what_the_plan_calls_a_page_or_a_button_is_called_so(word: str) -> None:
    assert f'"{word}"' in PAGES


def test_every_gap_is_a_page_or_a_button_and_none_is_named_for_nothing() -> None:
    assert {gap for sentence in sentences() for gap in re.findall(r"{(\w+)}", sentence)} == set(plan.WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_out_in_any_language(language: str) -> None:
    t = Translator(language)
    text = unescape(re.sub(r"<[^>]+>", "", plan.html(t)))
    assert not set("{}\0`") & set(text)
    for part in plan.PARTS:
        assert t(part.title) in text
        assert t(part.goal) in text
    assert plan.html(t).count("data-begin=") == 2 * len(plan.PARTS)


def test_what_is_pressed_stands_out_and_what_is_typed_is_code() -> None:
    html = plan.html(Translator())
    assert "open the page <b>Room</b> and press <b>Open a room</b>." in html
    assert "run <code>make class-check</code>: it tries" in html


def test_a_room_that_nobody_looks_at_ends_when_the_plan_says() -> None:
    assert limits.ROOM_UNUSED_S == 4 * 3600
    assert any("after four hours" in sentence for sentence in sentences())
