"""Several models on photos as HTML: the same classes in the same lines, signs and words, and names stay text."""

import re
from html import unescape

import pytest

from lib.evaluation.side_by_side import Bond, Cell, Row
from lib.face.rows import ComparedPhoto, bond_words, table
from lib.i18n import LANGUAGES, Translator
from tests.face.answers import failed, found

EN = Translator("en")
NASTY = '<img src=x onerror=alert(1)>".jpg'
ROWS = (
    Row("tabby, tabby cat", (Cell(0.87, "cat"), Cell(0.4, None))),
    Row("dog", (Cell(0.1, "dog"), Cell(0.0004, "dog"))),
    Row("tench", (None, Cell(0.44, "tench"))),
)
MODELS = (("One", "20 things"), ("<b>Two", "1000 things"))


def photo(bond: Bond | None = Bond.STRONG) -> ComparedPhoto:
    outcomes = (found(0.87, 0.1, 0.03), found(0.44, 0.16, 0.14, 0.14, 0.12))
    return ComparedPhoto(NASTY, "/p.jpg", bond, outcomes, ROWS, (frozenset({0}), frozenset({2})))


def lines(html: str) -> list[list[str]]:
    """Return of each table the names and shares, line by line."""
    cells = r'<tr[^>]*><th[^>]*>(.*?)</th><td class="t">.*?</td><td[^>]*>(.*?)</td></tr>'
    return [
        [unescape(re.sub("<[^>]*>", "", " ".join(row))) for row in re.findall(cells, part)]
        for part in html.split("<table")[1:]
    ]


def test_every_model_has_the_same_classes_in_the_same_lines() -> None:
    first, second = lines(table(EN, MODELS, [photo()]))
    assert first == ["tabby 87%", "dog 10%", "tench –no such class"]
    assert second == ["tabby 40%", "dog <1%", "tench 44%"]


def test_what_a_verdict_is_about_is_marked_and_its_kind_can_be_found() -> None:
    html = table(EN, MODELS, [photo()])
    assert re.findall(r'data-verdict="(\w+)"', html) == ["clear", "weak"]
    assert html.count("data-bars") == 2
    assert re.findall(r'<tr class=in><th scope="row" title="([^"]*)"', html) == ["tabby, tabby cat (cat)", "tench"]


def test_the_column_of_names_is_as_wide_as_the_longest_needs_within_limits() -> None:
    def letters(name: str) -> int:
        row = Row(name, (Cell(1.0, None), Cell(1.0, None)))
        shown = ComparedPhoto("a", "", None, photo().outcomes, (row,), (frozenset(), frozenset()))
        found = re.search(r"--letters:(\d+)", table(EN, MODELS, [shown]))
        assert found
        return int(found[1])

    assert [letters(name) for name in ("cat", "butternut squash", "고양이고양이", "x" * 90)] == [8, 16, 12, 26]


def test_names_stay_text() -> None:
    html = table(EN, MODELS, [photo(), ComparedPhoto(NASTY, "", None, (failed(), failed()))])
    assert "<img src=x" not in html
    assert "<b>Two" not in html
    assert "&lt;b&gt;Two" in html


def test_a_photo_that_no_model_could_read_says_so_once_and_one_that_some_could_says_so_in_their_place() -> None:
    assert table(EN, MODELS, [ComparedPhoto("a", "", None, (failed(), failed()))]).count("is cut off") == 1 + 1  # title
    mixed = table(EN, MODELS, [ComparedPhoto("a", "", None, (found(0.9, 0.1), failed()))])
    assert 'data-verdict="clear"' in mixed
    assert mixed.count('class="cell') == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bond_has_words_of_its_own(language: str) -> None:
    said = {bond_words(Translator(language), bond, 2) for bond in Bond}
    assert len(said) == len(Bond)
