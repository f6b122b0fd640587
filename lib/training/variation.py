"""Photos varied as training varies them, to be looked at: mirrored, turned, zoomed, with other contrast; no TensorFlow.

What training itself does is in `lib.training.augment`, for whole batches in the graph; the turning here is Keras's
`RandomRotation`, the zoom its `RandomZoom`, both with their defaults: lines in between are interpolated, and what is
missing at the edges is mirrored in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strength:
    """How much a photo is varied at most.

    Attributes:
        mirror: Whether half of the photos are mirrored, left to right.
        turn: In degrees, either way.
        zoom: Share by which it grows or shrinks; below 1.
        contrast: Share by which the contrast grows or falls; below 1.
    """

    mirror: bool = True
    turn: float = 36.0
    zoom: float = 0.0
    contrast: float = 0.0


# As the recipe of Keras's example does it ("Image classification from scratch"): a tenth of a full turn.
EXAMPLE = Strength()


def vary(image: Image.Image, strength: Strength, seed: int) -> Image.Image:
    """Return a photo as training might show it; the same seed gives the same.

    Args:
        image: RGB.
        strength: How much.
        seed: For the choice; what is chosen with it is chosen in the same order whatever the strength is.
    """
    mirror, turn, zoom, contrast = np.random.default_rng(seed).uniform(-1, 1, 4)
    pixels = np.asarray(image, np.float64) / 255
    if strength.mirror and mirror > 0:
        pixels = pixels[:, ::-1]
    if strength.turn or strength.zoom:
        pixels = moved(pixels, np.deg2rad(turn * strength.turn), 1 + zoom * strength.zoom)
    mean = pixels.mean()
    pixels = np.clip((pixels - mean) * (1 + contrast * strength.contrast) + mean, 0, 1)
    return Image.fromarray(np.rint(pixels * 255).astype(np.uint8))


def moved(pixels: Pixels, angle: float, scale: float) -> Pixels:
    """Return a picture turned and scaled about its middle; its size stays.

    Args:
        pixels: Shape (H, W, 3).
        angle: In radians, against the clock.
        scale: 2 shows the middle half twice as large.
    """
    height, width = pixels.shape[:2]
    across, down = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    columns = across * cos - down * sin + (width - 1) / 2
    rows = across * sin + down * cos + (height - 1) / 2
    return _between(pixels, rows, columns)


def _between(pixels: Pixels, rows: Pixels, columns: Pixels) -> Pixels:
    """Return the colours at places between pixels, bilinear."""
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    below, right = (rows - top)[..., None], (columns - left)[..., None]
    height, width = pixels.shape[:2]
    up, low = _mirrored_in(top, height), _mirrored_in(top + 1, height)
    near, far = _mirrored_in(left, width), _mirrored_in(left + 1, width)
    upper = pixels[up, near] * (1 - right) + pixels[up, far] * right
    lower = pixels[low, near] * (1 - right) + pixels[low, far] * right
    found: Pixels = upper * (1 - below) + lower * below
    return found


def _mirrored_in(places: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Return places inside, those outside mirrored at the edges: c b a | a b c | c b a."""
    folded = places % (2 * length)
    return np.minimum(folded, 2 * length - 1 - folded)
