"""Keras Applications → LiteRT; runs only in a worker process, the one place where TensorFlow is imported.

`convert` is the side of the web process, `convert_application` the worker's. `to_litert` serves any Keras model in a
worker.
"""

import os
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError, WorkerError
from lib.formats.unbelieved import first_line
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.work import process
from lib.work.files import data_error, is_full

# TensorFlow peaks at 1.1 … 2.4 GB of memory here, but reserves several times that of addresses.
MEMORY_BYTES = 24 * 2**30
CPU_SECONDS = 1800
WALL_SECONDS = 1800.0
# Rounding alone: float32 models agreed with Keras to 1e-6 on probabilities.
MAX_DIFFERENCE = 1e-3


def convert(
    application: str,
    arguments: Mapping[str, Any],
    size_wh: tuple[int, int],
    keras_home: Path,
    target: Path,
    *,
    cancelled: threading.Event | None = None,
) -> str:
    """Load an application with Keras's own loader, write it as a float32 LiteRT file, return Keras's version.

    Args:
        application: Its name in `keras.applications`.
        arguments: Such as `alpha`.
        size_wh: Input size in pixels.
        keras_home: Keras's cache; the weights are in its folder `models` already.
        target: New .tflite file, batch fixed to 1.
        cancelled: When set, the worker is ended.

    Raises:
        ModelFileError: Keras refuses the weights, or what was written answers otherwise than Keras.
        WorkerError: TensorFlow is missing, or the worker died.
    """
    answer = process.run(
        "lib.formats.from_keras:convert_application",
        {
            "application": application,
            "arguments": dict(arguments),
            "size_wh": list(size_wh),
            "keras_home": str(keras_home),
            "target": str(target),
        },
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        cancelled=cancelled,
    )
    return str(answer["keras"])


def convert_application(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Load and convert one application; the worker's side of `convert`."""
    refuse_network()
    os.environ.update(
        {
            "KERAS_HOME": payload["keras_home"],
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",  # a conversion has no use for a graphics card that training may need
        }
    )
    try:
        import keras
    except ImportError as error:
        raise WorkerError(
            N_("Converting a Keras model needs TensorFlow, which is not installed here (see requirements.txt).")
        ) from error
    name, (width, height) = payload["application"], payload["size_wh"]
    try:
        model = getattr(keras.applications, name)(
            weights="imagenet", input_shape=(height, width, 3), **payload["arguments"]
        )
    # Keras's loader raises Exception itself when a file is not the one its hash stands for.
    except Exception as error:
        raise ModelFileError(
            N_("Keras {version} cannot load the weights of {model}: {reason}"),
            version=keras.__version__,
            model=name,
            reason=first_line(error)[:300],
        ) from error
    try:
        content = to_litert(model)
        _compare(model, content, name)
        Path(payload["target"]).write_bytes(content)
    except Exception as error:  # TensorFlow, which converts by way of the disk, says in its own way that it is full
        if is_full(error):
            raise data_error(error, name) from error
        raise
    return {"keras": keras.__version__}


def to_litert(model: Any) -> bytes:
    """Return a Keras model as a float32 LiteRT file with batch size 1. Needs TensorFlow; tens of seconds.

    It is saved for TensorFlow in a temporary folder first, as TensorFlow's own `from_keras_model` does, which says
    nothing of a disk that is full.

    Raises:
        Exception: Whatever TensorFlow raises where it cannot be saved or converted.
    """
    import keras
    import tensorflow as tf

    from lib.formats.edit import pin

    _, height, width, _ = model.input_shape
    (photo,) = model.inputs
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", partial(model, training=False), [tf.TensorSpec(photo.shape, photo.dtype, photo.name)])
    with tempfile.TemporaryDirectory() as saved:
        archive.write_out(saved, verbose=False)
        content = tf.lite.TFLiteConverter.from_saved_model(saved).convert()
    return pin(content, (width, height), str(model.name))


def refuse_network() -> None:
    """Keep Keras's loader from fetching by itself what the store did not fetch and check."""
    import urllib.error
    import urllib.request

    class Refuse(urllib.request.BaseHandler):
        handler_order = 0

        def default_open(self, request: urllib.request.Request) -> None:
            raise urllib.error.URLError("the weights in its cache are missing or fail its own hash")

    urllib.request.install_opener(urllib.request.build_opener(Refuse))


def _compare(model: Any, content: bytes, name: str) -> None:
    """Run both once on the same noise: a conversion can "succeed" and leave the weights out."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    image = interpreter.get_input_details()[0]
    noise = np.random.default_rng(1).uniform(-1, 1, size=image["shape"]).astype(np.float32)
    interpreter.set_tensor(image["index"], noise)
    interpreter.invoke()
    converted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    difference = float(np.max(np.abs(converted - np.asarray(model(noise, training=False)))))
    if not difference <= MAX_DIFFERENCE:  # NaN too
        raise ModelFileError(
            N_("After conversion, {model} gives different results than in Keras (difference {difference})."),
            model=name,
            difference=f"{difference:.2g}",
        )


def keras_file(folder: ModelFolder) -> Path | None:
    """Return the Keras model that a model was made from, which is kept beside its weights; None for none or several."""
    found = list(folder.path.glob("*.keras"))
    return found[0] if len(found) == 1 else None
