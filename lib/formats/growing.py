"""A LiteRT file's graph, taken apart, to which operators are added and from which what nobody needs is dropped."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

_OP, _TYPE = schema.BuiltinOperator, schema.TensorType
# The first version of an operator takes float32 and uint8, this one int8.
_INT8_VERSION = 2
_NARROW = 127  # what the old field of an operator's code holds


class Growing:
    """The first graph of a file. Tensors are told by their places; what damaged tables raise is in `unbelieved.DAMAGE`.

    Args:
        content: Of the file, which was looked into already (`lib.formats.unbelieved.tables`).
    """

    def __init__(self, content: bytes) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        for buffer in self._model.buffers:
            # ai-edge-quantizer's files keep them behind the tables; moved, they would be sought in the wrong place.
            if buffer.offset > 1:
                buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
                buffer.offset = buffer.size = 0
        self._graph = self._model.subgraphs[0]

    @property
    def operators(self) -> Sequence[Any]:
        """Return the operators, in the order in which they run."""
        return tuple(self._graph.operators)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Return what the graph answers with."""
        return tuple(int(output) for output in self._graph.outputs)

    def kind(self, operator: Any) -> int:
        """Return which of the builtin operators it is."""
        code = self._model.operatorCodes[operator.opcodeIndex]
        return int(max(code.builtinCode, code.deprecatedBuiltinCode))

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Return a tensor's shape."""
        return tuple(int(n) for n in self._graph.tensors[tensor].shape)

    def add(self, kind: int, inputs: Sequence[int], output: int, options: str, **settings: object) -> int:
        """Add an operator behind all others and return its output; `options` is the table that `settings` belong to."""
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

    def tensor(
        self, name: str, shape: tuple[int, ...], kind: int = _TYPE.FLOAT32, buffer: int = 0, like: int | None = None
    ) -> int:
        """Add a tensor and return its place; one that is `like` another has its type and steps."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
        if like is not None:
            tensor.type, tensor.quantization = (getattr(self._graph.tensors[like], a) for a in ("type", "quantization"))
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def constant(self, name: str, data: NDArray[Any], kind: int = _TYPE.FLOAT32) -> int:
        """Add a tensor that is known beforehand, of 32-bit numbers."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self.tensor(name, data.shape, kind, len(self._model.buffers) - 1)

    def real(self, tensor: int, name: str) -> int:
        """Return a tensor as 32-bit real numbers: itself, or what DEQUANTIZE makes of it, called `name`."""
        if self._graph.tensors[tensor].type == _TYPE.FLOAT32:
            return tensor
        return self.add(_OP.DEQUANTIZE, [tensor], self.tensor(name, self.shape(tensor)), "DequantizeOptions")

    def flat(self, tensor: int, name: str) -> int:
        """Return a tensor of real numbers in one row, shape (1, N)."""
        size = int(np.prod(self.shape(tensor)))
        if self.shape(tensor) == (1, size):
            return tensor
        sides = self.constant(f"{name}/shape", np.array([1, size], np.int32), _TYPE.INT32)
        row = self.tensor(f"{name}/flat", (1, size))
        return self.add(_OP.RESHAPE, [tensor, sides], row, "ReshapeOptions", newShape=[1, size])

    def linear(self, row: int, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str) -> int:
        """Add weight @ row + bias, shapes (C, D), (1, D) and (C,), and return it, shape (1, C)."""
        inputs = [row, self.constant(f"{name}/weight", weight), self.constant(f"{name}/bias", bias)]
        return self.add(
            _OP.FULLY_CONNECTED, inputs, self.tensor(f"{name}/logits", (1, len(bias))), "FullyConnectedOptions"
        )

    def finish(self, outputs: Sequence[int]) -> bytes:
        """Return the file that ends with these tensors, one photo at a time, without signatures and metadata."""
        model, graph = self._model, self._graph
        graph.outputs = list(outputs)
        _drop_unneeded(model, graph)
        model.subgraphs, model.signatureDefs, model.metadata, model.metadataBuffer = [graph], None, None, None
        builder = flatbuffers.Builder(sum(len(b.data) for b in model.buffers if b.data is not None) + 2**20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


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
