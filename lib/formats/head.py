"""The linear head that `lib.formats.graft` puts on a file, read back: the file itself keeps its numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.formats.graft import Pooling
from lib.formats.unbelieved import tables
from lib.formats.walk import Walk


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """A linear layer and softmax on the means of the last map, divided by their length.

    Attributes:
        weight: Shape (C, D), float32.
        bias: Shape (C,), float32.
        pooling: Of the map; where D numbers are those of one place or of four.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    pooling: Pooling


def read_head(content: bytes, file: str) -> LinearHead | None:
    """Return a file's head; None for a file that ends otherwise.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    with tables(content, file) as model:
        walk = Walk(model, content)
        step = walk.back(walk.graph.Outputs(0), "SOFTMAX")
        dense = step and walk.back(step.Inputs(0), "FULLY_CONNECTED")
        norm = dense and walk.back(dense.Inputs(0), "L2_NORMALIZATION")
        if not norm or dense.InputsLength() < 3:
            return None
        before = walk.past(norm.Inputs(0), ("RESHAPE", "DEQUANTIZE"))
        pool = walk.back(before, "MEAN") or walk.back(before, "AVERAGE_POOL_2D")
        weight, bias = walk.constant(dense.Inputs(1)), walk.constant(dense.Inputs(2))
        if not pool or weight is None or bias is None or bias.shape != weight.shape[:1]:
            return None
        channels = walk.shape(pool.Inputs(0))[-1]
        return LinearHead(weight, bias, Pooling.WHOLE if weight.shape[1] == channels else Pooling.QUARTERS)
