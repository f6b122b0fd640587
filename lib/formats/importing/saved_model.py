"""A SavedModel → a LiteRT file; runs only in a limited worker process, where TensorFlow is imported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError
from lib.messages import N_

# Operators of a TensorFlow graph that touch files or run Python; a classifier needs none of them. Those that save and
# restore weights are in every SavedModel, in functions that are not converted.
_FOREIGN = frozenset(
    {
        "EagerPyFunc", "FixedLengthRecordDatasetV2", "LookupTableExportV2", "PyFunc", "PyFuncStateless", "ReadFile",
        "TFRecordDatasetV2", "TextLineDatasetV2", "WriteFile",
    }
)  # fmt: skip


def to_litert(folder: Path, name: str) -> bytes:
    """Return a SavedModel as a LiteRT file.

    Args:
        folder: Holds saved_model.pb and the folder variables.
        name: What to call it in an error.

    Raises:
        ModelFileError: Its graph touches files or runs Python.
        Exception: Whatever TensorFlow raises where it is damaged or cannot be converted.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    used = {node.op for graph in saved.meta_graphs for node in _nodes(graph.graph_def)}
    if foreign := used & _FOREIGN:
        raise ModelFileError(
            N_("{file} needs the operation {operation}, which LiteRT does not have."),
            file=name,
            operation=min(foreign),
        )
    return bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def
