"""Another head on a finished LiteRT file, float or 8-bit: its layers up to the last map stay as they are.

What follows the map: one mean over all of it, or four over its quarters, which overlap where its side is odd; the
numbers made real, laid in one row and divided by the row's length; for a classifier a linear layer and softmax. A file
that ends with the rows (`rows`) computes exactly what the linear layer of the other (`graft`) is given: in 8-bit files
pooling rounds. No TensorFlow.
"""

from enum import StrEnum

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats.edit import pin
from lib.formats.growing import Growing
from lib.formats.inner import POOLS, Inner, find
from lib.formats.unbelieved import tables
from lib.messages import N_

_OP = schema.BuiltinOperator
_POOLS = {getattr(_OP, name) for name in POOLS}
_AXES = 4  # of a map: batch, height, width, channels


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
    """A file's layers up to its last map, and what can be put behind them.

    Args:
        content: Of the file, its batch closed.
        file: What to call it in an error.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self._graph = graph = Growing(content)
        pool = next((o for o in reversed(graph.operators) if graph.kind(o) in _POOLS), None)
        if pool is None or len(graph.shape(pool.inputs[0])) != _AXES:
            raise _no_features(file)
        self._pool, self._map = pool, int(pool.inputs[0])
        _, height, width, self._channels = graph.shape(self._map)
        self.poolings = tuple(_lengths(height, width, self._channels))
        # The file's own pooling, where it means each channel over the whole map.
        self._pools_all = int(np.prod(graph.shape(pool.outputs[0]))) == self._channels
        self.shape, self.finish = graph.shape, graph.finish

    def row(self, pooling: Pooling) -> int:
        """Add what makes a row of length 1, shape (1, D), of the map, and return its tensor."""
        is_own = pooling is Pooling.WHOLE and self._pools_all
        pooled = int(self._pool.outputs[0]) if is_own else self._means(pooling)
        graph, size = self._graph, int(np.prod(self.shape(pooled)))
        real = graph.flat(graph.real(pooled, f"means-{pooling}/real"), f"row-{pooling}")
        return graph.add(_OP.L2_NORMALIZATION, [real], graph.tensor(f"row-{pooling}", (1, size)), "L2NormOptions")

    def head(self, row: int, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> int:
        """Add a linear layer and softmax, and return the probabilities, shape (1, C)."""
        graph = self._graph
        logits = graph.linear(row, weight, bias, "head")
        classes = graph.tensor("head/probabilities", (1, len(bias)))
        return graph.add(_OP.SOFTMAX, [logits], classes, "SoftmaxOptions", beta=1.0)

    def _means(self, pooling: Pooling) -> int:
        """Add AVERAGE_POOL_2D over the whole map or its quarters; its numbers keep the map's steps, as LiteRT asks."""
        parts = 1 if pooling is Pooling.WHOLE else 2
        _, *sides, channels = self.shape(self._map)
        windows = [-(-side // parts) for side in sides]
        strides = [max(side - window, 1) for side, window in zip(sides, windows, strict=True)]
        pooled = self._graph.tensor(f"means-{pooling}", (1, parts, parts, channels), like=self._map)
        return self._graph.add(
            _OP.AVERAGE_POOL_2D, [self._map], pooled, "Pool2DOptions", padding=schema.Padding.VALID,
            filterHeight=windows[0], filterWidth=windows[1], strideH=strides[0], strideW=strides[1],
        )  # fmt: skip
