"""Another head on a finished LiteRT file, float or 8-bit: its layers up to the last map stay as they are.

What follows the map: one mean over all of it, or four over its quarters, which overlap where its side is odd; the
numbers made real, laid in one row and divided by the row's length; for a classifier a linear layer and softmax. A file
that ends with the rows (`rows`) computes exactly what the linear layer of the other (`graft`) is given: in 8-bit files
pooling rounds. No TensorFlow.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats.edit import pin
from lib.formats.inner import POOLS, Inner, find
from lib.formats.unbelieved import tables
from lib.messages import N_

_OP, _TYPE = schema.BuiltinOperator, schema.TensorType
# The first version of an operator takes float32 and uint8, this one int8.
_INT8_VERSION = 2
_POOLS = {getattr(_OP, name) for name in POOLS}
_AXES = 4  # of a map: batch, height, width, channels
_NARROW = 127  # what the old field of an operator's code holds


class Pooling(StrEnum):
    """Of how many parts of the last map, across and down, the features are the means."""

    WHOLE = "1x1"
    QUARTERS = "2x2"


def lengths(content: bytes, file: str) -> dict[Pooling, int]:
    """Return how many numbers each row of a file has that a head can be put on; a map of one place has no quarters.

    Raises:
        ModelFileError: See `rows`.
    """
    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        inputs = graph.Tensors(find(model, graph, Inner.MAP, file))
        if inputs.ShapeLength() != _AXES:
            raise _no_features(file)
        return _lengths(*(inputs.Shape(axis) for axis in range(1, _AXES)))


def _lengths(height: int, width: int, channels: int) -> dict[Pooling, int]:
    whole = {Pooling.WHOLE: channels}
    return whole if min(height, width) == 1 else {**whole, Pooling.QUARTERS: 4 * channels}


def rows(content: bytes, size_wh: tuple[int, int], file: str) -> bytes:
    """Return the file that ends with the rows a head is put on, in the order of `lengths`.

    Args:
        content: A LiteRT classifier.
        size_wh: Of its photo, in pixels: an open batch is closed at one such photo.
        file: What to call it in an error.

    Raises:
        ModelFileError: It is no LiteRT model, or has no map whose means are its features.
    """
    pinned = pin(content, size_wh, file)
    with tables(pinned, file):
        trunk = _Trunk(pinned, file)
        return trunk.finish([trunk.row(pooling) for pooling in trunk.poolings])


def graft(
    content: bytes,
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    pooling: Pooling,
    size_wh: tuple[int, int],
    file: str,
) -> bytes:
    """Return the file with a linear head and softmax in the place of its own; the same arguments give the same bytes.

    Args:
        content: A LiteRT classifier.
        weight: Shape (C, D), for rows of length 1.
        bias: Shape (C,).
        pooling: What the rows are.
        size_wh: See `rows`.
        file: See `rows`.

    Raises:
        ModelFileError: See `rows`; or its rows do not have D numbers.
    """
    pinned = pin(content, size_wh, file)
    with tables(pinned, file):
        trunk = _Trunk(pinned, file)
        if pooling not in trunk.poolings:
            raise _no_features(file)
        row = trunk.row(pooling)
        expected = (len(bias), trunk.shape(row)[1])
        if weight.shape != expected:
            raise ModelFileError(
                N_("A head of the shape {found} does not fit on {file}, which needs {expected}."),
                found=weight.shape, file=file, expected=expected,
            )  # fmt: skip
        return trunk.finish([trunk.head(row, weight.astype(np.float32), bias.astype(np.float32))])


def _no_features(file: str) -> ModelFileError:
    return ModelFileError(N_("{file} contains no readable {what}."), file=file, what="features")


class _Trunk:
    """A file's graph, to which operators are added behind its last map; `finish` drops what no output needs.

    Args:
        content: Of the file, its batch closed.
        file: What to call it in an error.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        for buffer in self._model.buffers:
            # ai-edge-quantizer's files keep them behind the tables; moved, they would be sought in the wrong place.
            if buffer.offset > 1:
                buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
                buffer.offset = buffer.size = 0
        self._graph = self._model.subgraphs[0]
        pool = next((o for o in reversed(self._graph.operators) if self._kind(o) in _POOLS), None)
        if pool is None or len(self.shape(pool.inputs[0])) != _AXES:
            raise _no_features(file)
        self._pool, self._map = pool, int(pool.inputs[0])
        _, height, width, self._channels = self.shape(self._map)
        self.poolings = tuple(_lengths(height, width, self._channels))
        # The file's own pooling, where it means each channel over the whole map.
        self._pools_all = int(np.prod(self.shape(pool.outputs[0]))) == self._channels

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self._graph.tensors[tensor].shape)

    def row(self, pooling: Pooling) -> int:
        """Add what makes a row of length 1, shape (1, D), of the map, and return its tensor."""
        is_own = pooling is Pooling.WHOLE and self._pools_all
        pooled = int(self._pool.outputs[0]) if is_own else self._means(pooling)
        real, size = self._real(pooled, pooling), int(np.prod(self.shape(pooled)))
        if self.shape(real) != (1, size):
            sides = self._constant(f"row-{pooling}/shape", np.array([1, size], np.int32), _TYPE.INT32)
            flat = self._tensor(f"row-{pooling}/flat", (1, size))
            real = self._add(_OP.RESHAPE, [real, sides], flat, "ReshapeOptions", newShape=[1, size])
        return self._add(_OP.L2_NORMALIZATION, [real], self._tensor(f"row-{pooling}", (1, size)), "L2NormOptions")

    def head(self, row: int, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> int:
        """Add a linear layer and softmax, and return the probabilities, shape (1, C)."""
        inputs = [row, self._constant("head/weight", weight), self._constant("head/bias", bias)]
        logits = self._tensor("head/logits", (1, len(bias)))
        self._add(_OP.FULLY_CONNECTED, inputs, logits, "FullyConnectedOptions")
        classes = self._tensor("head/probabilities", (1, len(bias)))
        return self._add(_OP.SOFTMAX, [logits], classes, "SoftmaxOptions", beta=1.0)

    def finish(self, outputs: Sequence[int]) -> bytes:
        """Return the file that ends with these tensors, one photo at a time, without signatures and metadata."""
        model, graph = self._model, self._graph
        graph.outputs = list(outputs)
        _drop_unneeded(model, graph)
        model.subgraphs, model.signatureDefs, model.metadata, model.metadataBuffer = [graph], None, None, None
        builder = flatbuffers.Builder(sum(len(b.data) for b in model.buffers if b.data is not None) + 2**20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _means(self, pooling: Pooling) -> int:
        """Add AVERAGE_POOL_2D over the whole map or its quarters; its numbers keep the map's steps, as LiteRT asks."""
        parts = 1 if pooling is Pooling.WHOLE else 2
        _, *sides, channels = self.shape(self._map)
        windows = [-(-side // parts) for side in sides]
        strides = [max(side - window, 1) for side, window in zip(sides, windows, strict=True)]
        pooled = self._tensor(f"means-{pooling}", (1, parts, parts, channels), like=self._map)
        return self._add(
            _OP.AVERAGE_POOL_2D, [self._map], pooled, "Pool2DOptions", padding=schema.Padding.VALID,
            filterHeight=windows[0], filterWidth=windows[1], strideH=strides[0], strideW=strides[1],
        )  # fmt: skip

    def _real(self, tensor: int, pooling: Pooling) -> int:
        if self._graph.tensors[tensor].type == _TYPE.FLOAT32:
            return tensor
        real = self._tensor(f"means-{pooling}/real", self.shape(tensor))
        return self._add(_OP.DEQUANTIZE, [tensor], real, "DequantizeOptions")

    def _kind(self, operator: Any) -> int:
        code = self._model.operatorCodes[operator.opcodeIndex]
        return int(max(code.builtinCode, code.deprecatedBuiltinCode))

    def _add(self, kind: int, inputs: Sequence[int], output: int, options: str, **settings: object) -> int:
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes)
        operator.inputs, operator.outputs = list(inputs), [output]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
        vars(operator.builtinOptions).update(settings)
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = kind, min(kind, _NARROW)
        code.version = _INT8_VERSION if self._graph.tensors[inputs[0]].type == _TYPE.INT8 else 1
        self._model.operatorCodes.append(code)
        self._graph.operators.append(operator)
        return output

    def _tensor(
        self, name: str, shape: tuple[int, ...], kind: int = _TYPE.FLOAT32, buffer: int = 0, like: int | None = None
    ) -> int:
        """Add a tensor and return its place; one that is `like` another has its type and steps."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
        if like is not None:
            tensor.type, tensor.quantization = (getattr(self._graph.tensors[like], a) for a in ("type", "quantization"))
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _constant(self, name: str, data: NDArray[Any], kind: int = _TYPE.FLOAT32) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(name, data.shape, kind, len(self._model.buffers) - 1)


def _drop_unneeded(model: Any, graph: Any) -> None:
    """Leave only what the outputs are computed of, and number operators' codes, tensors and buffers anew."""
    needed, kept = {int(t) for t in graph.outputs}, []
    for operator in reversed(graph.operators):
        if needed.intersection(map(int, operator.outputs)):
            kept.append(operator)
            needed.update(int(t) for t in (*operator.inputs, *operator.outputs, *(operator.intermediates or ())))
    graph.operators = kept[::-1]
    needed.update(map(int, graph.inputs))
    tensors = {old: new for new, old in enumerate(sorted(needed - {-1}))} | {-1: -1}  # -1: an input that is left out
    graph.tensors = [graph.tensors[old] for old in tensors if old >= 0]
    for thing in (*graph.operators, graph):
        thing.inputs, thing.outputs = ([tensors[int(t)] for t in ends] for ends in (thing.inputs, thing.outputs))
    for operator in graph.operators:
        operator.intermediates = [tensors[int(t)] for t in operator.intermediates or ()] or None
    codes = {old: new for new, old in enumerate(dict.fromkeys(o.opcodeIndex for o in graph.operators))}
    model.operatorCodes = [model.operatorCodes[old] for old in codes]
    for operator in graph.operators:
        operator.opcodeIndex = codes[operator.opcodeIndex]
    buffers = {old: new for new, old in enumerate(sorted({0, *(t.buffer for t in graph.tensors)}))}
    model.buffers = [model.buffers[old] for old in buffers]
    for tensor in graph.tensors:
        tensor.buffer = buffers[tensor.buffer]
