"""A teacher for distillation: the features of an ImageNet MobileNetV2 and a linear head for our classes.

Its soft labels and embeddings guide a student whose own weights start at random. Imports Keras and TensorFlow: for
the worker process only. Keras is used once, to turn the teacher into LiteRT, which runs it about five times faster.
"""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from lib.errors import TrainingError
from lib.messages import N_
from lib.training.head import Floats

TEACHER_SIZE = 160  # photos of the teaching sets are about this large; 224 costs twice as much and shows no more
EMBEDDING = 1280


class Teacher:
    """Pooled features of one photo at a time; one object per thread.

    Args:
        content: The LiteRT file: input (1, 160, 160, 3) float32 in [-1, 1], output (1, 1280).
    """

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def embed(self, photo: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]) -> Floats:
        """Return shape (1280,) for an RGB photo of shape (160, 160, 3)."""
        self._interpreter.set_tensor(self._input, photo[None].astype(np.float32) / 127.5 - 1.0)
        self._interpreter.invoke()
        features: Floats = self._interpreter.get_tensor(self._output)[0]
        return features


def load_teacher(name: str) -> bytes:
    """Return MobileNetV2 1.0 without its top as a LiteRT file.

    Args:
        name: "mobilenet-v2" (Keras's own cached or downloaded ImageNet weights) or the path of a weights file.

    Raises:
        TrainingError: No such file, or its weights do not fit.
    """
    import keras
    import tensorflow as tf

    weights = "imagenet" if name == "mobilenet-v2" else name
    if weights != "imagenet" and not Path(weights).is_file():
        raise TrainingError(N_("There is no teacher model {name}. Use mobilenet-v2 or a weights file."), name=name)
    try:
        model = keras.applications.MobileNetV2(
            input_shape=(TEACHER_SIZE, TEACHER_SIZE, 3), include_top=False, pooling="avg", weights=weights
        )
    except (ValueError, OSError) as error:
        raise TrainingError(
            N_("The weights of the teacher model {name} cannot be read: {reason}."), name=Path(name).name, reason=error
        ) from error
    photo = keras.Input(batch_shape=(1, TEACHER_SIZE, TEACHER_SIZE, 3))
    content: bytes = tf.lite.TFLiteConverter.from_keras_model(keras.Model(photo, model(photo))).convert()
    return content
