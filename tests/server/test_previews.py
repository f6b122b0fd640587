"""What previews share lies there once, by content, and does not stay."""

import os
import time
from pathlib import Path

import pytest

from lib.errors import ModelFileError
from lib.server import limits, previews


def never() -> bytes:
    """Stand for content that nobody should ask for again."""
    raise AssertionError("it is there already")


def test_files_are_where_the_browser_looks(tmp_path: Path) -> None:
    previews.share({"m/1f/model.tflite": lambda: b"weights", "npm/@a/b@1.0/c.js": lambda: b"code"}, folder=tmp_path)
    assert (tmp_path / "m" / "1f" / "model.tflite").read_bytes() == b"weights"
    assert (tmp_path / "npm" / "@a" / "b@1.0" / "c.js").read_bytes() == b"code"


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    previews.share({"m/1f/model.tflite": lambda: b"weights"}, folder=tmp_path)
    for _ in range(10):
        previews.share({"m/1f/model.tflite": never}, folder=tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["model.tflite"]


def test_what_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        previews.share({"m/1f/model.tflite": never}, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_nobody_uses_is_removed_and_what_is_in_use_stays(tmp_path: Path) -> None:
    old, used = tmp_path / "m" / "1f" / "a.tflite", tmp_path / "m" / "2e" / "b.tflite"
    past = time.time() - limits.PREVIEW_S - 1
    for path in (old, used):
        previews.share({path.relative_to(tmp_path).as_posix(): lambda: b"weights"}, folder=tmp_path)
        os.utime(path, (past, past))
    previews.share({"m/2e/b.tflite": never}, folder=tmp_path)
    previews.sweep(folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [used]
    assert not old.parent.exists()


def test_whatever_else_lies_there_is_removed_at_once(tmp_path: Path) -> None:
    left = tmp_path / "Zx81" / "photo-1"
    left.parent.mkdir()
    left.write_bytes(b"a photo, as earlier versions left it")
    previews.sweep(folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    previews.sweep(folder=tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ModelFileError, match="file"):
        previews.share({"m/1f/a": lambda: b""}, folder=blocked)
