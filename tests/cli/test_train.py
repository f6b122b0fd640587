"""`python -m lib train`: from arguments to options, and what is said meanwhile."""

import argparse
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from lib.cli import train as cli
from lib.cli.main import main
from lib.cli.terminal import INTERRUPTED
from lib.cli.train import Reporter, add_arguments, options_from, recipe_of
from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import Message
from lib.model.spec import load
from lib.photos.source import Skipped
from lib.training import TrainEvent, TrainOptions, TrainResult, heads
from lib.training.options import TUNED
from lib.training.timing import Measured, Pace
from tests.support.pictures import BLUE, RED, encode, noise, plain


def parsed(*arguments: str) -> TrainOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return options_from(parser.parse_args(arguments))


def test_without_arguments_the_command_line_asks_for_what_the_options_ask_for() -> None:
    assert parsed("photos") == TrainOptions(Path("photos"))


def test_arguments_reach_the_options() -> None:
    options = parsed(
        "photos", "--recipe", "scratch", "--architecture", "xception", "--minutes", "2.5", "--size", "96",
        "--extra", "a", "--extra", "b", "--teacher", "mobilenet-v2", "--seed", "3", "--no-progressive", "--out", "m",
    )  # fmt: skip
    assert options == TrainOptions(
        Path("photos"), architecture="xception", minutes=2.5, size=96, extra=(Path("a"), Path("b")),
        teacher="mobilenet-v2", seed=3, progressive=False, destination=Path("m"),
    )  # fmt: skip


def test_a_value_out_of_range_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="epochs must be between"):
        parsed("photos", "--epochs", "0")


def test_people_are_told_of_stages_and_epochs_programs_of_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        TrainEvent("scan", total=9),
        TrainEvent("build"),
        TrainEvent("fit", step=1),
        TrainEvent("fit", step=2),
        TrainEvent("fit", epoch=2, step=3, size=64, loss=0.7, val_loss=0.7, val_accuracy=0.51234, best_epoch=1),
    ]
    for_people, for_programs = (Reporter(as_json=as_json, say=Translator()) for as_json in (False, True))
    for event in events:
        for_people(event)
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        "Photos found: 9",
        "Building the net…",
        "The first step: it takes longest, up to a minute…",
        "After epoch 2: 51% of the held-out photos right. The best so far was epoch 1.",
    ]
    for event in events:
        for_programs(event)
    assert [TrainEvent.from_dict(json.loads(line)) for line in capsys.readouterr().err.splitlines()] == events
    assert shown.out == ""


def test_fine_tuning_chooses_the_net_whose_weights_are_here() -> None:
    assert parsed("photos", "--fine-tune") == TrainOptions(Path("photos"), recipe="fine-tune", architecture=TUNED)


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return cli.run(parser.parse_args(arguments), Translator())


@pytest.fixture
def result(tmp_path: Path) -> TrainResult:
    history = [{"epoch": 1, "size": 32}, {"epoch": 2, "size": 64}]
    skipped = Skipped("cat/1.jpg", Message("{file} is empty.", {"file": "cat/1.jpg"}))
    note = Message("{names} differ only in capital letters, so they count as one class.", {"names": "Cat, cat"})
    return TrainResult("pets", tmp_path, 0.75, {"photos": 4, "history": history}, (skipped,), (note,))


def test_a_run_that_is_interrupted_leaves_the_best_so_far(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], result: TrainResult
) -> None:
    def interrupted(*arguments: object, **more: object) -> TrainResult:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "train", interrupted)
    monkeypatch.setattr(cli, "keep_best", lambda options, on_event: result)
    monkeypatch.setattr(cli, "has_left", lambda options: True)
    assert run("photos", "--recipe", "scratch", "--json") == INTERRUPTED
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert (told["id"], told["skipped"]) == ("pets", [{"file": "cat/1.jpg", "reason": "cat/1.jpg is empty."}])
    assert "The best so far is made into a model" in shown.err
    monkeypatch.setattr(cli, "has_left", lambda options: False)
    with pytest.raises(KeyboardInterrupt):
        run("photos", "--recipe", "scratch")


