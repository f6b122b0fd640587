"""Keras's forms and SavedModel → a LiteRT file; runs only in a limited worker process, where TensorFlow is imported.

`to_litert` is the side of the caller, `convert` the worker's.
"""

import json
import math
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError, WorkerError
from lib.formats import from_keras
from lib.formats.first_look import in_child
from lib.formats.importing.packed import Form, Found
from lib.formats.importing.repairs import repaired
from lib.formats.unbelieved import first_line
from lib.messages import N_
from lib.model.spec import MAX_CLASSES, MAX_SIDE
from lib.work import process

MEMORY_BYTES = from_keras.MEMORY_BYTES
CPU_SECONDS = 300  # ten for a net of Teachable Machine's, a hundred for the largest that were tried
WALL_SECONDS = 900.0
# A damaged HDF5 file can keep its library busy for ever: it is read through before TensorFlow is started for it.
PROBE_MEMORY_BYTES = 2 * 2**30
PROBE_CPU_SECONDS = 20
PROBE_WALL_SECONDS = 90.0
LITERT, KERAS = "converted.tflite", "converted.keras"
# Operators of a TensorFlow graph that touch files or run Python; a classifier needs none of them. Those that save and
# restore weights are in every SavedModel, in functions that are not converted.
_FOREIGN = frozenset(
    {
        "EagerPyFunc", "FixedLengthRecordDatasetV2", "LookupTableExportV2", "PyFunc", "PyFuncStateless", "ReadFile",
        "TFRecordDatasetV2", "TextLineDatasetV2", "WriteFile",
    }
)  # fmt: skip
_NUMBERS = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2}


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of a model.

    Attributes:
        litert: The file: one photo in, probabilities out.
        keras: The same for Keras; None where there was none (SavedModel).
        has_own_range: Whether it scales pixels itself, and so takes 0 … 255.
    """

    litert: Path
    keras: Path | None
    has_own_range: bool


def to_litert(found: Found, name: str, work: Path, *, cancelled: threading.Event | None = None) -> Converted:
    """Convert a model in a worker process.

    Args:
        found: The model, in one of Keras's forms or as SavedModel.
        name: What to call it in an error.
        work: Folder to write to.
        cancelled: When set, the worker is ended.

    Raises:
        ModelFileError: It cannot be read, is no image classifier, or took the worker down.
        WorkerError: TensorFlow is missing.
        Cancelled: `cancelled` was set.
    """
    if found.form is Form.HDF5:
        probe(found.path, name, cancelled=cancelled)
    answer = in_child(
        "lib.formats.importing.keras_side:convert",
        {"form": found.form.value, "path": str(found.path), "name": name, "work": str(work)},
        name,
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        cancelled=cancelled,
    )
    keras = work / KERAS
    return Converted(work / LITERT, keras if keras.is_file() else None, bool(answer["has_own_range"]))


def probe(path: Path, name: str, *, cancelled: threading.Event | None = None) -> None:
    """Let a small child process read an HDF5 file through.

    Raises:
        ModelFileError: It cannot be read, or took the child down; the message calls it `name`.
        Cancelled: `cancelled` was set.
    """
    in_child(
        "lib.formats.importing.keras_side:read_through",
        {"path": str(path), "name": name},
        name,
        memory_bytes=PROBE_MEMORY_BYTES,
        cpu_seconds=PROBE_CPU_SECONDS,
        wall_seconds=PROBE_WALL_SECONDS,
        cancelled=cancelled,
    )


def read_through(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Read every array and attribute of an HDF5 file; the child's side of `probe`."""
    import h5py

    def look_at(_: str, item: Any) -> None:
        dict(item.attrs)
        if isinstance(item, h5py.Dataset):
            item[()]

    with _read_by_keras(payload["name"], Form.HDF5), h5py.File(payload["path"], "r") as file:
        dict(file.attrs)
        file.visititems(look_at)
    return {}


