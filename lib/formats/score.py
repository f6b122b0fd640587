"""A LiteRT file that says more: how familiar a photo is, one more number, worked out inside the file; or its last map.

The app tells by inner tensors (`lib.classify.novelty`); code elsewhere gets a file that does the sums itself, so that
in every language a comparison is left: the score against a threshold.
"""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from lib.formats.growing import Growing
from lib.formats.inner import SCORE, Inner, find
from lib.formats.unbelieved import tables

_OP = schema.BuiltinOperator


def with_largest_logit(content: bytes, shown: slice, file: str) -> bytes:
    """Return a file whose second output, shape (1, 1), is the largest of the logits of the classes that are shown.

    Args:
        content: A LiteRT classifier of one output that ends with softmax, for one photo.
        shown: Which of its outputs are classes that are shown, in a row.
        file: What to call it in an error.

    Raises:
        ModelFileError: It is no LiteRT model, or has no softmax.
    """
    with tables(content, file) as model:
        logits = find(model, model.Subgraphs(0), Inner.LOGITS, file)
        graph = Growing(content)
        row = graph.flat(graph.real(logits, f"{SCORE}/real"), SCORE)
        first, last, _ = shown.indices(graph.shape(row)[1])
        if (first, last) != (0, graph.shape(row)[1]):
            begin, size = (
                graph.constant(f"{SCORE}/{name}", np.array(pair, np.int32), schema.TensorType.INT32)
                for name, pair in (("begin", [0, first]), ("size", [1, last - first]))
            )
            part = graph.tensor(f"{SCORE}/shown", (1, last - first))
            row = graph.add(_OP.SLICE, [row, begin, size], part, "SliceOptions")
        return _with_largest(graph, row)


def with_nearness(content: bytes, means: NDArray[np.floating], file: str) -> bytes:
    """Return a file whose second output, shape (1, 1), is the cosine of its features to the nearest class mean.

    Args:
        content: A LiteRT classifier of one output whose head was put on rows of length 1 (`lib.formats.graft`).
        means: Shape (C, D), of any length but 0.
        file: What to call it in an error.

    Raises:
        ModelFileError: It is no LiteRT model, or has no such rows.
    """
    with tables(content, file) as model:
        row = find(model, model.Subgraphs(0), Inner.NORMALISED, file)
        directions = means / np.linalg.norm(means, axis=1, keepdims=True)
        graph = Growing(content)
        no_bias = np.zeros(len(means), np.float32)
        return _with_largest(graph, graph.linear(row, directions.astype(np.float32), no_bias, SCORE))


def with_map(content: bytes, file: str) -> bytes:
    """Return a file that gives its last map, shape (1, H, W, D), real numbers, behind all its outputs.

    Args:
        content: A LiteRT classifier, for one photo.
        file: What to call it in an error.

    Raises:
        ModelFileError: It is no LiteRT model, or has no map.
    """
    with tables(content, file) as model:
        place = find(model, model.Subgraphs(0), Inner.MAP, file)
        graph = Growing(content)
        return graph.finish([*graph.outputs, graph.real(place, "discern/map")])


def _with_largest(graph: Growing, row: int) -> bytes:
    """Return the file that ends with its own output and the largest number of a row."""
    axis = graph.constant(f"{SCORE}/axis", np.array([1], np.int32), schema.TensorType.INT32)
    largest = graph.add(_OP.REDUCE_MAX, [row, axis], graph.tensor(SCORE, (1, 1)), "ReducerOptions", keepDims=True)
    return graph.finish([*graph.outputs[:1], largest])
