"""EfficientNet-Lite from its weights: the network's arithmetic, its 8 bits, and another last layer."""

from typing import Any

import numpy as np
import pytest

from lib.errors import ModelFileError
from lib.formats.efficientnet_lite import BOUNDS, EPSILON, FEATURES, Head, to_litert
from tests.models.make_ranges import measure
from tests.support.tiny_lite import SIDE, WEIGHTS

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
REAL = (PIXELS.astype(np.float64) - 127) / 128


def layer(x: np.ndarray, name: str, norm: str, stride: int = 1, relu6: bool = True) -> np.ndarray:
    """Convolve (H, W, C) and normalise, as the network's paper has it; nothing folded."""
    kernel = WEIGHTS[f"{name}.weight"].astype(np.float64)
    side, deep = kernel.shape[-1], "depthwise" in name
    out = -(-x.shape[0] // stride)
    padding = max(0, (out - 1) * stride + side - x.shape[0])
    padded = np.pad(x, ((padding // 2, padding - padding // 2),) * 2 + ((0, 0),))  # TensorFlow's SAME
    y = np.empty((out, out, len(kernel)))
    for row in range(out):
        for column in range(out):
            window = padded[row * stride : row * stride + side, column * stride : column * stride + side]
            y[row, column] = np.einsum(
                "hwc,chw->c" if deep else "hwc,fchw->f", window, kernel[:, 0] if deep else kernel
            )
    gain, shift, mean, variance = (
        WEIGHTS[f"{norm}.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
    )
    y = (y - mean) / np.sqrt(variance + EPSILON) * gain + shift
    return np.clip(y, 0, 6) if relu6 else y


def features() -> np.ndarray:
    x = layer(REAL, "_conv_stem", "_bn0", stride=2)
    x = layer(x, "_blocks.0._depthwise_conv", "_blocks.0._bn1")
    x = layer(x, "_blocks.0._project_conv", "_blocks.0._bn2", relu6=False)
    for path, stride in (("_blocks.1.", 2), ("_blocks.2.", 1)):
        before = x
        x = layer(x, f"{path}_expand_conv", f"{path}_bn0")
        x = layer(x, f"{path}_depthwise_conv", f"{path}_bn1", stride)
        x = layer(x, f"{path}_project_conv", f"{path}_bn2", relu6=False)
        x = x if stride == 2 else x + before
    return np.asarray(layer(x, "_conv_head", "_bn1").mean(axis=(0, 1)))


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(logits) / np.exp(logits).sum())


def run(content: bytes, photo: np.ndarray) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo[np.newaxis])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def ranges() -> dict[str, list[float]]:
    return measure(to_litert(WEIGHTS, SIDE), [REAL[np.newaxis].astype(np.float32)])


def test_the_network_computes_what_its_paper_says() -> None:
    found = run(to_litert(WEIGHTS, SIDE), REAL.astype(np.float32))
    logits = WEIGHTS["_fc.weight"].astype(np.float64) @ features() + WEIGHTS["_fc.bias"]
    assert np.ptp(softmax(logits)) > 0.05, "a flat answer would prove little"
    np.testing.assert_allclose(found, softmax(logits), atol=1e-4)


def test_8_bits_take_the_bytes_of_the_photo_and_answer_alike() -> None:
    found = run(to_litert(WEIGHTS, SIDE, ranges()), PIXELS)
    assert found.dtype == np.float32
    logits = WEIGHTS["_fc.weight"] @ features() + WEIGHTS["_fc.bias"]
    np.testing.assert_allclose(found, softmax(logits), atol=0.1)


@pytest.mark.parametrize(
    ("in_8_bits", "photo", "tolerance"), [(False, REAL.astype(np.float32), 1e-4), (True, PIXELS, 0.1)]
)
def test_another_head_scores_normalised_features(in_8_bits: bool, photo: np.ndarray, tolerance: float) -> None:
    head = Head(RNG.normal(0, 3, (3, FEATURES)).astype(np.float16), np.array([0.5, 0, -0.5], np.float16))
    found = run(to_litert(WEIGHTS, SIDE, ranges() if in_8_bits else None, head), photo)
    length_one = features() / np.linalg.norm(features())
    np.testing.assert_allclose(found, softmax(head.weight.astype(np.float64) @ length_one + head.bias), atol=tolerance)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ModelFileError, match=r"'_blocks\.1\._bn1\.running_var' is missing"):
        to_litert({name: array for name, array in WEIGHTS.items() if name != "_blocks.1._bn1.running_var"}, SIDE)
    with pytest.raises(ModelFileError, match=r"'logits' is missing"):
        to_litert(WEIGHTS, SIDE, {name: both for name, both in ranges().items() if name != "logits"})


def test_a_head_of_another_width_is_refused() -> None:
    with pytest.raises(ModelFileError, match=r"last layer has the shape \(3, 5\) instead of \(3, 1280\)"):
        to_litert(WEIGHTS, SIDE, head=Head(np.zeros((3, 5)), np.zeros(3)))


def test_a_photo_means_to_the_network_what_it_was_trained_on() -> None:
    low, high = BOUNDS
    assert [low + (high - low) * byte / 255 for byte in (0, 127, 255)] == [-127 / 128, 0, 1]
