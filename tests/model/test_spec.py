"""What a model folder may hold: labels from any editor, names that lead nowhere else."""

import codecs
import os
import re
from pathlib import Path

import pytest

from lib.errors import ModelFileError
from lib.model import writing
from lib.model.spec import Novelty, Prices, Tally, TrackRecord, load
from lib.results import AnswerKind
from tests.support.user_models import put

LABELS = "red\ngreen\n파랑"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LABELS.encode(), id="plain"),
        pytest.param(codecs.BOM_UTF8 + LABELS.encode(), id="byte order mark"),
        pytest.param(codecs.BOM_UTF16_LE + LABELS.encode("utf-16-le"), id="UTF-16, little end first"),
        pytest.param(codecs.BOM_UTF16_BE + LABELS.encode("utf-16-be"), id="UTF-16, big end first"),
        pytest.param(LABELS.replace("\n", "\r\n").encode() + b"\r\n", id="Windows"),
        pytest.param(LABELS.replace("\n", "\r").encode() + b"\r", id="old Macintosh"),
        pytest.param(LABELS.encode() + b"\n\n \n\t\n", id="blank lines at the end"),
        pytest.param(
            codecs.BOM_UTF16_LE + (LABELS.replace("\n", "\r\n") + "\r\n\r\n").encode("utf-16-le"), id="all of it"
        ),
    ],
)
def test_labels_are_the_same_whatever_editor_saved_them(tmp_path: Path, content: bytes) -> None:
    folder = put(tmp_path, "mine")
    (folder / "labels.txt").write_bytes(content)
    assert load(folder).read_labels() == ("red", "green", "파랑")


def test_only_line_breaks_end_a_label(tmp_path: Path) -> None:
    folder = put(tmp_path, "mine")
    (folder / "labels.txt").write_text("a\u2028b\nc\x0cd\ne\x85f\n", encoding="utf-8")
    assert load(folder).read_labels() == ("a\u2028b", "c\x0cd", "e\x85f")


def test_labels_of_users_models_are_shown_as_the_model_gives_them(tmp_path: Path) -> None:
    folder = put(tmp_path, "mine")
    (folder / "labels.txt").write_text("cat\ndog\nemu\n")
    assert load(folder).read_labels("ko") == ("cat", "dog", "emu")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "labels.txt has 0 labels, but mine has 3 outputs"),
        (b"a\nb\n", "labels.txt has 2 labels, but mine has 3 outputs"),
        (b"a\nb\nc\nd", "labels.txt has 4 labels, but mine has 3 outputs"),
        (b"\xff\xff\xff", "The labels of mine could not be read from labels.txt"),
        (codecs.BOM_UTF16_LE + b"abc", "The labels of mine could not be read from labels.txt"),
    ],
)
def test_labels_that_do_not_fit_are_told(tmp_path: Path, content: bytes, sentence: str) -> None:
    folder = put(tmp_path, "mine")
    (folder / "labels.txt").write_bytes(content)
    with pytest.raises(ModelFileError, match=sentence):
        load(folder).read_labels()


