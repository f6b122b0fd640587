"""The linear head on fixed features."""

import numpy as np

from lib.training.head import fit_head


def test_the_head_separates_what_can_be_separated() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    features = (np.eye(3)[labels] * 4 + rng.normal(0, 0.5, (300, 3))).astype(np.float32)
    head = fit_head(features, labels, 3)
    assert (head.logits(features).argmax(axis=1) == labels).mean() > 0.99
