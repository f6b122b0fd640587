"""Keras Applications → LiteRT; runs only in a worker process, the one place where TensorFlow is imported.

`convert` is the side of the web process, `convert_application` the worker's. `to_litert` serves any Keras model in a
worker; `pin` any LiteRT file anywhere.
"""

import os
import struct
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError, WorkerError
from lib.formats.unbelieved import every_tensor, tables
from lib.messages import N_
from lib.work import process
from lib.work.files import disk_error

# TensorFlow peaks at 1.1 … 2.4 GB of memory here, but reserves several times that of addresses.
MEMORY_BYTES = 24 * 2**30
CPU_SECONDS = 1800
WALL_SECONDS = 1800.0
# Rounding alone: float32 models agreed with Keras to 1e-6 on probabilities.
MAX_DIFFERENCE = 1e-3
_OPEN = -1
_SHAPE_SLOT, _SHAPE_SIGNATURE_SLOT = 4, 18  # of `Tensor` in LiteRT's schema.fbs


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
        "lib.catalogue.convert:convert_application",
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
    _refuse_network()
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
            N_("Keras {version} does not accept the weights of {model}: {reason}"),
            version=keras.__version__,
            model=name,
            reason=(str(error).strip().splitlines() or [type(error).__name__])[0][:300],
        ) from error
    content = to_litert(model)
    _compare(model, content, name)
    try:
        Path(payload["target"]).write_bytes(content)
    except OSError as error:
        raise disk_error(error, name) from error
    return {"keras": keras.__version__}


def to_litert(model: Any) -> bytes:
    """Return a Keras model as a float32 LiteRT file with batch size 1. Needs TensorFlow; tens of seconds."""
    import tensorflow as tf

    _, height, width, _ = model.input_shape
    return pin(tf.lite.TFLiteConverter.from_keras_model(model).convert(), (width, height), str(model.name))


def pin(content: bytes, size_wh: tuple[int, int], file: str) -> bytes:
    """Return a LiteRT file with every open dimension closed: of the input at one photo of this size, else as it stands.

    LiteRT.js in the browser refuses files whose batch size is open, as every file converted from Keras has it. What the
    shapes of inner tensors say is of no account: they are worked out anew from the input's when a file is loaded.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    pinned = bytearray(content)
    with tables(pinned, file) as model:
        inputs = [graph.Tensors(graph.Inputs(0)) for graph in [model.Subgraphs(0)] if graph.InputsLength() == 1]
        for tensor in inputs:
            if tensor.ShapeLength() == tensor.ShapeSignatureLength() == 4:
                _close(pinned, tensor, _SHAPE_SLOT, (1, size_wh[1], size_wh[0], 3))
        for tensor in every_tensor(model):
            _close(pinned, tensor, _SHAPE_SIGNATURE_SLOT, [tensor.Shape(k) for k in range(tensor.ShapeLength())])
    return bytes(pinned)


def _close(content: bytearray, tensor: Any, slot: int, sizes: Sequence[int]) -> None:
    """Write the sizes into one of a tensor's two shapes wherever its signature is open."""
    for k in range(tensor.ShapeSignatureLength()):
        if tensor.ShapeSignature(k) == _OPEN:
            struct.pack_into("<i", content, tensor._tab.Vector(tensor._tab.Offset(slot)) + 4 * k, sizes[k])


def _refuse_network() -> None:
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
            N_("{model} answers otherwise after conversion than in Keras (difference {difference})."),
            model=name,
            difference=f"{difference:.2g}",
        )
