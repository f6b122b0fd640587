"""Variation of whole batches in the graph: one set of TensorFlow ops a batch instead of Python per photo."""

from collections.abc import Callable

import keras
import tensorflow as tf

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma


def to_unit(pixels: tf.Tensor, size: int) -> tf.Tensor:
    """Return photos (N, S, S, 3) uint8 as float32 in [0, 1], scaled to (N, size, size, 3) with antialiasing."""
    photos = tf.cast(pixels, tf.float32) / 255.0
    if pixels.shape[1] == size:
        return photos
    return tf.image.resize(photos, (size, size), method="bilinear", antialias=True)


def to_input(photos: tf.Tensor, bounds: tuple[float, float] = (-1.0, 1.0)) -> tf.Tensor:
    """Return photos in [0, 1] as a net takes them, in `bounds`."""
    low, high = bounds
    return photos * (high - low) + low


def variation(kind: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return what varies a batch of photos (N, H, W, 3) in [0, 1].

    Args:
        kind: "colours": see `vary`. "turn": as the Keras example does it, mirrored by chance and turned by up to 36
            degrees either way, what is missing at the corners mirrored in.
    """
    if kind == "colours":
        return vary
    turn = keras.layers.RandomRotation(0.1)
    return lambda photos: turn(_mirror(photos), training=True)


def vary(photos: tf.Tensor) -> tf.Tensor:
    """Return photos (N, H, W, 3) in [0, 1], each mirrored by chance, with other colours and sometimes a hole.

    Brightness, contrast and saturation times 0.7 to 1.3; a quarter of the photos lose a rectangle of up to half
    of each side, filled with grey (random erasing, Zhong et al. 2020).
    """
    return _erase(_recolour(_mirror(photos)))


def _mirror(photos: tf.Tensor) -> tf.Tensor:
    chosen = tf.random.uniform((tf.shape(photos)[0], 1, 1, 1)) < 0.5
    return tf.where(chosen, photos[:, :, ::-1], photos)


def _recolour(photos: tf.Tensor) -> tf.Tensor:
    shape = (tf.shape(photos)[0], 1, 1, 1)
    brightness, contrast, saturation = (tf.random.uniform(shape, 0.7, 1.3) for _ in range(3))
    photos = photos * brightness
    mean = tf.reduce_mean(photos, axis=(1, 2, 3), keepdims=True)
    photos = (photos - mean) * contrast + mean
    grey = tf.reduce_sum(photos * tf.constant(GREY), axis=-1, keepdims=True)
    return tf.clip_by_value(grey + (photos - grey) * saturation, 0.0, 1.0)


def _erase(photos: tf.Tensor) -> tf.Tensor:
    count, height, width = tf.shape(photos)[0], photos.shape[1], photos.shape[2]
    rows = _gap(count, height)[:, :, None, None]
    columns = _gap(count, width)[:, None, :, None]
    chosen = tf.random.uniform((count, 1, 1, 1)) < 0.25
    return tf.where(rows & columns & chosen, 0.5, photos)


def _gap(count: tf.Tensor, length: int) -> tf.Tensor:
    """Return (count, length) booleans, true over a random stretch of 15 to 50% in each row."""
    share = tf.random.uniform((count, 1), 0.15, 0.5)
    start = tf.random.uniform((count, 1)) * (1.0 - share)
    place = (tf.range(length, dtype=tf.float32)[None, :] + 0.5) / length
    return (place >= start) & (place < start + share)
