"""Inner tensors of a LiteRT file, named as outputs: one inference then gives features or logits with the answer."""

import struct
from enum import StrEnum
from typing import Any

from lib.errors import ModelFileError
from lib.formats.unbelieved import tables
from lib.messages import N_

# Slots of fields in LiteRT's schema.fbs.
_OUTPUTS_SLOT = 8  # of `SubGraph`
_SIGNATURES_SLOT = 18  # of `Model`


class Inner(StrEnum):
    """A tensor inside a classifier that says more than its probabilities.

    FEATURES are what the last pooling makes of the last map; LOGITS are what its softmax turns into probabilities.
    """

    FEATURES = "features"
    LOGITS = "logits"


def expose(content: bytes, inner: Inner, file: str) -> bytes:
    """Return a LiteRT file that gives an inner tensor too, as its second output; all else it answers is the same.

    The longer list of outputs is put behind the file, and the graph's table made to point there. The file's signatures,
    which name one output, are left out.

    Raises:
        ModelFileError: It is no LiteRT model, or has no such tensor; the message calls it `file`.
    """
    changed = bytearray(content)
    with tables(changed, file) as model:
        graph = model.Subgraphs(0)
        outputs = [graph.Outputs(k) for k in range(graph.OutputsLength())]
        outputs.append(_find(model, graph, inner, file))
        changed += bytes(-len(changed) % 4)
        place = graph._tab.Pos + graph._tab.Offset(_OUTPUTS_SLOT)
        struct.pack_into("<I", changed, place, len(changed) - place)
        if model.SignatureDefsLength():
            place = model._tab.Vector(model._tab.Offset(_SIGNATURES_SLOT))
            struct.pack_into("<I", changed, place - 4, 0)  # how many there are
    return bytes(changed) + struct.pack(f"<{len(outputs) + 1}i", len(outputs), *outputs)


def _find(model: Any, graph: Any, inner: Inner, file: str) -> int:
    """Return the position of an inner tensor among the graph's."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    kinds = {
        Inner.FEATURES: {BuiltinOperator.MEAN, BuiltinOperator.AVERAGE_POOL_2D},
        Inner.LOGITS: {BuiltinOperator.SOFTMAX},
    }[inner]
    for operator in map(graph.Operators, reversed(range(graph.OperatorsLength()))):
        code = model.OperatorCodes(operator.OpcodeIndex())
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) in kinds:
            return int(operator.Outputs(0) if inner is Inner.FEATURES else operator.Inputs(0))
    raise ModelFileError(N_("{file} contains no readable {what}."), file=file, what=inner.value)
