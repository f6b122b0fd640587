"""How well a model knows what it does not know, on photos of nothing that it knows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import How, match
from lib.errors import DatasetError
from lib.evaluation.answers import Answers, Scores
from lib.evaluation.evaluate import Evaluation, assess, notes_on, notes_on_unknown
from lib.evaluation.unknown import UnknownFigures, explain
from lib.photos.source import Source
from lib.results import VerdictKind
from lib.verdict import Thresholds

Made = Callable[..., Answers]
SURE, UNSURE = [0.9, 0.1], [0.55, 0.45]
CLASSES = ("_elsewhere/a", "_other/phone", "_other/web", "a", "b")
# Known: a a b b; others: two of the phone, one of the web; an "a" from elsewhere.
LABELS = (0, 1, 1, 2, 3, 3, 4, 4)
ROWS = [SURE, SURE, UNSURE, SURE, SURE, SURE, SURE, UNSURE]
SCORES = (2.0, 1.0, 0.5, 6.0, 5.0, 4.0, 3.0, 2.5)


def assessed(answers: Answers, classes: Sequence[str] = CLASSES, labels: Sequence[int] = LABELS) -> Evaluation:
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), label) for i, label in enumerate(labels))
    known = LabelledPhotos("set", tuple(classes), tuple(classes), photos, ())
    return assess(known, [(answers, match(classes, answers.own_labels))], Thresholds())


def of(answers: Answers) -> UnknownFigures:
    (model,) = assessed(answers).models
    assert model.unknown is not None
    return model.unknown


@pytest.fixture
def scored(answers: Made) -> Answers:
    return replace(answers(ROWS), scores=Scores("max-logit", np.array(SCORES), 2.2, False))


def test_by_name_they_are_no_class_and_nobody_is_asked() -> None:
    found = match((*CLASSES, "_elsewhere/emu", "_elsewhere", "_Other"), "ab")
    assert found.targets[:3] == ((), (), ())
    assert found.how == (
        How.ELSEWHERE, How.OTHER, How.OTHER, How.NAME, How.NAME, How.ABSENT, How.ELSEWHERE, How.OTHER,
    )  # fmt: skip
    assert not found.undecided


def test_a_person_may_say_that_it_is_a_class_all_the_same() -> None:
    assert match(["_other"], ["a", "others"], chosen={"_other": "others"}).targets == ((1,),)


def test_they_count_neither_as_right_nor_as_wrong(scored: Answers) -> None:
    evaluation = assessed(scored)
    (model,) = evaluation.models
    assert (model.hits.photos, model.top1.count) == (4, 2)
    assert not notes_on(evaluation)  # they are not left out for want of a class


def test_two_models_agree_or_not_on_photos_of_classes_alone(answers: Made, scored: Answers) -> None:
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), label) for i, label in enumerate(LABELS))
    other = answers([[p2, p1] if i < 4 else [p1, p2] for i, (p1, p2) in enumerate(ROWS)], model="other")
    matched = match(CLASSES, "ab")
    known = LabelledPhotos("set", CLASSES, CLASSES, photos, ())
    evaluation = assess(known, [(scored, matched), (other, matched)], Thresholds())
    (pair,) = evaluation.pairs
    assert pair.agreement.share is not None
    assert (pair.agreement.share.count, pair.agreement.share.total) == (4, 4)
    assert evaluation.gallery is not None
    assert not evaluation.gallery.disagreements


def test_figures_by_the_models_own_score(scored: Answers) -> None:
    found = of(scored)
    assert (found.score, found.has_own_score) == ("max-logit", True)
    # Known 5 4 3 2.5 against others 1 .5 6: 8 of 12 pairs in order.
    assert found.together.auroc == pytest.approx(8 / 12)
    assert (found.together.clear.count, found.together.still_clear.count) == (2, 1)  # the one with 1.0 is unfamiliar
    assert (found.flagged.count, found.flagged.total) == (0, 4)
    assert found.flagged_elsewhere is not None
    assert (found.flagged_elsewhere.count, found.flagged_elsewhere.total) == (1, 1)


def test_each_source_has_figures_of_its_own(scored: Answers) -> None:
    found = of(scored)
    assert [(one.source, one.auroc, one.auroc_from_elsewhere) for one in found.sources] == [
        ("phone", 1.0, 1.0), ("web", 0.0, 0.0),
    ]  # fmt: skip
    assert [one.photos for one in found.rows] == [(1, 2, 3), (1, 2), (3,)]


def test_a_model_without_a_score_goes_by_its_largest_probability(answers: Made) -> None:
    found = of(answers(ROWS))
    assert (found.score, found.has_own_score) == ("probability", False)
    # Known .9 .9 .9 .55 against .9 .55 .9: each .9 half against .9.
    assert found.together.auroc == pytest.approx((3 * (0.5 + 1 + 0.5) + 0.5) / 12)
    assert found.together.still_clear.count == found.together.clear.count == 2
    told = " ".join(map(str, explain("M", found)))
    assert "the baseline" in told
    assert "from elsewhere" not in told, "it calls nothing unfamiliar"


def test_a_single_photo_is_counted_and_no_more(answers: Made) -> None:
    (model,) = assessed(answers([SURE, SURE, UNSURE]), ("_other", "a", "b"), (0, 1, 2)).models
    assert model.unknown is not None
    assert (model.unknown.sources, model.unknown.together.is_few) == ((), True)
    first, *others = explain("M", model.unknown)
    assert str(first) == "M: other things that still get a clear answer: 1 of 1."
    assert not any("AUROC" in str(told) for told in others)


def test_without_such_photos_there_are_no_figures(answers: Made) -> None:
    evaluation = assessed(answers([SURE, UNSURE]), ("a", "b"), (0, 1))
    assert evaluation.models[0].unknown is None
    assert notes_on_unknown(evaluation) == ()


def test_one_source_is_said_to_be_one(answers: Made, scored: Answers) -> None:
    one = assessed(answers([SURE, SURE, UNSURE]), ("_other", "a", "b"), (0, 1, 2))
    assert any("one source" in str(note) for note in notes_on_unknown(one))
    assert not any("one source" in str(note) for note in notes_on_unknown(assessed(scored)))


def test_nothing_but_other_things_is_a_sentence(answers: Made) -> None:
    with pytest.raises(DatasetError, match=r"set has only photos of other things\. Add photos of things that M knows"):
        assessed(answers([SURE]), ("_other",), (0,))


def test_the_verdict_stays_what_it_was_beneath(scored: Answers) -> None:
    (model,) = assessed(scored).models
    assert model.told.verdicts[1] is VerdictKind.CLEAR
    assert model.told.kinds[1].value == "unfamiliar"
