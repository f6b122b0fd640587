"""The weights of a tiny EfficientNet-Lite, seven classes of random numbers, and PyTorch's file of them."""

import numpy as np

from lib.formats.efficientnet_lite import FEATURES
from tests.support.pth import legacy, storage, table, tensor

SIDE = 32
CLASSES = 7
# A network of the same build, but tiny: (path, filters, kernel's side) of each convolution in PyTorch's names.
STEM, FIRST, SECOND = 8, 4, 6


def _weights() -> dict[str, np.ndarray]:
    rng, found = np.random.default_rng(0), dict[str, np.ndarray]()

    def convolution(name: str, norm: str, filters: int, channels: int, side: int) -> None:
        found[f"{name}.weight"] = rng.normal(0, (channels * side * side) ** -0.5, (filters, channels, side, side))
        for part, low, high in (
            ("weight", 0.5, 2),
            ("bias", -1, 1),
            ("running_mean", -1, 1),
            ("running_var", 0.002, 0.5),
        ):
            found[f"{norm}.{part}"] = rng.uniform(low, high, filters)

    convolution("_conv_stem", "_bn0", STEM, 3, 3)
    convolution("_blocks.0._depthwise_conv", "_blocks.0._bn1", STEM, 1, 3)
    convolution("_blocks.0._project_conv", "_blocks.0._bn2", FIRST, STEM, 1)
    for block, filters in ((1, FIRST), (2, SECOND)):
        path = f"_blocks.{block}."
        convolution(f"{path}_expand_conv", f"{path}_bn0", 6 * filters, filters, 1)
        convolution(f"{path}_depthwise_conv", f"{path}_bn1", 6 * filters, 1, 5)
        convolution(f"{path}_project_conv", f"{path}_bn2", SECOND, 6 * filters, 1)
    convolution("_conv_head", "_bn1", FEATURES, SECOND, 1)
    found["_fc.weight"], found["_fc.bias"] = rng.normal(0, 0.02, (CLASSES, FEATURES)), rng.normal(0, 0.1, CLASSES)
    return {name: array.astype(np.float32) for name, array in found.items()}


WEIGHTS = _weights()


def _stride(shape: tuple[int, ...], axis: int) -> int:
    return int(np.prod(shape[axis + 1 :]))


def pth_file() -> bytes:
    """Return the weights as PyTorch's file of before 1.6."""
    made = {
        name: tensor(storage(name, array.size), array.shape, [_stride(array.shape, k) for k in range(array.ndim)])
        for name, array in WEIGHTS.items()
    }
    return legacy(table(**made), *WEIGHTS.items())
