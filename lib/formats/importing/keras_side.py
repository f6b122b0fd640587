"""Keras's forms and SavedModel → a LiteRT file; runs only in a limited worker process, where TensorFlow is imported.

`to_litert` is the side of the caller, `convert` the worker's.
"""

import json
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError
from lib.formats import first_look, from_keras
from lib.formats.first_look import MAX_BYTES, in_child
from lib.formats.importing import saved_model, tfjs
from lib.formats.importing.hdf5 import KERAS_WEIGHTS
from lib.formats.importing.packed import Form, Found, unreadable
from lib.formats.importing.repairs import repaired
from lib.formats.tables import require_one_of_each
from lib.messages import N_
from lib.model.spec import MAX_CLASSES, MAX_SIDE
from lib.work import process
from lib.work.files import data_error, is_full

# Of addresses, of which TensorFlow reserves more than it uses: 6 GB were enough for a net of Teachable Machine's on two
# cores, and each thread of a core may reserve more.
MEMORY_BYTES = 12 * 2**30
_PER_CORE_BYTES, _PER_BYTE = 2**28, 16
CPU_SECONDS = 300  # ten for a net of Teachable Machine's, a hundred for the largest that were tried
WALL_SECONDS = 900.0
FILE_BYTES = 3 * MAX_BYTES  # TensorFlow writes the model once more on its way
LITERT, KERAS = "converted.tflite", "converted.keras"
BYTES = (0.0, 255.0)  # the range of a model that takes pixels as they are
# A model that scales bytes itself multiplies by 1 / 255, 1 / 127.5 or thereabouts; nothing else is as small.
_SCALES_BYTES = 0.1


@dataclass(frozen=True, slots=True)
class Converted:
    """What came of a model.

    Attributes:
        litert: The file: one photo in, probabilities out.
        keras: The same for Keras; None where there was none (SavedModel).
        range: What the bytes 0 and 255 become, where the model scales them itself; else None.
    """

    litert: Path
    keras: Path | None
    range: tuple[float, float] | None


def to_litert(found: Found, name: str, work: Path, *, cancelled: threading.Event | None = None) -> Converted:
    """Convert a model in a worker process.

    Args:
        found: The model, in one of Keras's forms or as SavedModel.
        name: What to call it in an error.
        work: Folder to write to.
        cancelled: When set, the worker is ended.

    Raises:
        ModelFileError: It cannot be read, is no image classifier, or took the worker down; or TensorFlow is missing.
        DownloadError: The disk of the data folder is full.
        Cancelled: `cancelled` was set.
    """
    parts = found.path.rglob("*") if found.path.is_dir() else (found.path,)
    size = sum(part.stat().st_size for part in parts)
    answer = in_child(
        "lib.formats.importing.keras_side:convert",
        {"form": found.form.value, "path": str(found.path), "name": name, "work": str(work)},
        name,
        memory_bytes=MEMORY_BYTES + (os.cpu_count() or 1) * _PER_CORE_BYTES + _PER_BYTE * size,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        file_bytes=FILE_BYTES,
        cancelled=cancelled,
    )
    keras = work / KERAS
    return Converted(work / LITERT, keras if keras.is_file() else None, BYTES if answer["takes_bytes"] else None)


