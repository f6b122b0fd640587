"""`python -m lib explain`: a picture, and what it shows."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.cli import explain as cli
from lib.cli.main import main
from lib.errors import UsageError
from lib.model.spec import ModelFolder
from lib.reports.explanations import class_of
from tests.support.pictures import encode, noise


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    path = tmp_path / "a photo.jpg"
    path.write_bytes(encode(noise(300, 200), "JPEG"))
    return path


def explain(photo: Path, *more: str, out: str = "where.png") -> int:
    return main(["explain", str(photo), "--model", "starter-small", "--out", str(photo.parent / out), *more])


def test_it_writes_a_picture_and_says_what_it_shows(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(photo, "--class", "cat", "--against", "dog") == 0
    said = capsys.readouterr().out
    verdict, where, *_ = said.splitlines()
    assert verdict.startswith(f"{photo}: ")
    assert where.startswith("For cat and not dog it looked ")
    assert "It adds up: " in said
    with Image.open(photo.with_name("where.png")) as picture:
        assert picture.width == 300


def test_as_json_the_cells_add_up_to_the_vote(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(photo, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["file"], found["model"], found["method"]) == (str(photo), "starter-small", "cam")
    assert np.mean(found["cells"]) + found["bias"] == pytest.approx(found["vote"], abs=1e-3)
    assert main(["classify", str(photo), "--model", "starter-small", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["unfamiliar"]) == (answer["message"], answer["unfamiliar"])
    best = answer["predictions"][0]
    assert (found["index"], found["label"]) == (best["index"], best["label"])
    assert found["probability"] == pytest.approx(best["probability"])


def test_a_model_without_such_a_map_is_asked_by_covering_parts(
    photo: Path, tiny_model: Callable[[str], ModelFolder], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(cli.Store, "open_folder", lambda self, model_id: tiny_model("float32"))
    assert explain(photo, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["method"], found["total"], found["vote"]) == ("rise", None, None)
    assert np.abs(found["cells"]).max() <= 1
    assert explain(photo, "--class", "no such") == 2
    first, second, *_ = tiny_model("float32").read_labels()
    assert explain(photo, "--class", first, "--against", second) == 2
    assert "cannot set one class against another" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "out", "code", "reason"),
    [
        (["--class", "horse"], "a.png", 2, "starter-small has no class “horse”. It has, among others:"),
        ([], "a.jpg", 2, "Choose a name that ends in .png"),
        ([], "no/such/folder/a.png", 2, "a.png"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    photo: Path, more: list[str], out: str, code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(photo, *more, out=out) == code
    assert reason in capsys.readouterr().err


def test_classes_with_the_word_are_suggested_first(tiny_model: Callable[[str], ModelFolder]) -> None:
    class Labels:
        spec = tiny_model("float32").spec

        def read_labels(self, language: str = "en") -> tuple[str, ...]:
            return ("catamaran", "polecat", "tiger cat", "dog", "Persian_cat", "scatter", "bobcat", "wildcat")

    with pytest.raises(UsageError) as told:
        class_of("cat", Labels(), "en")  # type: ignore[arg-type]
    assert str(told.value).endswith("among others: tiger cat, Persian cat, catamaran, polecat, scatter.")


def test_a_photo_that_is_none_is_one_sentence(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo.write_bytes(b"no photo")
    assert explain(photo) == 1
    assert "is not a photo" in capsys.readouterr().err
    assert not photo.with_name("where.png").exists()
