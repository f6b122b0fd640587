"""What comes out of a model → probabilities of its K classes.

Dequantise; logits → softmax; one sigmoid unit s → [1 - s, s]; drop the background class; renormalise to sum 1 in
float64. Renormalising matters for 8-bit models: their outputs were measured to sum to as little as 0.53.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelOutputError
from lib.messages import N_
from lib.model.spec import OutputSpec

# The sums of float32 softmax outputs are within a thousandth of 1.
FLOAT_SLACK = 0.02
# An 8-bit softmax has steps of 1/256 or so; what reaches further than this is none.
_MOST_8_BIT = 1.1


def to_probabilities(
    raw: NDArray[np.float64], spec: OutputSpec, *, scale: float = 0.0, shows_its_input: bool = False
) -> NDArray[np.float64]:
    """Return the probabilities, shape (K,), float64, non-negative, sum 1.

    Args:
        raw: The output tensor, dequantised: shape (1, N) or (N,), N = K plus the background, or 1 for a sigmoid.
        spec: What the model says of its output.
        scale: Of the output tensor's steps; 0 for real numbers.
        shows_its_input: See `sum_slack`.

    Raises:
        ModelOutputError: A wrong number of values, NaN, infinity, a negative probability, all zero, a softmax whose
            sum is not 1, or a model of one class, which has nothing to compare it with.
    """
    require_a_choice(spec)
    values = np.asarray(raw, np.float64).reshape(-1)
    if not np.all(np.isfinite(values)):
        raise ModelOutputError(
            N_("The model's output contains infinite or invalid numbers (NaN). Its file may be damaged.")
        )
    if values.size == 1 and spec.classes == 2:
        one = sigmoid(values[0]) if spec.activation == "logits" else values[0]
        values = np.array([1.0 - one, one])
    elif spec.activation == "logits":
        values = softmax(values)
    expected = spec.classes + (spec.background != "none")
    if values.size != expected:
        raise ModelOutputError(
            N_("The model gave {found} numbers, but its description says {expected}."),
            found=values.size,
            expected=expected,
        )
    _check_probabilities(values, sum_slack(spec, scale, shows_its_input=shows_its_input))
    return _normalise(values[spec.shown])


def require_a_choice(spec: OutputSpec) -> None:
    """Raise ModelOutputError if a model has one class, which is 100% likely whatever the photo shows."""
    if spec.classes == 1:
        raise ModelOutputError(
            N_(
                "A model with only one class cannot be judged. Give it two labels, first a name for "
                "everything else, and write `classes = 2` in its model.toml."
            )
        )


def sum_slack(spec: OutputSpec, scale: float, *, shows_its_input: bool = False) -> float | None:
    """Return how far from 1 the sum of an output may be; None for one that need not sum to 1.

    In 8 bits the rounding of each of many classes adds up: sums down to 0.53 were measured on good models.

    Args:
        spec: What the model says of its output; only a softmax sums to 1 by itself.
        scale: Of the output tensor's steps; 0 for real numbers.
        shows_its_input: Whether the model only moves pixels to its output (`lib.formats.tables`). It has computed no
            softmax whose sum could show that its description is wrong; its numbers are shares of what it was given.
    """
    is_8_bit = 0 < scale * 255 <= _MOST_8_BIT
    return None if spec.activation != "softmax" or is_8_bit or shows_its_input else FLOAT_SLACK


def dequantise(raw: NDArray[np.generic], scale: float, zero_point: int) -> NDArray[np.float64]:
    """Return the real values of a tensor: (q - zero_point) · scale; a scale of 0 means it is real already."""
    values = raw.astype(np.float64)  # a copy, whatever came
    if scale:
        values -= zero_point
        values *= scale
    return values


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return exp(x) / Σ exp(x) along the last axis, shifted by the maximum so that nothing overflows."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return float(np.exp(-np.logaddexp(0.0, -logit)))


# A softmax computed in float32 may come out a rounding error below zero.
_TOLERANCE = 1e-5


def _check_probabilities(values: NDArray[np.float64], slack: float | None) -> None:
    total = values.sum()
    if values.min() < -_TOLERANCE:
        raise ModelOutputError(
            N_("The model gave a negative probability. Its description may name the wrong activation.")
        )
    if slack is not None and total > 0 and abs(total - 1) > slack:
        raise ModelOutputError(
            N_(
                "The model's numbers do not add up to 1, so they are not probabilities. Its description may "
                "name the wrong activation."
            )
        )


def _normalise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    positive = np.clip(values, 0.0, None)
    total = positive.sum()
    if total <= 0:
        raise ModelOutputError(N_("The model gave only zeros. Its file may be damaged."))
    return np.asarray(positive / total, np.float64)
