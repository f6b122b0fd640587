"""A LiteRT file, written operator by operator: in float32, or in 8 bits with ranges that were measured before.

It needs neither TensorFlow nor a converter: NumPy, and the tables of LiteRT's own schema. The same arguments give the
same bytes on every machine.

8 bits are as LiteRT's specification of quantised operators has them (ai.google.dev/edge/litert/models/
quantization_spec): activations int8 with one step for all, kernels symmetric with a step for each output channel,
biases int32 in steps of both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

Ranges = Mapping[str, Sequence[float]]  # of activations, by the tensor's name: smallest and largest value

_OP, _TYPE = schema.BuiltinOperator, schema.TensorType
_TYPES = {"float32": _TYPE.FLOAT32, "int8": _TYPE.INT8, "int32": _TYPE.INT32}
# The versions of operators in which they take int8, with a step for each channel; in float32 the first version will do.
_INT8_VERSIONS = {
    _OP.CONV_2D: 3, _OP.DEPTHWISE_CONV_2D: 3, _OP.ADD: 2, _OP.MEAN: 2, _OP.FULLY_CONNECTED: 4, _OP.DEQUANTIZE: 2,
}  # fmt: skip
_NO_STEP = 1e-12  # of a channel whose kernel and bias are all zero
_MOST_BIAS = 2**30  # steps: half of what int32 holds


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph.

    Attributes:
        index: Its place.
        shape: (1, H, W, C) or (1, C).
        scale: Real value of one int8 step; None for float32.
    """

    index: int
    shape: tuple[int, ...]
    scale: float | None = None


