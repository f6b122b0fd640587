"""The sheet of a room: complete, self-contained, and safe whatever people and classes are called."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from lib.classify.infer import TOP, Settings, conclude, infer
from lib.classify.opening import open_classifier
from lib.errors import PhotoError
from lib.face.words import words
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import load
from lib.photos.source import Source
from lib.reports.classifications import csv_row
from lib.reports.room import ClassSet, Guess, Mistake, RoomPhoto, RoomReport, answers, sheet
from lib.results import Failure
from tests.support.html import Reader
from tests.support.pictures import BLUE, RED, encode, plain

NASTY = "<script>alert('x')</script>"
SAY = Translator()
MODEL = load(Path("tests/models/float32"))


def photo(
    *, by: str = "Mina", number: int = 1, guesses: Sequence[Guess] = (), votes: tuple[int, int] = (0, 0)
) -> RoomPhoto:
    """Return a red photo that the model looked at."""
    data = encode(plain(RED), "PNG")
    answer = infer(Source.of_bytes(data, "a"), open_classifier(MODEL))
    assert not isinstance(answer, Failure)
    said = conclude(answer, MODEL.read_labels(), Settings(top=8))
    return RoomPhoto(number, by, data, said, tuple(guesses), votes)


def report(*photos: RoomPhoto, classes: ClassSet | None = None) -> RoomReport:
    return RoomReport("fox 47", datetime(2026, 11, 28, 9, 5), 23, {"float32": MODEL}, photos, classes)


def drawn(what: RoomReport, say: Translator = SAY) -> str:
    return "".join(sheet(what, say))


def test_names_from_outside_stay_text() -> None:
    mistakes = (Mistake(encode(plain(BLUE), "PNG"), NASTY, NASTY),)
    classes = ClassSet(((NASTY, 3),), "50%", "right", mistakes)
    page = drawn(report(photo(by=NASTY, guesses=[Guess(NASTY, 2)]), classes=classes))
    read = Reader(page)
    assert "script" not in read.tags
    assert read.words.count(NASTY) == 5


def test_the_sheet_fetches_nothing() -> None:
    read = Reader(drawn(report(photo())))
    assert read.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in read.addresses)
    assert "default-src 'none'" in drawn(report(photo()))


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_the_verdict_is_said_in_the_words_of_the_page(language: str) -> None:
    say, one = Translator(language), photo()
    said = Reader(drawn(report(one), say)).words
    assert words(say, one.outcome).reason in said


def test_guesses_are_counted() -> None:
    right, other = [Guess("red", 4, is_right=True), Guess("blue", 1)], [Guess("red", 0, is_right=True), Guess("x", 2)]
    shown = report(photo(guesses=right), photo(guesses=other, number=2), photo(number=2))
    assert (shown.right, shown.surprises) == (4, 3)
    assert {number: len(photos) for number, photos in shown.rounds.items()} == {1: 1, 2: 2}
    read = Reader(drawn(shown)).words
    assert "Guessed right: 4 of 5." in read
    assert "otherwise than the model: 2." in read


@pytest.mark.parametrize(
    ("guesses", "votes", "expected"),
    [
        pytest.param((), (0, 0), False, id="nobody said anything"),
        pytest.param((), (1, 2), True, id="most find it wrong"),
        pytest.param((), (2, 2), False, id="half find it wrong"),
        pytest.param((Guess("a", 1, True), Guess("b", 2)), (0, 0), True, id="most guessed one other thing"),
        pytest.param((Guess("a", 2, True), Guess("b", 2)), (0, 0), False, id="half guessed one other thing"),
        pytest.param((Guess("a", 1, True), Guess("b", 1), Guess("c", 1)), (0, 0), False, id="all guessed differently"),
    ],
)
def test_when_a_class_sees_it_otherwise(guesses: tuple[Guess, ...], votes: tuple[int, int], expected: bool) -> None:
    assert photo(guesses=guesses, votes=votes).is_disputed is expected


def test_a_photo_that_cannot_be_drawn_or_was_not_classified_costs_no_other() -> None:
    error = PhotoError(N_("{file} is damaged."), file="b")
    broken = RoomPhoto(1, "", b"\xff\xd8\xff", Failure("b", "float32", error))
    read = Reader(drawn(report(broken, photo())))
    assert read.tags.count("img") == 1
    assert "b is damaged." in read.words


def test_an_empty_room_has_a_sheet() -> None:
    read = Reader(drawn(report())).words
    assert "0 photos, 23 people, float32" in read
    assert "It knows only 3 things." in read
    assert "right guesses" not in read


def test_the_table_has_the_lines_of_every_other_one() -> None:
    one = photo()
    lines = "".join(answers([("photos/a.png", one)], SAY)).removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(lines))
    (same,) = csv.reader(io.StringIO(csv_row(one.outcome, SAY, top=TOP)))
    assert list(row.values())[1:] == same[1:]
    assert row["file"] == "photos/a.png"
