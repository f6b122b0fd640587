"""The line that says how often answers like the one on the page were right."""

from dataclasses import replace

import pytest

from lib.face.card import answer
from lib.face.track_record import line, of_kind
from lib.i18n import Translator
from lib.model.spec import InputSpec, ModelSpec, Novelty, OutputSpec, Tally, TrackRecord
from lib.results import AnswerKind, Familiarity
from tests.face.answers import failed, found

EN = Translator("en")
TALLIES = {AnswerKind.CLEAR: Tally(1371, 1345), AnswerKind.CLOSE: Tally(30, 20), AnswerKind.UNFAMILIAR: Tally(124, 90)}
RECORD = TrackRecord(1525, "a set", True, TALLIES)
MODEL = ModelSpec(
    "tiny.1", "Tiny", "Yours", "litert", "w", "l", "MIT", InputSpec((8, 8)), OutputSpec(3),
    novelty=Novelty("max-logit", 5.2, 0.95, "so"), track_record=RECORD,
)  # fmt: skip


def test_the_line_is_of_answers_of_the_same_kind() -> None:
    said = line(EN, found(0.91, 0.07, 0.02), MODEL)
    assert "Of 100 clear answers like this one, 98 were right " in said
    assert "(1,525 photos it had not seen)" in said
    assert "Right on answers like this one: 20 of 30" in line(EN, found(0.59, 0.35, 0.06), MODEL)


def test_an_unfamiliar_photo_has_the_line_of_the_unfamiliar() -> None:
    strange = found(0.91, 0.07, 0.02, score=1.0)
    said = line(EN, strange, MODEL)
    assert "Of 100 known things that looked unfamiliar, the nearest class was right 73 times" in said


def test_a_kind_that_never_came_up_is_said_so() -> None:
    assert "There was no answer like this one" in line(EN, found(0.4, 0.1, 0.1), MODEL)


def test_nobody_has_counted_and_the_page_to_count_is_linked() -> None:
    said = line(EN, found(0.91, 0.09), replace(MODEL, track_record=None))
    assert "Nobody has counted yet" in said
    assert 'href="/compare?show=labelled&amp;models=tiny.1"' in said


def test_what_a_model_may_have_learned_from_is_not_called_unseen() -> None:
    seen = replace(MODEL, track_record=replace(RECORD, is_unseen=False))
    assert "(1,525 photos; it may have learned from some)" in line(EN, found(0.91, 0.09), seen)


def test_answers_by_other_thresholds_or_views_are_not_those_that_were_counted() -> None:
    other = found(0.91, 0.09)
    assert line(EN, found(0.91, 0.09, ratio=0.6), MODEL) == ""
    assert line(EN, found(0.91, 0.09, floor=0.3), MODEL) == ""
    assert line(EN, replace(other, view="squash"), MODEL) == ""
    assert line(EN, replace(other, view="crop"), MODEL) != ""
    assert line(EN, replace(other, familiarity=Familiarity("max-logit", 9.0, 2.5)), MODEL) == ""


@pytest.mark.parametrize(
    ("right", "count", "said"),
    [
        (1000, 1000, "100 clear answers like this one, 100"),
        (999, 1000, "100 clear answers like this one, 99"),
        (1, 1000, "100 clear answers like this one, 1"),
        (0, 1000, "100 clear answers like this one, 0"),
        (98, 99, "98 of 99"),
        (1, 1, "1 of 1"),
    ],
)
def test_all_or_none_is_said_only_where_it_is_so(right: int, count: int, said: str) -> None:
    record = TrackRecord(count, "a set", True, {AnswerKind.CLEAR: Tally(count, right)})
    assert said in of_kind(EN, record, AnswerKind.CLEAR)


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize("kind", AnswerKind)
def test_every_kind_has_its_words_with_both_numbers(language: str, kind: AnswerKind) -> None:
    record = TrackRecord(200, "a set", True, {kind: Tally(200, 150)})
    said = of_kind(Translator(language), record, kind)
    assert "75" in said
    assert "100" in said


def test_the_line_stands_in_the_box_and_only_below_answers() -> None:
    assert answer(EN, found(0.91, 0.09), MODEL).count('class="track"') == 1
    assert "track" not in answer(EN, found(0.91, 0.09))
    assert "track" not in answer(EN, failed(), MODEL)
