"""The commands `benchmark` and `export`: what they print and write, and how they end."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from lib.catalogue import variants
from lib.cli import benchmark
from lib.cli.main import main
from lib.errors import ModelFileError
from lib.evaluation.speed import Benchmark, Failed, Measurement
from lib.formats.tables import Format, format_of
from lib.messages import N_, Message
from lib.model.spec import Published
from tests.support.pictures import encode, noise

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "models"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds three tiny models of a user."""
    folder = tmp_path / "home"
    for model in ("float32", "uint8", "nan"):
        shutil.copytree(MODELS / model, folder / "models" / model)
    monkeypatch.setenv("DISCERN_HOME", str(folder))
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.png").write_bytes(encode(noise(12, 8, number), "PNG"))
    return folder


# benchmark --------------------------------------------------------------------------------------------------------


def test_json_holds_a_row_for_each_model_and_number_of_threads(capsys: Capture) -> None:
    code = main(["benchmark", "--model", "float32", "uint8", "--threads", "1", "2", "--seconds", "0.1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [(row["id"], row["threads"]) for row in found["models"]] == [
        ("float32", 1), ("float32", 2), ("uint8", 1), ("uint8", 2),
    ]  # fmt: skip
    for row in found["models"]:
        assert {"id", "threads", "median_ms", "p90_ms", "photos_per_s", "bytes"} <= row.keys()
        assert 0 < row["median_ms"] <= row["p90_ms"]
        assert row["bytes"] == (MODELS / row["id"] / "model.tflite").stat().st_size
    assert found["quiet"] == (found["reason"] is None)


def test_a_model_that_fails_is_told_and_ends_with_1(capsys: Capture) -> None:
    code = main(["benchmark", "--model", "nan", "--model", "float32", "--threads", "1", "--seconds", "0.05", "--json"])
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert code == 1
    assert [row["id"] for row in found["models"]] == ["float32"]
    assert [row["id"] for row in found["failed"]] == ["nan"]
    assert found["failed"][0]["error"] in captured.err


PUBLISHED = Published("the card", 0.718, 0.91)
FOUND = Benchmark(
    measurements=(Measurement("m", 2, 3.14159, 4.5, 123.456, 5_400_000, 13_300_000, 800, (3.1,), PUBLISHED),),
    failures=(Failed("n", ModelFileError(N_("{file} could not be read."), file="n.tflite")),),
    cores=2,
    quiet=False,
    reason=Message(
        N_("The computer was busy before the measurement began. Without other work, the times would be shorter.")
    ),
)


def test_text_is_a_table_and_complaints_go_elsewhere(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(benchmark, "benchmark", lambda *args, **options: asked.append((args, options)) or FOUND)
    assert main(["benchmark", "--model", "float32"]) == 1
    ((folders, threads), options) = asked[0]  # type: ignore[misc]
    assert ([folder.spec.id for folder in folders], threads, options["seconds_per_model"]) == (["float32"], None, 4.0)
    captured = capsys.readouterr()
    header, row = captured.out.splitlines()
    assert " ".join(header.split()) == "model threads median 90% within photos per second file size memory"
    assert " ".join(row.split()) == "m 2 3.14 ms 4.50 ms 123.5 5.4 MB 13 MB"
    assert captured.err.splitlines() == [
        "n.tflite could not be read.",
        "The computer was busy before the measurement began. Without other work, the times would be shorter.",
    ]


def test_published_figures_stand_beside_measured_ones(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "benchmark", lambda *_, **__: FOUND)
    main(["benchmark", "--model", "float32", "--json"])
    row = json.loads(capsys.readouterr().out)["models"][0]
    assert row["published"] == {"top1": 0.718, "top5": 0.91, "source": "the card"}
    assert (row["median_ms"], row["p90_ms"], row["photos_per_s"], row["bytes"]) == (3.1416, 4.5, 123.46, 5_400_000)


@pytest.mark.parametrize(
    "wrong", [["--model", "zzz"], ["--model", "float32", "--threads", "0"], ["--model", "mobilenet-v2-1.0-224-quant"]]
)
def test_wrong_usage_ends_with_2_and_prints_nothing(wrong: list[str], capsys: Capture) -> None:
    assert main(["benchmark", *wrong, "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_variants_that_cannot_be_made_are_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []

    def measure(folders: list[object], *_: object, **__: object) -> Benchmark:
        measured.extend(folder.spec.id for folder in folders)  # type: ignore[attr-defined]
        return Benchmark((), (), 2, True, None)

    monkeypatch.setattr(benchmark, "benchmark", measure)
    assert main(["benchmark", "--model", "float32", "uint8", "--variants", "--json"]) == 1
    assert measured == ["float32", "float32-int8", "uint8"]  # no weights for float16 and dynamic; uint8 is quantised
    assert capsys.readouterr().err.count("would not make float32 smaller") == 2


# export -----------------------------------------------------------------------------------------------------------


def test_a_file_is_exported_as_it_is(tmp_path: Path, capsys: Capture) -> None:
    assert main(["export", "uint8", "--format", "litert", "--out", str(tmp_path / "out.tflite")]) == 0
    content = (tmp_path / "out.tflite").read_bytes()
    assert content.startswith((MODELS / "uint8" / "model.tflite").read_bytes())
    with zipfile.ZipFile(tmp_path / "out.tflite") as behind:
        assert behind.read("labels.txt") == (MODELS / "uint8" / "labels.txt").read_bytes()
    assert "uint8 was saved to" in capsys.readouterr().out


def test_a_folder_gets_a_file_named_after_the_model(tmp_path: Path) -> None:
    assert main(["export", "float32", "--format", "litert", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "float32.tflite").is_file()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_8_bits_are_found_with_the_photos_given(home: Path, photos: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out.tflite"
    assert main(["export", "float32", "--format", "litert-int8", "--photos", str(photos), "--out", str(out)]) == 0
    assert format_of(out.read_bytes(), out.name) is Format.INT8
    card = (home / "variants" / "float32-int8" / "model.toml").read_text(encoding="utf-8")
    assert "calibration_pictures = 8" in card
    told = capsys.readouterr().err
    assert "Checked on 8 photos: 8 get the same answer as in float32." in told


@pytest.mark.parametrize(("form", "made"), [("litert-float16", Format.FLOAT16), ("litert-dynamic", Format.DYNAMIC)])
def test_the_starter_is_exported_smaller(tmp_path: Path, form: str, made: Format) -> None:
    assert main(["export", "starter-scratch", "--format", form, "--out", str(tmp_path / "out.tflite")]) == 0
    assert format_of((tmp_path / "out.tflite").read_bytes(), "out.tflite") is made


def test_the_starters_keras_file_is_exported(tmp_path: Path) -> None:
    assert main(["export", "starter-scratch", "--format", "keras", "--out", str(tmp_path / "out.keras")]) == 0
    assert (tmp_path / "out.keras").read_bytes() == (ROOT / "models" / "starter-scratch" / "model.keras").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["uint8", "--format", "keras"], 1, "There is no Keras file of uint8"),
        (["uint8", "--format", "litert-float16"], 1, "other formats cannot be made of uint8"),
        (["zzz", "--format", "litert"], 2, "There is no model “zzz”"),
        (["mobilenet-v2-1.0-224-quant", "--format", "litert"], 2, "is not on this computer yet"),
    ],
)
def test_what_cannot_be_exported_is_told(
    arguments: list[str], code: int, sentence: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["export", *arguments, "--out", str(tmp_path / "out")]) == code
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_too_few_photos_are_told(photos: Path, tmp_path: Path, capsys: Capture) -> None:
    (photos / "0.png").unlink()
    out = tmp_path / "out"
    assert main(["export", "float32", "--format", "litert-int8", "--photos", str(photos), "--out", str(out)]) == 1
    assert "Too few photos" in capsys.readouterr().err


def test_a_place_that_does_not_exist_is_told(tmp_path: Path, capsys: Capture) -> None:
    assert main(["export", "float32", "--format", "litert", "--out", str(tmp_path / "none" / "out.tflite")]) == 2
    assert "could not be saved" in capsys.readouterr().err


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["export", "float32", "--format", "onnx", "--out", "x"])
    assert caught.value.code == 2


def test_a_crash_during_export_is_one_sentence(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variants, "WORK", "tests.support.worker_functions:crash")
    assert main(["export", "float32", "--format", "litert-int8", "--out", str(tmp_path / "out")]) == 1
    complaints = capsys.readouterr().err.splitlines()
    assert len(complaints) == 1
    assert complaints[0].startswith("float32 could not be converted to int8. The process crashed")
