"""Sentences with anything in their gaps, sent anywhere, in every language."""

import pickle
import re

from hypothesis import example, given
from hypothesis import strategies as st

from lib.errors import PhotoError
from lib.i18n import DEFAULT, LANGUAGES, Translator, choose
from lib.messages import Message, fill
from lib.work.process import pack, revive

TEXT = st.text(max_size=20)
BRACES = st.text("{}x0.:!a ", max_size=12)
NAMES = st.sampled_from(["file", "reason", "n"])
PIECES = st.lists(st.tuples(TEXT, NAMES), max_size=4)
VALUES = st.fixed_dictionaries(dict.fromkeys(("file", "reason", "n"), TEXT | BRACES))
PLAIN = st.integers() | st.floats(allow_nan=False) | TEXT | BRACES
SENTENCE = st.lists(st.sampled_from(["{file} ", "{reason}", "word ", "{n}", "{{", "}}"]), min_size=1).map("".join)
MESSAGES = st.recursive(
    st.builds(Message, SENTENCE, st.fixed_dictionaries(dict.fromkeys(("file", "reason", "n"), PLAIN))),
    lambda inner: st.builds(
        Message, SENTENCE, st.fixed_dictionaries(dict.fromkeys(("file", "reason", "n"), PLAIN | inner))
    ),
    max_leaves=4,
)
LANGUAGE = st.sampled_from(sorted(LANGUAGES))


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@given(PIECES, VALUES)
def test_braces_and_all_else_in_values_stay_as_they_are(pieces: list[tuple[str, str]], values: dict[str, str]) -> None:
    template = "".join(f"{escaped(text)}{{{name}}}" for text, name in pieces)
    assert fill(template, values) == "".join(text + values[name] for text, name in pieces)


@given(MESSAGES)
def test_a_message_is_the_same_after_a_journey(message: Message) -> None:
    again = pickle.loads(pickle.dumps(message))
    assert again == message
    assert str(again) == str(message)


@given(MESSAGES)
def test_an_error_is_the_same_after_a_journey(message: Message) -> None:
    error = PhotoError(message.text, **message.values)
    for again in (pickle.loads(pickle.dumps(error)), revive(pack(error))):
        assert type(again) is PhotoError
        assert again.message == message
        assert str(again) == str(error)


@given(LANGUAGE, MESSAGES)
def test_a_sentence_that_nobody_translated_reads_as_english(language: str, message: Message) -> None:
    assert Translator(language).message(message) == str(message)


@given(LANGUAGE, TEXT | BRACES)
@example("ko", "{file}")
def test_a_value_stands_in_the_translation_as_it_is(language: str, file: str) -> None:
    assert file in Translator(language)("{file} is empty.", file=file)


@given(st.lists(st.none() | TEXT | st.sampled_from(["ko-KR", "JA", "en_GB", "de", "", "-", "ko"]), max_size=5))
def test_every_wish_gets_a_language_that_exists(wanted: list[str | None]) -> None:
    chosen = choose(wanted)
    known = [tag for tag in wanted if tag and re.split("[-_]", tag)[0].lower() in LANGUAGES]
    assert chosen == (re.split("[-_]", known[0])[0].lower() if known else DEFAULT)