def test_a_run_that_was_stopped_can_be_finished_and_one_to_come_estimated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], result: TrainResult
) -> None:
    monkeypatch.setattr(cli, "keep_best", lambda options, on_event: result)
    assert run("photos", "--finish") == 0
    shown = capsys.readouterr()
    assert "It got 3 of 4 validation photos right." in shown.out
    assert shown.err.splitlines() == [
        "Every weight is learned anew (recipe scratch): the recipe transfer has none of these settings.",
        "cat/1.jpg is empty.",
        "Cat, cat differ only in capital letters, so they count as one class.",
        "The best epoch is chosen among those with photos of 64 × 64 pixels: earlier ones saw smaller photos, and do "
        "not count.",
        f"{result.folder} is outside the data folder: the pages and other commands do not list it.",
    ]
    monkeypatch.setattr(cli, "measure", lambda options: Measured(Pace((6.0, 6.0), 0.0), 100, 0))
    steady = (
        "photos",
        "--recipe",
        "scratch",
        "--architecture",
        "small",
        "--no-progressive",
        "--epochs",
        "10",
        "--estimate",
    )
    assert run(*steady) == 0  # 64 photos a step: one step an epoch
    assert capsys.readouterr().out == "About 60 to 75 seconds, measured on this machine.\n"
    assert run(*steady, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"low_s": 60.0, "high_s": 75.0}


def test_people_are_told_once_how_long_it_takes_and_that_it_learns_by_heart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Reporter(as_json=False, say=Translator())
    report(TrainEvent("fit", low=10.0, high=58.0))
    for number in range(1, 8):
        figures = {"loss": 1.0 / number, "val_loss": 0.5 + number / 10, "val_accuracy": 0.5, "best_epoch": 1}
        report(TrainEvent("fit", epoch=number, size=64, **figures))  # type: ignore[arg-type]
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "About 10 to 60 seconds, measured on this machine."
    assert [number for number, line in enumerate(told) if "by heart" in line] == [6], "after the fourth epoch"


