"""Which photos stand behind a figure."""

from collections.abc import Callable

import numpy as np
import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import match
from lib.evaluation import behind
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import ModelFigures, assess
from lib.evaluation.headline import headline, ranked
from lib.i18n import Translator
from lib.photos.source import Source
from lib.results import AnswerKind
from lib.verdict import Thresholds

Made = Callable[..., Answers]
# Photos of a a b b; the first says a b b a, the second a a a b and is less sure of its mistake.
FIRST = [[0.9, 0.1], [0.05, 0.95], [0.2, 0.8], [0.6, 0.4]]
SECOND = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]]
LABELS = (0, 0, 1, 1)


@pytest.fixture
def both(answers: Made) -> tuple[ModelFigures, ...]:
    """Return the figures of two models on four photos."""
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), label) for i, label in enumerate(LABELS))
    known = LabelledPhotos("set", ("a", "b"), ("A", "B"), photos, ())
    made = [answers(rows, model=name) for name, rows in (("first", FIRST), ("second", SECOND))]
    return assess(known, [(one, match("ab", "ab")) for one in made], Thresholds()).models


def test_mistakes_come_with_the_surest_first(both: tuple[ModelFigures, ...]) -> None:
    assert behind.wrong(both[0]) == (1, 3)
    assert behind.wrong_and_sure(both[0]) == (1,)  # .6 to .4 is too close to call
    assert behind.of_kind(both[0], AnswerKind.CLOSE) == (3,)
    assert behind.of_kind(both[0], AnswerKind.CLEAR) == (1, 0, 2)  # the wrong one, then the surest


def test_what_only_one_model_got_right(both: tuple[ModelFigures, ...]) -> None:
    assert behind.only_right(both[1], both[0]) == (1, 3)
    assert behind.only_right(both[0], both[1]) == (2,)


def test_photos_of_a_class_and_those_named_so(both: tuple[ModelFigures, ...]) -> None:
    assert behind.of_class(both[0], 0) == (1, 0)
    assert behind.taken_for(both[0], 0) == (3, 0)


def test_every_judged_photo_is_in_the_bin_of_its_confidence(both: tuple[ModelFigures, ...]) -> None:
    found = [behind.in_bin(both[0], one) for one in both[0].bins]
    assert [len(photos) for photos in found] == [one.accuracy.total for one in both[0].bins]
    assert sorted(photo for photos in found for photo in photos) == [0, 1, 2, 3]
    assert found[-1] == (1,)  # .95, in the bin from .933


def test_certainty_and_the_ends_of_bins_are_in_the_bins_that_count_them(answers: Made) -> None:
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), 0) for i in range(16))
    known = LabelledPhotos("set", ("a", "b"), ("A", "B"), photos, ())
    sure = np.linspace(0.5, 1, 16)
    made = answers(np.stack([sure, 1 - sure], axis=1).tolist())
    (model,) = assess(known, [(made, match("ab", "ab"))], Thresholds()).models
    assert [len(behind.in_bin(model, one)) for one in model.bins] == [one.accuracy.total for one in model.bins]


def told(answers: Made, *rows: list[list[float]]) -> str:
    """Return the headline of models that answer so about photos of the first class."""
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), 0) for i in range(len(rows[0])))
    known = LabelledPhotos("set", ("a", "b"), ("A", "B"), photos, ())
    made = [(answers(one, model=f"m{i}"), match("ab", "ab")) for i, one in enumerate(rows)]
    return headline(assess(known, made, Thresholds()), Translator())


RIGHT, WRONG = [0.9, 0.1], [0.1, 0.9]


def test_the_answer_comes_in_a_sentence(answers: Made) -> None:
    assert told(answers, [RIGHT]) == "M0 is right on 100.0% of 1 photo."
    assert told(answers, [WRONG] * 9 + [RIGHT], [RIGHT] * 10) == (
        "M1 is right on 100.0% of 10 photos. It is better than M0 by 90.0 points."
    )
    assert told(answers, [RIGHT] * 10, [RIGHT] * 9 + [WRONG]) == (
        "M0 is right on 100.0% of 10 photos. M1 is right on 90.0%. The difference may be chance."
    )
    assert told(answers, [RIGHT] * 2, [RIGHT] * 2) == (
        "M0 is right on 100.0% of 2 photos. M1 is right and wrong on the same photos."
    )
    assert told(answers, [WRONG] * 20, [RIGHT] * 10 + [WRONG] * 10, [RIGHT] * 20) == (
        "M2 is right on 100.0% of 20 photos. It is better than all others. M1 comes next, 50.0 points behind."
    )


def test_models_are_ranked_by_how_often_they_are_right(both: tuple[ModelFigures, ...], answers: Made) -> None:
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), label) for i, label in enumerate(LABELS))
    known = LabelledPhotos("set", ("a", "b"), ("A", "B"), photos, ())
    made = assess(known, [(m.answers, m.matching) for m in both], Thresholds())
    assert [model.answers.model for model in ranked(made)] == ["second", "first"]
