"""What comes out of a model → probabilities."""

import math

import numpy as np
import pytest

from lib.classify.outputs import dequantise, sigmoid, softmax, sum_slack, to_probabilities
from lib.errors import ModelOutputError
from lib.model.spec import OutputSpec


def probabilities(values: list[float], spec: OutputSpec) -> list[float]:
    result = to_probabilities(np.array([values]), spec, scale=1 / 256)
    assert result.dtype == np.float64
    assert result.sum() == pytest.approx(1.0, abs=1e-12)
    return list(result)


@pytest.mark.parametrize(
    ("values", "spec", "expected"),
    [
        pytest.param([0.7, 0.2, 0.1], OutputSpec(3), [0.7, 0.2, 0.1], id="probabilities stay"),
        pytest.param([0.4, 0.13], OutputSpec(2), [0.4 / 0.53, 0.13 / 0.53], id="a sum of 0.53 becomes 1"),
        pytest.param([2.0, 2.0], OutputSpec(2), [0.5, 0.5], id="a sum above 1 becomes 1"),
        pytest.param([0.0, math.log(3)], OutputSpec(2, activation="logits"), [0.25, 0.75], id="logits"),
        pytest.param([1000.0, 1000.0, -1000.0], OutputSpec(3, activation="logits"), [0.5, 0.5, 0.0], id="huge logits"),
        pytest.param([0.9], OutputSpec(2, activation="sigmoid"), [0.1, 0.9], id="a sigmoid unit is the second class"),
        pytest.param([0.9], OutputSpec(2), [0.1, 0.9], id="one unit of two classes is a sigmoid whatever it is called"),
        pytest.param([math.log(3)], OutputSpec(2, activation="logits"), [0.25, 0.75], id="one logit"),
        pytest.param([-2000.0], OutputSpec(2, activation="logits"), [1.0, 0.0], id="one huge logit"),
        pytest.param([0.5, 0.3, 0.2], OutputSpec(2, "first"), [0.6, 0.4], id="background first"),
        pytest.param([0.3, 0.2, 0.5], OutputSpec(2, "last"), [0.6, 0.4], id="background last"),
        pytest.param(
            [math.log(2), math.log(3), math.log(1)],
            OutputSpec(2, "first", "logits"),
            [0.75, 0.25],
            id="logits, background",
        ),
        pytest.param([1.0, -1e-7], OutputSpec(2), [1.0, 0.0], id="a rounding error below zero"),
    ],
)
def test_probabilities(values: list[float], spec: OutputSpec, expected: list[float]) -> None:
    assert probabilities(values, spec) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "spec", "sentence"),
    [
        pytest.param([math.nan, 0.5], OutputSpec(2), "infinite or invalid", id="NaN"),
        pytest.param([math.inf, 0.5], OutputSpec(2), "infinite or invalid", id="infinity"),
        pytest.param(
            [-math.inf, 0.5], OutputSpec(2, activation="logits"), "infinite or invalid", id="minus infinity as a logit"
        ),
        pytest.param([1.2, -0.2], OutputSpec(2), "negative probability", id="negative"),
        pytest.param([1.5], OutputSpec(2, activation="sigmoid"), "negative probability", id="a sigmoid above 1"),
        pytest.param([1.00002, -0.00002], OutputSpec(2), "negative probability", id="more than a rounding error"),
        pytest.param([0.9], OutputSpec(1), "only one class cannot be judged", id="one unit, one class"),
        pytest.param([0.9, 0.1], OutputSpec(1, "first"), "one class cannot be judged", id="one class and background"),
        pytest.param([8.0, 1.0, 1.0], OutputSpec(3), "do not add up to 1", id="raw scores"),
        pytest.param([0.9, 0.8, 0.1], OutputSpec(3), "do not add up to 1", id="independent sigmoids"),
        pytest.param([0.5, 0.52, 0.001], OutputSpec(3), "do not add up to 1", id="just outside"),
        pytest.param([0.2, 0.3, 0.4], OutputSpec(2, "first"), "do not add up to 1", id="the background counts"),
        pytest.param([-0.1, -2.3, -9.0], OutputSpec(3), "negative probability", id="log-probabilities"),
        pytest.param([0.0, 0.0], OutputSpec(2), "only zeros", id="all zero"),
        pytest.param([1.0, 0.0, 0.0], OutputSpec(2, "first"), "only zeros", id="all on the background"),
        pytest.param([0.5, 0.5], OutputSpec(3), r"2 numbers, but its description says 3", id="too few"),
        pytest.param([0.5, 0.5, 0.0], OutputSpec(2), r"3 numbers, but its description says 2", id="too many"),
        pytest.param([], OutputSpec(2), "0 numbers", id="none"),
        pytest.param(
            [0.5, 0.5], OutputSpec(2, "first"), r"2 numbers, but its description says 3", id="background missing"
        ),
    ],
)
def test_what_is_no_set_of_probabilities_is_refused(values: list[float], spec: OutputSpec, sentence: str) -> None:
    with pytest.raises(ModelOutputError, match=sentence):
        to_probabilities(np.array(values), spec)


