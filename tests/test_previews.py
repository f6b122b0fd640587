"""Previews lie in folders of random names and do not stay."""

import os
import time
from pathlib import Path

import pytest

from lib import previews
from lib.errors import ModelFileError


def test_files_are_where_the_browser_looks(tmp_path: Path) -> None:
    source = tmp_path / "model.tflite"
    source.write_bytes(b"weights")
    name = previews.publish({"model/model.tflite": source, "index.html": b"<p>"}, folder=tmp_path / "out")
    place = tmp_path / "out" / name
    assert (place / "model" / "model.tflite").read_bytes() == b"weights"
    assert (place / "index.html").read_bytes() == b"<p>"
    assert previews.exists(name, folder=tmp_path / "out")


def test_names_cannot_be_guessed(tmp_path: Path) -> None:
    names = {previews.publish({"a": b""}, folder=tmp_path) for _ in range(20)}
    assert len(names) == 20
    assert min(map(len, names)) >= 32


def test_old_previews_are_removed(tmp_path: Path) -> None:
    old = previews.publish({"a": b""}, folder=tmp_path)
    past = time.time() - previews.KEEP_S - 1
    os.utime(tmp_path / old, (past, past))
    new = previews.publish({"a": b""}, folder=tmp_path)
    assert not previews.exists(old, folder=tmp_path)
    assert previews.exists(new, folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(ModelFileError, match="file"):
        previews.publish({"a": b""}, folder=blocked)
