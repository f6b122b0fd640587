"""Descriptions of Keras models as Keras 2 and TensorFlow.js wrote them → as Keras 3 reads them.

Pure: it changes JSON values and loads nothing.
"""

from typing import Any

from lib.errors import ModelFileError
from lib.messages import N_

# Layers that run code of their own, or load other files.
_REFUSED = frozenset({"Lambda", "TFSMLayer"})
# How Keras 2 wrote TensorFlow's functions among the layers, such as x + 3 in MobileNet V3; Keras 3 does not read it.
_ONLY_KERAS_2 = frozenset({"TFOpLambda", "SlicingOpLambda"})
# What Keras 2 wrote of some layers and Keras 3 does not take: how many groups there are, and what would be made anew.
_NOT_TAKEN = {
    "DepthwiseConv2D": ("groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv1D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
}
_SHAPE = "batch_input_shape"
_NOT_OF_RANDOM = ("rng_type",)  # of RandomFlip, RandomRotation, …
# Where Keras 2 had its functional models, in TensorFlow or as a package of its own; where Keras 3 has them.
_FUNCTIONAL_2, _FUNCTIONAL_3 = "keras.src.engine.functional", "keras.src.models.functional"
_MOST_LEVELS = 60
# A layer wider than this is no layer but a way to ask for all memory.
_WIDTHS, _MOST_WIDE = ("units", "filters", "input_dim", "output_dim"), 2**20


def repaired(config: Any, file: str, level: int = 0) -> Any:
    """Return a description that Keras 3 reads.

    - "Model", the old name of "Functional".
    - The module that Keras 2 had functional models in, and the package that it is today, `tf_keras`.
    - `groups` of depthwise and separable convolutions, which Keras 2.11 and later wrote: 1, or the net is another one.
    - `rng_type` of the layers that change photos at random.
    - BatchNormalization's one axis, written as a list.
    - A model with one input and one output says so as a list of one, which Keras 3 would make a list of tensors.
    - `batch_input_shape` of a first layer: an input layer of its own, if there is none before it.

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
    if name in _ONLY_KERAS_2:
        raise ModelFileError(
            N_(
                "{file} has a layer that only Keras 2 can run ({layer}). Save the model there as a SavedModel or a "
                ".tflite file, and add that."
            ),
            file=file,
            layer=name,
        )
    if name == "Model":
        changed["class_name"] = "Functional"
    if isinstance(changed.get("module"), str):
        module = (
            changed["module"].removeprefix("tf_") if changed["module"].startswith("tf_keras") else changed["module"]
        )
        changed["module"] = _FUNCTIONAL_3 if module == _FUNCTIONAL_2 else module
    if isinstance(name, str) and isinstance(inner, dict):
        changed["config"] = _as_keras_3(name, inner, file)
    if name == "Sequential" and isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        changed["config"] = {**inner, "layers": _begun(inner["layers"])}
    for ends in ("input_layers", "output_layers"):
        if isinstance(changed.get(ends), list) and len(changed[ends]) == 1 and isinstance(changed[ends][0], list):
            changed[ends] = changed[ends][0]
    return changed


def _as_keras_3(layer: str, config: dict[str, Any], file: str) -> dict[str, Any]:
    unknown = _NOT_OF_RANDOM if layer.startswith("Random") else _NOT_TAKEN.get(layer, ())
    if "groups" in unknown and config.get("groups", 1) != 1:
        raise ModelFileError(N_("{file} has a layer that this version does not know: {layer}."), file=file, layer=layer)
    kept = {key: value for key, value in config.items() if key not in unknown}
    if layer == "BatchNormalization" and isinstance(kept.get("axis"), list) and len(kept["axis"]) == 1:
        (kept["axis"],) = kept["axis"]
    return kept


def _begun(layers: list[Any]) -> list[Any]:
    """Return a sequence of layers in which an input layer, and no other, says the shape of what comes in."""
    begun = [_without_shape(layer) if _is_layer(layer) else layer for layer in layers]
    first = layers[0] if layers and _is_layer(layers[0]) else {}
    config = first.get("config", {})
    if first.get("class_name") == "InputLayer" or _SHAPE not in config:
        return begun
    name = f"{config.get('name', 'layer')}_input"
    return [{"class_name": "InputLayer", "config": {"batch_shape": config[_SHAPE], "name": name}}, *begun]


def _is_layer(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("config"), dict)


def _without_shape(layer: dict[str, Any]) -> dict[str, Any]:
    if layer.get("class_name") == "InputLayer":
        return layer
    return {**layer, "config": {key: value for key, value in layer["config"].items() if key != _SHAPE}}
