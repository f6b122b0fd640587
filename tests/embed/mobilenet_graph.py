"""MobileNet V1 0.25 as a TF.js graph model with 1001 logits, as `@tensorflow-models/mobilenet` wants it; made here.

The public hosts of these models come and go, so no test leans on them. The architecture is the real one (Howard et al.,
"MobileNets", 2017, table 1, width multiplier 0.25), in the operations the TF.js converter leaves behind: convolutions
fused with bias and ReLU6. The weights are Keras's where a file with them is at hand, else random with a fixed seed.

A graph model is a `model.json`, the frozen graph and a table of weights, beside the weights as little-endian float32 in
the order of that table (tfjs-core, src/io/types.ts, `ModelJSON`).
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 224
LOGITS = 1001
_WIDTHS = (8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
_STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of the first convolution, then of the 13 depthwise ones
_EPSILON = 1e-3  # of Keras's batch normalisation in this model
_SHARD = "group1-shard1of1.bin"

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with bias; ReLU6 follows all but the last.

    Attributes:
        name: Of its node in the graph.
        kernel: Shape (H, W, in, out), or (H, W, in, 1) if depthwise.
        bias: Shape (out,).
        stride: In both directions; padding as TensorFlow's SAME.
        is_depthwise: Each channel has a filter of its own.
    """

    name: str
    kernel: Array
    bias: Array
    stride: int = 1
    is_depthwise: bool = False


def random_layers(seed: int = 7) -> tuple[Layer, ...]:
    """Return random weights under which answers differ from photo to photo.

    Each layer is set so that its channels have mean 0 and deviation 1 on one random picture, as batch normalisation
    would; without that the signal fades and every photo gets the same flat answer.
    """
    rng = np.random.default_rng(seed)
    x = np.kron(rng.random((28, 28, 3)), np.ones((8, 8, 1))).astype(np.float32) * 2 - 1
    layers = []
    for bare in _bare_layers(rng):
        answer = _convolve(x, bare)
        deviation, mean = answer.std((0, 1)) + 1e-3, answer.mean((0, 1))
        scale = deviation[:, None] if bare.is_depthwise else deviation
        layers.append(replace(bare, kernel=(bare.kernel / scale).astype(np.float32), bias=-mean / deviation))
        x = np.clip(_convolve(x, layers[-1]) + layers[-1].bias, 0, 6)
    last = rng.normal(0, 1, (1, 1, _WIDTHS[-1], LOGITS)).astype(np.float32)
    logits = x.mean((0, 1)) @ last[0, 0]
    spread = np.float32(4 / logits.std())
    return (*layers, Layer("Logits", last * spread * 4, -logits * spread * 4 + logits * spread))


def _bare_layers(rng: np.random.Generator) -> Iterator[Layer]:
    def draw(*shape: int) -> Array:
        return rng.normal(0.0, 1.0, shape).astype(np.float32)

    none = np.float32(0)
    yield Layer("Conv2d_0", draw(3, 3, 3, _WIDTHS[0]), none, _STRIDES[0])
    for i, (inward, outward) in enumerate(pairwise(_WIDTHS), start=1):
        yield Layer(f"Conv2d_{i}_depthwise", draw(3, 3, inward, 1), none, _STRIDES[i], is_depthwise=True)
        yield Layer(f"Conv2d_{i}_pointwise", draw(1, 1, inward, outward), none)


def small_layers(seed: int = 7) -> tuple[Layer, ...]:
    """Return the first and the last layer alone, with random weights: a graph of the same kind that runs in no time."""
    first, *_, last = random_layers(seed)
    return (first, replace(last, kernel=last.kernel[:, :, : first.kernel.shape[-1]]))


def keras_layers(weights: Path) -> tuple[Layer, ...]:
    """Return the weights in Keras's file `mobilenet_2_5_*_tf.h5`, batch normalisation folded in.

    Its thousand classes become 1001 by a background in front that is never likely.
    """
    import h5py

    with h5py.File(weights) as file:
        layers = [_folded(file, "Conv2d_0", "conv1", "conv1_bn", stride=2)]
        for i in range(1, len(_WIDTHS)):
            layers.append(_folded(file, f"Conv2d_{i}_depthwise", f"conv_dw_{i}", stride=_STRIDES[i], is_depthwise=True))
            layers.append(_folded(file, f"Conv2d_{i}_pointwise", f"conv_pw_{i}"))
        last = file["conv_preds/conv_preds"]
        kernel = np.pad(last["kernel"][:], ((0, 0), (0, 0), (0, 0), (1, 0)))
        bias = np.pad(last["bias"][:], (1, 0), constant_values=-20.0)
    return (*layers, Layer("Logits", kernel.astype(np.float32), bias.astype(np.float32)))


def _folded(
    file: Any, name: str, key: str, norm: str | None = None, *, stride: int = 1, is_depthwise: bool = False
) -> Layer:
    kernel, bn = file[f"{key}/{key}/kernel"][:], file[f"{norm or key + '_bn'}/{norm or key + '_bn'}"]
    scale = bn["gamma"][:] / np.sqrt(bn["moving_variance"][:] + _EPSILON)
    kernel = kernel * (scale[:, None] if is_depthwise else scale)
    bias = bn["beta"][:] - bn["moving_mean"][:] * scale
    return Layer(name, kernel.astype(np.float32), bias.astype(np.float32), stride, is_depthwise)


