"""What a model makes of a photo, as a picture: one grey pixel for each number, the largest white."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def png(row: NDArray[np.floating]) -> bytes:
    """Return a square PNG of a row of numbers, row by row; what it is short of is black.

    Most numbers of a row are far smaller than its largest: their square roots are shown.

    Args:
        row: Shape (D,), finite. Negative numbers are black.
    """
    side = int(np.ceil(np.sqrt(len(row))))
    share = np.zeros(side * side)
    positive = np.clip(row.astype(np.float64), 0, None)
    share[: len(row)] = np.sqrt(positive / (positive.max() or 1.0))
    made = io.BytesIO()
    Image.fromarray(np.rint(255 * share).astype(np.uint8).reshape(side, side)).save(made, "PNG")
    return made.getvalue()
