"""Writing model folders, and the figures in them."""

from pathlib import Path

import numpy as np
import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import How, Matching
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import assess
from lib.photos.source import Source
from lib.training.package import metrics_of, shown_label, write_folder
from lib.verdict import Thresholds


@pytest.mark.parametrize(
    ("folder", "label"), [("golf_ball", "golf ball"), ("cat", "cat"), ("_", "_"), ("  a__b ", "a b"), ("개", "개")]
)
def test_labels_are_folder_names_made_readable(folder: str, label: str) -> None:
    assert shown_label(folder) == label


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


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "model.toml").write_bytes(b"new")
    return tmp_path / "files"


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_bytes(b"old")
    (folder / "README.md").write_bytes(b"card")
    return folder


def test_a_folder_is_replaced_but_its_other_files_stay(files: Path, destination: Path) -> None:
    write_folder(destination, files)
    assert {path.name: path.read_bytes() for path in destination.iterdir()} == {
        "model.toml": b"new", "README.md": b"card",
    }  # fmt: skip
    assert [path.name for path in destination.parent.iterdir()] == ["mine"]


def test_a_new_folder_can_be_read_by_others(files: Path, tmp_path: Path) -> None:
    files.chmod(0o700)
    write_folder(tmp_path / "models" / "new", files)
    assert (tmp_path / "models" / "new").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "models" / "new" / "model.toml").read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_folder(files: Path, destination: Path) -> None:
    (files / "nowhere").symlink_to("no such file")
    with pytest.raises(OSError, match="nowhere"):
        write_folder(destination, files)
    assert (destination / "model.toml").read_bytes() == b"old"
    assert [path.name for path in destination.parent.iterdir()] == ["mine"]
