"""A LiteRT file changed: open dimensions closed, int8 ends made uint8."""

import copy
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from lib.formats.unbelieved import every_tensor, tables

_OPEN = -1
_BETWEEN = 128  # a uint8 step is the int8 step of the same real value plus this
_SHAPE_SLOT, _SHAPE_SIGNATURE_SLOT = 4, 18  # of `Tensor` in LiteRT's schema.fbs


def pin(content: bytes, size_wh: tuple[int, int], file: str) -> bytes:
    """Return a LiteRT file with every open dimension closed: of the input at one photo of this size, else as it stands.

    LiteRT.js in the browser refuses files whose batch size is open, as every file converted from Keras has it. What the
    shapes of inner tensors say is of no account: they are worked out anew from the input's when a file is loaded.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    pinned = bytearray(content)
    with tables(pinned, file) as model:
        inputs = [graph.Tensors(graph.Inputs(0)) for graph in [model.Subgraphs(0)] if graph.InputsLength() == 1]
        for tensor in inputs:
            if tensor.ShapeLength() == tensor.ShapeSignatureLength() == 4:
                _close(pinned, tensor, _SHAPE_SLOT, (1, size_wh[1], size_wh[0], 3))
        for tensor in every_tensor(model):
            _close(pinned, tensor, _SHAPE_SIGNATURE_SLOT, [tensor.Shape(k) for k in range(tensor.ShapeLength())])
    return bytes(pinned)


def _close(content: bytearray, tensor: Any, slot: int, sizes: Sequence[int]) -> None:
    """Write the sizes into one of a tensor's two shapes wherever its signature is open."""
    for k in range(tensor.ShapeSignatureLength()):
        if tensor.ShapeSignature(k) == _OPEN:
            struct.pack_into("<i", content, tensor._tab.Vector(tensor._tab.Offset(slot)) + 4 * k, sizes[k])


def for_browsers(content: bytes, size_wh: tuple[int, int], file: str) -> bytes:
    """Return a LiteRT file as LiteRT.js takes it, which answers as this one does: no end is int8 or left open.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    return pin(unsigned(content, file), size_wh, file)


def unsigned(content: bytes, file: str) -> bytes:
    """Return a LiteRT file whose input and output are uint8 where they were int8; else the file as it is.

    LiteRT.js 2.5.3 knows no int8 at a model's ends ("Element type INT8 is not supported"); inside it does. The QUANTIZE
    that is put there stands between two tensors of one scale whose zero points are 128 apart: it flips a bit and rounds
    nothing, so the answers are the same. An end that does not say what its steps mean stays as it is.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        ends = [*map(graph.Inputs, range(graph.InputsLength())), *map(graph.Outputs, range(graph.OutputsLength()))]
        signed = [end for end in dict.fromkeys(ends) if _is_signed(graph.Tensors(end))]
        if not signed:
            return content
        changed = flatbuffer_utils.read_model_from_bytearray(content)
        for buffer in changed.buffers:
            if isinstance(buffer.data, bytes):  # it stood behind the tables; as an array it is written in one go
                buffer.data = np.frombuffer(buffer.data, np.uint8)
        for end in signed:
            _turn(changed, end)
        return bytes(flatbuffer_utils.convert_object_to_bytearray(changed))


def _is_signed(tensor: Any) -> bool:
    from ai_edge_litert.schema_py_generated import TensorType

    steps = tensor.Quantization()
    return bool(tensor.Type() == TensorType.INT8 and steps is not None and steps.ScaleLength() == 1)


def _turn(model: Any, inner: int) -> None:
    """Let a uint8 tensor take an int8 tensor's place at the ends of the first graph, and a QUANTIZE join the two."""
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    outer, tensor = len(graph.tensors), copy.deepcopy(graph.tensors[inner])
    tensor.name, tensor.type, tensor.buffer = bytes(tensor.name or b"") + b"_uint8", schema.TensorType.UINT8, 0
    tensor.quantization.zeroPoint = [int(zero) + _BETWEEN for zero in tensor.quantization.zeroPoint]
    graph.tensors.append(tensor)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
    code.version = 1
    model.operatorCodes.append(code)
    for is_input, ends in ((True, graph.inputs), (False, graph.outputs)):
        if inner not in ends:
            continue
        step = schema.OperatorT()
        step.opcodeIndex = len(model.operatorCodes) - 1
        step.builtinOptionsType, step.builtinOptions = schema.BuiltinOptions.QuantizeOptions, schema.QuantizeOptionsT()
        step.inputs, step.outputs = ([outer], [inner]) if is_input else ([inner], [outer])
        graph.operators.insert(0 if is_input else len(graph.operators), step)
        ends[:] = [outer if end == inner else end for end in ends]
    signatures = [signature for signature in model.signatureDefs or () if signature.subgraphIndex == 0]
    for entry in (entry for signature in signatures for entry in (*signature.inputs, *signature.outputs)):
        if entry.tensorIndex == inner:
            entry.tensorIndex = outer
