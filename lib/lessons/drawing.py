"""Pictures drawn for lessons: a shape on grass, on sand, or on plain paper. The same numbers give the same picture.

They are smaller and quicker to draw than the practice photos (`lib.datasets.shapes`): a lesson needs two hundred.
"""

import math
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

Ground = Literal["paper", "grass", "sand"]
SIDE = 192  # pixels
CORNERS = (48, 4, 3)  # of circle, square and triangle, as in `lib.datasets.shapes`
_NOISE = 10.0
_BLADES, _STONES = 700, 900


def scene(shape: int, ground: Ground, number: int, seed: int = 0) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Return a picture, and the box of the shape in it: left, top, right, bottom in pixels.

    Args:
        shape: Place in `CORNERS`.
        ground: What it lies on.
        number: Which picture of this kind.
        seed: Of the set.
    """
    rng = np.random.default_rng([seed, shape, {"paper": 0, "grass": 1, "sand": 2}[ground], number])
    picture = _GROUNDS[ground](rng)
    radius = SIDE * rng.uniform(0.16, 0.24)
    middle = rng.uniform(radius + 4, SIDE - radius - 4, 2)
    angles = rng.uniform(0, math.tau) + np.arange(CORNERS[shape]) * math.tau / CORNERS[shape]
    corners = [(float(middle[0] + radius * math.cos(at)), float(middle[1] + radius * math.sin(at))) for at in angles]
    ink = tuple(rng.integers(0, 256, 3).tolist())
    pen = ImageDraw.Draw(picture)
    if rng.random() < 0.5:
        pen.polygon(corners, fill=ink)
    else:
        pen.line([*corners, *corners[:2]], fill=ink, width=int(rng.integers(5, 12)), joint="curve")
    pixels = np.asarray(picture, np.float32) + rng.normal(0, _NOISE, (SIDE, SIDE, 3)).astype(np.float32)
    across, down = zip(*corners, strict=True)
    box = (int(min(across)), int(min(down)), math.ceil(max(across)), math.ceil(max(down)))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), box


def _paper(rng: np.random.Generator) -> Image.Image:
    """Return a ground of one colour with a few lines on it."""
    colour = rng.integers(60, 236, 3)
    picture = Image.new("RGB", (SIDE, SIDE), tuple(colour.tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 7))):
        ends = rng.integers(0, SIDE, 4).tolist()
        near = np.clip(colour + rng.integers(-70, 71, 3), 0, 255)
        pen.line(ends, fill=tuple(near.tolist()), width=int(rng.integers(2, 7)))
    return picture


def _grass(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), (44, 98, 36))
    pen = ImageDraw.Draw(picture)
    feet = rng.uniform(-10, SIDE + 10, (_BLADES, 2))
    leans, heights, greens = rng.normal(0, 6, _BLADES), rng.uniform(10, 26, _BLADES), rng.integers(90, 190, _BLADES)
    for (across, down), lean, height, green in zip(feet, leans, heights, greens, strict=True):
        pen.line((across, down, across + lean, down - height), fill=(int(green) // 2, int(green), 40), width=2)
    return picture


def _sand(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), (214, 188, 140))
    pen = ImageDraw.Draw(picture)
    places, sizes, shades = (
        rng.uniform(0, SIDE, (_STONES, 2)),
        rng.uniform(1, 3, _STONES),
        rng.integers(-50, 40, _STONES),
    )
    for (across, down), size, shade in zip(places, sizes, shades, strict=True):
        colour = (214 + int(shade) // 2, 188 + int(shade) // 2, 140 + int(shade))
        pen.ellipse((across, down, across + size, down + size), fill=colour)
    return picture


_GROUNDS = {"paper": _paper, "grass": _grass, "sand": _sand}
