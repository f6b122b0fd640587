"""The convolutions of a LiteRT file: how large they are, and how many multiplications they cost.

A full convolution of a map of H × W places with C channels by D filters of k × k costs H · W · C · D · k². A separable
one filters each channel by itself (depthwise) and then mixes the channels at each place (pointwise): H · W · C · k² and
H · W · C · D (Howard et al., MobileNets, arXiv 1704.04861, section 3.1, whose ratio is 1/D + 1/k²).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from lib.formats.unbelieved import once_per_content, tables
from lib.formats.walk import shape_of

Kind = Literal["full", "depthwise", "pointwise"]
_AXES = 4


@dataclass(frozen=True, slots=True)
class Convolution:
    """One convolution.

    Attributes:
        kind: "depthwise": each channel by itself; "pointwise": 1 × 1; "full": any other.
        kernel: k, pixels along each side of its filters; the longer one, where they differ.
        size_hw: Of the map that it makes.
        channels: Of the map that it takes.
        filters: How many channels it makes.
        place: Of the map that it makes, among the graph's tensors.
    """

    kind: Kind
    kernel: int
    size_hw: tuple[int, int]
    channels: int
    filters: int
    place: int

    @property
    def multiplications(self) -> int:
        """Return how many numbers it multiplies for one picture."""
        height, width = self.size_hw
        mixed = 1 if self.kind == "depthwise" else self.channels
        return height * width * self.kernel**2 * mixed * self.filters


@dataclass(frozen=True, slots=True)
class Separable:
    """A depthwise convolution and the pointwise one behind it.

    Attributes:
        depthwise: The first.
        pointwise: The second.
    """

    depthwise: Convolution
    pointwise: Convolution

    @property
    def multiplications(self) -> int:
        """Return how many numbers both multiply."""
        return self.depthwise.multiplications + self.pointwise.multiplications

    @property
    def full_multiplications(self) -> int:
        """Return how many numbers one full convolution in their place would multiply."""
        height, width = self.pointwise.size_hw
        return height * width * self.depthwise.kernel**2 * self.pointwise.channels * self.pointwise.filters


def _read(content: bytes, file: str) -> tuple[Convolution, ...]:
    from ai_edge_litert import schema_py_generated as schema

    kinds = schema.BuiltinOperator
    found = []
    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        for operator in map(graph.Operators, range(graph.OperatorsLength())):
            code = model.OperatorCodes(operator.OpcodeIndex())
            kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            if kind in (kinds.CONV_2D, kinds.DEPTHWISE_CONV_2D):
                found.append(_convolution(graph, operator, is_depthwise=kind == kinds.DEPTHWISE_CONV_2D))
    return tuple(found)


def _convolution(graph: Any, operator: Any, *, is_depthwise: bool) -> Convolution:
    before, weights, after = (
        shape_of(graph.Tensors(tensor)) for tensor in (operator.Inputs(0), operator.Inputs(1), operator.Outputs(0))
    )
    if min(map(len, (before, weights, after))) < _AXES:
        raise ValueError("a convolution of another shape")
    kernel = max(weights[1:3])
    kind: Kind = "depthwise" if is_depthwise else "pointwise" if kernel == 1 else "full"
    return Convolution(kind, kernel, (after[1], after[2]), before[3], after[3], int(operator.Outputs(0)))


convolutions = once_per_content(_read)
"""Return the convolutions of a model, in the order of the file. Raises ModelFileError: it is no LiteRT model."""


def separables(found: Sequence[Convolution]) -> tuple[Separable, ...]:
    """Return the depthwise convolutions that a pointwise one of the same size follows."""
    return tuple(
        Separable(first, then)
        for first, then in pairwise(found)
        if (first.kind, then.kind) == ("depthwise", "pointwise")
        and (first.size_hw, first.filters) == (then.size_hw, then.channels)
    )


def levels(found: Sequence[Convolution]) -> tuple[Convolution, ...]:
    """Return the last convolution of each size of map that has places, the largest map first."""
    of_size = {each.size_hw: each for each in found if min(each.size_hw) > 1}
    return tuple(of_size.values())
