"""What becomes of a photo, as JSON and as CSV: the same numbers and sentences."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from lib.classify.infer import Settings, conclude
from lib.errors import PhotoError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.imagenet import imagenet
from lib.reports.cells import BOM, encode, harmless
from lib.reports.classifications import csv_header, csv_row, rival_ratio, to_csv, to_json_line, to_object
from lib.results import Answer, Classification, Failure, Familiarity

SAY = Translator("en")
IMAGENET = tuple(names[0] for _, names in imagenet())
FAILURE = Failure(
    "cut.jpg", "m", PhotoError(N_("{file} is incomplete: the end of the photo is missing."), file="cut.jpg")
)


def outcome(file: str = "cat.jpg", labels: tuple[str, ...] = ("cat", "dog", "fox"), top: int = 5) -> Classification:
    answer = Answer(file, "m", np.array([0.5, 0.3125, 0.1875]), (640, 480), 12.34567, view="square")
    return conclude(answer, labels, Settings(top=top))


def _shares(shares: dict[int, float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return probabilities of ImageNet's classes, by position."""
    probabilities = np.zeros(1000)
    probabilities[list(shares)] = list(shares.values())
    return probabilities


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_an_outcome_has_exactly_the_promised_keys_in_order() -> None:
    keys = [
        "file",
        "model",
        "predictions",
        "verdict",
        "rivals",
        "message",
        "group",
        "unfamiliar",
        "familiarity",
        "view",
    ]
    assert list(to_object(outcome(), SAY)) == keys
    assert list(to_object(FAILURE, SAY)) == ["file", "model", "error"]


def test_an_outcome_as_json() -> None:
    # 0.3125 ≥ 0.5 · 0.5, so the second is a rival; 0.1875 is not.
    assert json.loads(to_json_line(outcome(), SAY)) == {
        "file": "cat.jpg",
        "model": "m",
        "predictions": [
            {"index": 0, "label": "cat", "probability": 0.5},
            {"index": 1, "label": "dog", "probability": 0.3125},
            {"index": 2, "label": "fox", "probability": 0.1875},
        ],
        "verdict": "close",
        "rivals": ["cat", "dog"],
        "message": "Too close to call: cat 50%, dog 31%",
        "group": None,
        "unfamiliar": None,
        "familiarity": None,
        "view": "square",
    }


BREEDS = conclude(Answer("rex.jpg", "m", _shares({232: 0.5, 231: 0.375, 281: 0.125}), (640, 480), 1.0), IMAGENET)


@pytest.mark.parametrize(("language", "name"), [("en", "dog"), ("ko", "개"), ("ja", "犬")])
def test_a_group_as_json_and_as_cells(language: str, name: str) -> None:
    say = Translator(language)
    found = json.loads(to_json_line(BREEDS, say))
    assert found["group"] == {"name": name, "probability": 0.875, "verdict": "clear"}
    assert (found["verdict"], found["rivals"]) == ("close", ["Border collie", "collie"])
    (row,) = rows(csv_row(BREEDS, say, top=1))
    assert row[2] == "close"
    assert row[3] == found["message"]
    assert row[4:7] == [name, "0.875", "clear"]


def test_the_message_says_the_group_and_which_kind() -> None:
    assert json.loads(to_json_line(BREEDS, SAY))["message"] == (
        "Most likely a dog, 88%. Too close to say which kind: Border collie 50%, collie 38%."
    )


def test_a_group_stands_in_the_table_of_a_clear_class_too() -> None:
    result = conclude(Answer("a", "m", _shares({283: 0.75, 281: 0.25}), (1, 1), 1.0), IMAGENET)
    assert json.loads(to_json_line(result, SAY))["group"] == {"name": "cat", "probability": 1.0, "verdict": "clear"}
    assert json.loads(to_json_line(result, SAY))["message"] == "Persian cat, 75%"


def test_the_rest_is_never_named() -> None:
    result = conclude(Answer("a", "m", _shares({971: 0.375, 844: 0.375, 281: 0.25}), (1, 1), 1.0), IMAGENET)
    assert json.loads(to_json_line(result, SAY))["group"] is None
    assert rows(csv_row(result, SAY, top=1))[0][4:7] == ["", "", ""]


def test_a_failure_as_json() -> None:
    assert json.loads(to_json_line(FAILURE, SAY)) == {
        "file": "cut.jpg",
        "model": "m",
        "error": "cut.jpg is incomplete: the end of the photo is missing.",
    }


@pytest.mark.parametrize("name", ['a"b\n\u2028고양이\x1b[31m.jpg', "\udcff.jpg", "🐈‍⬛.jpg"])
def test_any_file_name_gives_one_line_of_ascii_that_reads_back(name: str) -> None:
    line = to_json_line(outcome(name), SAY)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["file"] == name.replace("\udcff", "\\udcff")  # what is no text is an escape


