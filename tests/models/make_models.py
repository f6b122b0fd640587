"""Make the tiny models of the tests, whose answers can be worked out by hand.

    python -m tests.models.make_models

Needs TensorFlow and half a minute; the files are committed, so that no test does. All look at 6 × 4 pixels (width ×
height) and, but for `thirds`, answer with the mean red, green and blue; real numbers divided by their sum, as a
softmax does.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
WIDTH, HEIGHT = 6, 4
COPIES = 115  # of the three means: a matrix of fewer than 1024 numbers is never quantised

CARD = """id = "{name}"
name = "{name}"
family = "Test"
runtime = "litert"
weights = "model.tflite"
labels = "labels.txt"
licence = "Apache-2.0"
[input]
size = [{width}, {height}]
range = [{low}, {high}]
resize = "squash"
[output]
classes = {classes}
background = "{background}"
activation = "{activation}"
"""


def shares(values: tf.Tensor) -> tf.Tensor:
    """Return `values`, shape (1, N), divided by their sum: probabilities; zeros stay zeros."""
    return values / tf.maximum(tf.reduce_sum(values, axis=1, keepdims=True), 1e-9)


def means(x: tf.Tensor) -> tf.Tensor:
    """Return the mean red, green and blue, shape (1, 3)."""
    return tf.reduce_mean(x, axis=[1, 2])


def wide_means(x: tf.Tensor) -> tf.Tensor:
    """The same by way of a matrix that is large enough to be quantised."""
    copies = tf.matmul(means(x), np.tile(np.eye(3, dtype=np.float32), COPIES))
    return tf.reduce_mean(tf.reshape(copies, [1, COPIES, 3]), axis=1)


def thirds(x: tf.Tensor) -> tf.Tensor:
    """Return the mean brightness of the left, middle and right third of the upper half."""
    upper = tf.reduce_mean(x[:, : HEIGHT // 2], axis=[1, 3])
    return tf.reduce_mean(tf.reshape(upper, [1, 3, 2]), axis=2)


def grey(x: tf.Tensor) -> tf.Tensor:
    """Return the mean of everything, shape (1, 1)."""
    return tf.reduce_mean(means(x), axis=1, keepdims=True)


def red_minus_blue(x: tf.Tensor) -> tf.Tensor:
    """Return mean red - mean blue, shape (1, 1)."""
    colour = means(x)
    return colour[:, :1] - colour[:, 2:]


Answer = Callable[[tf.Tensor], tf.Tensor]


def convert(answer: Answer, *, kind: str = "float32", reach: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """Convert the function `answer`; `reach` is the range its input is calibrated for, where integers are asked."""

    @tf.function(input_signature=[tf.TensorSpec([1, HEIGHT, WIDTH, 3], tf.float32)])
    def model(x: tf.Tensor) -> tf.Tensor:
        return answer(x)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([model.get_concrete_function()])
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind in ("int8", "uint8"):
        low, high = reach
        ends = [np.full([1, HEIGHT, WIDTH, 3], value, np.float32) for value in (low, high)]
        converter.representative_dataset = lambda: ([x] for x in ends)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = getattr(tf, kind)
    return bytes(converter.convert())


def save(
    name: str,
    content: bytes,
    labels: str = "red green blue",
    *,
    background: str = "none",
    activation: str = "softmax",
    low: float = 0.0,
) -> None:
    """Write one model folder."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "model.tflite").write_bytes(content)
    (folder / "labels.txt").write_text("\n".join(labels.split()) + "\n", encoding="utf-8")
    classes = len(labels.split()) - (background != "none")
    card = CARD.format(
        name=name,
        width=WIDTH,
        height=HEIGHT,
        low=low,
        high=1.0,
        classes=classes,
        background=background,
        activation=activation,
    )
    (folder / "model.toml").write_text(card, encoding="utf-8")
    print(f"{name}: {len(content)} bytes")


def main() -> None:
    """Write every model folder beside this file."""
    save("float32", convert(lambda x: shares(means(x))))
    save("float16", convert(lambda x: shares(wide_means(x)), kind="float16"))
    save("dynamic", convert(lambda x: shares(wide_means(x)), kind="dynamic"))
    save("uint8", convert(means, kind="uint8"))
    save("int8", convert(means, kind="int8"))
    # Calibrated for -1 … 3 but fed with -1 … 1: one step of the tensor is two steps of a byte.
    save("uint8-coarse", convert(lambda x: (means(x) + 1.0) / 4.0, kind="uint8", reach=(-1.0, 3.0)), low=-1.0)
    save("int8-coarse", convert(lambda x: (means(x) + 1.0) / 4.0, kind="int8", reach=(-1.0, 3.0)), low=-1.0)
    save("thirds", convert(lambda x: shares(thirds(x))), "left middle right")
    save("logits", convert(lambda x: means(x) * 4.0), activation="logits")
    save("logits-two", convert(lambda x: means(x)[:, :2]), "red green", activation="logits")
    save("logit-one", convert(red_minus_blue), "blue red", activation="logits")
    save("sigmoid", convert(lambda x: tf.sigmoid(red_minus_blue(x))), "blue red", activation="sigmoid")
    save(
        "background-first",
        convert(lambda x: shares(tf.concat([grey(x), means(x)], 1))),
        "none red green blue",
        background="first",
    )
    save(
        "background-last",
        convert(lambda x: shares(tf.concat([means(x), grey(x)], 1))),
        "red green blue none",
        background="last",
    )
    save("nan", convert(lambda x: tf.sqrt(means(x) - 2.0)))
    save("negative", convert(lambda x: means(x) - 2.0))
    save("zero", convert(lambda x: tf.nn.relu(means(x) - 2.0)))


if __name__ == "__main__":
    main()
