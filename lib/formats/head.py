"""The linear head that `lib.formats.graft` puts on a file, read back: the file itself keeps its numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.formats.graft import Pooling
from lib.formats.unbelieved import tables


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
        walk = _Walk(model, content)
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


class _Walk:
    """The first graph of a file, walked from its end towards its beginning."""

    def __init__(self, model: Any, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._content = content
        self._model, self._kinds, self._types = model, schema.BuiltinOperator, schema.TensorType
        self.graph = model.Subgraphs(0)
        steps = map(self.graph.Operators, range(self.graph.OperatorsLength()))
        self._makers = {step.Outputs(k): step for step in steps for k in range(step.OutputsLength())}

    def back(self, tensor: int, kind: str) -> Any:
        """Return the operator that makes a tensor, if it is of this kind; else None."""
        step = self._makers.get(tensor)
        if step is None:
            return None
        code = self._model.OperatorCodes(step.OpcodeIndex())
        is_it = max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == getattr(self._kinds, kind)
        return step if is_it else None

    def past(self, tensor: int, kinds: tuple[str, ...]) -> int:
        """Return what goes into the operators of these kinds, in whatever order, that a tensor comes out of."""
        for _ in kinds:
            step = next(filter(None, (self.back(tensor, kind) for kind in kinds)), None)
            tensor = tensor if step is None else int(step.Inputs(0))
        return tensor

    def shape(self, tensor: int) -> tuple[int, ...]:
        table = self.graph.Tensors(tensor)
        return tuple(int(table.Shape(k)) for k in range(table.ShapeLength()))

    def constant(self, tensor: int) -> NDArray[np.float32] | None:
        """Return a float32 tensor that stands in the file; None for another."""
        table = self.graph.Tensors(tensor)
        buffer = self._model.Buffers(table.Buffer())
        if table.Type() != self._types.FLOAT32:
            return None
        if buffer.DataLength():
            data = buffer.DataAsNumpy().tobytes()
        else:  # it stands behind the tables
            data = self._content[buffer.Offset() : buffer.Offset() + buffer.Size()]
        return np.frombuffer(data, "<f4").reshape(self.shape(tensor)).astype(np.float32)
