"""Keras models with the head of one of our own models, as `.keras`. Imports Keras: for worker processes only.

Plain layers alone, none with code of ours in it: whoever has Keras can load the file, and nothing else.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from lib.errors import ModelFileError, WorkerError
from lib.formats.graft import Pooling
from lib.formats.head import LinearHead
from lib.formats.unbelieved import first_line
from lib.messages import N_
from lib.work import process
from lib.work.files import data_error, is_full, keeping

BATCH = 16


def export_in_worker(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Write a `.keras` file, unless it is there, load it again, and let it answer; the worker's side of an export.

    Args:
        payload: `target`: the file. `make`: None for one that is there, or what it is made of: `weights`, a file of
            PyTorch weights of EfficientNet-Lite, and `side`; or `keras`, another `.keras` file. Then `head`: None for
            its own classes, or an .npz of `weight`, `bias` and `pooling`. `tensors`: an .npy of photos as
            the model takes them, float32, shape (N, H, W, 3). `answers`: where to write what it answers, shape
            (N, outputs).
        emit: Not used.

    Raises:
        ModelFileError: It cannot be made, or Keras cannot read what was written.
        WorkerError: TensorFlow is missing.
        DownloadError: The data folder is full or cannot be written.
    """
    os.environ.update({"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"})
    try:
        import keras
    except ImportError as error:
        raise WorkerError(
            N_("Making a Keras file needs TensorFlow, which is not installed here (see requirements.txt).")
        ) from error
    target, make = Path(payload["target"]), payload["make"]
    try:
        if make is not None:
            _made(make).save(target)
        model = keras.saving.load_model(target, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        if is_full(error):
            raise data_error(error, target.name) from error
        raise ModelFileError(
            N_("Keras {version} cannot read {file}: {reason}"),
            version=keras.__version__, file=target.name, reason=first_line(error)[:300],
        ) from error  # fmt: skip
    tensors = np.load(payload["tensors"], mmap_mode="r")
    parts = [np.asarray(tensors[begin : begin + BATCH]) for begin in range(0, len(tensors), BATCH)]
    with keeping(target.name):
        np.save(payload["answers"], np.concatenate([np.asarray(model(part, training=False)) for part in parts]))
    return {"keras": keras.__version__}


def _made(make: dict[str, Any]) -> Any:
    import keras

    if make.get("keras"):
        base = keras.saving.load_model(make["keras"], compile=False)
        return with_head(base, _read(make["head"]))
    from lib.formats import efficientnet_keras, pth

    weights = pth.read(Path(make["weights"]).read_bytes(), "weights")
    base = efficientnet_keras.build(weights, make["side"])
    return with_head(base, _read(make["head"])) if make["head"] else efficientnet_keras.classes_of(base, weights)


def _read(file: str) -> LinearHead:
    with np.load(file, allow_pickle=False) as arrays:
        return LinearHead(arrays["weight"], arrays["bias"], Pooling(str(arrays["pooling"])))


def with_head(base: Any, head: LinearHead) -> Any:
    """Return a Keras model with another head, as `lib.formats.graft` puts it on a LiteRT file.

    Args:
        base: Has a layer GlobalAveragePooling2D; what follows the last of them is left out.
        head: The head.

    Raises:
        ModelFileError: `base` has no such layer.
    """
    from keras import Model, layers

    pools = [layer for layer in base.layers if isinstance(layer, layers.GlobalAveragePooling2D)]
    if not pools:
        raise ModelFileError(N_("{file} contains no readable {what}."), file=base.name, what="features")
    pooled = _pool(pools[-1].input, head.pooling)
    row = layers.UnitNormalization(name="row")(pooled)
    dense = layers.Dense(len(head.bias), name="head")
    model = Model(base.input, layers.Softmax(name="probabilities")(dense(row)), name=base.name)
    dense.set_weights([head.weight.T, head.bias])
    return model


def _pool(last: Any, pooling: Pooling) -> Any:
    """Return the means of a map, or of its quarters, which overlap where its side is odd."""
    from keras import layers

    if pooling is Pooling.WHOLE:
        return layers.GlobalAveragePooling2D(name="means")(last)
    _, *sides, _ = last.shape
    windows = [-(-side // 2) for side in sides]
    strides = [max(side - window, 1) for side, window in zip(sides, windows, strict=True)]
    means = layers.AveragePooling2D(windows, strides, padding="valid", name="means")(last)
    return layers.Flatten(name="in-one-row")(means)
