"""Drawn photos of circles, squares and triangles: a set to begin with that is always there, and that nobody fetched.

Each picture is drawn by itself: the shape's size, place, turn and colour, filled or not, the ground's colour, light and
lines, and the noise of a camera. The same seed gives the same pictures.
"""

import io
import math
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.messages import N_
from lib.photos.source import Source

SHAPES = (N_("circle"), N_("square"), N_("triangle"))
EACH = 40
_SIDE, _FINE = 224, 2  # pixels; drawn at twice the size, so that edges are smooth
_LEAST_CONTRAST = 60.0  # of the shape's and the ground's brightness, 0 … 255
_NOISE = 8.0
_CORNERS = (64, 4, 3)  # of a polygon; with so many it is a circle


def read_shapes(seed: int = 0) -> LabelledPhotos:
    """Return 40 photos of each shape, drawn when they are read."""
    photos = [
        LabelledPhoto(Source(f"{shape}-{number:02}.jpg", partial(draw, label, number, seed)), label)
        for label, shape in enumerate(SHAPES)
        for number in range(1, EACH + 1)
    ]
    return LabelledPhotos("shapes", SHAPES, SHAPES, tuple(photos))


def draw(label: int, number: int, seed: int = 0) -> bytes:
    """Return a JPEG of the shape at this position of `SHAPES`."""
    rng = np.random.default_rng([seed, label, number])
    side = _SIDE * _FINE
    ground, ink = _colours(rng)
    picture = _lit(ground, side, rng)
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(0, 4)):  # what else lies about
        ends = [tuple(rng.integers(0, side, 2).tolist()) for _ in range(2)]
        pen.line(ends, fill=_near(ground, rng), width=int(rng.integers(2, 12)))
    corners, width = _corners(_CORNERS[label], side, rng), int(rng.integers(10, 24))
    if rng.random() < 0.6:
        pen.polygon(corners, fill=ink)
    else:
        pen.line([*corners, *corners[:2]], fill=ink, width=width, joint="curve")
    return _taken(picture.reduce(_FINE), rng)


def _colours(rng: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return two colours that can be told apart by their brightness (ITU-R BT.601)."""
    while True:
        pair = rng.integers(0, 256, (2, 3))
        if abs(float((pair[0] - pair[1]) @ (0.299, 0.587, 0.114))) >= _LEAST_CONTRAST:
            return tuple(pair[0].tolist()), tuple(pair[1].tolist())


def _lit(colour: tuple[int, ...], side: int, rng: np.random.Generator) -> Image.Image:
    """Return a ground of one colour, lit from somewhere."""
    across, down = np.meshgrid(*[np.linspace(-1, 1, side)] * 2)
    light = 30 * rng.random() * (across * math.cos(angle := rng.uniform(0, math.tau)) + down * math.sin(angle))
    return Image.fromarray(np.clip(np.array(colour) + light[..., None], 0, 255).astype(np.uint8))


def _near(colour: tuple[int, ...], rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(np.clip(np.array(colour) + rng.integers(-40, 41, 3), 0, 255).tolist())


def _corners(count: int, side: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return the corners of a regular polygon that lies in the picture, however it is turned."""
    radius = side * rng.uniform(0.14, 0.36)
    middle = rng.uniform(radius, side - radius, 2)
    angles = rng.uniform(0, math.tau) + np.arange(count) * math.tau / count
    return [(middle[0] + radius * math.cos(at), middle[1] + radius * math.sin(at)) for at in angles]


def _taken(picture: Image.Image, rng: np.random.Generator) -> bytes:
    """Return the picture as a camera takes it: with noise, as a JPEG."""
    pixels = np.asarray(picture) + rng.normal(0, _NOISE, (picture.height, picture.width, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
