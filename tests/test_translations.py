"""Every sentence that a person reads exists in every language, complete and compiled."""

import ast
import gettext
import io
import re
import string
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lib.i18n import DEFAULT, DOMAIN, LANGUAGES, LOCALE_FOLDER, Translator, choose
from lib.messages import Message

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = {"t": None, "N_": None, "plural": (1, 2)}
METHODS = [("**.py", "python"), ("**/reports/*.html", "jinja2")]
OTHERS = [language for language in LANGUAGES if language != DEFAULT]


def sentences() -> set[str | tuple[str, ...]]:
    """Return every sentence marked for translation, as the catalogues know it."""
    found: set[str | tuple[str, ...]] = set()
    for folder in ("lib", "pages"):
        for _, _, message, *_ in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            found.add(message)
    for _, message, *_ in extract_from_file("python", ROOT / "streamlit_app.py", keywords=KEYWORDS):
        found.add(message)
    return found


def written() -> set[str]:
    """Return every sentence that stands in the code as what `t` or `N_` is called with."""
    sources = [path for folder in ("lib", "pages") for path in (ROOT / folder).rglob("*.py")]
    calls = [
        node for path in sources for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    named = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("t", "N_") and call.args
    ]
    return {first.value for first in named if isinstance(first, ast.Constant) and isinstance(first.value, str)}


def catalogue(language: str) -> Catalog:
    """Read the translators' file."""
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def gaps(text: str) -> set[str]:
    """Return the names of the placeholders in a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_collected() -> None:
    assert len(written()) > 100
    assert not written() - sentences(), "Babel does not look into f-strings: name the sentence before"


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    known = catalogue(language)
    marked = sentences()
    assert len(marked) > 100
    missing = [
        message
        for message in marked
        if (entry := known.get(message[0] if isinstance(message, tuple) else message)) is None
        or not all(entry.string if isinstance(entry.string, tuple) else (entry.string,))
        or entry.fuzzy
    ]
    assert not missing, f"`make messages`, then translate into {language}: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_those_of_the_sentence(language: str) -> None:
    for entry in catalogue(language):
        if not entry.id:
            continue
        originals = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        for translated in entry.string if isinstance(entry.string, tuple) else (entry.string,):
            assert gaps(translated) == gaps(originals[-1]), f"{originals[0]!r} → {translated!r}"


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    expected = gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))
    found = gettext.translation(DOMAIN, LOCALE_FOLDER, [language])
    assert found._catalog == expected._catalog, "run `make messages`"  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_over(language: str) -> None:
    marked = {message[0] if isinstance(message, tuple) else message for message in sentences()}
    known = {entry.id[0] if isinstance(entry.id, tuple) else entry.id for entry in catalogue(language) if entry.id}
    assert known <= marked


def test_a_message_inside_a_message_is_translated_too() -> None:
    inner = Message("ready", {})
    assert Translator("ko")("{a}!", a=inner) == f"{Translator('ko')('ready')}!"
    assert Translator("ko")("ready") != "ready"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        pytest.param(["ko-KR"], "ko", id="a region does not matter"),
        pytest.param([None, "fr-FR", "ja"], "ja", id="the first that exists"),
        pytest.param(["fr"], "en", id="English if none does"),
        pytest.param([], "en", id="English if nothing is wanted"),
        pytest.param(["JA_jp"], "ja", id="as POSIX writes it"),
    ],
)
def test_choose(wanted: list[str | None], language: str) -> None:
    assert choose(wanted) == language


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert Translator()("{file} is empty.", file="{x}.jpg").startswith("{x}.jpg is")


def test_an_unknown_language_reads_as_english() -> None:
    assert Translator("xx")("ready") == "ready"


def test_no_sentence_hides_from_the_collector() -> None:
    hidden = re.compile(r"""\bf(["']).*\{(t|say|N_)\(['\"]""")
    places = [*ROOT.glob("lib/**/*.py"), *ROOT.glob("pages/*.py")]
    found = [
        f"{path.name}: {line}"
        for path in places
        for line in path.read_text("utf-8").splitlines()
        if hidden.search(line)
    ]
    assert not found, "Babel does not look into f-strings"
