"""A LiteRT file changed in place: open dimensions closed."""

import struct
from collections.abc import Sequence
from typing import Any

from lib.formats.unbelieved import every_tensor, tables

_OPEN = -1


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
