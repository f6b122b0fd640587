"""A linear softmax head on fixed features, fitted with NumPy in seconds (no TensorFlow)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.classify.outputs import softmax

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoftmaxHead:
    """A fitted head.

    Attributes:
        weights: Shape (D, C), for raw features.
        bias: Shape (C,).
    """

    weights: Floats
    bias: Floats

    def logits(self, features: Floats) -> Floats:
        """Return shape (N, C) for features of shape (N, D)."""
        return np.asarray(features, dtype=np.float32) @ self.weights + self.bias


def fit_head(
    features: Floats,
    labels: NDArray[np.int64],
    classes: int,
    *,
    steps: int = 200,
    rate: float = 0.02,
    decay: float = 0.02,
) -> SoftmaxHead:
    """Fit multinomial logistic regression by full-batch Adam on standardised features.

    Args:
        features: Shape (N, D).
        labels: Shape (N,), in [0, classes).
        classes: C.
        steps: Passes over all rows.
        rate: Adam's step at the start; it falls to zero in a line.
        decay: L2 penalty on the standardised weights.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    x = ((features - mean) / spread).astype(np.float32)
    target = np.eye(classes, dtype=np.float32)[labels]
    weights = np.zeros((x.shape[1] + 1, classes), np.float32)
    x1 = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        error = softmax(x1 @ weights).astype(np.float32) - target
        gradient = x1.T @ error / len(x1) + decay * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        scale = rate * (1 - step / (steps + 1))
        weights -= scale * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    raw = weights[:-1] / spread[:, None]
    return SoftmaxHead(raw, weights[-1] - mean @ raw)
