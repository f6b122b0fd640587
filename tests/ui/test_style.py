"""Text from outside is shown as text, in HTML and in Markdown."""

import re
from html import escape
from pathlib import Path

import markdown_it
import pytest

from lib.ui.style import plain, span
from lib.ui.tables import table

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<b>*x* `y` $z$ :red[w] [a](b) # ~~c~~ | d"


def test_html_shows_what_was_given() -> None:
    assert span("<b>", "chip") == '<span class="chip">&lt;b&gt;</span>'
    assert "<b>" not in table(["<b>"], [["<b>", "<b>"]])


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE, "1. one", "1) one", "* star", "- dash", "plain words", "&lt; &#60;", "<https://a.b>", "![a](b)",
        "    four spaces", "> said", "| a |", "back\\slash", "Title ===",
    ],
)  # fmt: skip
def test_markdown_shows_what_was_given(text: str) -> None:
    assert markdown_it.MarkdownIt().render(plain(text)) == f"<p>{escape(text.strip(), quote=False)}</p>\n".replace(
        '"', "&quot;"
    )


def test_markdown_from_outside_stays_in_its_line() -> None:
    assert markdown_it.MarkdownIt().render(plain("one\n===\n\n# two")).count("<p>") == 1


def test_every_error_on_a_page_is_shown_as_text() -> None:
    sources = [path for folder in ("pages", "lib/ui") for path in (ROOT / folder).rglob("*.py")]
    careless = re.compile(r"st\.(error|warning|info|success|markdown|caption)\(t\.message\(")
    assert len(sources) > 10
    found = [path.name for path in sources if careless.search(path.read_text("utf-8"))]
    assert not found, "file names and the like are no Markdown: plain(t.message(…))"