def test_without_a_recipe_the_arguments_tell_it_and_those_of_another_are_refused() -> None:
    def asked(*arguments: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        return parser.parse_args(["photos", *arguments])

    assert recipe_of(asked()) == recipe_of(asked("--backbone", "starter", "--name", "x", "--seed", "1")) == "transfer"
    assert recipe_of(asked("--recipe", "scratch", "--epochs", "3")) == "scratch"
    assert recipe_of(asked("--fine-tune", "--epochs", "3")) == "fine-tune"
    for order in (("--recipe", "transfer", "--fine-tune"), ("--fine-tune", "--recipe", "transfer")):
        assert recipe_of(asked(*order)) == "fine-tune"
        assert parsed("photos", *order).recipe == "fine-tune"
    assert recipe_of(asked("--fine-tune", "--backbone", TUNED)) == "fine-tune"
    alone = "--fine-tune goes on with the weights of efficientnet-lite0 alone. Leave out --fine-tune, or choose that"
    with pytest.raises(UsageError, match=alone):
        recipe_of(asked("--fine-tune", "--backbone", "starter"))
    with pytest.raises(UsageError, match="--fine-tune does not belong to the recipe “scratch”"):
        recipe_of(asked("--recipe", "scratch", "--fine-tune"))
    with pytest.raises(UsageError, match="architecture must be one of efficientnet-lite0"):
        parsed("photos", "--fine-tune", "--architecture", "xception")
    assert recipe_of(asked("--epochs", "3")) == recipe_of(asked("--finish")) == "scratch"
    with pytest.raises(UsageError, match="--epochs does not belong to the recipe “transfer”"):
        recipe_of(asked("--recipe", "transfer", "--epochs", "3"))
    with pytest.raises(UsageError, match="--backbone does not belong to the recipe “scratch”"):
        recipe_of(asked("--backbone", "starter", "--epochs", "3"))
    assert recipe_of(asked("--out", "here")) == "transfer"
    with pytest.raises(UsageError, match="--backbone does not belong to the recipe “scratch”"):
        recipe_of(asked("--recipe", "scratch", "--backbone", "starter"))


def test_transfer_prints_one_json_object_and_names_what_it_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    (write_photos(tmp_path / "photos") / "red" / "7.png").write_bytes(b"no photo")
    code = main(["train", str(tmp_path / "photos"), "--backbone", "starter-small", "--name", "Mine", "--json"])
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert code == 0
    assert (result["id"], result["photos"], result["backbone"]) == ("mine", 2, "starter-small")
    assert [skipped["file"] for skipped in result["skipped"]] == ["red/7.png"]
    assert "red/7.png" in shown.err
    assert main(["classify", str(tmp_path / "photos" / "red" / "0.png"), "--model", "mine", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["predictions"][0]["label"] == "red"
    assert answer["unfamiliar"] in (True, False, None)


def write_photos(folder: Path, count: int = 6) -> Path:
    for name, colour in (("blue", BLUE), ("red", RED)):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            picture = plain((*colour[:2], colour[2] // (k + 1)), 70, 60)
            picture.paste(noise(30, 30, k), (5 * k, 4 * k))
            (folder / name / f"{k}.png").write_bytes(encode(picture, "PNG"))
    return folder


def test_transfer_writes_the_model_folder_that_is_named_and_says_who_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    photos, out = write_photos(tmp_path / "사진"), tmp_path / "나의 모델"
    asked = ["train", str(photos), "--backbone", "starter-small", "--json", "--name"]
    for _ in range(2):  # the second takes the first one's place
        assert main([*asked, "손", "--out", str(out)]) == 0
        shown = capsys.readouterr()
        assert json.loads(shown.out)["folder"] == str(out)
        assert "is outside the data folder: the pages and other commands do not list it." in shown.err
    spec = load(out).spec
    assert (spec.id, spec.name) == ("model", "손")
    assert not (tmp_path / "home" / "models").exists()
    assert main([*asked, "손", "--out", str(photos)]) == 2
    assert "is there already and is no model folder. Choose another one." in capsys.readouterr().err
    assert main([*asked, "손"]) == main([*asked, " 손\n"]) == 0
    assert "Another model is called “손”, too. This one is model-2." in capsys.readouterr().err


def test_photos_that_are_nearly_the_same_are_left_out_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    given: list[tuple[object, ...]] = []

    def fit(features: object, labels: object, classes: int, settings: object, groups: tuple[object, ...]) -> object:
        given.append(groups)
        return heads.fit(features, labels, classes, settings, groups)  # type: ignore[arg-type]

    monkeypatch.setattr("lib.training.transfer.fit", fit)
    photos = write_photos(tmp_path / "photos")
    for photo in list(photos.glob("*/*.png")):
        Image.open(photo).resize((140, 120)).save(photo.with_stem(f"{photo.stem} again"))
    assert main(["train", str(photos), "--backbone", "starter-small"]) == 0
    (tmp_path / "parts").mkdir()
    photos.rename(tmp_path / "parts" / "train")
    write_photos(tmp_path / "parts" / "val", 2)
    assert main(["train", str(tmp_path / "parts"), "--backbone", "starter-small"]) == 0
    assert [(len(groups), set(Counter(groups).values())) for groups in given] == [(20, {2}), (24, {2})]


def test_transfer_names_broken_held_out_photos_and_says_on_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    photos = tmp_path / "photos"
    write_photos(photos / "train", 3)
    for broken in write_photos(photos / "val", 1).glob("*/*.png"):
        broken.write_bytes(broken.read_bytes()[:-100])
    asked = ["train", str(photos), "--backbone", "starter-small", "--name", " "]
    assert main(asked) == 0
    assert "each left out in turn: no validation photo can be opened." in capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["id"], result["by"]) == ("photos-2", "leave-one-out")
    assert [skipped["file"] for skipped in result["skipped"]] == ["val/blue/0.png", "val/red/0.png"]
    assert main([*asked, "--seed", "-1"]) == 2
    assert "seed must be between 0 and" in capsys.readouterr().err