def test_a_table_has_a_column_for_everything() -> None:
    ranked = ["top1_label", "top1_probability", "top2_label", "top2_probability"]
    group = ["group", "group_probability", "group_verdict"]
    figures = ["ratio", "spread", "milliseconds", "view", "unfamiliar", "familiarity", "familiar_from"]
    assert rows(csv_header(2)) == [["file", "model", "verdict", "message", *group, *ranked, *figures, "error"]]


def test_an_outcome_as_a_row() -> None:
    # ratio 0.3125 / 0.5; spread exp(0.5 ln 2 + 0.3125 ln 3.2 + 0.1875 ln 5.3333) = exp(1.02389) = 2.784
    (row,) = rows(csv_row(outcome(), SAY, top=2))
    expected = [
        "cat.jpg",
        "m",
        "close",
        "Too close to call: cat 50%, dog 31%",
        *["", "", ""],
        "cat",
        "0.5",
        "dog",
        "0.3125",
        "0.625",
    ]
    assert row[:12] == expected
    assert float(row[12]) == pytest.approx(2.784, abs=5e-4)
    assert row[13:] == ["12.346", "square", "", "", "", ""]


@pytest.mark.parametrize(
    ("score", "said", "cells"),
    [(None, None, ["", "", ""]), (3.25, True, ["true", "3.25", "5.5"]), (5.5, False, ["false", "5.5", "5.5"])],
)
def test_whether_a_photo_is_unfamiliar_and_by_how_much_have_cells_of_their_own(
    score: float | None, said: bool | None, cells: list[str]
) -> None:
    familiarity = None if score is None else Familiarity("max-logit", score, 5.5)
    found = replace(outcome(), familiarity=familiarity)
    assert rows(csv_row(found, SAY, top=2))[0][-4:] == [*cells, ""]
    told = json.loads(to_json_line(found, SAY))
    assert told["unfamiliar"] is said
    assert told["familiarity"] == (score and {"score": score, "threshold": 5.5, "method": "max-logit"})
    assert told["verdict"] == "close", "it stands beside the verdict"


def test_places_without_a_class_stay_empty() -> None:
    (row,) = rows(csv_row(outcome(), SAY, top=4))
    assert row[11:15] == ["fox", "0.1875", "", ""]
    assert len(row) == len(rows(csv_header(4))[0])


def test_a_failure_as_a_row() -> None:
    (row,) = rows(csv_row(FAILURE, SAY, top=2))
    assert row == ["cut.jpg", "m", *[""] * 16, "cut.jpg is incomplete: the end of the photo is missing."]


def test_json_and_csv_show_the_same_numbers() -> None:
    result = conclude(Answer("a", "m", np.array([0.7, 0.2, 0.1]) / 3 * 3, (1, 1), 1.0), ("x", "y", "z"))
    (row,) = rows(csv_row(result, SAY, top=3))
    shown = [p["probability"] for p in json.loads(to_json_line(result, SAY))["predictions"]]
    assert [float(row[i]) for i in (8, 10, 12)] == shown
    assert float(row[13]) == rival_ratio(result)


def test_a_table_opens_in_excel_as_utf_8() -> None:
    data = to_csv([outcome("고양이.jpg"), FAILURE], SAY, top=1)
    assert data.startswith(b"\xef\xbb\xbffile,model,")
    assert data.count(b"\r\n") == 3
    assert rows(data.decode("utf-8-sig"))[1][0] == "고양이.jpg"


def test_a_file_name_that_is_no_text_is_written_as_an_escape() -> None:
    assert encode("\udcff.jpg") == b"\\udcff.jpg"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_from_outside_cannot_act_as_a_formula(start: str) -> None:
    evil = start + 'cmd|" /C calc"!A0'
    (row,) = rows(csv_row(outcome(evil, labels=(evil, "b", "c")), SAY, top=1))
    assert row[0] == row[7] == "'" + evil
    (row,) = rows(csv_row(Failure(evil, evil, PhotoError(N_("{file} is empty."), file=evil)), SAY, top=1))
    assert row[0] == row[1] == "'" + evil
    assert row[-1].startswith("'" + evil)


def test_the_sentence_of_a_clear_verdict_cannot_act_as_a_formula_either() -> None:
    result = conclude(Answer("a", "m", np.array([0.9, 0.1]), (1, 1), 1.0), ("=1+1", "b"))
    assert rows(csv_row(result, SAY, top=1))[0][3] == "'=1+1, 90%"


@pytest.mark.parametrize("text", ["cat.jpg", "a=b", "", "3-1.jpg", " =1"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", ['a,b".jpg', "a\nb.jpg", "a\r\nb.jpg"])
def test_separators_and_line_ends_in_a_name_stay_in_their_cell(text: str) -> None:
    assert rows(csv_row(outcome(text), SAY, top=1))[0][0] == text
