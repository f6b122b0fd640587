"""Labelled photos to begin with where nobody has any yet: a teacher's own, drawn ones, and some of installed packages.

A teacher lays sets of her own as DISCERN_HOME/exercises/NAME/CLASS/photo, or as NAME.zip; or into another folder, which
the setting DISCERN_EXERCISES names.
"""

import gzip
import importlib.util
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.datasets.files import is_ignored
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.reading import read_all
from lib.datasets.shapes import EACH, SHAPES, read_shapes
from lib.i18n import Translator
from lib.messages import N_
from lib.photos.source import Source
from lib.work.files import data_folder

FOLDER = "exercises"
SETTING = "DISCERN_EXERCISES"
_OWN = "own:"
# Tiles of the three pictures of scikit-image that show a surface, 512 pixels a side; none overlaps another.
_SURFACES = (N_("brick"), N_("grass"), N_("gravel"))
_TILE = 128
# Scikit-learn's digits (E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, CC BY 4.0): 8 × 8.
_DIGITS = (3, 5, 8)
_DIGITS_EACH, _DIGITS_SCALE = 30, 16


@dataclass(frozen=True, slots=True)
class Exercise:
    """A set of labelled photos.

    Attributes:
        id: Unique among all that `find_exercises` returns.
        name: English, marked for translation; a teacher's own is called as she called it.
        photos: How many there are; None where nobody has counted.
        read: Returns the photos; class names are English, marked for translation; a teacher's own as she called them.
        is_own: Whether it is a teacher's.
    """

    id: str
    name: str
    photos: int | None
    read: Callable[[], LabelledPhotos]
    is_own: bool = False

    def title(self, t: Translator) -> str:
        """Return its name in the reader's language."""
        return self.name if self.is_own else t(self.name)

    def labelled(self, t: Translator) -> LabelledPhotos:
        """Return the photos, their classes called as the reader calls them. Raises DatasetError: see `read_all`."""
        photos = self.read()
        if self.is_own:
            return photos
        names = tuple(map(t, photos.titles))
        return replace(photos, classes=names, titles=names)


def find_exercises() -> tuple[Exercise, ...]:
    """Return the sets that can be used here, a teacher's own first."""
    shapes = Exercise("shapes", N_("Circles, squares and triangles"), EACH * len(SHAPES), read_shapes)
    return (*_own(), shapes, *_packaged())


def _own() -> Iterator[Exercise]:
    elsewhere = os.environ.get(SETTING, "").strip()
    found: dict[str, Path] = {}
    for folder in (data_folder() / FOLDER, *([Path(elsewhere).expanduser()] if elsewhere else [])):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not is_ignored(path.name) and (path.is_dir() or path.suffix.lower() == ".zip"):
                found.setdefault(path.name, path)
    for name, path in found.items():
        yield Exercise(_OWN + name, path.stem if path.is_file() else name, None, partial(read_all, path), is_own=True)


def _packaged() -> Iterator[Exercise]:
    surfaces = [_inside("skimage", f"data/{surface}.png") for surface in _SURFACES]
    if all(path is not None for path in surfaces):
        tiles = (512 // _TILE) ** 2 * len(surfaces)
        yield Exercise("surfaces", N_("Brick, grass and gravel"), tiles, partial(_read_surfaces, surfaces))
    if (digits := _inside("sklearn", "datasets/data/digits.csv.gz")) is not None:
        many = _DIGITS_EACH * len(_DIGITS)
        yield Exercise("digits", N_("Handwritten 3, 5 and 8"), many, partial(_read_digits, digits))


def _inside(package: str, path: str) -> Path | None:
    """Return a file of a package, which is not imported; None if it is not there."""
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        if (file := Path(place) / path).is_file():
            return file
    return None


def _read_surfaces(paths: list[Path | None]) -> LabelledPhotos:
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths if path is not None]
    tiles = [
        [picture[y : y + _TILE, x : x + _TILE] for y in range(0, 512, _TILE) for x in range(0, 512, _TILE)]
        for picture in pictures
    ]
    return _labelled("surfaces", _SURFACES, tiles)


def _read_digits(path: Path) -> LabelledPhotos:
    with gzip.open(path, "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)  # 64 values from 0, white, to 16, and the digit
    scale = np.ones((_DIGITS_SCALE, _DIGITS_SCALE), np.uint8)
    each = [table[table[:, -1] == digit][:_DIGITS_EACH, :-1].reshape(-1, 8, 8) for digit in _DIGITS]
    ink = [[np.kron(255 - np.minimum(one * 16, 255), scale) for one in digits] for digits in each]
    return _labelled("digits", tuple(map(str, _DIGITS)), ink)


def _labelled(name: str, classes: tuple[str, ...], pictures: list[list[NDArray[np.uint8]]]) -> LabelledPhotos:
    photos = [
        LabelledPhoto(Source.of_bytes(_png(picture), f"{title}-{number:02}.png"), label)
        for label, (title, each) in enumerate(zip(classes, pictures, strict=True))
        for number, picture in enumerate(each, 1)
    ]
    return LabelledPhotos(name, classes, classes, tuple(photos))


def _png(picture: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
