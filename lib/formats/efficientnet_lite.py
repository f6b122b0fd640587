"""EfficientNet-Lite's published weights as a LiteRT file, without PyTorch and without TensorFlow.

The network is that of efficientnet/lite/efficientnet_lite_builder.py in TensorFlow's tpu repository: MobileNetV2's
inverted residual blocks with relu6, no squeeze-and-excite. How often each stage repeats and how wide it is stands in
the shapes of the weights, so one description serves all of them (Lite0 to Lite2 were tried). Batch norms are folded
into the convolutions before them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats import pth
from lib.formats.write import Graph, Ranges, Tensor
from lib.messages import N_

# What the bytes 0 and 255 become: (byte - 127) / 128, as in efficientnet/lite (MEAN_RGB, STDDEV_RGB).
BOUNDS = (-127 / 128, 1.0)
EPSILON = 1e-3  # of the batch norms; with PyTorch's usual 1e-5 no accuracy shows the mistake
FEATURES = 1280
_NARROWING = (1, 2, 3, 5)  # the stages whose first block halves the picture


@dataclass(frozen=True, slots=True)
class Head:
    """Another last layer: for L2-normalised features, in real numbers also behind an 8-bit network.

    Attributes:
        weight: Shape (K, 1280).
        bias: Shape (K,).
    """

    weight: NDArray[np.floating]
    bias: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted residual block.

    Attributes:
        path: What its layers' names begin with.
        expands: Whether a convolution widens the map first; the first stage's do not.
        stride: 2 where it halves the map.
        is_residual: Whether what went in is added to what comes out.
    """

    path: str
    expands: bool
    stride: int
    is_residual: bool


def blocks(weights: Mapping[str, NDArray[Any]]) -> Iterator[Block]:
    """Yield the blocks in order, as the shapes of the weights have them. Raises KeyError if a weight is missing."""
    stage, filters = -1, 0
    for number in range(sum("_project_conv" in name for name in weights)):
        path = f"_blocks.{number}."
        wide = len(weights[f"{path}_project_conv.weight"])
        begins_stage, filters = wide != filters, wide  # each stage has a width of its own
        stage += begins_stage
        yield Block(path, stage > 0, 2 if begins_stage and stage in _NARROWING else 1, not begins_stage)


def from_pth(content: bytes, file: str, side: int, ranges: Ranges | None = None, head: Head | None = None) -> bytes:
    """Return the LiteRT file made of a file of PyTorch weights; arguments as in `pth.read` and `to_litert`.

    Raises:
        ModelFileError: It does not hold such weights.
    """
    return to_litert(pth.read(content, file), side, ranges, head)


def to_litert(
    weights: Mapping[str, NDArray[Any]], side: int, ranges: Ranges | None = None, head: Head | None = None
) -> bytes:
    """Return the LiteRT file: a photo goes in, probabilities come out as float32 with sum 1.

    Args:
        weights: By their names in PyTorch.
        side: Of the square photo, in pixels.
        ranges: For 8 bits: of each activation, as measured on the float file. The photo is then uint8, the bytes as
            they are. None: float32, `BOUNDS`.
        head: Another last layer; None for the 1000 classes of ImageNet.

    Raises:
        ModelFileError: A weight or a range is missing, or the head does not fit.
    """
    graph = Graph(ranges)
    try:
        features = _features(graph, weights, side)
        return graph.finish(_classes(graph, features, weights, head))
    except KeyError as error:
        raise ModelFileError(N_("EfficientNet-Lite could not be made: {what} is missing."), what=error) from error


def _features(graph: Graph, weights: Mapping[str, NDArray[Any]], side: int) -> Tensor:
    x = graph.photo((side, side), BOUNDS)
    x = _convolution(graph, x, weights, "_conv_stem", "_bn0", stride=2)
    for block in blocks(weights):
        before, path = x, block.path
        if block.expands:
            x = _convolution(graph, x, weights, f"{path}_expand_conv", f"{path}_bn0")
        x = _convolution(graph, x, weights, f"{path}_depthwise_conv", f"{path}_bn1", stride=block.stride)
        x = _convolution(graph, x, weights, f"{path}_project_conv", f"{path}_bn2", relu6=False)
        if block.is_residual:
            x = graph.add(x, before, f"{path}add")
    x = _convolution(graph, x, weights, "_conv_head", "_bn1")
    return graph.mean(x, "features")


def _convolution(
    graph: Graph,
    x: Tensor,
    weights: Mapping[str, NDArray[Any]],
    name: str,
    norm: str,
    *,
    stride: int = 1,
    relu6: bool = True,
) -> Tensor:
    """Add a convolution and the batch norm behind it as one operator."""
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + EPSILON)
    kernel = weights[f"{name}.weight"] * gain[:, None, None, None]  # (filters, channels, height, width), as in PyTorch
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
    if name.endswith("depthwise_conv"):
        return graph.depthwise_convolution(x, name, kernel.transpose(1, 2, 3, 0), bias, stride=stride, relu6=relu6)
    return graph.convolution(x, name, kernel.transpose(0, 2, 3, 1), bias, stride=stride, relu6=relu6)


def _classes(graph: Graph, features: Tensor, weights: Mapping[str, NDArray[Any]], head: Head | None) -> Tensor:
    if head is None:
        logits = graph.dense(features, "_fc", weights["_fc.weight"], weights["_fc.bias"], out="logits")
        return graph.softmax(graph.real(logits, "logits/float"), "classes")
    if head.weight.shape != (len(head.bias), FEATURES):
        raise ModelFileError(
            N_("EfficientNet-Lite could not be made: its last layer has the shape {found} instead of {expected}."),
            found=head.weight.shape,
            expected=(len(head.bias), FEATURES),
        )
    real = graph.normalise(graph.real(features, "features/float"), "features/normalised")
    return graph.softmax(graph.dense(real, "head", head.weight, head.bias, out="logits"), "classes")
