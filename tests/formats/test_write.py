"""LiteRT files written operator by operator answer as the arithmetic says, in float32 and in 8 bits."""

from typing import Any

import numpy as np
import pytest

from lib.formats.tables import Format, format_of
from lib.formats.write import Graph, Ranges, Tensor

WIDE, HIGH = 6, 4
BOUNDS = (-1.0, 1.0)
PHOTO = np.random.default_rng(0).integers(0, 256, (1, HIGH, WIDE, 3)).astype(np.uint8)
REAL = PHOTO / np.float32(127.5) - np.float32(1)


def run(content: bytes, photo: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def begin(ranges: Ranges | None = None) -> tuple[Graph, Tensor]:
    graph = Graph(ranges)
    return graph, graph.photo((WIDE, HIGH), BOUNDS)


def test_a_convolution_pads_as_tensorflow_does() -> None:
    graph, photo = begin()
    kernel = np.zeros((2, 3, 3, 3))
    kernel[0, 1, 1], kernel[1, 0, 0, 0] = [1, 10, 100], 1  # the middle of all channels; red one up and to the left
    y = graph.convolution(photo, "conv", kernel, np.array([0.0, 0.5]), relu6=False)
    found = run(graph.finish(y), REAL)
    np.testing.assert_allclose(found[..., 0], REAL @ [1, 10, 100], rtol=1e-5)
    shifted = np.pad(REAL[..., 0], ((0, 0), (1, 0), (1, 0)))[:, :HIGH, :WIDE]
    np.testing.assert_allclose(found[..., 1], shifted + 0.5, rtol=1e-5)


def test_a_stride_of_two_pads_below_and_to_the_right_alone() -> None:
    graph, photo = begin()
    y = graph.depthwise_convolution(photo, "deep", np.ones((1, 3, 3, 3)), np.zeros(3), stride=2, relu6=False)
    assert y.shape == (1, 2, 3, 3)
    found = run(graph.finish(y), REAL)
    np.testing.assert_allclose(found[0, 0, 0], REAL[0, :3, :3].sum(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(found[0, 1, 2], REAL[0, 2:, 4:].sum(axis=(0, 1)), rtol=1e-5)


def test_relu6_cuts_at_both_ends() -> None:
    graph, photo = begin()
    kernel = 20 * np.eye(3).reshape(3, 1, 1, 3)
    found = run(graph.finish(graph.convolution(photo, "conv", kernel, np.zeros(3))), REAL)
    np.testing.assert_allclose(found, np.clip(20 * REAL, 0, 6), rtol=1e-5)
    assert {float(found.min()), float(found.max())} == {0.0, 6.0}


WEIGHT, BIAS = np.array([[1.0, 2, 3], [0, -1, 1], [0, 0, 0], [0.5, 0.5, 0.5]]), np.array([0.25, 0, -1, 2])
RANGES = {"conv/out": [-0.9, 1.0], "sum": [-1.9, 1.9], "features": [-0.6, 0.6], "logits": [-4, 4]}


def classifier(ranges: Ranges | None) -> bytes:
    """Add a photo to itself, and score its mean colour; halved on the way, in 8 bits for range's sake."""
    graph, photo = begin(ranges)
    x = graph.convolution(photo, "conv", np.eye(3).reshape(3, 1, 1, 3) / 2, np.zeros(3), relu6=False)
    x = graph.mean(graph.add(x, x, "sum"), "features")
    logits = graph.dense(x, "fc", WEIGHT, BIAS, out="logits")
    return graph.finish(graph.softmax(graph.real(logits, "logits/float"), "classes"))


def softmax(logits: np.ndarray) -> Any:
    return np.exp(logits) / np.exp(logits).sum()


def expected() -> Any:
    return softmax(WEIGHT @ REAL.mean(axis=(0, 1, 2)) + BIAS)


def test_a_classifier_in_real_numbers() -> None:
    content = classifier(None)
    assert format_of(content, "x") is Format.FLOAT32
    np.testing.assert_allclose(run(content, REAL)[0], expected(), rtol=1e-5)


def test_the_same_in_8_bits_takes_bytes_and_gives_real_numbers() -> None:
    content = classifier(RANGES)
    assert format_of(content, "x") is Format.INT8
    found = run(content, PHOTO)
    assert found.dtype == np.float32
    assert found.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found[0], expected(), atol=0.02)  # logits in steps of 8 / 255


def test_a_bias_over_an_empty_kernel_does_not_overflow() -> None:
    graph, photo = begin({"conv/out": [-100.0, 100.0]})
    y = graph.convolution(photo, "conv", np.zeros((2, 1, 1, 3)), np.array([90.0, -0.8]), relu6=False)
    found = run(graph.finish(graph.real(y, "real")), PHOTO)
    np.testing.assert_allclose(found[0, 0, 0], [90.0, -0.8], atol=0.4)  # steps of 200 / 255


def test_a_range_of_an_activation_always_holds_zero() -> None:
    graph, photo = begin({"conv/out": [2.0, 6.0]})
    y = graph.convolution(photo, "conv", np.zeros((1, 1, 1, 3)), np.array([5.0]))
    assert y.scale == 6 / 255
    assert run(graph.finish(graph.real(y, "real")), PHOTO)[0, 0, 0, 0] == pytest.approx(5, abs=0.02)


def test_features_are_divided_by_their_length() -> None:
    graph, photo = begin()
    x = graph.normalise(graph.mean(photo, "features"), "normalised")
    found = run(graph.finish(graph.dense(x, "fc", WEIGHT, BIAS, out="logits")), REAL)
    mean = REAL.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(found[0], WEIGHT @ (mean / np.linalg.norm(mean)) + BIAS, atol=1e-5)


@pytest.mark.parametrize("ranges", [None, RANGES])
def test_the_same_arguments_give_the_same_bytes(ranges: Ranges | None) -> None:
    assert classifier(ranges) == classifier(ranges)
