"""Descriptions of Keras models as Keras 2 and TensorFlow.js wrote them → as Keras 3 reads them.

Pure: it changes JSON values and loads nothing.
"""

from typing import Any

from lib.errors import ModelFileError
from lib.messages import N_

# Layers that run code of their own, or load other files.
_REFUSED = frozenset({"Lambda", "TFOpLambda", "SlicingOpLambda", "TFSMLayer"})
# What Keras 2 wrote of a depthwise convolution and Keras 3 does not take.
_NOT_OF_DEPTHWISE = ("groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
_MOST_LEVELS = 60
# A layer wider than this is no layer but a way to ask for all memory.
_WIDTHS, _MOST_WIDE = ("units", "filters", "input_dim", "output_dim"), 2**20


def repaired(config: Any, file: str, level: int = 0) -> Any:
    """Return a description that Keras 3 reads.

    - "Model", the old name of "Functional".
    - DepthwiseConv2D's `groups`, which Keras 2.11 and later wrote: 1, or the net is another one.
    - A model with one input and one output says so as a list of one, which Keras 3 would make a list of tensors.
    - `batch_input_shape` of a first layer: an input layer of its own.

    Args:
        config: JSON values.
        file: What to call it in an error.
        level: How deep inside the description.

    Raises:
        ModelFileError: It has a layer that runs code of its own, or is nested without end.
    """
    if level > _MOST_LEVELS:
        raise ModelFileError(N_("{file} is damaged: its description has no end."), file=file)
    if isinstance(config, list):
        return [repaired(value, file, level + 1) for value in config]
    if not isinstance(config, dict):
        return config
    changed = {key: repaired(value, file, level + 1) for key, value in config.items()}
    name, inner = changed.get("class_name"), changed.get("config")
    for width in _WIDTHS:
        if isinstance(changed.get(width), int | float) and changed[width] > _MOST_WIDE:
            raise ModelFileError(N_("{file} is damaged: a layer of it is too large."), file=file)
    if name in _REFUSED:
        raise ModelFileError(
            N_("{file} has a layer that runs code of its own ({layer}), so it was refused."), file=file, layer=name
        )
    if name == "Model":
        changed["class_name"] = "Functional"
    if name == "DepthwiseConv2D" and isinstance(inner, dict):
        changed["config"] = _depthwise(inner, file)
    if name == "Sequential" and isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        changed["config"] = {**inner, "layers": _begun(inner["layers"])}
    for ends in ("input_layers", "output_layers"):
        if isinstance(changed.get(ends), list) and len(changed[ends]) == 1 and isinstance(changed[ends][0], list):
            changed[ends] = changed[ends][0]
    return changed


def _depthwise(config: dict[str, Any], file: str) -> dict[str, Any]:
    if config.get("groups", 1) != 1:
        raise ModelFileError(
            N_("{file} has a layer that this version does not know: {layer}."), file=file, layer="DepthwiseConv2D"
        )
    return {key: value for key, value in config.items() if key not in _NOT_OF_DEPTHWISE}


def _begun(layers: list[Any]) -> list[Any]:
    """Return a sequence of layers whose first says its shape as an input layer of its own."""
    first = layers[0] if layers and isinstance(layers[0], dict) else {}
    config = first.get("config")
    if first.get("class_name") == "InputLayer" or not isinstance(config, dict) or "batch_input_shape" not in config:
        return layers
    rest = {key: value for key, value in config.items() if key != "batch_input_shape"}
    name = f"{config.get('name', 'layer')}_input"
    begin = {"class_name": "InputLayer", "config": {"batch_shape": config["batch_input_shape"], "name": name}}
    return [begin, {**first, "config": rest}, *layers[1:]]
