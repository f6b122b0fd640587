"""The nets we train from random weights, and the one that we train on. Imports Keras: for the worker process only.

Each accepts photos (N, H, W, 3), float32 in the range of `TrainOptions.input_range`, and gives logits (N, units); the
layer "embedding" is the pooled feature vector.
"""

from collections.abc import Callable

import keras
from keras import layers

from lib.training.options import TUNED

# The layers of `TUNED` that learn on, as their names begin: the last six of sixteen blocks, and what follows.
LEARNING_ON = (*(f"blocks-{number}-" for number in range(10, 16)), "conv_head")
# Few steps are taken, so the running statistics must follow quickly; Keras's default of 0.99 lags behind.
BATCH_NORM_MOMENTUM = 0.9


def build(
    architecture: str, units: int, *, size: int | None = None, batch: int | None = None, finished: bool = False
) -> keras.Model:
    """Return a fresh net with random weights.

    Args:
        architecture: One of `lib.training.options.ARCHITECTURES`; or `TUNED`, with its published weights, of which
            all but the last are fixed.
        units: Outputs: one for each class, or a single one that tells two classes apart.
        size: Side of the photos it accepts; None: any.
        batch: Photos it accepts at once; None: any number. 1 is what the browser's LiteRT needs.
        finished: End in probabilities instead of logits. The weights are the same either way, in the same order.
    """
    if architecture == TUNED:
        tuned = _tuned(size, batch)
        photo, pooled = tuned.input, layers.Activation("linear", name="embedding")(tuned.output)
    else:
        photo = keras.Input(batch_shape=(batch, size, size, 3), name="photo")
        pooled = layers.GlobalAveragePooling2D(name="embedding")(_BODIES[architecture](photo))
    outputs = layers.Dense(units, name="logits")(layers.Dropout(_DROPOUT[architecture])(pooled))
    if finished:
        outputs = layers.Activation("sigmoid" if units == 1 else "softmax", name="probabilities")(outputs)
    return keras.Model(photo, outputs, name=architecture)


def _tuned(size: int | None, batch: int | None) -> keras.Model:
    """Return EfficientNet-Lite0 with its published weights; its last blocks learn on, its batch norms do not.

    The norms keep the mean and variance of a million photos, which a few hundred of another kind would only disturb.

    Raises:
        ModelError: Its package is missing or altered.
    """
    from lib.catalogue import from_package, origins
    from lib.catalogue.store import SHIPPED
    from lib.formats import efficientnet_keras

    name, content = from_package.published(origins.load(SHIPPED / "catalogue.toml").packaged[TUNED])
    model = efficientnet_keras.from_pth(content, name, size, batch)
    for layer in model.layers:
        learns = layer.name.startswith(LEARNING_ON) and not isinstance(layer, layers.BatchNormalization)
        layer.trainable = learns
    return model


def starter(photo: keras.KerasTensor) -> keras.KerasTensor:
    """Inverted residuals with linear bottlenecks (MobileNetV2, Sandler et al. 2018), about 1.3 M parameters.

    In the early stages the expansion and the depthwise convolution are one full 3x3 convolution (fused inverted
    residuals, EfficientNetV2, Tan and Le 2021): on a CPU the gradient of a depthwise convolution is slow, and the
    fused net learns 2.5 times the parameters at nearly the same number of photos a second.
    """
    x = _convolve(photo, 16, 3, 2)
    x = _fused(x, 16, expand=1, stride=1)
    for width, expand, repeats, stride, block in (
        (32, 4, 2, 2, _fused),
        (64, 3, 2, 2, _fused),
        (112, 4, 4, 2, _inverted),
        (160, 4, 3, 1, _inverted),
    ):
        for index in range(repeats):
            x = block(x, width, expand=expand, stride=stride if index == 0 else 1)
    return _convolve(x, 640, 1, 1)


def xception(photo: keras.KerasTensor) -> keras.KerasTensor:
    """The mini-Xception of the Keras example "image classification from scratch", at reduced widths.

    After F. Chollet's example (keras.io) and Xception (Chollet 2017): separable convolutions, max pooling and
    strided 1x1 residuals. The example's own widths and size (`keras_example`) take hours to days on a CPU.
    """
    x = _convolve(photo, 32, 3, 2, activation="relu")
    previous = x
    for width in (64, 128, 192, 256):
        for _ in range(2):
            x = layers.Activation("relu")(x)
            x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, layers.Conv2D(width, 1, strides=2, padding="same")(previous)])
        previous = x
    x = layers.SeparableConv2D(384, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    return layers.Activation("relu")(x)


def keras_example(photo: keras.KerasTensor) -> keras.KerasTensor:
    """The mini-Xception of the Keras example, layer by layer: 2.8 M parameters, made for 180 x 180.

    After "Image classification from scratch" (F. Chollet, keras.io, 2020, as of 2023). One thing differs: its batch
    norms keep Keras's momentum of 0.99, which is still far behind after the few steps a CPU gets to.
    """
    x = layers.Rescaling(1 / 255)(photo)
    x = layers.Conv2D(128, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    x = previous = layers.Activation("relu")(x)
    for width in (256, 512, 728):
        for _ in range(2):
            x = layers.Activation("relu")(x)
            x = layers.SeparableConv2D(width, 3, padding="same")(x)
            x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = previous = layers.add([x, layers.Conv2D(width, 1, strides=2, padding="same")(previous)])
    x = layers.SeparableConv2D(1024, 3, padding="same")(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    return layers.Activation("relu")(x)


def small(photo: keras.KerasTensor) -> keras.KerasTensor:
    """Three plain convolutions and pooling: weak on purpose, so that a class sees what a weak model looks like."""
    x = photo
    for width in (8, 16, 32):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return x


_BODIES: dict[str, Callable[[keras.KerasTensor], keras.KerasTensor]] = {
    "starter": starter, "xception": xception, "small": small, "keras-example": keras_example,
}  # fmt: skip
_DROPOUT = {"starter": 0.1, "xception": 0.25, "small": 0.0, "keras-example": 0.25, TUNED: 0.2}


def _convolve(
    x: keras.KerasTensor, width: int, kernel: int, stride: int, *, activation: str | None = "relu6"
) -> keras.KerasTensor:
    x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    return layers.Activation(activation)(x) if activation else x


def _fused(x: keras.KerasTensor, width: int, *, expand: int, stride: int) -> keras.KerasTensor:
    before = x
    if expand == 1:
        x = _convolve(x, width, 3, stride)
    else:
        x = _convolve(x, x.shape[-1] * expand, 3, stride)
        x = _convolve(x, width, 1, 1, activation=None)
    return _joined(before, x, stride)


def _inverted(x: keras.KerasTensor, width: int, *, expand: int, stride: int) -> keras.KerasTensor:
    before = x
    x = _convolve(x, x.shape[-1] * expand, 1, 1)
    x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x)
    x = layers.Activation("relu6")(x)
    x = _convolve(x, width, 1, 1, activation=None)
    return _joined(before, x, stride)


def _joined(before: keras.KerasTensor, after: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    return layers.Add()([before, after]) if stride == 1 and before.shape[-1] == after.shape[-1] else after
