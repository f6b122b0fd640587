"""A model to take away: the zip's program says what the app says, alone; the folder is a model elsewhere."""

import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from lib.catalogue.store import Store
from lib.cli.main import main
from lib.embed import parcel
from lib.model.spec import ModelFolder, load
from tests.support.pictures import RED, encode, plain

TINY = Path(__file__).resolve().parents[1] / "models" / "float32"


def unpacked(folder: ModelFolder, target: Path, language: str = "en") -> Path:
    backbone = Store().find("efficientnet-lite0-int8").spec
    with zipfile.ZipFile(io.BytesIO(parcel.make(folder, language, backbone))) as packed:
        packed.extractall(target)
    return target / folder.spec.id


@pytest.fixture
def mine(tmp_path: Path) -> ModelFolder:
    shutil.copytree(TINY, tmp_path / "mine")
    (tmp_path / "mine" / "README.md").write_text("# Mine\n\nRight for 9 of 10 photos.\n")
    folder = load(tmp_path / "mine")
    return replace(folder, spec=replace(folder.spec, id="mine", family="Yours", licence="Yours"))


def test_the_program_alone_says_what_the_command_says(
    mine: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "red.png"
    photo.write_bytes(encode(plain(RED), "PNG"))
    home = tmp_path / "home" / "models"
    taken = unpacked(mine, home)
    # Isolated, in a folder of its own: nothing of this program can be imported.
    run = subprocess.run(
        [sys.executable, "-I", parcel.PROGRAM, str(photo)], cwd=taken, capture_output=True, text=True, check=True
    )
    monkeypatch.setenv("DISCERN_HOME", str(home.parent))
    assert main(["classify", str(photo), "--model", "mine"]) == 0, "unpacked among models, it is one"
    told = capsys.readouterr().out.splitlines()
    assert run.stdout.splitlines()[0] == told[0]
    assert "red" in told[0]


@pytest.mark.parametrize("background", ["first", "last"])
def test_a_class_that_is_not_shown_keeps_its_line(background: str, tmp_path: Path) -> None:
    folder = load(TINY.parent / f"background-{background}")
    taken = load(unpacked(folder, tmp_path))
    assert taken.read_labels() == folder.read_labels()
    photo = tmp_path / "red.png"
    photo.write_bytes(encode(plain(RED), "PNG"))
    run = subprocess.run(
        [sys.executable, "-I", parcel.PROGRAM, str(photo)], cwd=taken.path, capture_output=True, text=True, check=True
    )
    assert "red" in run.stdout


def test_it_holds_the_card_how_to_run_it_and_whose_work_it_is(mine: ModelFolder, tmp_path: Path) -> None:
    taken = unpacked(mine, tmp_path / "away", "ko")
    assert {path.name for path in taken.iterdir()} == {
        "README.md", "example.py", "labels.txt", "licences", "model.tflite", "model.toml",
    }  # fmt: skip
    card = (taken / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# Mine\n\nRight for 9 of 10 photos.\n")
    assert "    python example.py photo.jpg" in card
    assert "): Yours\n" in card
    assert "(EfficientNet-Lite0 (8-bit)): Apache-2.0" in card
    assert "tensorflow/tpu" in card
    assert (taken / "model.tflite").read_bytes() == (TINY / "model.tflite").read_bytes()


def test_the_same_model_gives_the_same_bytes(mine: ModelFolder) -> None:
    assert parcel.make(mine, "en") == parcel.make(mine, "en")
