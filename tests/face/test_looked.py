"""What a map says in words."""

import numpy as np
import pytest

from lib.classify.explain import Explanation
from lib.face.looked import described, scale_words
from lib.i18n import Translator


def explained(**changes: object) -> Explanation:
    cells = np.zeros((3, 3))
    cells[0, 2] = 18.0
    known: dict[str, object] = {
        "method": "cam", "cells": cells, "index": 0, "against": None, "probability": 0.9, "bias": 1.0, "vote": 3.0,
        "box": (0, 0, 9, 9), "size_wh": (9, 9),
    }  # fmt: skip
    return Explanation(**{**known, **changes})  # type: ignore[arg-type]


def told(language: str = "en", other: str | None = None, **changes: object) -> list[str]:
    say = Translator(language)
    return [say.message(one) for one in described(explained(**changes), "cat", other)]


def test_it_says_where_what_it_adds_up_to_and_what_it_does_not_show() -> None:
    assert told() == [
        "For cat it looked mostly top right.",
        "It adds up: the mean of the squares 2.00 and the head start 1.00 make the vote 3.00 for cat.",
        "A map shows where the model looked, not why.",
    ]


def test_one_class_against_another() -> None:
    where, adds_up, _ = told(other="dog")
    assert where == "For cat and not dog it looked mostly top right."
    assert adds_up.endswith("make cat's lead of 3.00 votes.")


@pytest.mark.parametrize(("vote", "is_said"), [(None, False), (3.05, False), (2.5, True)])
def test_what_8_bits_make_of_it_is_said_where_it_is_another(vote: float | None, is_said: bool) -> None:
    sentences = told(vote=vote)
    assert ("This model calculates in 8 bits, which makes it 2.50." in sentences) == is_said


def test_covering_parts_is_told_otherwise() -> None:
    assert "Found by covering parts of the photo" in told(method="rise", vote=None)[1]


@pytest.mark.parametrize(
    ("method", "end", "low", "high"),
    [("cam", 30.0, "−30: against", "+30: for"), ("rise", 0.004, "−0.4%: against", "+0.4%: for")],
)
def test_the_ends_of_the_scale_are_votes_or_shares(method: str, end: float, low: str, high: str) -> None:
    say = Translator("en")
    assert [say.message(one) for one in scale_words(explained(method=method), end)] == [low, high]


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_other_languages_have_the_numbers(language: str) -> None:
    sentences = " ".join(told(language))
    assert "cat" in sentences
    assert all(number in sentences for number in ("2.00", "1.00", "3.00"))
