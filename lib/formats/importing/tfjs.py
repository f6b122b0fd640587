"""A TensorFlow.js layers model → the same in Keras; runs only in a limited worker process.

No package of TensorFlow.js is needed: its model.json describes the layers as Keras 2 does, and lists name, shape and
type of each weight in the order in which they follow each other in the binary files.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError
from lib.formats.importing.repairs import repaired
from lib.messages import N_

_NUMBERS = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2}


def read(folder: Path, name: str) -> Any:
    """Build a layers model by its description, and put in its weights by their names.

    Args:
        folder: Holds model.json and weights-0.bin, weights-1.bin, … in the order of the manifest.
        name: What to call it in an error.

    Raises:
        ModelFileError: It is a graph model, or lacks weights.
        Exception: Whatever Keras raises of a description that is not one.
    """
    import keras

    document = json.loads((folder / "model.json").read_bytes())
    topology = document.get("modelTopology")
    if not isinstance(topology, dict) or document.get("format") == "graph-model":
        raise ModelFileError(
            N_("{file} is a TensorFlow.js graph. Only layers models, as Teachable Machine makes them, can be added."),
            file=name,
        )
    described = repaired(topology.get("model_config", topology), name)
    kind = keras.Sequential if described["class_name"] == "Sequential" else keras.Model
    model = kind.from_config(described["config"])
    _put_weights(model, _weights(document, folder, name), name)
    return model


def leaves(model: Any) -> Iterator[Any]:
    """Yield the layers of a Keras model in the order of its graph, those of models inside it included."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def _weights(document: dict[str, Any], folder: Path, name: str) -> dict[str, Any]:
    """Return the arrays of a weight manifest by name; the parts of a group follow each other without a gap.

    TensorFlow.js, "Weights manifest": each entry has a name, a shape, a dtype, and where it is quantised the scale and
    the smallest value.
    """
    import numpy as np

    arrays, number = {}, 0
    for group in document["weightsManifest"]:
        parts = [(folder / f"weights-{number + k}.bin").read_bytes() for k in range(len(group["paths"]))]
        number += len(parts)
        content, place = b"".join(parts), 0
        for entry in group["weights"]:
            shape, steps = tuple(int(n) for n in entry["shape"]), entry.get("quantization")
            stored = steps["dtype"] if steps else entry["dtype"]
            count = math.prod(shape)
            end = place + count * _NUMBERS[stored]
            if end > len(content) or min(shape, default=0) < 0:
                raise ModelFileError(N_("{file} is cut off: its weights end too early."), file=name)
            array = np.frombuffer(content, np.dtype(stored), count, place).reshape(shape)
            if steps and "scale" in steps:
                array = array.astype(np.float32) * np.float32(steps["scale"]) + np.float32(steps["min"])
            arrays[str(entry["name"])], place = array, end
    return arrays


def _put_weights(model: Any, arrays: dict[str, Any], name: str) -> None:
    """Give each variable the array of its layer's and its own name."""
    import numpy as np

    for layer in leaves(model):
        for variable in layer.weights:
            array = _take(arrays, layer.name, variable.name)
            if array is None or tuple(array.shape) != tuple(variable.shape):
                raise ModelFileError(
                    N_("{file} lacks a part of the model: {part}."), file=name, part=f"{layer.name}/{variable.name}"
                )
            variable.assign(np.asarray(array, np.float32))


def _take(arrays: dict[str, Any], layer: str, variable: str) -> Any:
    """Take out the first array of this name, with or without the names of the models around it; None for none."""
    # Keras 2 and TensorFlow.js call a depthwise convolution's kernel otherwise.
    for wanted in (f"{layer}/{variable}", f"{layer}/depthwise_{variable}"):
        for key in arrays:
            if key == wanted or key.endswith(f"/{wanted}"):
                return arrays.pop(key)
    return None
