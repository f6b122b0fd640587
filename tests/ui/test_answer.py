"""The verdict on a page: what is sure is the answer, and other programs find both verdicts by their marks."""

import re
from html import unescape

import numpy as np
import pytest

from lib.classify.infer import conclude
from lib.i18n import LANGUAGES, Translator
from lib.model.imagenet import imagenet
from lib.results import Answer, Classification
from lib.ui.answer import verdict_line
from lib.verdict import explain

LABELS = tuple(names[0] for _, names in imagenet())
PETS = {"close": {232: 0.41, 231: 0.33, 230: 0.23, 0: 0.03}, "clear": {283: 0.9, 282: 0.1}}
APART = {"close": {0: 0.41, 283: 0.33, 971: 0.26}}


def line(shares: dict[int, float], language: str = "en") -> str:
    return verdict_line(Translator(language), _outcome(shares))


def _outcome(shares: dict[int, float]) -> Classification:
    probabilities = np.zeros(1000)
    probabilities[list(shares)] = list(shares.values())
    return conclude(Answer("a.jpg", "m", probabilities, (1, 1), 1.0), LABELS)


def test_a_sure_group_is_the_answer_and_which_kind_stands_below_with_its_sign() -> None:
    html = line(PETS["close"])
    assert html.startswith('<p class="verdict ambiguous" data-verdict="close" data-group="clear"><strong>Most')
    assert "<b>⇄</b> Which kind is too close to call: Border collie 41%" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_those_of_every_other_door(language: str) -> None:
    outcome = _outcome(PETS["close"])
    shown = unescape(re.sub("<[^>]*>", "", line(PETS["close"], language)))
    told = Translator(language).message(explain(outcome.verdict, outcome.group))
    assert re.sub(r"[⇄\s]", "", shown) == re.sub(r"\s", "", told)


def test_a_clear_class_stays_the_answer() -> None:
    assert line(PETS["clear"]) == (
        '<p class="verdict clear" data-verdict="clear" data-group="clear"><b>✓</b> Persian cat, 90%</p>'
    )


def test_where_no_group_is_sure_either_the_verdict_is_the_classes() -> None:
    html = line(APART["close"])
    assert 'data-group="none"' in html
    assert "<strong>" not in html
    assert "Too close to call: tench 41" in html


def test_a_model_without_groups_has_no_mark_of_one() -> None:
    outcome = conclude(Answer("a.jpg", "m", np.array([0.6, 0.4]), (1, 1), 1.0), ("cat", "dog"))
    assert "data-group" not in verdict_line(Translator("en"), outcome)
