"""An RGB image → the numbers a model's input tensor expects, as its `model.toml` says.

The resize rule and the filter decide answers: antialiased bilinear (Pillow's BILINEAR) is what reproduces the published
MobileNet accuracies best among those tried.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.model.spec import InputSpec

# TF-slim's evaluation cuts the middle 87.5 % of each side, then scales to the input size, aspect not kept
# (preprocessing/inception_preprocessing.py, preprocess_for_eval, central_fraction=0.875); the box is cut at whole
# pixels, as tf.image.central_crop does.
CENTRAL_FRACTION = 0.875


def resize(image: Image.Image, spec: InputSpec) -> Image.Image:
    """Return the part of `image` the model looks at, scaled to `spec.size_wh`."""
    if spec.resize == "crop":
        width, height = image.size
        left, top = int(width * (1 - CENTRAL_FRACTION) / 2), int(height * (1 - CENTRAL_FRACTION) / 2)
        # Cut first: resize(box=…) lets the filter reach outside the box, and moves published accuracies.
        image = image.crop((left, top, width - left, height - top))
    return image.resize(spec.size_wh, Image.Resampling.BILINEAR)


def to_floats(pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """Scale bytes to the real numbers the model was trained on.

    Args:
        pixels: Shape (H, W, 3), RGB, 0 … 255.

    Returns:
        Same shape, float32: 0 … 255 mapped to `spec.range`, then, where the model asks for it, the channels'
        mean taken off and divided by their deviation.
    """
    low, high = spec.range
    scaled = np.multiply(pixels, np.float32((high - low) / 255.0), dtype=np.float32)
    scaled += np.float32(low)
    if spec.mean is not None:
        scaled -= np.asarray(spec.mean, np.float32)
    if spec.std is not None:
        scaled /= np.asarray(spec.std, np.float32)
    return scaled


class Quantiser:
    """Maps bytes to the integers of an 8-bit input tensor: q = round(x / scale) + zero_point, clipped.

    Args:
        spec: What the bytes mean to the model.
        dtype: np.uint8 or np.int8.
        scale: Real value of one step; 0 for a tensor that says nothing of it and so takes the bytes as they are.
        zero_point: The integer that stands for 0.
    """

    def __init__(self, spec: InputSpec, dtype: Any, scale: float, zero_point: int) -> None:
        limits = np.iinfo(dtype)
        every_byte = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        real = to_floats(every_byte, spec).astype(np.float64)
        plain = np.arange(256)[:, None] + int(limits.min)
        table = np.clip(np.rint(real / scale) + zero_point, limits.min, limits.max) if scale else plain
        # A tensor whose steps are the bytes themselves (to within one step) takes them as they are: so the
        # 8-bit ImageNet models were trained and measured.
        self._is_plain = bool(np.all(np.abs(table - plain) <= 1))
        self._dtype = dtype
        self._table = table.astype(dtype)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """Return `pixels`, shape (H, W, 3), as integers of the tensor's type."""
        if self._is_plain:
            return pixels if self._dtype == np.uint8 else (pixels ^ 0x80).view(np.int8)
        return np.stack([self._table[:, c][pixels[..., c]] for c in range(3)], axis=-1)