def run(layers: tuple[Layer, ...], image: Array) -> Array:
    """Return the 1001 logits, computed by NumPy alone: what TF.js is compared with.

    Args:
        layers: The model.
        image: Shape (224, 224, 3), 0 … 1, as the published graphs take it.
    """
    x = image * 2 - 1
    for layer in layers[:-1]:
        x = np.clip(_convolve(x, layer) + layer.bias, 0, 6)
    return x.mean((0, 1)) @ layers[-1].kernel[0, 0] + layers[-1].bias


def _convolve(x: Array, layer: Layer) -> Array:
    size = layer.kernel.shape[0]
    steps = -(-x.shape[0] // layer.stride)
    missing = max(0, (steps - 1) * layer.stride + size - x.shape[0])
    before = missing // 2  # SAME puts the odd one after
    x = np.pad(x, ((before, missing - before), (before, missing - before), (0, 0)))
    span = (steps - 1) * layer.stride + 1
    total: Any = 0.0
    for row in range(size):
        for column in range(size):
            part = x[row : row + span : layer.stride, column : column + span : layer.stride]
            weight = layer.kernel[row, column]
            total = total + (part * weight[:, 0] if layer.is_depthwise else part @ weight)
    return np.asarray(total, np.float32)


def write(folder: Path, layers: tuple[Layer, ...]) -> None:
    """Write `model.json` and the weights beside it into `folder`; its input is 0 … 1, like the published graphs'."""
    graph = _Graph()
    x = graph.node("Placeholder", "images", dtype=_FLOAT, shape=_shape((-1, SIZE, SIZE, 3)))
    x = graph.node("Mul", "hub_input/Mul", x, graph.constant("hub_input/two", np.float32(2)), T=_FLOAT)
    x = graph.node("Sub", "hub_input/Sub", x, graph.constant("hub_input/one", np.float32(1)), T=_FLOAT)
    for layer in layers[:-1]:
        x = graph.convolution(x, layer, "BiasAdd", "Relu6")
    axes = graph.constant("global_pool/axes", np.array([1, 2], np.int32))
    x = graph.node("Mean", "global_pool", x, axes, T=_FLOAT, Tidx=_INT, keep_dims={"b": True})
    x = graph.convolution(x, layers[-1], "BiasAdd")
    shape = graph.constant("logits/shape", np.array([-1, LOGITS], np.int32))
    graph.node("Reshape", "logits", x, shape, T=_FLOAT, Tshape=_INT)
    graph.write(folder, inputs={"images": (-1, SIZE, SIZE, 3)}, outputs={"logits": (-1, LOGITS)})


class _Graph:
    """A frozen TensorFlow graph in the JSON form of its protocol buffer, growing node by node."""

    def __init__(self) -> None:
        self._nodes: list[dict[str, Any]] = []
        self._weights: list[tuple[str, NDArray[Any]]] = []

    def node(self, op: str, name: str, *inputs: str, **attributes: dict[str, Any]) -> str:
        """Add a node and return its name."""
        self._nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def constant(self, name: str, values: Any) -> str:
        """Add a constant whose values go to the weights' file."""
        values = np.asarray(values)
        kind = _INT if values.dtype == np.int32 else _FLOAT
        tensor = {"dtype": kind["type"], "tensorShape": _shape(values.shape)["shape"]}
        self._weights.append((name, values))
        return self.node("Const", name, dtype=kind, value={"tensor": tensor})

    def convolution(self, x: str, layer: Layer, *fused: str) -> str:
        """Add a convolution with what is fused into it."""
        return self.node(
            "FusedDepthwiseConv2dNative" if layer.is_depthwise else "_FusedConv2D",
            layer.name,
            x,
            self.constant(f"{layer.name}/weights", layer.kernel),
            self.constant(f"{layer.name}/bias", layer.bias),
            T=_FLOAT,
            strides=_list("i", "1", str(layer.stride), str(layer.stride), "1"),
            dilations=_list("i", "1", "1", "1", "1"),
            padding={"s": _base64("SAME")},
            data_format={"s": _base64("NHWC")},
            fused_ops=_list("s", *map(_base64, fused)),
            num_args={"i": "1"},
            epsilon={"f": 0.0},
        )

    def write(self, folder: Path, inputs: dict[str, tuple[int, ...]], outputs: dict[str, tuple[int, ...]]) -> None:
        """Write the model's two files."""
        table = [{"name": name, "shape": list(v.shape), "dtype": v.dtype.name} for name, v in self._weights]
        model = {
            "format": "graph-model",
            "generatedBy": "Discern's tests",
            "convertedBy": "Discern's tests",
            "signature": {"inputs": _signature(inputs), "outputs": _signature(outputs)},
            "modelTopology": {"node": self._nodes, "library": {}, "versions": {"producer": 1286}},
            "weightsManifest": [{"paths": [_SHARD], "weights": table}],
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
        (folder / _SHARD).write_bytes(b"".join(v.astype(v.dtype.newbyteorder("<")).tobytes() for _, v in self._weights))


_FLOAT = {"type": "DT_FLOAT"}
_INT = {"type": "DT_INT32"}


def _shape(sizes: tuple[int, ...]) -> dict[str, Any]:
    return {"shape": {"dim": [{"size": str(size)} for size in sizes]}}


def _signature(tensors: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    return {
        name: {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": _shape(shape)["shape"]}
        for name, shape in tensors.items()
    }


def _list(kind: str, *items: str) -> dict[str, Any]:
    return {"list": {kind: list(items)}}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