def test_the_output_tensor_is_left_unchanged() -> None:
    raw = np.array([[0.4, 0.13]])
    to_probabilities(raw, OutputSpec(2), scale=1 / 256)
    assert raw.tolist() == [[0.4, 0.13]]


@pytest.mark.parametrize(
    ("scale", "slack"),
    [
        pytest.param(0.0, 0.02, id="real numbers"),
        pytest.param(1 / 256, None, id="steps of a softmax"),
        pytest.param(1 / 25, 0.02, id="steps up to 10: scores"),
    ],
)
def test_8_bit_probabilities_need_not_sum_to_1(scale: float, slack: float | None) -> None:
    assert sum_slack(OutputSpec(3), scale) == slack
    assert sum_slack(OutputSpec(3, activation="logits"), scale) is None


@pytest.mark.parametrize("values", [[0.5, 0.515], [0.5, 0.485], [0.3, 0.3, 0.4]])
def test_a_float_softmax_may_be_a_little_off(values: list[float]) -> None:
    found = to_probabilities(np.array(values), OutputSpec(len(values)))
    assert found == pytest.approx(np.array(values) / sum(values), abs=1e-12)


@pytest.mark.parametrize(
    ("raw", "scale", "zero_point", "expected"),
    [
        pytest.param(np.array([0, 128, 255], np.uint8), 1 / 256, 0, [0, 0.5, 255 / 256], id="unsigned"),
        pytest.param(np.array([-128, 0, 127], np.int8), 1 / 256, -128, [0, 0.5, 255 / 256], id="signed"),
        pytest.param(np.array([0.25, 0.75], np.float32), 0.0, 0, [0.25, 0.75], id="real already"),
    ],
)
def test_dequantise(raw: np.ndarray, scale: float, zero_point: int, expected: list[float]) -> None:
    assert dequantise(raw, scale, zero_point).tolist() == expected


def test_softmax_of_a_shifted_vector_is_the_same() -> None:
    assert softmax(np.array([1.0, 2.0, 3.0])) == pytest.approx(softmax(np.array([1001.0, 1002.0, 1003.0])), abs=1e-12)


def test_the_softmax_of_a_table_is_that_of_its_rows() -> None:
    assert softmax(np.array([[0.0, math.log(3)], [1000.0, 1000.0]])) == pytest.approx(
        np.array([[0.25, 0.75], [0.5, 0.5]])
    )


@pytest.mark.parametrize(("logit", "expected"), [(0.0, 0.5), (math.log(3), 0.75), (800.0, 1.0), (-800.0, 0.0)])
def test_sigmoid(logit: float, expected: float) -> None:
    assert sigmoid(logit) == pytest.approx(expected, abs=1e-12)