class Graph:
    """A graph in the making. Each method adds an operator behind `x` and returns what comes out of it.

    Args:
        ranges: For 8 bits: of every activation, by name. None: float32.
    """

    def __init__(self, ranges: Ranges | None = None) -> None:
        self._ranges = ranges
        self._model, self._graph = schema.ModelT(), schema.SubGraphT()
        self._model.version, self._model.subgraphs = 3, [self._graph]
        self._model.operatorCodes, self._model.buffers = [], [schema.BufferT()]  # buffer 0 stays empty: "no data"
        self._graph.tensors, self._graph.operators = [], []
        self._codes: dict[tuple[int, int], int] = {}

    def photo(self, size_wh: tuple[int, int], bounds: tuple[float, float]) -> Tensor:
        """Return the input, shape (1, H, W, 3): real numbers; in 8 bits bytes, since LiteRT.js takes no int8.

        Args:
            size_wh: Width and height in pixels.
            bounds: What the bytes 0 and 255 stand for.
        """
        shape = (1, size_wh[1], size_wh[0], 3)
        if self._ranges is None:
            photo = self._tensor("photo", shape, _TYPE.FLOAT32)
        else:
            photo = self._tensor("photo", shape, _TYPE.UINT8, *_step(*bounds, least=0))
        self._graph.inputs = [photo.index]
        if self._ranges is None:
            return photo
        signed = self._tensor("photo/int8", shape, _TYPE.INT8, *_step(*bounds, least=-128))
        return self._add(_OP.QUANTIZE, [photo], signed, "QuantizeOptions")

    def convolution(
        self, x: Tensor, name: str, kernel: NDArray[Any], bias: NDArray[Any], *, stride: int = 1, relu6: bool = True
    ) -> Tensor:
        """Convolve with TensorFlow's padding "SAME"; what comes out is called `name`/out.

        Args:
            x: Shape (1, H, W, C).
            name: Of the kernel.
            kernel: Shape (filters, height, width, C).
            bias: Shape (filters,).
            stride: In both directions.
            relu6: Whether the result is cut at 0 and 6.
        """
        settings = {"strideW": stride, "strideH": stride, "fusedActivationFunction": _activation(relu6)}
        y = self._activation_tensor(f"{name}/out", _strided(x, stride, len(bias)))
        return self._add(_OP.CONV_2D, self._weighed(x, name, kernel, bias, axis=0), y, "Conv2DOptions", **settings)

    def depthwise_convolution(
        self, x: Tensor, name: str, kernel: NDArray[Any], bias: NDArray[Any], *, stride: int = 1, relu6: bool = True
    ) -> Tensor:
        """Convolve each channel by itself; kernel of shape (1, height, width, C), all else as in `convolution`."""
        settings = {"strideW": stride, "strideH": stride, "fusedActivationFunction": _activation(relu6)}
        y = self._activation_tensor(f"{name}/out", _strided(x, stride, len(bias)))
        inputs = self._weighed(x, name, kernel, bias, axis=3)
        return self._add(_OP.DEPTHWISE_CONV_2D, inputs, y, "DepthwiseConv2DOptions", depthMultiplier=1, **settings)

    def add(self, x: Tensor, other: Tensor, name: str) -> Tensor:
        """Add two tensors of one shape."""
        return self._add(_OP.ADD, [x, other], self._activation_tensor(name, x.shape), "AddOptions")

    def mean(self, x: Tensor, name: str) -> Tensor:
        """Take each channel's mean over all places: (1, H, W, C) becomes (1, C)."""
        places = self._constant(f"{name}/axes", np.array([1, 2], np.int32))
        y = self._activation_tensor(name, (1, x.shape[3]))
        return self._add(_OP.MEAN, [x, places], y, "ReducerOptions")

    def dense(self, x: Tensor, name: str, weight: NDArray[Any], bias: NDArray[Any], *, out: str) -> Tensor:
        """Multiply features, shape (1, D), by a weight of shape (K, D), and add a bias of shape (K,)."""
        y = self._activation_tensor(out, (1, len(bias))) if x.scale else self._tensor(out, (1, len(bias)))
        return self._add(_OP.FULLY_CONNECTED, self._weighed(x, name, weight, bias, axis=0), y, "FullyConnectedOptions")

    def real(self, x: Tensor, name: str) -> Tensor:
        """Return `x` as float32: itself where it is."""
        if x.scale is None:
            return x
        return self._add(_OP.DEQUANTIZE, [x], self._tensor(name, x.shape), "DequantizeOptions")

    def normalise(self, x: Tensor, name: str) -> Tensor:
        """Divide real features, shape (1, D), by their length (L2)."""
        return self._add(_OP.L2_NORMALIZATION, [x], self._tensor(name, x.shape), "L2NormOptions")

    def softmax(self, x: Tensor, name: str) -> Tensor:
        """Turn real logits, shape (1, K), into probabilities; int8 would lose the tail of a thousand classes."""
        return self._add(_OP.SOFTMAX, [x], self._tensor(name, x.shape), "SoftmaxOptions", beta=1.0)

    def finish(self, output: Tensor) -> bytes:
        """Return the file; the graph is used up."""
        self._graph.outputs = [output.index]
        size = sum(buffer.data.nbytes for buffer in self._model.buffers if buffer.data is not None)
        builder = flatbuffers.Builder(size + 2**20)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _add(self, kind: int, inputs: Sequence[Tensor], output: Tensor, options: str, **settings: object) -> Tensor:
        operator = schema.OperatorT()
        is_int8 = inputs[0].scale is not None
        operator.opcodeIndex = self._code(kind, _INT8_VERSIONS.get(kind, 1) if is_int8 else 1)
        operator.inputs, operator.outputs = [x.index for x in inputs], [output.index]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
        vars(operator.builtinOptions).update(settings)
        self._graph.operators.append(operator)
        return output

    def _code(self, kind: int, version: int) -> int:
        if (kind, version) not in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = kind  # all of these fit into the old, narrow field
            code.version = version
            self._codes[kind, version] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(code)
        return self._codes[kind, version]

    def _activation_tensor(self, name: str, shape: tuple[int, ...]) -> Tensor:
        if self._ranges is None:
            return self._tensor(name, shape)
        low, high = self._ranges[name]
        return self._tensor(name, shape, _TYPE.INT8, *_step(min(low, 0.0), max(high, 0.0), least=-128))

    def _weighed(
        self, x: Tensor, name: str, kernel: NDArray[Any], bias: NDArray[Any], *, axis: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return an operator's inputs: x, its kernel, whose output channels are on `axis`, and its bias."""
        if x.scale is None:
            both = (
                self._constant(name, kernel.astype(np.float32)),
                self._constant(f"{name}/bias", bias.astype(np.float32)),
            )
            return (x, *both)
        last = np.moveaxis(kernel, axis, -1)
        largest = np.abs(last).reshape(-1, len(bias)).max(axis=0)
        # Some kernels are all zero under a bias that is not: their step must still let it fit into 32 bits.
        steps = np.maximum(largest / 127, np.abs(bias) / x.scale / _MOST_BIAS + _NO_STEP)
        whole = np.rint(np.moveaxis(last / steps, -1, axis)).astype(np.int8)
        bias_steps = steps * x.scale
        whole_bias = np.rint(bias / bias_steps).astype(np.int32)
        return (
            x,
            self._constant(name, whole, steps, axis),
            self._constant(f"{name}/bias", whole_bias, bias_steps),
        )

    def _constant(
        self, name: str, data: NDArray[Any], steps: NDArray[np.floating] | None = None, axis: int = 0
    ) -> Tensor:
        zeros = None if steps is None else [0] * len(steps)
        tensor = self._tensor(name, data.shape, _TYPES[data.dtype.name], steps, zeros, axis)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self._graph.tensors[tensor.index].buffer = len(self._model.buffers)
        self._model.buffers.append(buffer)
        return tensor

    def _tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        kind: int = _TYPE.FLOAT32,
        scales: "Sequence[float] | NDArray[np.floating] | None" = None,
        zeros: Sequence[int] | None = None,
        axis: int = 0,
    ) -> Tensor:
        table = schema.TensorT()
        table.name, table.shape, table.type = name.encode(), list(shape), kind
        if scales is not None:
            table.quantization = steps = schema.QuantizationParametersT()
            steps.scale = [
                float(scale) for scale in scales
            ]  # an array of float64 would be packed as it is, and misread
            steps.zeroPoint, steps.quantizedDimension = zeros, axis
        self._graph.tensors.append(table)
        return Tensor(len(self._graph.tensors) - 1, shape, float(scales[0]) if scales is not None else None)


def _step(low: float, high: float, *, least: int) -> tuple[list[float], list[int]]:
    """Return scale and zero point of an 8-bit tensor whose integers begin at `least`."""
    return [(high - low) / 255], [round(least - 255 * low / (high - low))]


def _activation(relu6: bool) -> int:
    kinds = schema.ActivationFunctionType
    return int(kinds.RELU6 if relu6 else kinds.NONE)


def _strided(x: Tensor, stride: int, filters: int) -> tuple[int, ...]:
    return (1, -(-x.shape[1] // stride), -(-x.shape[2] // stride), filters)
