"""Writing model folders, and the figures in them."""

from pathlib import Path

import numpy as np
import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import How, Matching
from lib.errors import UsageError
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import assess
from lib.photos.source import Source
from lib.training.package import folder_for, id_in, labels_of, metrics_of, model_name, require_place, shown_label
from lib.verdict import Thresholds


@pytest.mark.parametrize(
    ("folder", "label"), [("golf_ball", "golf ball"), ("cat", "cat"), ("_", "_"), ("  a__b ", "a b"), ("개", "개")]
)
def test_labels_are_folder_names_made_readable(folder: str, label: str) -> None:
    assert shown_label(folder) == label


@pytest.mark.parametrize(
    ("classes", "titles", "labels"),
    [
        (("ant", "golf_ball"), ("ant", "golf_ball"), ("ant", "golf ball")),
        (("ant", "golf ball", "golf_ball"), ("ant", "golf ball", "golf_ball"), ("ant", "golf ball", "golf_ball")),
        (("n02012849", "n03126707", "n1"), ("crane", "crane", "tench"), ("n02012849", "n03126707", "tench")),
    ],
)
def test_no_two_labels_are_the_same(classes: tuple[str, ...], titles: tuple[str, ...], labels: tuple[str, ...]) -> None:
    assert labels_of(LabelledPhotos("set", classes, titles, ())) == labels


def test_metrics_name_each_class_and_say_nothing_of_one_without_photos() -> None:
    folders, labels = ("cat", "golf_ball", "empty"), ("cat", "golf ball", "empty")
    photos = tuple(LabelledPhoto(Source.of_bytes(f"{n}.png", b""), label) for n, label in enumerate((0, 1, 1, 0)))
    answers = Answers(
        "m", "M", labels, labels, np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1], [0.8, 0.1, 0.1]]),
    )  # fmt: skip
    same = Matching(folders, ((0,), (1,), (2,)), (How.NAME,) * 3)
    known = LabelledPhotos("set", folders, folders, photos)
    metrics = metrics_of(assess(known, [(answers, same)], Thresholds()).models[0])
    # Four bins of one photo each: gaps 0.3, 0.4, 0.5 and 0.2.
    assert metrics.pop("ece") == pytest.approx(1.4 / 4)
    assert metrics == {
        "photos": 4,
        "top1": 0.75,
        "top5": 1.0,
        "per_class": {"cat": 1.0, "golf ball": 0.5, "empty": None},
        "confusion": [[2, 0, 0], [1, 1, 0], [0, 0, 0]],
        "classes": ["cat", "golf ball", "empty"],
    }


@pytest.mark.parametrize(
    ("given", "photos", "name"),
    [
        ("  My\npets ", "photos", "My pets"),
        (" \t", "photos", "photos"),
        ("", "\x07", "model"),
        ("개" * 100, "photos", "개" * 85),  # 255 bytes, as a project's
    ],
)
def test_a_model_is_called_as_its_owner_says_on_one_line_of_bounded_length(given: str, photos: str, name: str) -> None:
    assert model_name(given, photos) == name


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_bytes(b"old")
    (folder / "means.npy").write_bytes(b"of the old one")
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_bytes(b"mine")
    return folder


def test_a_model_takes_the_place_of_another_whose_owner_finds_his_other_files_again(destination: Path) -> None:
    with folder_for(destination) as files:
        (files / "model.toml").write_bytes(b"new")
    there = {path.relative_to(destination).as_posix(): path for path in destination.rglob("*")}
    assert there.keys() == {"model.toml", "notes", "notes/mine.txt"}
    assert (there["model.toml"].read_bytes(), there["notes/mine.txt"].read_bytes()) == (b"new", b"mine")
    assert destination.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in destination.parent.iterdir()] == ["mine"]


def test_a_failed_write_leaves_the_old_folder(destination: Path) -> None:
    with pytest.raises(FileNotFoundError), folder_for(destination) as files:
        (files / "nowhere" / "model.toml").touch()
    assert (destination / "model.toml").read_bytes() == b"old"
    assert [path.name for path in destination.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("folder", "name", "model_id"),
    [("two colours", "x", "two-colours"), ("모델", "My hands", "my-hands"), ("모델", "손", "model")],
)
def test_a_model_in_a_folder_of_its_own_has_that_ones_id(folder: str, name: str, model_id: str) -> None:
    assert id_in(Path("out", folder), name) == model_id


def test_only_a_model_an_empty_folder_and_nothing_are_replaced(destination: Path) -> None:
    (destination.parent / "empty").mkdir()
    for place in (destination, destination.parent / "empty", destination.parent / "new"):
        require_place(place)
    for other in (destination.parent, destination / "model.toml"):
        with pytest.raises(UsageError, match="is there already and is no model folder"):
            require_place(other)
