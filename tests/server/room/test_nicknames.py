"""Nicknames say nothing of who has them."""

import pytest

from lib.i18n import LANGUAGES, Translator
from lib.server.room import nicknames


@pytest.mark.parametrize("language", LANGUAGES)
def test_offered_names_can_be_chosen_and_are_free(language: str) -> None:
    t, taken = Translator(language), []
    for _ in range(12):
        names = nicknames.offered(t, taken)
        assert len(set(names)) == nicknames.OFFERED
        assert not set(names) & set(taken)
        taken += [nicknames.chosen(names[0], taken)]
        assert taken[-1] == names[0]


def test_a_name_that_somebody_has_gets_a_number() -> None:
    assert nicknames.chosen("Fox", ["fox", "FOX 2"]) == "Fox 3"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  a \n b ", "a b"), ("한글 이름", "한글 이름"), ("e\u0301", "é"), ("a\u200bb\u202e", "ab"),
        ("👩\u200d🔬", "👩\u200d🔬"), ("<i>&amp;", "<i>&amp;"), ("a\x00b", "ab"),
    ],
)  # fmt: skip
def test_a_name_is_what_can_be_seen_of_it(typed: str, name: str) -> None:
    assert nicknames.chosen(typed, []) == name


@pytest.mark.parametrize("typed", ["", "   ", "\u3164\u2800", "\u200b\u200d\u2060", "a" * 21])
def test_what_nobody_could_read_is_no_name(typed: str) -> None:
    with pytest.raises(nicknames.BadNameError):
        nicknames.chosen(typed, [])
