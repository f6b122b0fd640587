"""How well a score tells photos of known things from photos of anything else: the higher, the more familiar."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lib.model.spec import Prices

Floats = NDArray[np.floating]
LOST = 0.05  # of the known photos, in the usual figures of novelty detection
KEPT = (1.0, 0.99, 0.975, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)  # of clear answers: the thresholds whose price is told


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


def least(known: Floats, kept: float = 1 - LOST) -> float:
    """Return the threshold, to four digits after the point, that not fewer than a share of scores are not below.

    Args:
        known: Shape (N,), N at least 1.
        kept: The share, above 0 and up to 1.
    """
    lost = int((1 - kept) * len(known) + 1e-9)
    return float(np.floor(np.sort(known)[lost] * 1e4) / 1e4)


def prices(known: Floats, unknown: Sequence[tuple[Floats, int]], elsewhere: Floats | None = None) -> Prices:
    """Return what thresholds cost and bring, from the one that keeps every clear answer to the one that keeps half.

    Args:
        known: Shape (N,), scores of photos of known things whose verdict is clear.
        unknown: For each source of photos of unknown things, the same of shape (M,), and how many photos there are,
            whatever their verdict; each source counts the same. None of them: it stays unsaid.
        elsewhere: As `known`, of photos from another source; None if there are none.
    """
    thresholds = sorted({least(known, share) for share in KEPT})

    def shares(*sources: tuple[Floats, int]) -> tuple[float, ...]:
        means = [np.mean([(scores >= threshold).sum() / of for scores, of in sources]) for threshold in thresholds]
        return tuple(round(float(mean), 4) for mean in means)

    abroad = None if elsewhere is None else shares((elsewhere, len(elsewhere)))
    return Prices(tuple(thresholds), shares((known, len(known))), shares(*unknown) if unknown else None, abroad)
