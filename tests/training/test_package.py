"""Writing model folders."""

from pathlib import Path

import pytest

from lib.training.package import shown_label, write_folder


@pytest.mark.parametrize(
    ("folder", "label"), [("golf_ball", "golf ball"), ("cat", "cat"), ("_", "_"), ("  a__b ", "a b"), ("개", "개")]
)
def test_labels_are_folder_names_made_readable(folder: str, label: str) -> None:
    assert shown_label(folder) == label


def test_a_folder_is_replaced_but_its_other_files_stay(tmp_path: Path) -> None:
    destination = tmp_path / "models" / "mine"
    write_folder(destination, {"model.toml": b"old"})
    (destination / "README.md").write_text("card")
    write_folder(destination, {"model.toml": b"new"})
    assert {path.name: path.read_bytes() for path in destination.iterdir()} == {
        "model.toml": b"new", "README.md": b"card",
    }  # fmt: skip
    assert [path.name for path in destination.parent.iterdir()] == ["mine"]


def test_a_failed_write_leaves_the_old_folder(tmp_path: Path) -> None:
    destination = tmp_path / "mine"
    write_folder(destination, {"model.toml": b"old"})
    with pytest.raises(FileNotFoundError):
        write_folder(destination, {"model.toml": b"new", "no/such/folder": b""})
    assert (destination / "model.toml").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
