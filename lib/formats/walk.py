"""The operators of a LiteRT file, walked from its end towards its beginning, and the numbers that stand in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# How the types of schema.fbs that a layer's numbers have are stored: TensorType → NumPy.
_STORED = {0: "<f4", 1: "<f2", 2: "<i4", 3: "u1", 9: "i1"}


class Walk:
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
        """Return a tensor's shape."""
        return shape_of(self.graph.Tensors(tensor))

    def constant(self, tensor: int) -> NDArray[np.float32] | None:
        """Return a float32 tensor that stands in the file; None for another."""
        table = self.graph.Tensors(tensor)
        if table.Type() != self._types.FLOAT32 or (data := self._data(table)) is None:
            return None
        return np.frombuffer(data, "<f4").reshape(self.shape(tensor)).astype(np.float32)

    def real(self, tensor: int) -> NDArray[np.float64] | None:
        """Return a tensor that stands in the file as real numbers, whatever it stores; None for one worked out.

        Integers are (q - zero point) · scale, by one scale or by one for each place along the first axis.
        """
        table = self.graph.Tensors(self.past(tensor, ("DEQUANTIZE",)))
        kind, data = _STORED.get(table.Type()), self._data(table)
        if kind is None or data is None:
            return None
        values = np.frombuffer(data, kind).reshape(shape_of(table)).astype(np.float64)
        if kind in ("<f4", "<f2"):
            return values
        steps = table.Quantization()
        if steps is None or steps.ScaleLength() not in (1, values.shape[0]):
            return None
        if steps.ScaleLength() > 1 and steps.QuantizedDimension() != 0:
            return None
        scales, zeros = (
            np.array([read(k) for k in range(count)], np.float64)
            for read, count in ((steps.Scale, steps.ScaleLength()), (steps.ZeroPoint, steps.ZeroPointLength()))
        )
        along = (-1, *[1] * (values.ndim - 1))
        return np.asarray((values - zeros.reshape(along)) * scales.reshape(along), np.float64)

    def _data(self, table: Any) -> bytes | None:
        """Return what a tensor stores; None for one that is worked out."""
        buffer = self._model.Buffers(table.Buffer())
        if buffer.DataLength():
            return bytes(buffer.DataAsNumpy().tobytes())
        if buffer.Offset() > 1:  # it stands behind the tables
            return self._content[buffer.Offset() : buffer.Offset() + buffer.Size()]
        return None


def shape_of(table: Any) -> tuple[int, ...]:
    """Return a tensor's shape."""
    return tuple(int(table.Shape(k)) for k in range(table.ShapeLength()))
