"""What a page says of an answer: one headline, one reason, and a few words for a tile."""

import pytest

from lib.face.words import Kind, Words, kind_of, words
from lib.i18n import LANGUAGES, Translator
from lib.results import Outcome
from tests.face.answers import failed, found, of_a_thousand

EN = Translator("en")
COLLIES = {232: 0.41, 231: 0.33, 230: 0.23, 0: 0.03}
ONLY_3 = "Clear is not the same as right: it knows only 3 things."


NEAREST, NUMBER = "The nearest thing it knows: cat.", "Its strongest vote is 3.1, less than the 5.2 needed."


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(
            found(0.87, 0.1, 0.03), Words("Clear", "cat", f"87%. {ONLY_3}", "cat", "87%"), id="clear"
        ),
        pytest.param(
            found(1.0, 0.0, 0.0), Words("Clear", "cat", f">99%. {ONLY_3}", "cat", ">99%"), id="nobody is certain"
        ),
        pytest.param(
            found(0.59, 0.35, 0.06),
            Words("Too close to call", "cat or dog", "59% against 35%.", "cat or dog"),
            id="two rivals",
        ),
        pytest.param(
            found(0.35, 0.34, 0.31, floor=0.2),
            Words("Too close to call", "cat, dog or panda", "35% against 34%, 31%.", "cat, dog or panda"),
            id="three rivals",
        ),
        pytest.param(
            found(0.44, 0.16, 0.14, 0.14, 0.12),
            Words("Not sure", "cat?", "It leads, but 44% is less than the 50% needed.", "cat?"),
            id="weak",
        ),
        pytest.param(
            found(0.34, 0.29, 0.13, 0.12, 0.12),
            Words("No class stands out", "", "cat or dog? None reaches the 50% needed.", "cat or dog?"),
            id="none",
        ),
        pytest.param(
            found(0.9, 0.1, score=3.1),
            Words("Unfamiliar", "", f"Unlike anything it learned. {NEAREST}", "unfamiliar", number=NUMBER),
            id="unfamiliar outranks clear",
        ),
        pytest.param(
            found(0.9, 0.1, score=3.1, is_hint=True),
            Words(
                "Perhaps unfamiliar",
                "",
                f"It may be unlike anything it learned. {NEAREST}",
                "perhaps unfamiliar",
                number=NUMBER,
            ),
            id="one that tells little says perhaps",
        ),
        pytest.param(failed(), Words("No answer", "", "<b>.jpg is cut off.", "No answer"), id="failed"),
        pytest.param(
            of_a_thousand(COLLIES),
            Words(
                "",
                "Most likely a dog, 97%",
                "Too close to say which kind: Border collie 41%, collie 33%, Shetland sheepdog 23%.",
                "dog",
                "97%",
            ),
            id="a sure group goes before its kinds, which have their first names",
        ),
        pytest.param(
            of_a_thousand({0: 0.446, **{1 + n: 0.001 for n in range(554)}}),
            Words(
                "Clear",
                "tench",
                "45% is a lot among 1000 things. Clear is not the same as right: it knows only 1000 things.",
                "tench",
                "45%",
            ),
            id="little is a lot where many compete",
        ),
    ],
)  # fmt: skip
def test_words(outcome: Outcome, expected: Words) -> None:
    assert words(EN, outcome) == expected


def test_no_more_than_three_are_named() -> None:
    assert words(EN, found(0.2, 0.2, 0.2, 0.2, 0.2)).short == "cat, dog or 3 more?"
    assert words(EN, found(0.25, 0.25, 0.25, 0.25, floor=0.2)).answer == "cat, dog or 2 more"

    birds = of_a_thousand({80: 0.2, 81: 0.19, 82: 0.18, 83: 0.17, 0: 0.26})
    assert words(EN, birds).reason.endswith("black grouse 20%, ptarmigan 19% and 2 more.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tile_names_the_answer_in_every_language(language: str) -> None:
    t = Translator(language)
    assert "cat" in words(t, found(0.44, 0.16, 0.14, 0.14, 0.12)).short
    assert t.word(of_a_thousand(COLLIES).group.name) == words(t, of_a_thousand(COLLIES)).short  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (None, Kind.WAITING), (failed(), Kind.FAILED), (found(0.9, 0.1), Kind.CLEAR),
        (found(0.9, 0.1, score=3.1), Kind.UNFAMILIAR),
        (found(0.6, 0.4, score=3.1), Kind.UNFAMILIAR), (found(0.44, 0.2, 0.2, 0.16, score=3.1), Kind.UNFAMILIAR),
        (found(0.34, 0.33, 0.33, score=3.1), Kind.UNFAMILIAR), (found(0.9, 0.1, score=5.2), Kind.CLEAR),
        (found(0.9, 0.1, score=3.1, is_hint=True), Kind.UNFAMILIAR),
        (found(0.6, 0.4, score=3.1, is_hint=True), Kind.CLOSE),  # says enough
        (found(0.5, 0.5), Kind.CLOSE),
    ],
)  # fmt: skip
def test_kinds(outcome: Outcome | None, kind: Kind) -> None:
    assert kind_of(outcome) is kind
