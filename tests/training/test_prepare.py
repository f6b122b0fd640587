"""From photos on disk to arrays."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.datasets.reading import read_labelled
from lib.training.prepare import Crops, Views, prepare_views


def prepared(folder: Path, work: Path) -> tuple[Views, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    crops = Crops(read_labelled(folder), size=8, count=2, seed=0, augment=False, teacher=None)
    views = prepare_views(crops, work, lambda done, total: told.append((done, total)))
    return views, told


def test_rows_are_the_photos_that_could_be_decoded(tmp_path: Path) -> None:
    for label, shades in {"dark": (10, 20, 30), "light": (200, 210)}.items():
        (tmp_path / "set" / label).mkdir(parents=True)
        for shade in shades:
            Image.new("RGB", (20, 12), (shade, shade, shade)).save(tmp_path / "set" / label / f"{shade}.png")
    broken = tmp_path / "set" / "dark" / "15.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing more")

    views, told = prepared(tmp_path / "set", tmp_path / "work")
    assert views.pixels.shape == (5, 2, 8, 8, 3)
    assert views.pixels[:, 0, 0, 0, 0].tolist() == [10, 20, 30, 200, 210]
    assert np.array_equal(views.pixels[:, 0], views.pixels[:, 1])
    assert views.labels.tolist() == [0, 0, 0, 1, 1]
    told_of = {1: "dark/15.png is incomplete: the end of the photo is missing."}
    assert {index: str(reason) for index, reason in views.broken.items()} == told_of
    assert told == [(0, 6), (6, 6)]

    again, told = prepared(tmp_path / "set", tmp_path / "work")
    assert told == [], "the second time nothing is decoded"
    assert np.array_equal(again.pixels, views.pixels)
    assert again.labels.tolist() == views.labels.tolist()
    assert {index: str(reason) for index, reason in again.broken.items()} == told_of


def test_a_disk_without_room_is_told_before_a_page_is_written_and_gets_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    (tmp_path / "set" / "a").mkdir(parents=True)
    Image.new("RGB", (20, 12)).save(tmp_path / "set" / "a" / "1.png")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        prepared(tmp_path / "set", tmp_path / "work")
    assert not list((tmp_path / "work").rglob("pixels.npy"))


def test_crops_are_made_anew_for_a_photo_that_was_changed(tmp_path: Path) -> None:
    for name, colour in {"a/1.png": "red", "b/2.png": "green"}.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        Image.new("RGB", (20, 12), colour).save(tmp_path / "set" / name)
    prepared(tmp_path / "set", tmp_path / "work")
    Image.new("RGB", (20, 12), "blue").save(tmp_path / "set" / "a/1.png")
    views, told = prepared(tmp_path / "set", tmp_path / "work")
    assert told
    assert views.pixels[0, 0, 0, 0].tolist() == [0, 0, 255]


def test_runs_that_share_a_folder_cut_the_photos_once(tmp_path: Path) -> None:
    (tmp_path / "set" / "dark").mkdir(parents=True)
    for shade in range(20):
        Image.new("RGB", (20, 12), (shade, shade, shade)).save(tmp_path / "set" / "dark" / f"{shade:02}.png")
    told: list[list[tuple[int, int]]] = []
    runs = [
        threading.Thread(target=lambda: told.append(prepared(tmp_path / "set", tmp_path / "work")[1])) for _ in range(3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(map(len, told)) == [0, 0, 2]
