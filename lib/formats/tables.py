"""The input and output of a LiteRT file as its tables describe them; it is not loaded."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.errors import ModelFileError
from lib.formats.inner import own_outputs
from lib.formats.unbelieved import every_tensor, once_per_content, tables
from lib.messages import N_, Listed

DTYPES = ("float32", "uint8", "int8")
_DYNAMIC = -1


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor.

    Attributes:
        dtype: "float32", "uint8" or "int8".
        scale: Real value of one step of an integer tensor; 0 for real numbers.
        zero_point: The integer that stands for 0.
    """

    dtype: str
    scale: float
    zero_point: int

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Return what the bytes 0 and 255 stand for; None for real numbers, and where it does not say."""
        if not self.scale > 0:
            return None
        lowest = -128 if self.dtype == "int8" else 0
        low, high = ((step - self.zero_point) * self.scale for step in (lowest, lowest + 255))
        return round(low, 7), round(high, 7)


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a photo goes in and an answer comes out.

    Attributes:
        input: The input.
        output: The output.
        is_open: Whether the file leaves a dimension open, the batch size usually; LiteRT.js refuses such a file.
        shows_its_input: See `shows_its_input`.
    """

    input: Tensor
    output: Tensor
    is_open: bool = False
    shows_its_input: bool = False


def require_one_of_each(inputs: int, outputs: int, file: str) -> None:
    """Raise ModelFileError unless a file has one input and one output."""
    if (inputs, outputs) != (1, 1):
        raise ModelFileError(
            N_(
                "An image classifier has one input and one output. In {file} there are inputs: {inputs}, "
                "outputs: {outputs}."
            ),
            file=file,
            inputs=inputs,
            outputs=outputs,
        )


def other_numbers(dtype: str, file: str) -> ModelFileError:
    """Return the error of an input or output of numbers that are none of `DTYPES`."""
    return ModelFileError(
        N_("{file} uses {dtype} numbers. Supported: {choices}."), file=file, dtype=dtype, choices=Listed(DTYPES)
    )


def ends_of(content: bytes, file: str) -> Ends:
    """Return input and output of a LiteRT file.

    Raises:
        ModelFileError: It is no LiteRT model, or has other inputs or outputs than snippets can serve; the message
            calls it `file`.
    """
    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        require_one_of_each(graph.InputsLength(), len(own_outputs(graph)), file)
        ends = [graph.Tensors(graph.Inputs(0)), graph.Tensors(graph.Outputs(0))]
        read = [_read(tensor, file) for tensor in ends]
        is_open = any(map(_is_open, every_tensor(model)))
    return Ends(read[0], read[1], is_open, shows_its_input(content, file))


read_ends = once_per_content(ends_of)


def _read(tensor: Any, file: str) -> Tensor:
    from ai_edge_litert import schema_py_generated as schema

    names = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    dtype = names.get(tensor.Type(), "?")
    if dtype not in DTYPES:
        raise other_numbers(dtype, file)
    steps = tensor.Quantization()
    # One step for all channels, as the interpreter reports it; anything else it reports as none.
    if steps is None or steps.ScaleLength() != 1 or steps.ZeroPointLength() != 1:
        return Tensor(dtype, 0.0, 0)
    return Tensor(dtype, float(steps.Scale(0)), int(steps.ZeroPoint(0)))


# Operators that put numbers elsewhere or store them otherwise, and compute none.
_MOVES = frozenset(
    {
        "CAST", "CONCATENATION", "DEQUANTIZE", "EXPAND_DIMS", "GATHER", "GATHER_ND", "PACK", "QUANTIZE", "RESHAPE",
        "SHAPE", "SLICE", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip


def shows_its_input(content: bytes, file: str) -> bool:
    """Whether all operators of a LiteRT file only move numbers: a probe, which shows what it was given.

    Its numbers are pixels whatever its description says: no weights have scored them and no softmax made them, so
    they claim nothing that a wrong sum could belie (see `lib.classify.outputs.sum_slack`).

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    from ai_edge_litert import schema_py_generated as schema

    moves = {getattr(schema.BuiltinOperator, name) for name in _MOVES}
    with tables(content, file) as model:
        # Old files have their codes in the narrower, deprecated field, new ones have them in both while they fit.
        codes = map(model.OperatorCodes, range(model.OperatorCodesLength()))
        return all(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) in moves for code in codes)


def last_operator(content: bytes, file: str) -> str:
    """Return the name of the operator that makes the output, in LiteRT's own capitals; conversions of numbers apart.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    from ai_edge_litert import schema_py_generated as schema

    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        for operator in map(graph.Operators, reversed(range(graph.OperatorsLength()))):
            code = model.OperatorCodes(operator.OpcodeIndex())
            name = names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "")
            if name not in ("QUANTIZE", "DEQUANTIZE", "RESHAPE"):
                return str(name)
    return ""


def _is_open(tensor: Any) -> bool:
    return any(tensor.ShapeSignature(k) == _DYNAMIC for k in range(tensor.ShapeSignatureLength()))


class Format(StrEnum):
    """How a LiteRT file keeps its numbers."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    INT8 = "int8"


def format_of(content: bytes, file: str) -> Format:
    """Return how a LiteRT file keeps its numbers; its tables alone are read, it is not loaded.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    from ai_edge_litert import schema_py_generated as schema

    with tables(content, file) as model:
        constants, computed = _number_types(model)
    integers = {schema.TensorType.INT8, schema.TensorType.UINT8}
    if computed & integers:
        return Format.INT8
    if constants & integers:
        return Format.DYNAMIC
    return Format.FLOAT16 if schema.TensorType.FLOAT16 in constants else Format.FLOAT32


read_format = once_per_content(format_of)


def _number_types(model: Any) -> tuple[set[int], set[int]]:
    """Return the types of the tensors that are in the file, and of those that are computed; the input is neither."""
    types: tuple[set[int], set[int]] = (set(), set())
    graph = model.Subgraphs(0)
    inputs = {graph.Inputs(i) for i in range(graph.InputsLength())}
    for t in set(range(graph.TensorsLength())) - inputs:
        tensor = graph.Tensors(t)
        buffer = model.Buffers(tensor.Buffer())
        is_computed = buffer.DataLength() == 0 and buffer.Size() == 0  # or it stands behind the tables, `Size` bytes
        types[is_computed].add(tensor.Type())
    return types
