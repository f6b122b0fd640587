"""Answers as HTML: other programs find them by their marks, screen readers get a table, and names stay text."""

import re
from html import unescape

import pytest

from lib.face.answer import bars, caption, verdict_box
from lib.i18n import LANGUAGES, Translator
from lib.results import Classification
from tests.face.answers import failed, found, of_a_thousand

EN = Translator("en")
EVERY_KIND = [
    found(0.87, 0.1, 0.03), found(0.59, 0.35, 0.06), found(0.44, 0.16, 0.14, 0.14, 0.12),
    found(0.34, 0.29, 0.13, 0.12, 0.12), found(0.9, 0.1, unfamiliar=True), of_a_thousand({232: 0.5, 231: 0.5}),
]  # fmt: skip


def text(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


def rows(html: str) -> list[tuple[str, str]]:
    """Return names and percentages of a table of bars, in bold those in the running."""
    found = re.findall(r"<tr( class=in)?><th scope=\"row\" title=\"[^\"]*\">(.*?)</th>.*?<td>(.*?)</td></tr>", html)
    return [(f"**{unescape(name)}**" if bold else unescape(name), unescape(share)) for bold, name, share in found]


@pytest.mark.parametrize(
    ("outcome", "marks"),
    [
        (of_a_thousand({232: 0.5, 231: 0.5}), 'class="verdict close" data-verdict="close" data-group="clear">'),
        (found(0.9, 0.1, unfamiliar=True), 'class="verdict strange" data-verdict="clear" data-unfamiliar="true">'),
        (found(0.9, 0.1, unfamiliar=False), 'class="verdict clear" data-verdict="clear">'),
        (failed(), 'class="verdict fail" >'),
    ],
)  # fmt: skip
def test_marks(outcome: Classification, marks: str) -> None:
    assert f"<div {marks}" in verdict_box(EN, outcome)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", EVERY_KIND)
def test_actions_change_no_word_of_the_reason(language: str, outcome: Classification) -> None:
    t = Translator(language)
    plain, active = verdict_box(t, outcome), verdict_box(t, outcome, with_actions=True)
    assert text(active).startswith(text(plain))
    is_clear = 'class="verdict clear"' in plain
    assert re.findall('data-do="(.*?)"', active) == (["known"] if is_clear else ["crop", "ask"])


@pytest.mark.parametrize(
    ("outcome", "bold"),
    list(zip(EVERY_KIND, (1, 2, 1, 2, 0, 2), strict=True)),
)
def test_what_the_verdict_is_about_stands_out(outcome: Classification, bold: int) -> None:
    assert sum(name.startswith("**") for name, _ in rows(bars(EN, outcome))) == bold


def test_names_are_text() -> None:
    hostile = ("<script>", '"><img src=x onerror=alert(1)>')
    for html in (
        verdict_box(EN, found(0.6, 0.4, labels=hostile), with_actions=True),
        bars(EN, found(0.6, 0.4, labels=hostile)),
        caption(EN, found(0.6, 0.4, labels=hostile)),
        verdict_box(EN, failed()),
    ):
        assert "<script>" not in html
        assert "<img" not in html
        assert "<b>.jpg" not in html
