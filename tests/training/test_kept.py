"""Features that are kept on disk for a while."""

import os
from pathlib import Path

import numpy as np
import pytest

from lib.catalogue.store import SHIPPED
from lib.datasets.fingerprint import look
from lib.model.spec import load
from lib.photos.source import Source
from lib.training.features import PLAIN, Backbone, Features, poses_of
from lib.training.kept import LONGEST_SECONDS, KeptFeatures
from tests.support.pictures import RED, encode, noise, plain

POSES = poses_of(("whole",), mirrored=True)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone(load(SHIPPED / "starter-small"), workers=1)


@pytest.fixture(scope="module")
def features(backbone: Backbone) -> Features:
    return backbone.read(noise(80, 60), POSES)


def test_what_was_put_comes_back_to_the_bit(backbone: Backbone, features: Features, tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path)
    assert kept.get(backbone, "a" * 64, POSES) is None
    kept.put(backbone, "a" * 64, features)
    found = KeptFeatures(tmp_path).get(backbone, "a" * 64, POSES)
    assert found is not None
    assert found.rows.keys() == features.rows.keys()
    assert all(np.array_equal(found.rows[view], row) for view, row in features.rows.items())
    assert kept.get(backbone, "b" * 64, POSES) is None
    assert kept.get(backbone, "a" * 64, poses_of(("square",), mirrored=False)) is None


def test_a_file_cut_short_is_none(backbone: Backbone, features: Features, tmp_path: Path) -> None:
    kept = KeptFeatures(tmp_path)
    kept.put(backbone, "a" * 64, features)
    for file in (tmp_path / "features").glob("*/*"):
        file.write_bytes(file.read_bytes()[:-1])
    assert kept.get(backbone, "a" * 64, (PLAIN,)) is None


def test_the_oldest_go_when_there_are_too_many_and_all_after_thirty_days(
    backbone: Backbone, features: Features, tmp_path: Path
) -> None:
    each = features.nbytes
    kept = KeptFeatures(tmp_path, most_bytes=2 * each)
    for age, name in enumerate("abc"):
        kept.put(backbone, name * 64, features)
        for file in (tmp_path / "features").glob(f"*/{name}*"):
            os.utime(file, (1e9 - age, 1e9 - age))
    kept.sweep(now=1e9)
    assert [kept.get(backbone, name * 64, POSES) is None for name in "abc"] == [False, False, True]
    kept.forget(["a" * 64])
    assert [kept.get(backbone, name * 64, POSES) is None for name in "abc"] == [True, False, True]
    kept.sweep(now=1e9 + LONGEST_SECONDS)
    assert not list((tmp_path / "features").glob("*/*"))


def test_a_disk_that_refuses_is_no_error(backbone: Backbone, features: Features, tmp_path: Path) -> None:
    (tmp_path / "features").write_text("in the way")
    kept = KeptFeatures(tmp_path)
    kept.put(backbone, "a" * 64, features)
    kept.sweep()
    assert kept.get(backbone, "a" * 64, POSES) is None


def test_a_photo_that_was_looked_at_is_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"a": encode(noise(80, 60), "PNG"), "plain": encode(plain(RED), "PNG"), "broken": b"\xff\xd8 no photo"}
    sources = [Source.of_bytes(content, name) for name, content in data.items()]
    first = [KeptFeatures(tmp_path).look(source) for source in sources]
    assert first == [look(source) for source in sources]
    assert [one.phash is None for one in first] == [False, True, True]
    monkeypatch.setattr("lib.datasets.fingerprint.open_photo", pytest.fail)
    assert [KeptFeatures(tmp_path).look(source) for source in sources[:2]] == first[:2]


def test_what_was_kept_of_a_look_is_forgotten_too_and_cut_short_it_is_none(tmp_path: Path) -> None:
    kept, source = KeptFeatures(tmp_path), Source.of_bytes(encode(noise(80, 60), "PNG"), "a")
    seen = kept.look(source)
    (file,) = (tmp_path / "features").glob("*/*")
    file.write_bytes(b"short")
    assert kept.look(source) == seen
    kept.forget([seen.digest])
    assert not file.exists()


def test_a_photo_that_cannot_be_read_is_looked_at_all_the_same(tmp_path: Path) -> None:
    source = Source.of_path(tmp_path / "gone.jpg", "gone.jpg")
    assert KeptFeatures(tmp_path).look(source) == look(source)
