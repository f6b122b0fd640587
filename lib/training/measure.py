"""How good a trained model is, measured on the file that is shipped: accuracy, confusion, calibration."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.evaluation.calibration import calibration_error


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model does on labelled photos.

    Attributes:
        photos: How many.
        top1: Share whose likeliest class is right.
        top5: Share whose class is among the five likeliest.
        ece: Expected calibration error, in [0, 1].
        per_class: Top-1 of each class; NaN for one without photos.
        confusion: Row: true class; column: answered class; entries are counts.
    """

    photos: int
    top1: float
    top5: float
    ece: float
    per_class: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]


def measure(
    probabilities: np.ndarray[tuple[int, int], np.dtype[np.floating[Any]]],
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Measured:
    """Return the figures for probabilities of shape (N, C) and true classes of shape (N,); N at least 1."""
    classes = probabilities.shape[1]
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, answers), 1)
    true_scores = probabilities[np.arange(len(labels)), labels]
    better = (probabilities > true_scores[:, None]).sum(axis=1)
    with np.errstate(invalid="ignore"):
        per_class = confusion.diagonal() / confusion.sum(axis=1)
    return Measured(
        photos=len(labels),
        top1=float((answers == labels).mean()),
        top5=float((better < 5).mean()),
        ece=calibration_error(probabilities.max(axis=1), answers == labels),
        per_class=tuple(float(share) for share in per_class),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
    )
