"""Answers made by hand."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lib.evaluation.answers import Answers

Made = Callable[..., Answers]


@pytest.fixture(scope="session")
def answers() -> Made:
    """Make the answers of a model from rows of probabilities; its classes are called a, b, c, … unless told."""

    def make(rows: Sequence[Sequence[float]], *, model: str = "m", labels: Sequence[str] | None = None) -> Answers:
        probabilities = np.array(rows, dtype=np.float64)
        names = tuple(labels or "abcdefghijklmnopqrstuvwxyz"[: probabilities.shape[1]])
        return Answers(model, model.upper(), names, names, probabilities)

    return make
