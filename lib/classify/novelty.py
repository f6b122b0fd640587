"""Is a photo unlike those that a model learned from? Asked beside the verdict, which may be clear all the same.

The largest logit says how strong the strongest vote was, before softmax makes all votes sum to 1: "MaxLogit" of
Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings (arXiv 1911.11132).
"""

import numpy as np
from numpy.typing import NDArray

from lib.model.spec import Novelty, OutputSpec


def is_unfamiliar(logits: NDArray[np.float64], output: OutputSpec, novelty: Novelty) -> bool:
    """Return whether the strongest vote is weaker than nearly all were for held-out photos of known things.

    Args:
        logits: Of one photo, shape (N,), N = K plus the background.
        output: What the model says of its output.
        novelty: What it says of the threshold.
    """
    return bool(logits[output.shown].max() < novelty.threshold)
