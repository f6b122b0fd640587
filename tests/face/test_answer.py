"""Answers as HTML: other programs find them by their marks, screen readers get a table, and names stay text."""

import re
from dataclasses import replace
from html import unescape

import pytest

from lib.face.answer import bars, caption, verdict_box
from lib.i18n import LANGUAGES, Translator
from lib.results import Classification, Familiarity
from tests.face.answers import failed, found, of_a_thousand

EN = Translator("en")
EVERY_KIND = [
    found(0.87, 0.1, 0.03), found(0.59, 0.35, 0.06), found(0.44, 0.16, 0.14, 0.14, 0.12),
    found(0.34, 0.29, 0.13, 0.12, 0.12), found(0.9, 0.1, score=3.1), of_a_thousand({232: 0.5, 231: 0.5}),
]  # fmt: skip


def text(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


def rows(html: str) -> list[tuple[str, str]]:
    """Return names and percentages of a table of bars, in bold those in the running."""
    found = re.findall(r"<tr( class=in)?><th scope=\"row\" title=\"[^\"]*\">(.*?)</th>.*?<td>(.*?)</td></tr>", html)
    return [(f"**{unescape(name)}**" if bold else unescape(name), unescape(share)) for bold, name, share in found]


def test_the_box_has_sign_headline_reason_and_marks() -> None:
    assert verdict_box(EN, found(0.59, 0.35, 0.06)) == (
        '<div class="verdict close" data-verdict="close"><span class="sign" aria-hidden="true"></span>'
        '<h2 class="say"><em>Too close to call:</em> cat or dog</h2><p class="why">59% against 35%.</p></div>'
    )


@pytest.mark.parametrize(
    ("outcome", "marks"),
    [
        (of_a_thousand({232: 0.5, 231: 0.5}), 'class="verdict close" data-verdict="close" data-group="clear">'),
        (found(0.9, 0.1, score=3.1), 'class="verdict strange" data-verdict="clear" data-unfamiliar="true">'),
        (found(0.9, 0.1, score=5.2), 'class="verdict clear" data-verdict="clear">'),
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


def test_bars_are_a_table_with_the_full_names_as_hints() -> None:
    html = bars(EN, of_a_thousand({82: 0.7, 0: 0.3}))
    assert html.startswith('<table class="bars clear" data-bars style="--floor:20.0"><caption class="unseen">')
    assert '<th scope="row" title="ruffed grouse, partridge, Bonasa umbellus">ruffed grouse</th>' in html
    assert rows(html) == [("**ruffed grouse**", "70%"), ("tench", "30%")], "those of 0% are left out"
    assert html.count("<tr") == 5 + 1, "their rows stay, and the words of the lines have one"


@pytest.mark.parametrize(
    ("outcome", "bold"),
    list(zip(EVERY_KIND, (1, 2, 1, 2, 0, 2), strict=True)),
)
def test_what_the_verdict_is_about_stands_out(outcome: Classification, bold: int) -> None:
    assert sum(name.startswith("**") for name, _ in rows(bars(EN, outcome))) == bold


@pytest.mark.parametrize(
    ("outcome", "lines", "notes"),
    [
        pytest.param(found(0.87, 0.1, 0.03), "--floor:50.0", ["50% needed"], id="clear: what was needed"),
        pytest.param(found(0.6, 0.4), "--rival:30.0", ["< rival from 30%"], id="close: where a rival begins"),
        pytest.param(found(0.9, 0.1, floor=0.95), "--floor:95.0", ["< 95% needed"], id="weak: what it falls short of"),
        pytest.param(found(0.4, 0.3, 0.3), "--rival:20.0;--floor:50.0", ["< rival from 20%", "50% needed"], id="both"),
        pytest.param(
            found(0.6, 0.4, floor=0.7), "--rival:30.0;--floor:70.0", ["< rival from 30%, 70% needed"], id="no room"
        ),
        pytest.param(found(0.9, 0.1, score=3.1), "", [], id="unfamiliar: the bars mean little"),
    ],
)
def test_the_lines_that_decided_and_their_words(outcome: Classification, lines: str, notes: list[str]) -> None:
    html = bars(EN, outcome)
    assert f'data-bars style="{lines}"' in html
    told = re.findall(r'<span class="note( left)?" style="--at:[\d.]+">(.*?)</span>', html)
    assert [f"{'< ' if left else ''}{words}" for left, words in told] == notes


@pytest.mark.parametrize(
    ("outcome", "below"),
    [
        (found(0.9, 0.1, score=3.1), ["strongest vote 3.1, 5.2 needed"]),
        (found(0.34, 0.33, 0.33, score=5.19), ["strongest vote 5.19, 5.20 needed"]),
        (replace(found(0.9, 0.1), familiarity=Familiarity("class-mean", 0.6, 0.75)), ["likeness 0.60, 0.75 needed"]),
        (found(0.9, 0.1, score=5.2), []),
        (found(0.6, 0.4, score=3.1, is_hint=True), []),  # the rival's line stands there
    ],
)
def test_how_unfamiliar_a_photo_is_stands_below_its_bars_and_is_read_aloud_with_the_reason(
    outcome: Classification, below: list[str]
) -> None:
    assert re.findall(r'<span class="note start">(.*?)</span>', bars(EN, outcome)) == below
    said = re.findall(r'<span class="unseen"> (Its .*?, less than the .*? needed\.)</span>', verdict_box(EN, outcome))
    assert len(said) == len(below)


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


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (found(0.87, 0.1, 0.03), '<span class="unseen">Clear: </span><b>cat</b> 87%'),
        (found(0.59, 0.35, 0.06), '<span class="unseen">Too close to call: </span><b>cat or dog</b>'),
        (found(0.9, 0.1, score=3.1), "<b>unfamiliar</b>"),
        (of_a_thousand({232: 0.5, 231: 0.5}), "<b>dog</b> &gt;99%"),
        (failed(), "<b>No answer</b>"),
    ],
)
def test_captions(outcome: Classification, expected: str) -> None:
    assert caption(EN, outcome) == expected
