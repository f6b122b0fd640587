"""Text from outside is shown as text, in HTML and in Markdown."""

import markdown_it
import pytest

from lib.ui.style import plain, span
from lib.ui.tables import table

HOSTILE = "<b>*x* `y` $z$ :red[w] [a](b) # ~~c~~ | d"


def test_html_shows_what_was_given() -> None:
    assert span("<b>", "chip") == '<span class="chip">&lt;b&gt;</span>'
    assert "<b>" not in table(["<b>"], [["<b>", "<b>"]])


@pytest.mark.parametrize("text", [HOSTILE, "1. one", "* star", "plain words"])
def test_markdown_shows_what_was_given(text: str) -> None:
    rendered = markdown_it.MarkdownIt().render(plain(text))
    for tag in ("<b>", "<em>", "<code>", "<a ", "<h1>"):
        assert tag not in rendered
