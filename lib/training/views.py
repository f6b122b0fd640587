"""Crops of photos, prepared once and seen many times.

The student is shown exactly the crop its teacher was asked about: "a consistent teacher" (Beyer et al. 2022,
"Knowledge distillation: a good teacher is patient and consistent"; stored per crop as in FKD, Shen and Xing 2022).
"""

import numpy as np
from PIL import Image

SMALLEST_AREA = 0.30
ASPECTS = (3 / 4, 4 / 3)

Boxes = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def random_boxes(rng: np.random.Generator, count: int, *, smallest_area: float = SMALLEST_AREA) -> Boxes:
    """Return crops in shares of the photo's sides: shape (count, 4), each left, top, right, bottom in [0, 1].

    Area uniform in [smallest_area, 1], aspect log-uniform in [3/4, 4/3] relative to the whole photo's, since the
    model sees whole photos squashed to a square; place uniform. After Szegedy et al. 2015 (Going deeper with
    convolutions, section 6), whose least area, 8%, leaves too little of a 160-pixel photo.
    """
    area = rng.uniform(smallest_area, 1.0, count)
    aspect = np.exp(rng.uniform(np.log(ASPECTS[0]), np.log(ASPECTS[1]), count))
    width = np.minimum(np.sqrt(area * aspect), 1.0)
    height = np.minimum(np.sqrt(area / aspect), 1.0)
    left = rng.uniform(0.0, 1.0, count) * (1.0 - width)
    top = rng.uniform(0.0, 1.0, count) * (1.0 - height)
    return np.stack([left, top, left + width, top + height], axis=1)


def photo_boxes(seed: int, index: int, count: int, *, augment: bool) -> Boxes:
    """Return the `count` crops of photo number `index`; without `augment` the whole photo each time."""
    if not augment:
        return np.tile(np.array([0.0, 0.0, 1.0, 1.0]), (count, 1))
    return random_boxes(np.random.default_rng([seed, index]), count)


def crop(
    image: Image.Image, box: np.ndarray[tuple[int], np.dtype[np.float64]], size: int
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Return the part of `image` inside `box` (shares of its sides), squashed to (size, size, 3) RGB."""
    width, height = image.size
    left, top, right, bottom = (float(v) for v in box)
    pixels = (left * width, top * height, right * width, bottom * height)
    scaled = image.resize((size, size), Image.Resampling.BILINEAR, box=pixels)
    return np.asarray(scaled, dtype=np.uint8)
