"""An RGB image → the numbers a model's input tensor expects, as its `model.toml` says.

The resize rule and the filter decide answers. Pillow's filters average over the area that a new pixel covers, as those
of the models' makers do.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.model.spec import InputSpec

CENTRAL_FRACTION = 0.875
NOTEWORTHY = 0.1
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def seen(size_wh: tuple[int, int], spec: InputSpec) -> tuple[int, int, int, int]:
    """Return the part of a photo that the model looks at: left, top, right, bottom in whole pixels.

    "square" is ImageNet's own evaluation: the middle in the input's shape, 87.5% of the shorter side
    (`_decode_and_center_crop` in efficientnet/preprocessing.py of TensorFlow's tpu repository: 224 of 224 + 32 pixels,
    rounded down, an odd rest above and to the left). "middle" is the same with all of the shorter side: what Teachable
    Machine shows its models (`cropTo` in libraries/image/src/utils/canvas.ts of teachablemachine-community), and
    Keras's `crop_to_aspect_ratio`. "crop" is TF-slim's (inception_preprocessing.py, preprocess_for_eval,
    central_fraction=0.875), cut at whole pixels as tf.image.central_crop does.

    Args:
        size_wh: Of the upright photo, in pixels.
        spec: What the model expects to see.
    """
    width, height = size_wh
    if spec.resize in ("square", "middle"):
        wide, high = spec.size_wh
        # 7 / 8 in whole numbers: no rounding error decides about a pixel, in whatever language.
        part, whole = (7, 8) if spec.resize == "square" else (1, 1)
        scale = (part * width, whole * wide) if width * high <= height * wide else (part * height, whole * high)
        seen_width, seen_height = (max(1, side * scale[0] // scale[1]) for side in spec.size_wh)
        left, top = (width - seen_width + 1) // 2, (height - seen_height + 1) // 2
        return left, top, left + seen_width, top + seen_height
    if spec.resize == "crop":
        left, top = int(width * (1 - CENTRAL_FRACTION) / 2), int(height * (1 - CENTRAL_FRACTION) / 2)
        return left, top, width - left, height - top
    return 0, 0, width, height


def misses_much(size_wh: tuple[int, int], spec: InputSpec) -> bool:
    """Whether more than `NOTEWORTHY` of a side lies outside what the model looks at, at any edge of the photo.

    The middle 87.5% of a square photo leave 6% at each edge; of any other camera's, "square" leaves more.
    """
    left, top, right, bottom = seen(size_wh, spec)
    width, height = size_wh
    return max(left / width, 1 - right / width, top / height, 1 - bottom / height) > NOTEWORTHY


def resize(image: Image.Image, spec: InputSpec) -> Image.Image:
    """Return the part of `image` the model looks at, scaled to `spec.size_wh`."""
    box = seen(image.size, spec)
    if box != (0, 0, *image.size):
        # Cut first: resize(box=…) lets the filter reach outside the box, and moves published accuracies.
        image = image.crop(box)
    return image.resize(spec.size_wh, _FILTERS[spec.filter])


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
