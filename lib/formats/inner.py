"""Inner tensors of a LiteRT file, named as outputs: one inference then gives features, a map or logits too."""

import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from lib.errors import ModelFileError
from lib.formats.unbelieved import tables
from lib.messages import N_

# Slots of fields in LiteRT's schema.fbs.
_OUTPUTS_SLOT = 8  # of `SubGraph`
_SIGNATURES_SLOT = 18  # of `Model`
POOLS = ("MEAN", "AVERAGE_POOL_2D")  # the operators that make features of a map
# The second output of files that are taken away (`lib.formats.score`); here they answer as if it were not there.
SCORE = "discern/familiarity"


class Inner(StrEnum):
    """A tensor inside a classifier that says more than its probabilities.

    LOGITS are what its softmax turns into probabilities; MAP is the last tensor that has places, FEATURES are what
    pooling makes of it, NORMALISED the same at length 1, in files whose head wants it so (`lib.formats.graft`).
    """

    FEATURES = "features"
    LOGITS = "logits"
    MAP = "map"
    NORMALISED = "normalised features"


# Each tensor goes into, or comes out of, the last operator of these kinds.
_INTO = {Inner.LOGITS: ("SOFTMAX",), Inner.MAP: POOLS}
_OUT_OF = {Inner.FEATURES: POOLS, Inner.NORMALISED: ("L2_NORMALIZATION",)}


def expose(content: bytes, inner: Sequence[Inner | int], file: str) -> bytes:
    """Return a LiteRT file that gives inner tensors too, behind its own output; all else it answers is the same.

    A tensor is named by what it is, or by its place among the graph's (`lib.formats.layers`).

    A score that stands behind it (`lib.formats.score`) is no output any more.

    The longer list of outputs is put behind the file, and the graph's table made to point there. The file's signatures,
    which name one output, are left out.

    Raises:
        ModelFileError: It is no LiteRT model, or lacks such a tensor; the message calls it `file`.
    """
    changed = bytearray(content)
    with tables(changed, file) as model:
        graph = model.Subgraphs(0)
        outputs = own_outputs(graph)
        if not inner and len(outputs) == graph.OutputsLength():
            return content
        outputs += [each if isinstance(each, int) else find(model, graph, each, file) for each in inner]
        changed += bytes(-len(changed) % 4)
        place = graph._tab.Pos + graph._tab.Offset(_OUTPUTS_SLOT)
        struct.pack_into("<I", changed, place, len(changed) - place)
        if model.SignatureDefsLength():
            place = model._tab.Vector(model._tab.Offset(_SIGNATURES_SLOT))
            struct.pack_into("<I", changed, place - 4, 0)  # how many there are
    return bytes(changed) + struct.pack(f"<{len(outputs) + 1}i", len(outputs), *outputs)


def own_outputs(graph: Any) -> list[int]:
    """Return the places of a graph's outputs among its tensors, but for the score that is worked out for others."""
    outputs = [int(graph.Outputs(k)) for k in range(graph.OutputsLength())]
    return outputs[:1] + [output for output in outputs[1:] if graph.Tensors(output).Name() != SCORE.encode()]


def find(model: Any, graph: Any, inner: Inner, file: str) -> int:
    """Return the position of an inner tensor among the graph's. Raises ModelFileError: there is none."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    kinds = {getattr(BuiltinOperator, name) for name in _INTO.get(inner) or _OUT_OF[inner]}
    for operator in map(graph.Operators, reversed(range(graph.OperatorsLength()))):
        code = model.OperatorCodes(operator.OpcodeIndex())
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) in kinds:
            return int(operator.Inputs(0) if inner in _INTO else operator.Outputs(0))
    raise ModelFileError(N_("{file} contains no readable {what}."), file=file, what=inner.value)
