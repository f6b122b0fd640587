"""Numbers into a model and out of it, whatever they are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lib.classify.outputs import dequantise, softmax, to_probabilities
from lib.classify.preprocess import Quantiser, to_floats
from lib.errors import ModelOutputError
from lib.model.spec import InputSpec, OutputSpec

Floats = NDArray[np.float64]

SHARES = st.lists(st.integers(0, 255), min_size=2, max_size=40).filter(any).map(
    lambda weights: np.array(weights, np.float64) / sum(weights)
)  # fmt: skip
LOGITS = arrays.arrays(np.float64, st.integers(3, 40), elements=st.floats(-1e4, 1e4))
BACKGROUND = st.sampled_from(["none", "first", "last"])
BYTES = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)


def without(values: Floats, background: str) -> Floats:
    return {"none": values, "first": values[1:], "last": values[:-1]}[background]


@given(SHARES, BACKGROUND)
def test_probabilities_are_shares_of_what_is_not_background(values: Floats, background: str) -> None:
    kept = without(values, background)
    spec = OutputSpec(len(kept), background)
    if len(kept) == 1:
        with pytest.raises(ModelOutputError, match="one class cannot be judged"):
            to_probabilities(values[None], spec)
        return
    if not kept.any():
        with pytest.raises(ModelOutputError, match="only zeros"):
            to_probabilities(values[None], spec)
        return
    found = to_probabilities(values[None], spec)
    assert found.dtype == np.float64
    assert found == pytest.approx(kept / kept.sum(), abs=1e-12)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


@given(LOGITS, BACKGROUND, st.floats(-1e3, 1e3))
def test_logits_become_probabilities_in_the_same_order_wherever_zero_is(
    logits: Floats, background: str, shift: float
) -> None:
    kept = without(logits, background)
    spec = OutputSpec(len(kept), background, "logits")
    try:
        found = to_probabilities(logits, spec)
    except ModelOutputError:
        assert softmax(logits)[0 if background == "first" else -1] == 1.0, "the background has everything"
        return
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.all(np.diff(found[np.argsort(kept)]) >= 0)
    assert to_probabilities(logits + shift, spec) == pytest.approx(found, abs=1e-6)


@given(st.floats(-1e4, 1e4))
def test_one_logit_says_the_same_as_two(logit: float) -> None:
    one = to_probabilities(np.array([[logit]]), OutputSpec(2, activation="logits"))
    two = to_probabilities(np.array([[0.0, logit]]), OutputSpec(2, activation="logits"))
    assert one == pytest.approx(two, abs=1e-12)


@given(
    arrays.arrays(np.float64, arrays.array_shapes(max_dims=2, max_side=8), elements=st.floats(width=32)),
    st.integers(1, 8), BACKGROUND, st.sampled_from(["softmax", "logits", "sigmoid"]),
)  # fmt: skip
def test_whatever_a_model_answers_is_a_set_of_probabilities_or_a_sentence(
    raw: Floats, classes: int, background: str, activation: str
) -> None:
    try:
        found = to_probabilities(raw, OutputSpec(classes, background, activation))
    except ModelOutputError:
        return
    assert found.shape == (classes,)
    assert np.all(found >= 0)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


@given(st.floats(1e-4, 1.0))
def test_a_share_below_zero_by_more_than_rounding_is_refused(below: float) -> None:
    with pytest.raises(ModelOutputError, match="negative probability"):
        to_probabilities(np.array([1.0 + below, -below, 0.0]), OutputSpec(3))


@given(st.integers(-128, 255), st.floats(1e-6, 1e3), st.integers(-128, 255))
def test_dequantising_undoes_quantising(number: int, scale: float, zero_point: int) -> None:
    real = dequantise(np.array([number], np.int16), scale, zero_point)
    assert round(float(real[0]) / scale) + zero_point == number


@given(
    st.tuples(st.floats(-4, 3.5), st.floats(0.5, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    st.sampled_from([np.uint8, np.int8]), st.floats(0.7, 4.0),
)  # fmt: skip
def test_a_quantised_photo_is_within_a_step_of_the_photo(
    span: tuple[float, float], dtype: type[np.generic], coarseness: float
) -> None:
    spec = InputSpec((256, 1), range=span)
    scale = (span[1] - span[0]) / 255 * coarseness
    least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    zero_point = min(max(round(least - span[0] / scale), least), most)
    quantised = Quantiser(spec, dtype, scale, zero_point)(BYTES)
    assert quantised.dtype == dtype
    # What the tensor cannot say is cut off at its ends.
    ends = dequantise(np.array([least, most]), scale, zero_point)
    wanted = np.clip(to_floats(BYTES, spec).astype(np.float64), *ends)
    off = np.abs(dequantise(quantised, scale, zero_point) - wanted).max() / scale
    takes_bytes_as_they_are = bool(np.array_equal(quantised.astype(int) - least, BYTES))
    assert off <= (1.5 if takes_bytes_as_they_are else 0.5) + 1e-3
    assert math.isfinite(off)