def convert(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Convert one model; the worker's side of `to_litert`."""
    os.environ.update({"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"})
    from_keras.refuse_network()
    name, path, work = payload["name"], Path(payload["path"]), Path(payload["work"])
    try:
        import keras
    except ImportError as error:
        raise WorkerError(
            N_("Converting a Keras model needs TensorFlow, which is not installed here (see requirements.txt).")
        ) from error
    form = Form(payload["form"])
    if form is Form.SAVED_MODEL:
        (work / LITERT).write_bytes(_saved_model(path, name))
        return {"has_own_range": False}
    with _read_by_keras(name, form):
        model = {Form.TFJS: _from_tfjs, Form.HDF5: _from_hdf5, Form.KERAS: _from_keras}[form](path, name)
    size = _check(model, name)
    with _read_by_keras(name, form):
        # One photo, so that the browser takes it; and probabilities, so that nobody has to guess.
        photo = keras.Input((size[1], size[0], 3), name="photo")
        whole = keras.Model(photo, _as_probabilities(model, model(photo), name))
        whole.save(work / KERAS)
        (work / LITERT).write_bytes(from_keras.to_litert(whole))
    return {"has_own_range": _scales_itself(model)}


@contextmanager
def _read_by_keras(name: str, form: Form) -> Iterator[None]:
    try:
        yield
    except ModelFileError:
        raise
    # Keras raises whatever its layers, h5py and TensorFlow do, Exception itself included.
    except Exception as error:
        raise ModelFileError(
            N_("{file} could not be read as a {form} model: {reason}"),
            file=name,
            form=form.value,
            reason=first_line(error)[:300],
        ) from error


def _from_keras(path: Path, name: str) -> Any:
    import keras

    return keras.models.load_model(path, compile=False, safe_mode=True)


def _from_hdf5(path: Path, name: str) -> Any:
    """Load a file whose description is mended first, in the file itself: it is a copy."""
    import h5py
    import keras

    with h5py.File(path, "r+") as file:
        described = file.attrs["model_config"]
        text = described.decode() if isinstance(described, bytes) else str(described)
        file.attrs["model_config"] = json.dumps(repaired(json.loads(text), name))
    return keras.models.load_model(path, compile=False, safe_mode=True)


def _from_tfjs(folder: Path, name: str) -> Any:
    """Build a TensorFlow.js layers model by its description, and put in its weights by their names."""
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
    _put_weights(model, _tfjs_weights(document, folder, name), name)
    return model


def _tfjs_weights(document: dict[str, Any], folder: Path, name: str) -> dict[str, Any]:
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
            if end > len(content) or count < 0:
                raise ModelFileError(N_("{file} is cut off: its weights end too early."), file=name)
            array = np.frombuffer(content, np.dtype(stored), count, place).reshape(shape)
            if steps and "scale" in steps:
                array = array.astype(np.float32) * np.float32(steps["scale"]) + np.float32(steps["min"])
            arrays[str(entry["name"])], place = array, end
    return arrays


def _put_weights(model: Any, arrays: dict[str, Any], name: str) -> None:
    """Give each variable the array of its layer's and its own name."""
    import numpy as np

    for layer in _leaves(model):
        for variable in layer.weights:
            # Keras 2 and TensorFlow.js call a depthwise convolution's kernel otherwise.
            wanted = [f"{layer.name}/{kind}" for kind in (variable.name, f"depthwise_{variable.name}")]
            array = next((arrays[key] for key in wanted if key in arrays), None)
            if array is None or tuple(array.shape) != tuple(variable.shape):
                raise ModelFileError(
                    N_("{file} lacks a part of the model: {part}."), file=name, part=f"{layer.name}/{variable.name}"
                )
            variable.assign(np.asarray(array, np.float32))


def _leaves(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def _check(model: Any, name: str) -> tuple[int, int]:
    """Return width and height of the photo. Raises ModelFileError: the model is no classifier of one RGB photo."""
    inputs, outputs = list(model.inputs), list(model.outputs)
    if (len(inputs), len(outputs)) != (1, 1):
        raise ModelFileError(
            N_(
                "An image classifier has one input and one output. In {file} there are inputs: {inputs}, "
                "outputs: {outputs}."
            ),
            file=name,
            inputs=len(inputs),
            outputs=len(outputs),
        )
    shape, answer = tuple(inputs[0].shape), tuple(outputs[0].shape)
    if len(shape) != 4 or shape[3] != 3 or not all(side and 1 <= side <= MAX_SIDE for side in shape[1:3]):
        raise ModelFileError(
            N_(
                "The input of {file} has the shape {shape}. Expected: one RGB photo, (1, height, width, 3), "
                "with at most {limit} pixels per side."
            ),
            file=name,
            shape=str(shape),
            limit=MAX_SIDE,
        )
    if len(answer) != 2 or not answer[1] or not 1 <= answer[1] <= MAX_CLASSES:
        raise ModelFileError(
            N_("The output of {file} has the shape {shape}. Expected: one number per class, (1, classes)."),
            file=name,
            shape=str(answer),
        )
    return int(shape[2]), int(shape[1])


def _as_probabilities(model: Any, answer: Any, name: str) -> Any:
    """Return what a model answers as probabilities: itself where its last layer makes such, else squashed now."""
    import keras

    units, kind = int(answer.shape[1]), _last_activation(model)
    if kind == "softmax" or (kind == "sigmoid" and units == 1):
        return answer
    if kind == "sigmoid":
        raise ModelFileError(
            N_("{file} answers each class by itself, yes or no (sigmoid). Discern needs one answer among all classes."),
            file=name,
        )
    return keras.layers.Activation("softmax" if units > 1 else "sigmoid")(answer)


def _last_activation(model: Any) -> str:
    """Return the name of the last layer's activation; "linear" for none."""
    import keras

    last = list(_leaves(model))[-1]
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    return str(getattr(getattr(last, "activation", None), "__name__", "linear"))


def _scales_itself(model: Any) -> bool:
    import keras

    scaling = (keras.layers.Rescaling, keras.layers.Normalization)
    return any(isinstance(layer, scaling) for layer in _leaves(model))


def _saved_model(folder: Path, name: str) -> bytes:
    """Return a SavedModel as a LiteRT file. Raises ModelFileError: its graph touches files, or cannot be converted."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    with _read_by_keras(name, Form.SAVED_MODEL):
        saved = saved_model_pb2.SavedModel()
        saved.ParseFromString((folder / "saved_model.pb").read_bytes())
        used = {node.op for graph in saved.meta_graphs for node in _nodes(graph.graph_def)}
        if foreign := used & _FOREIGN:
            raise ModelFileError(
                N_("{file} needs the operation {operation}, which LiteRT does not have."),
                file=name,
                operation=min(foreign),
            )
        content = tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()
    shutil.rmtree(folder, ignore_errors=True)
    return bytes(content)


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def
