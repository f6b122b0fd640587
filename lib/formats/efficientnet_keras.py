"""EfficientNet-Lite's published weights as a Keras model, layer by layer. Imports Keras: for worker processes only.

The same network as `lib.formats.efficientnet_lite` writes as a LiteRT file, with its batch norms still in their places:
what is to be trained further, or taken away as `.keras`, begins here. Layers are called as PyTorch calls them, with a
dash where it has a dot.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats import pth
from lib.formats.efficientnet_lite import EPSILON, blocks
from lib.messages import N_

MAP, POOLED = "map", "features"


def from_pth(content: bytes, file: str, side: int | None, batch: int | None = None) -> keras.Model:
    """Return the model made of a file of PyTorch weights; arguments as in `pth.read` and `build`."""
    return build(pth.read(content, file), side, batch)


def build(weights: Mapping[str, NDArray[Any]], side: int | None, batch: int | None = None) -> keras.Model:
    """Return the network as far as its features, ready to be given a head.

    It takes photos (N, side, side, 3), float32 between `efficientnet_lite.BOUNDS`, and gives features (N, 1280). The
    layer `MAP` is the last map, (N, h, w, 1280); `POOLED` its mean.

    Args:
        weights: By their names in PyTorch.
        side: Of the square photo, in pixels; None: any.
        batch: Photos it accepts at once; None: any number.

    Raises:
        ModelFileError: A weight is missing.
    """
    photo = keras.Input(batch_shape=(batch, side, side, 3), name="photo")
    try:
        x = _convolution(photo, weights, "_conv_stem", "_bn0", stride=2)
        for block in blocks(weights):
            before, path = x, block.path
            if block.expands:
                x = _convolution(x, weights, f"{path}_expand_conv", f"{path}_bn0")
            x = _convolution(x, weights, f"{path}_depthwise_conv", f"{path}_bn1", stride=block.stride)
            x = _convolution(x, weights, f"{path}_project_conv", f"{path}_bn2", relu6=False)
            if block.is_residual:
                x = layers.Add(name=_name(f"{path}add"))([x, before])
        x = _convolution(x, weights, "_conv_head", "_bn1", end=MAP)
    except KeyError as error:
        raise ModelFileError(N_("EfficientNet-Lite could not be made: {what} is missing."), what=error) from error
    return keras.Model(photo, layers.GlobalAveragePooling2D(name=POOLED)(x), name="efficientnet-lite")


def classes_of(model: keras.Model, weights: Mapping[str, NDArray[Any]]) -> keras.Model:
    """Return the published model: that of `build` with the 1000 classes of ImageNet, probabilities (N, 1000)."""
    head = layers.Dense(len(weights["_fc.bias"]), activation="softmax", name="classes")
    whole = keras.Model(model.input, head(model.output), name=model.name)
    head.set_weights([weights["_fc.weight"].T, weights["_fc.bias"]])
    return whole


def _convolution(
    x: keras.KerasTensor,
    weights: Mapping[str, NDArray[Any]],
    name: str,
    norm: str,
    *,
    stride: int = 1,
    relu6: bool = True,
    end: str | None = None,
) -> keras.KerasTensor:
    kernel = weights[f"{name}.weight"]  # (filters, channels, height, width)
    common = {"strides": stride, "padding": "same", "use_bias": False, "name": _name(name)}
    if name.endswith("depthwise_conv"):
        convolution, turned = layers.DepthwiseConv2D(kernel.shape[-1], **common), (2, 3, 0, 1)
    else:
        convolution, turned = layers.Conv2D(len(kernel), kernel.shape[-1], **common), (2, 3, 1, 0)
    # The network has two norms called _bn1 and two called _bn0: the convolution's name tells them apart.
    normalised = layers.BatchNormalization(epsilon=EPSILON, name=f"{_name(name)}-bn")
    x = normalised(convolution(x))
    convolution.set_weights([np.ascontiguousarray(kernel.transpose(turned))])
    normalised.set_weights([weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    return layers.ReLU(6.0, name=end or f"{_name(name)}-relu6")(x) if relu6 else x


def _name(path: str) -> str:
    return path.replace(".", "-").strip("_-")
