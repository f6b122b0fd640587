"""How well a score tells photos of known things from photos of anything else: the higher, the more familiar."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
LOST = 0.05  # of the known photos, in the usual figures of novelty detection


def auroc(known: Floats, unknown: Floats) -> float:
    """Return how often a known photo scores above an unknown one, a tie counted half: the area under the ROC curve.

    Args:
        known: Shape (N,), scores of photos of known things; N at least 1.
        unknown: Shape (M,), of others; M at least 1.
    """
    ordered = np.sort(unknown)
    below = np.searchsorted(ordered, known, "left") + np.searchsorted(ordered, known, "right")
    return float(below.mean() / (2 * len(unknown)))


def fpr(known: Floats, unknown: Floats) -> float:
    """Return the share of unknown photos that are taken for known where 95% of the known ones are: "FPR at 95% TPR".

    Args:
        known: See `auroc`.
        unknown: See `auroc`.
    """
    return float((unknown >= np.quantile(known, LOST)).mean())
