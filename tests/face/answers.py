"""Answers made by hand, as the tests of this folder need them."""

import numpy as np

from lib.classify.infer import Settings, conclude
from lib.errors import PhotoError
from lib.model.imagenet import imagenet
from lib.results import Answer, Classification, Failure, Familiarity
from lib.verdict import Thresholds

THOUSAND = tuple(", ".join(names) for _, names in imagenet())


def found(
    *shares: float, labels: tuple[str, ...] = ("cat", "dog", "panda", "snake", "rose", "tulip"),
    score: float | None = None, ratio: float = 0.5, floor: float | None = None, is_hint: bool = False,
) -> Classification:  # fmt: skip
    """Return an answer with these shares for the first of the labels; of a score below 5.2 it is unfamiliar."""
    familiarity = None if score is None else Familiarity("max-logit", score, 5.2, is_hint)
    return conclude(
        Answer("a.jpg", "m", np.array(shares), (400, 300), 1.0, familiarity),
        labels[: len(shares)],
        Settings(thresholds=Thresholds(ratio, floor)),
    )


def of_a_thousand(shares: dict[int, float], labels: tuple[str, ...] = THOUSAND) -> Classification:
    """Return the answer of a model of ImageNet's classes, by their positions."""
    probabilities = np.zeros(1000)
    probabilities[list(shares)] = list(shares.values())
    return conclude(Answer("a.jpg", "m", probabilities, (400, 300), 1.0), labels)


def failed() -> Failure:
    """Return what becomes of a photo that cannot be read."""
    return Failure("<b>.jpg", "m", PhotoError("{file} is cut off.", file="<b>.jpg"))
