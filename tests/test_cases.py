"""The cases of ../shared/cases/README.md, each by its command: small inputs from what people reported elsewhere."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lib.cli.main import main
from lib.model.spec import load
from tests.conftest import NEEDS_SHARED, ROOT

CASES = ROOT.parent / "shared" / "cases"
FOUR_COLOURS = [(200, 30, 30), (30, 180, 40), (40, 40, 200), (220, 210, 40)]
QUARTERS = ("top-left", "top-right", "bottom-left", "bottom-right")
Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=NEEDS_SHARED)


@pytest.fixture
def models(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own with the models of the case it names."""
    shutil.copytree(CASES / request.param / "models", tmp_path / "models")
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    return tmp_path / "models"


def classified(capsys: Capture, photos: str, model: str, *, status: int = 0) -> list[dict[str, Any]]:
    """Return what `classify` says of photos."""
    assert main(["classify", str(CASES / photos), "--model", model, "--top", "13", "--json"]) == status
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("models", "photos", "model", "count"),
    [
        ("home", "split-valid/set", "colour", 6),
        ("home", "folder-in-folder/set", "colour", 9),
        ("zip-korean-names", "zip-korean-names/set.zip", "colour-ko", 7),
        ("zip-german-names", "zip-german-names/set.zip", "colour-de", 6),
        ("labels-byte-order-mark", "labels-byte-order-mark/set", "colour-bom", 6),
        ("home", "table-sep-line/set", "colour", 6),
    ],
    indirect=["models"],
)
def test_every_labelled_photo_is_found_in_its_class(
    models: Path, photos: str, model: str, count: int, capsys: Capture
) -> None:
    assert main(["evaluate", str(CASES / photos), "--model", model, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["models"][0]
    assert (found["photos"], found["top1"]) == (count, 1.0)
    assert sorted(found["confusion"]["classes"]) == sorted(load(models / model).read_labels())


@pytest.mark.parametrize("models", ["home"], indirect=True)
def test_the_part_that_is_judged_is_named(models: Path, capsys: Capture) -> None:
    assert main(["evaluate", str(CASES / "split-valid/set"), "--model", "colour"]) == 0
    assert "the photos in valid are used" in capsys.readouterr().out


@pytest.mark.tensorflow
@pytest.mark.parametrize("models", ["home"], indirect=True)
@pytest.mark.parametrize("photos", ["split-valid/set", "folder-in-folder/set"])
def test_training_learns_the_classes_not_their_folders(models: Path, photos: str) -> None:
    asked = ["--architecture", "small", "--size", "16", "--epochs", "1", "--name", "x"]
    assert main(["train", str(CASES / photos), *asked]) == 0
    assert sorted(load(models / "x").read_labels()) == ["blue", "green", "red"]


@pytest.mark.parametrize("models", ["labels-byte-order-mark"], indirect=True)
def test_a_byte_order_mark_is_no_part_of_a_label(models: Path) -> None:
    assert load(models / "colour-bom").read_labels()[0] == "red"


@pytest.mark.parametrize(
    ("models", "photos", "model", "sentence"),
    [
        ("model-one-unit", "model-one-unit/set/blue", "one-class", "one class cannot be judged"),
        ("model-raw-scores", "model-raw-scores/set/red/0.jpg", "raw-scores", "do not add up to 1"),
    ],
    indirect=["models"],
)
def test_numbers_that_are_no_answer_are_an_error(
    models: Path, photos: str, model: str, sentence: str, capsys: Capture
) -> None:
    found = classified(capsys, photos, model, status=1)
    assert found
    assert all(sentence in photo["error"] for photo in found)


@pytest.mark.parametrize("models", ["model-two-outputs"], indirect=True)
def test_a_second_output_is_counted(models: Path, capsys: Capture) -> None:
    assert main(["classify", str(CASES / "model-two-outputs/set/red"), "--model", "two-outputs"]) != 0
    assert "outputs: 2" in capsys.readouterr().err


@pytest.mark.parametrize("models", ["model-open-size"], indirect=True)
def test_an_open_size_is_the_one_that_the_description_names(models: Path, capsys: Capture) -> None:
    for photo in classified(capsys, "model-open-size/set/red", "open-size"):
        assert photo["message"] == "red, 99%"


@pytest.mark.parametrize("models", ["home"], indirect=True)
@pytest.mark.parametrize(
    ("photo", "expected", "within"),
    [
        ("tiff-8-bit-palette/palette-8bit-map.tif", FOUR_COLOURS, 0.5),
        ("tiff-16-bit-white-is-zero/g16-white-is-zero.tif", [(grey,) * 3 for grey in (255, 128, 32, 0)], 1),
        ("png-16-bit-transparent/g16-trns.png", [(grey,) * 3 for grey in (255, 128, 255, 0)], 0.5),
        ("jpeg-without-end-marker/jpg-no-eoi.jpg", FOUR_COLOURS, 2),
        ("webp-turned/exif6.webp", FOUR_COLOURS, 0.5),
    ],
)
def test_the_probe_sees_the_colours_of_the_four_quarters(
    models: Path, photo: str, expected: list[tuple[int, int, int]], within: float, capsys: Capture
) -> None:
    (answer,) = classified(capsys, photo, "pixel-probe")
    shares = {one["label"]: one["probability"] for one in answer["predictions"]}
    for quarter, colour in zip(QUARTERS, expected, strict=True):
        seen = [255 * shares[f"{quarter} {channel}"] / shares["one"] for channel in ("red", "green", "blue")]
        assert seen == pytest.approx(colour, abs=within), quarter
