"""The nets we train from random weights. Imports Keras: for the worker process only.

Every builder takes the number of classes and returns a model that accepts photos of any size, float32 in [-1, 1],
shape (N, H, W, 3), and gives logits, shape (N, C); the layer "embedding" is the pooled feature vector.
"""

from collections.abc import Callable

import keras
from keras import layers

# Few steps are taken, so the running statistics must follow quickly; Keras's default of 0.99 lags behind.
BATCH_NORM_MOMENTUM = 0.9


def build(
    architecture: str, classes: int, *, size: int | None = None, batch: int | None = None, softmax: bool = False
) -> keras.Model:
    """Return a fresh net with random weights.

    Args:
        architecture: One of `lib.training.options.ARCHITECTURES`.
        classes: C.
        size: Side of the photos it accepts; None: any.
        batch: Photos it accepts at once; None: any number. 1 is what the browser's LiteRT needs.
        softmax: End in probabilities instead of logits. The weights are the same either way, in the same order.
    """
    photo = keras.Input(batch_shape=(batch, size, size, 3), name="photo")
    features = _BODIES[architecture](photo)
    pooled = layers.GlobalAveragePooling2D(name="embedding")(features)
    outputs = layers.Dense(classes, name="logits")(layers.Dropout(_DROPOUT[architecture])(pooled))
    if softmax:
        outputs = layers.Softmax(name="probabilities")(outputs)
    return keras.Model(photo, outputs, name=architecture)


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
    strided 1x1 residuals. The example's widths 128, 256, 512, 728, 1024 at 180 px are far beyond a CPU.
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


def small(photo: keras.KerasTensor) -> keras.KerasTensor:
    """Three plain convolutions and pooling: weak on purpose, so that a class sees what a weak model looks like."""
    x = photo
    for width in (8, 16, 32):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return x


_BODIES: dict[str, Callable[[keras.KerasTensor], keras.KerasTensor]] = {
    "starter": starter, "xception": xception, "small": small,
}  # fmt: skip
_DROPOUT = {"starter": 0.1, "xception": 0.25, "small": 0.0}


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