def test_a_description_may_begin_with_a_byte_order_mark_and_say_its_schema(tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_bytes(codecs.BOM_UTF8 + b"schema = 1\r\n" + card.read_bytes())
    assert load(card.parent).spec.id == "mine"


@pytest.mark.parametrize("key", ["weights", "labels"])
@pytest.mark.parametrize(
    "name", ["../other/model.tflite", "/etc/passwd", "sub/model.tflite", "..", ".", "", "a\\\\b", 5]
)
def test_a_file_name_leads_nowhere_else(tmp_path: Path, key: str, name: object) -> None:
    folder = put(tmp_path, "mine", **{key: name})
    with pytest.raises(ModelFileError, match=f"`{key}` must be"):
        load(folder)


@pytest.mark.parametrize("file", ["model.tflite", "labels.txt"])
def test_a_link_to_a_place_outside_is_refused(tmp_path: Path, file: str) -> None:
    folder = put(tmp_path, "mine")
    outside = tmp_path / "outside"
    (folder / file).rename(outside)
    (folder / file).symlink_to(outside)
    with pytest.raises(ModelFileError, match=f"In the folder of mine, {file} is a link that leads out of the folder"):
        load(folder)
    (folder / file).unlink()
    outside.rename(folder / "inside")
    (folder / file).symlink_to("inside")
    assert load(folder).read_labels() == ("red", "green", "blue")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(
    ("file", "what"),
    [(file, what) for file in ("model.toml", "labels.txt") for what in ("pipe", "device", "endless")]
    + [("model.tflite", "pipe"), ("model.tflite", "device")],
)
def test_a_file_without_end_is_never_read(tmp_path: Path, file: str, what: str) -> None:
    folder = put(tmp_path, "mine")
    (folder / file).unlink()
    match what:
        case "pipe":
            os.mkfifo(folder / file)
        case "device":
            (folder / file).symlink_to("/dev/zero")
        case _:
            with (folder / file).open("wb") as sparse:
                sparse.truncate(2**36)
    with pytest.raises(ModelFileError):
        load(folder).read_labels()


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " * 9, "\0"])
def test_a_description_that_is_none_is_a_sentence(tmp_path: Path, text: str) -> None:
    folder = put(tmp_path, "mine")
    (folder / "model.toml").write_text(text)
    with pytest.raises(ModelFileError, match=r"mine/model\.toml is not valid TOML"):
        load(folder)


NOVELTY = '[novelty]\nmethod = "max-logit"\nthreshold = 3.02\nknown_kept = 0.95\nmeasured = "on 100 photos"\n'


def test_a_threshold_for_the_unfamiliar_is_read_and_written(tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    assert load(card.parent).spec.novelty is None
    card.write_text(card.read_text() + NOVELTY)
    spec = load(card.parent).spec
    assert spec.novelty == Novelty("max-logit", 3.02, 0.95, "on 100 photos")
    writing.write(card.parent, spec)
    assert load(card.parent).spec == spec


PRICES = "{ threshold = [2.5, 3.02, 4], known_kept = [1.0, 0.95, 0.9], elsewhere_kept = [0.9, 0.5, 0] }"


def test_a_hint_and_what_thresholds_cost_are_read_and_written(tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text(f"{card.read_text()}{NOVELTY}hint = true\nprices = {PRICES}\n")
    spec = load(card.parent).spec
    costs = Prices((2.5, 3.02, 4.0), (1.0, 0.95, 0.9), None, (0.9, 0.5, 0.0))
    assert spec.novelty == Novelty("max-logit", 3.02, 0.95, "on 100 photos", hint=True, prices=costs)
    writing.write(card.parent, spec)
    assert load(card.parent).spec == spec


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ("[2.5, 3.02, 4]", "[3.02]", "`novelty.prices.threshold` must be two numbers or more, each larger"),
        ("[2.5, 3.02, 4]", "[2.5, 4, 3.02]", "`novelty.prices.threshold` must be two numbers or more, each larger"),
        ("[2.5, 3.02, 4]", "[2.5, 2.5, 4]", "`novelty.prices.threshold` must be two numbers or more, each larger"),
        ("[2.5, 3.02, 4]", "3.02", "`novelty.prices.threshold` must be a list of numbers"),
        ("[1.0, 0.95, 0.9]", "[1.0, 0.95]", "`novelty.prices.known_kept` must be 3 numbers from 0 to 1"),
        ("known_kept = [1.0, 0.95, 0.9], ", "", "`novelty.prices.known_kept` must be a list of numbers"),
        ("[0.9, 0.5, 0]", "[90, 50, 0]", "`novelty.prices.elsewhere_kept` must be 3 numbers from 0 to 1"),
        ("[0.9, 0.5, 0]", '["a", "b", "c"]', "`novelty.prices.elsewhere_kept` must be a list of numbers"),
        (PRICES, "1", "`novelty.prices` must be a TOML table"),
        ("hint = true", 'hint = "yes"', "`novelty.hint` must be true or false"),
    ],
)
def test_prices_that_cannot_be_meant_are_refused(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text(card.read_text() + f"{NOVELTY}hint = true\nprices = {PRICES}\n".replace(was, now))
    with pytest.raises(ModelFileError, match=re.escape(sentence)):
        load(card.parent)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("method", '"guess"', "`novelty.method` must be one of max-logit"),
        ("threshold", '"high"', "`novelty.threshold` must be a number"),
        ("known_kept", "95", "`novelty.known_kept` must be a number from 0 to 1"),
        ("measured", '""', "`novelty.measured` must be a text"),
    ],
)
def test_a_threshold_without_its_evidence_is_refused(tmp_path: Path, key: str, value: str, sentence: str) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text(card.read_text() + re.sub(rf"{key} = .*", f"{key} = {value}", NOVELTY))
    with pytest.raises(ModelFileError, match=re.escape(sentence)):
        load(card.parent)


def test_a_description_of_another_schema_is_refused(tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text("schema = 2\n" + card.read_text())
    with pytest.raises(ModelFileError, match=r"`schema` must be 1, the only one this version knows\. Found: 2"):
        load(card.parent)


RECORD = """[track_record]
photos = 10
measured = "ten photos"
unseen = true
clear = { count = 7, right = 6 }
unfamiliar = { count = 3, right = 0 }
"""


def test_a_track_record_is_read_and_written(tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    assert load(card.parent).spec.track_record is None
    card.write_text(card.read_text() + RECORD)
    spec = load(card.parent).spec
    kinds = {AnswerKind.CLEAR: Tally(7, 6), AnswerKind.UNFAMILIAR: Tally(3, 0)}
    assert spec.track_record == TrackRecord(10, "ten photos", True, kinds)
    writing.write(card.parent, spec)
    assert load(card.parent).spec == spec


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ("photos = 10", "photos = 11", "`track_record.photos` must be the sum of the counts. Found: 11."),
        ("photos = 10", "photos = 0", "`track_record.photos` must be a whole number from 1"),
        ("photos = 10", "photos = 1e1", "`track_record.photos` must be a whole number from 1"),
        ('"ten photos"', '" "', "`track_record.measured` must be a text"),
        ("unseen = true", "unseen = 1", "`track_record.unseen` must be true or false"),
        ("right = 6", "right = 8", "`track_record.clear.right` must be a whole number up to 7"),
        ("right = 6", "right = -1", "`track_record.clear.right` must be a whole number from 0"),
        (", right = 6", "", "`track_record.clear.right` must be a whole number from 0. Found: missing."),
        ("{ count = 7, right = 6 }", "0.9", "`track_record.clear` must be a TOML table"),
    ],
)
def test_a_track_record_that_cannot_be_is_refused(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text(card.read_text() + RECORD.replace(was, now))
    with pytest.raises(ModelFileError, match=re.escape(sentence)):
        load(card.parent)