def convert(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Convert one model; the worker's side of `to_litert`."""
    os.environ.update({"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"})
    from_keras.refuse_network()
    name, path, work = payload["name"], Path(payload["path"]), Path(payload["work"])
    try:
        import keras
    except ImportError as error:
        raise ModelFileError(
            N_("Converting a Keras model needs TensorFlow, which is not installed here (see requirements.txt).")
        ) from error
    form = Form(payload["form"])
    with _understood(name, form, work):
        if form is Form.SAVED_MODEL:
            (work / LITERT).write_bytes(saved_model.to_litert(path, name))
            return {"takes_bytes": False}
        model = {Form.TFJS: tfjs.read, Form.HDF5: _from_hdf5, Form.KERAS: _from_keras}[form](path, name)
        width, height = _check(model, name)
        # One photo, so that the browser takes it; and probabilities, so that nobody has to guess.
        photo = keras.Input((height, width, 3), name="photo")
        (answer,) = keras.tree.flatten(model(photo))
        whole = keras.Model(photo, _as_probabilities(model, answer, name))
        whole.save(work / KERAS)
        (work / LITERT).write_bytes(from_keras.to_litert(whole))
    return {"takes_bytes": _takes_bytes(model)}


@contextmanager
def _understood(name: str, form: Form, work: Path) -> Iterator[None]:
    try:
        yield
    except ModelFileError:
        raise
    # Keras raises whatever its layers, h5py and TensorFlow do, Exception itself included.
    except Exception as error:
        if is_full(error):
            raise data_error(error, name) from error
        raise unreadable(name, form, error, work) from error


def _from_keras(path: Path, name: str) -> Any:
    """Load a file whose description is mended first, in a copy of it that holds nothing but what is needed."""
    import keras

    mended = path.with_name("mended.keras")
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(mended, "w") as copy:
        copy.writestr("config.json", json.dumps(repaired(json.loads(packed.read("config.json")), name)))
        for member in {"metadata.json", KERAS_WEIGHTS} & set(packed.namelist()):
            copy.writestr(member, packed.read(member))
    return keras.models.load_model(mended, compile=False, safe_mode=True)


def _from_hdf5(path: Path, name: str) -> Any:
    """Load a file whose description is mended first, in the file itself: it is a copy."""
    import h5py
    import keras

    with h5py.File(path, "r+") as file:
        if "model_config" not in file.attrs:
            raise ModelFileError(
                N_("{file} holds weights without the model that they are of. Save the whole model: model.save(…)."),
                file=name,
            )
        described = file.attrs["model_config"]
        text = described.decode() if isinstance(described, bytes) else str(described)
        file.attrs["model_config"] = json.dumps(repaired(json.loads(text), name))
    return keras.models.load_model(path, compile=False, safe_mode=True)


def _check(model: Any, name: str) -> tuple[int, int]:
    """Return width and height of the photo. Raises ModelFileError: the model is no classifier of one RGB photo."""
    inputs, outputs = list(model.inputs), list(model.outputs)
    require_one_of_each(len(inputs), len(outputs), name)
    shape, answer = tuple(inputs[0].shape), tuple(outputs[0].shape)
    if len(shape) != 4 or shape[3] != 3 or not all(side and 1 <= side <= MAX_SIDE for side in shape[1:3]):
        raise first_look.no_photo(shape, name)
    if len(answer) != 2 or not answer[1] or not 1 <= answer[1] <= MAX_CLASSES:
        raise first_look.no_classes(answer, name)
    return int(shape[2]), int(shape[1])


def _as_probabilities(model: Any, answer: Any, name: str) -> Any:
    """Return what a model answers as probabilities: itself where its last layer makes such, else squashed now."""
    import keras

    units, kind = int(answer.shape[1]), _last_activation(model)
    if kind == "softmax" or (kind == "sigmoid" and units == 1):
        return answer
    if kind == "sigmoid":
        raise first_look.one_by_one(name)
    return keras.layers.Activation("softmax" if units > 1 else "sigmoid")(answer)


def _last_activation(model: Any) -> str:
    """Return the name of the last layer's activation; "linear" for none."""
    import keras

    last = list(tfjs.leaves(model))[-1]
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    return str(getattr(getattr(last, "activation", None), "__name__", "linear"))


def _takes_bytes(model: Any) -> bool:
    """Whether the first thing that a model does to a photo is to scale bytes: then it takes 0 … 255."""
    import keras
    import numpy as np

    for layer in tfjs.leaves(model):
        if isinstance(layer, keras.layers.Rescaling):
            return bool(np.max(np.abs(np.asarray(layer.scale, np.float64))) < _SCALES_BYTES)
        if isinstance(layer, keras.layers.Normalization):
            return bool(np.max(np.asarray(layer.mean, np.float64)) > 1)  # of bytes: no other photo has such a mean
        if layer.weights:
            return False
    return False
