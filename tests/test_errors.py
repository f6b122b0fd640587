"""The error tree: codes that other programs rely on, and errors that travel."""

import pickle
import re
from pathlib import Path

import pytest

from lib import errors
from lib.errors import AppError, Cancelled, ModelFileError, PhotoError, class_of
from lib.messages import Message
from lib.work import process

CLASSES = [known for known in vars(errors).values() if isinstance(known, type) and issubclass(known, AppError)]
CODES = {
    "AppError": "error",
    "UsageError": "usage",
    "PhotoError": "photo",
    "DatasetError": "dataset",
    "ModelError": "model",
    "UnknownModelError": "model-unknown",
    "ModelNotReadyError": "model-not-ready",
    "ModelPackageError": "model-package",
    "ModelFileError": "model-file",
    "ModelOutputError": "model-output",
    "DownloadError": "download",
    "TrainingError": "training",
    "FullError": "full",
    "WorkerError": "worker",
    "Cancelled": "cancelled",
}


def test_the_codes_are_what_other_programs_know() -> None:
    assert {known.__name__: known.code for known in CLASSES} == CODES
    assert len(set(CODES.values())) == len(CODES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in CODES.values())


def test_the_tree_on_top_of_the_module_is_the_tree() -> None:
    drawn = re.findall(r"^    [ │├└─]*(\w+) +([a-z-]+)  ", errors.__doc__ or "", re.MULTILINE)
    assert dict(drawn) == CODES


@pytest.mark.parametrize("known", CLASSES, ids=lambda known: known.__name__)
def test_a_code_leads_to_its_class(known: type[AppError]) -> None:
    assert class_of(known.code) is known


def test_a_code_of_a_later_version_is_still_an_error() -> None:
    assert class_of("photo-too-shiny") is AppError


@pytest.mark.parametrize("known", CLASSES, ids=lambda known: known.__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling(known: type[AppError], protocol: int) -> None:
    error = known("{file} is {what}.", file="{x}.jpg", what=Message("{n} bytes {{too}} long", {"n": 3}))
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is known
    assert again.message == error.message
    assert str(again) == str(error) == "{x}.jpg is 3 bytes {too} long."


@pytest.mark.parametrize("known", CLASSES, ids=lambda known: known.__name__)
def test_an_error_comes_whole_out_of_a_child_process(known: type[AppError]) -> None:
    error = known("{file} is {what}.", file="{x}.jpg", what=Message("{n} bytes long", {"n": 3}))
    again = process.revive(process.pack(error))
    assert type(again) is known
    assert again.message == error.message


@pytest.mark.parametrize("value", [OSError(2, "gone"), Path("a.jpg"), None, lambda: None, (1, 2)], ids=type)
def test_whatever_fills_a_gap_the_error_travels(value: object) -> None:
    error = ModelFileError("It failed: {reason}.", reason=value)
    assert str(pickle.loads(pickle.dumps(error))) == f"It failed: {value}."


def test_numbers_stay_numbers() -> None:
    assert PhotoError("{n} of {share}", n=3, share=0.5).message.values == {"n": 3, "share": 0.5}


def test_cancelling_needs_no_sentence_of_its_own() -> None:
    assert str(pickle.loads(pickle.dumps(Cancelled()))) == "The task was cancelled."
    assert str(Cancelled("The download of {name} was cancelled.", name="a")) == "The download of a was cancelled."
