"""The command `evaluate`: what it prints where, and how it ends."""

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from lib.cli.main import main
from tests.support.pictures import BLUE, RED, encode, plain

ROOT = Path(__file__).resolve().parents[2]
ORANGE = (204, 51, 0)  # red 0.8, green 0.2: a clear red
BROWN = (120, 70, 10)  # red 0.6, green 0.35, blue 0.05: red with a rival
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder with tiny models of a user."""
    for model in ("float32", "int8", "thirds"):
        shutil.copytree(ROOT / "tests" / "models" / model, tmp_path / "home" / "models" / model)
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two reds, one of them brown; two greens, both of them orange; a blue. Every one is a readable photo."""
    colours = {"red/1": RED, "red/2": BROWN, "green/1": ORANGE, "green/2": ORANGE, "blue/1": BLUE}
    for index, (name, colour) in enumerate(colours.items()):
        path = tmp_path / "colours" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(plain(colour, 12 + index), "PNG"))
    return tmp_path / "colours"


def test_json_is_one_object_with_the_promised_figures(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "colours", "--model", "float32", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (model,) = found["models"]
    assert (model["id"], model["photos"], model["top1"], model["top5"]) == ("float32", 5, 0.6, None)
    assert model["verdicts"] == {
        "clear": {"share": 0.8, "accuracy": 0.5}, "close": {"share": 0.2, "accuracy": 1.0},
        "weak": {"share": 0.0, "accuracy": None}, "none": {"share": 0.0, "accuracy": None},
    }  # fmt: skip
    told = model["track_record"]
    assert (told["photos"], list(told["kinds"])) == (5, ["clear", "close"])
    assert (told["kinds"]["clear"]["share"], told["kinds"]["clear"]["accuracy"]) == (0.8, 0.5)
    assert told["kinds"]["clear"]["accuracy_interval"] == pytest.approx([0.150, 0.850], abs=1e-3)  # Wilson, 2 of 4
    # Right and 1.0 sure: red 1, blue. Wrong and 0.8 sure: two. Right and 0.6 sure: brown. Per bin: 0 + 2 · 0.8 + 0.4
    assert model["ece"] == pytest.approx((2 * 0.8 + 0.4) / 5, abs=1e-6)
    assert model["confusion"] == {
        "classes": ["blue", "green", "red"],
        "counts": [[1, 0, 0], [0, 0, 2], [0, 0, 2]],
        "something_else": [0, 0, 0],
    }
    assert (found["agreement"], found["skipped"]) == ([], [])


def test_several_models_are_compared(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "colours", "--model", "float32", "int8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [model["id"] for model in found["models"]] == ["float32", "int8"]
    (pair,) = found["agreement"]
    assert (pair["models"], pair["basis"], pair["comparable"], pair["share"]) == (["float32", "int8"], "same", 5, 1.0)
    assert pair["difference"]["p_value"] == 1.0
    assert pair["change"] is None  # by their ids two models, not one in two formats


def test_models_are_shown_whole_photos_when_asked(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    card = tmp_path / "home" / "models" / "float32" / "model.toml"
    card.write_text(card.read_text("utf-8").replace('resize = "squash"', 'resize = "crop"'), "utf-8")
    asked = ["evaluate", "colours", "--model", "float32", "--json", "--report", "report.html"]
    for more, view in (([], "crop"), (["--whole-photo"], "squash")):
        assert main([*asked, *more]) == 0
        assert json.loads(capsys.readouterr().out)["models"][0]["view"] == view
        assert ("(whole photos)" in Path("report.html").read_text("utf-8")) is (view == "squash")


def test_the_folder_may_follow_the_models(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "--json", "--model", "float32", "colours"]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 5


def test_a_zip_is_evaluated_too(folder: Path, capsys: Capture) -> None:
    with zipfile.ZipFile("colours.zip", "w") as packed:
        for path in sorted(folder.rglob("*.png")):
            packed.write(path, path.relative_to(folder.parent))
    assert main(["evaluate", "colours.zip", "--model", "float32", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["top1"] == 0.6


def test_skipped_files_are_listed_and_end_with_code_1(folder: Path, capsys: Capture) -> None:
    (folder / "red" / "broken.png").write_bytes(encode(plain(RED), "PNG")[:40])
    (folder / "red" / "notes.txt").write_text("no photo")
    assert main(["evaluate", "colours", "--model", "float32", "--json"]) == 1
    captured = capsys.readouterr()
    skipped = json.loads(captured.out)["skipped"]
    assert [s["file"] for s in skipped] == ["red/notes.txt", "red/broken.png"]
    assert captured.err.splitlines() == [s["reason"] for s in skipped]


def test_text_tells_accuracy_verdicts_and_differences(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "colours", "--model", "float32", "int8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["model", "photos", "top-1"]
    assert "60.0% (23.1–88.2%)" in lines[1]  # Wilson's interval of 3 of 5
    assert "80%, (2 / 4)" in lines[1]
    assert lines[3] == "float32 and int8 agree on 100% of the photos that can be compared."
    assert lines[4] == "float32 and int8 got exactly the same photos right and wrong (all 5)."


def test_csv_has_a_line_for_each_photo_and_model(folder: Path, capsys: Capture) -> None:
    (folder / "=evil").mkdir()
    (folder / "=evil" / "1.png").write_bytes(encode(plain(RED, 30), "PNG"))
    (folder / "red" / "empty.png").write_bytes(b"")
    arguments = ["evaluate", "colours", "--model", "float32", "int8", "--match", "=evil=red", "--csv", "out.csv"]
    assert main(arguments) == 1
    table = list(csv.DictReader(io.StringIO(Path("out.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert len(table) == 6 * 2 + 1
    evil = next(row for row in table if row["file"] == "'=evil/1.png")
    assert (evil["class"], evil["answer"], evil["right"], evil["verdict"]) == ("'=evil", "red", "1", "clear")
    assert table[-1]["error"] == "red/empty.png is empty."


def test_names_that_match_nothing_are_asked_about(folder: Path, capsys: Capture) -> None:
    (folder / "red").rename(folder / "reds")
    assert main(["evaluate", "colours", "--model", "float32", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "float32 has no classes with these names: reds (red?)." in captured.err
    assert "--match CLASS=LABEL" in captured.err


@pytest.mark.parametrize(
    ("decision", "photos", "top1"), [("reds=red", 5, 0.6), ("reds=", 3, 1 / 3), ("reds=green", 5, 0.2)]
)
def test_a_decision_is_followed(folder: Path, capsys: Capture, decision: str, photos: int, top1: float) -> None:
    (folder / "red").rename(folder / "reds")
    assert main(["evaluate", "colours", "--model", "float32", "--json", "--match", decision]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert (model["photos"], model["top1"]) == (photos, pytest.approx(top1))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["nowhere"], "nowhere is neither a folder nor a zip file", id="no folder"),
        pytest.param(["colours", "--match", "red"], "must have the form CLASS=LABEL", id="no ="),
        pytest.param(["colours", "--match", "x=red"], "colours has no class “x”", id="no such class"),
        pytest.param(["colours", "--match", "red=gren"], "“gren”. Similar names: green", id="no such label"),
        pytest.param(["colours", "--ratio", "7"], "must be between", id="ratio"),
        pytest.param([], "Give a folder or zip", id="nothing"),
        pytest.param(["colours", "--csv", "missing/x.csv"], "could not be saved", id="CSV that cannot be written"),
    ],
)
def test_wrong_usage_is_code_2_and_a_sentence(folder: Path, capsys: Capture, arguments: list[str], told: str) -> None:
    assert main(["evaluate", *arguments, "--model", "float32"]) == 2
    assert told in capsys.readouterr().err


def test_an_unknown_model_is_code_2(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "colours", "--model", "float33"]) == 2
    assert "Did you mean float32?" in capsys.readouterr().err


def test_photos_none_of_which_can_be_used_are_an_error(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    assert main(["evaluate", "broken.zip", "--model", "float32"]) == 1
    assert "broken.zip is not a zip file" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--report", "--csv"])
def test_work_that_fails_leaves_last_weeks_file_as_it_was(folder: Path, capsys: Capture, option: str) -> None:
    Path("kept").write_text("last week", encoding="utf-8")
    for photo in folder.rglob("*.png"):
        photo.write_bytes(b"\x89PNG\r\n\x1a\n broken " + photo.name.encode())
    assert main(["evaluate", "colours", "--model", "float32", option, "kept"]) == 1
    assert Path("kept").read_text(encoding="utf-8") == "last week"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["colours", "home", "kept"]


@pytest.mark.parametrize("target", ["missing/r.html", "colours"])
def test_a_report_that_cannot_be_written_is_told_before_the_work(folder: Path, capsys: Capture, target: str) -> None:
    arguments = ["evaluate", "colours", "--model", "float32", "--json", "--report", target]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{target} could not be saved" in captured.err


def test_a_report_is_written_beside_the_rest(folder: Path, capsys: Capture) -> None:
    assert main(["evaluate", "colours", "--model", "float32", "--json", "--report", "r.html"]) == 0
    assert "<!doctype html>" in Path("r.html").read_text(encoding="utf-8")
    assert json.loads(capsys.readouterr().out)["photos"] == 5
