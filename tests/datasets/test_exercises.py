"""Photos to begin with."""

from pathlib import Path

import numpy as np
import pytest

from lib.datasets.exercises import find_exercises
from lib.i18n import Translator
from lib.photos.opening import open_photo
from tests.support.pictures import RED, encode, plain


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    return tmp_path


def test_some_come_with_the_packages(home: Path) -> None:
    _, surfaces, digits = find_exercises()
    assert (surfaces.photos, surfaces.read().counts()) == (48, (16, 16, 16))
    assert (digits.photos, digits.read().classes) == (90, ("3", "5", "8"))


def test_no_tile_of_a_surface_is_like_another(home: Path) -> None:
    _, surfaces, _ = find_exercises()
    tiles = {photo.source.read() for photo in surfaces.read().photos}
    assert len(tiles) == 48


def test_a_digit_is_black_on_white(home: Path) -> None:
    *_, digits = find_exercises()
    source = digits.read().photos[0].source
    picture = np.asarray(open_photo(source.read(), source.name))
    assert picture.shape == (128, 128, 3)
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture.min() < 32


def test_a_teachers_own_come_first(home: Path) -> None:
    photo = home / "exercises" / "my hands" / "stop" / "1.png"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(encode(plain(RED), "PNG"))
    own, *others = find_exercises()
    assert (own.name, own.photos, len(others)) == ("my hands", None, 3)
    assert own.read().classes == ("stop",)


def test_they_may_lie_elsewhere_and_are_called_as_they_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("train", "val"):
        photo = home / "elsewhere" / "{my} hands" / part / "{stop}" / f"{part}.png"
        photo.parent.mkdir(parents=True)
        photo.write_bytes(encode(plain(RED), "PNG"))
    monkeypatch.setenv("DISCERN_EXERCISES", str(home / "elsewhere"))
    own, *_ = find_exercises()
    photos = own.labelled(Translator("ko"))
    assert (own.title(Translator("ko")), photos.classes, photos.counts()) == ("{my} hands", ("{stop}",), (2,))


def test_the_drawn_ones_are_called_as_the_reader_calls_them(home: Path) -> None:
    shapes = next(one for one in find_exercises() if one.id == "shapes")
    assert shapes.labelled(Translator("ko")).classes != shapes.read().classes == ("circle", "square", "triangle")
