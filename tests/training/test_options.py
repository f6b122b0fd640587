"""What can be asked of a training run, and what is refused."""

import os
from pathlib import Path

import pytest

from lib.errors import UsageError
from lib.model.writing import slug
from lib.training import TrainOptions


def test_options_survive_the_way_to_the_worker() -> None:
    options = TrainOptions(
        Path("/photos"), architecture="small", minutes=2.5, extra=(Path("/more"),), destination=Path("/out"), seed=7
    )
    assert TrainOptions.from_json(options.to_json()) == options


def test_a_setting_the_worker_does_not_know_is_an_error() -> None:
    with pytest.raises(UsageError, match="Unknown training setting: colour"):
        TrainOptions.from_json('{"folder": "/photos", "colour": 1}')


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param({"architecture": "vgg"}, "one of starter, xception, small, keras-example", id="net"),
        pytest.param({"recipe": "magic"}, "recipe must be one of", id="recipe"),
        pytest.param({"epochs": 0}, "epochs must be between 1", id="no epochs"),
        pytest.param({"size": 100}, "multiple of 8", id="odd size"),
        pytest.param({"smoothing": 1.0}, "smoothing must be between", id="smoothing"),
        pytest.param({"minutes": float("nan")}, "minutes must be between", id="not a number"),
    ],
)
def test_settings_that_cannot_work_are_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainOptions(Path("/photos"), **setting)  # type: ignore[arg-type]


def test_a_run_is_taken_up_again_wherever_its_results_are_to_go() -> None:
    here = TrainOptions(Path("/photos"), destination=Path("/a"), name="A")
    there = TrainOptions(Path("/photos"), destination=Path("/b"), name="B")
    assert here.run_key() == there.run_key()
    assert here.run_key() != TrainOptions(Path("/photos"), seed=1).run_key()


def test_a_run_on_other_photos_is_another_run(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "cat" / "1.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"one")
    options = TrainOptions(tmp_path / "photos")
    keys = [options.run_key(), options.run_key()]
    for change in ("1.jpg", "2.jpg"):
        photo.with_name(change).write_bytes(b"two")
        os.utime(photo.with_name(change), ns=(0, 5))
        keys.append(options.run_key())
    photo.rename(photo.with_name("3.jpg"))
    keys.append(options.run_key())
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_the_settings_kept_with_a_model_name_no_folder_of_this_machine() -> None:
    options = TrainOptions(
        Path("/home/ann/photos"), teacher="/home/ann/teacher.h5", extra=(Path("/home/ann/more/train"),)
    )
    settings = options.recipe_settings()
    assert (settings["folder"], settings["teacher"], settings["extra"]) == ("photos", "teacher.h5", ["more/train"])
    assert "home" not in str(settings)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("My Pets", "my-pets"), ("Äpfel & Birnen", "pfel-birnen"), ("猫", "model"), ("../../x", "x"), ("v1.5", "v1.5")],
)
def test_an_id_is_made_of_a_name(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_zip_that_was_changed_makes_another_run(tmp_path: Path) -> None:
    keys = set()
    for content in (b"one", b"other"):
        (tmp_path / "photos.zip").write_bytes(content)
        keys.add(TrainOptions(tmp_path / "photos.zip").run_key())
    assert len(keys) == 2
