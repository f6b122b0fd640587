"""Languages: which one a reader gets, and sentences put into it."""

import gettext
import io
import re
import string
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lib import i18n
from lib.i18n import LANGUAGES, LOCALE_FOLDER, Translator, choose
from lib.messages import Message

KOREAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"
msgid "{label}, {percent}"
msgstr "{percent} 확률로 {label}"
msgid "reading"
msgstr "읽기"
msgid "{what} failed"
msgstr "{what} 실패"
msgid "{n} photo"
msgid_plural "{n} photos"
msgstr[0] "사진 {n}장"
"""


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> Translator:
    """A translator with a catalogue of its own."""
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(KOREAN.encode()), locale="ko"))
    compiled.seek(0)
    catalogue = gettext.GNUTranslations(compiled)
    monkeypatch.setattr(i18n, "_catalogue", lambda language: catalogue)
    return Translator("ko")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], "en"),
        (["ko"], "ko"),
        (["ko-KR"], "ko"),
        (["ko_KR"], "ko"),
        (["JA-jp"], "ja"),
        ([None, "", "fr", "ja", "ko"], "ja"),
        (["fr", "de"], "en"),
        (["en-US", "ko"], "en"),
        (["kok"], "en"),
    ],
)
def test_the_first_known_language_is_chosen(wanted: list[str | None], expected: str) -> None:
    assert choose(wanted) == expected


def test_an_unknown_language_reads_as_english() -> None:
    assert Translator("xx").language == "en"
    assert Translator("../../etc")("{n} photos", n=2) == "2 photos"


def test_english_needs_no_catalogue() -> None:
    say = Translator()
    assert say("{label}, {percent}", label="cat", percent="91%") == "cat, 91%"
    assert [say.plural("{n} photo", "{n} photos", n) for n in (1, 2)] == ["1 photo", "2 photos"]


def test_a_sentence_is_translated_and_then_filled(korean: Translator) -> None:
    assert korean("{label}, {percent}", label="cat", percent="91%") == "91% 확률로 cat"


def test_a_message_in_a_message_is_translated_too(korean: Translator) -> None:
    assert korean.message(Message("{what} failed", {"what": Message("reading")})) == "읽기 실패"


def test_plurals_follow_the_language(korean: Translator) -> None:
    assert [korean.plural("{n} photo", "{n} photos", n) for n in (1, 2)] == ["사진 1장", "사진 2장"]


def test_a_sentence_without_a_translation_stays_english(korean: Translator) -> None:
    assert korean("{file} is new", file="a") == "a is new"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_translation_fills_the_same_gaps(language: str) -> None:
    path: Path = LOCALE_FOLDER / language / "LC_MESSAGES" / "discern.po"
    if not path.is_file():
        pytest.skip(f"there is no catalogue for {language} yet")
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    for entry in catalogue:
        sources = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        translations = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        if entry.id and any(translations):
            gaps = set().union(*map(placeholders, translations))
            assert placeholders(sources[-1]) <= gaps <= set().union(*map(placeholders, sources)), entry.id


def test_every_language_is_named_in_itself() -> None:
    assert LANGUAGES["en"] == "English"
    assert re.fullmatch(r"[가-힣]+", LANGUAGES["ko"])
    assert re.search(r"[一-龯]", LANGUAGES["ja"])
