"""A model's answers in the classes of the photos: where any breed counts as "dog", its breeds are one class."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.datasets.matching import Matching
from lib.evaluation.answers import Answers, Bools, Ints


def merge(answers: Answers, matching: Matching, titles: Sequence[str]) -> tuple[Answers, Matching]:
    """Return the answers, and how the photos' classes relate to them, with the classes that mean the same as one.

    A model's classes mean the same if they count as right for the same of the photos' classes. Such a class has the sum
    of their probabilities and the title of the photos' class, of several that of the narrowest: with "beagle" and "dog"
    there are a beagle, and a "dog" of all other breeds, so that no probability counts twice. A model whose classes all
    differ so comes back unchanged.

    Args:
        answers: What it said of N photos, in K classes.
        matching: How the photos' classes relate to these.
        titles: Names of the photos' classes for people.
    """
    columns = _columns(membership(matching.targets, len(answers.labels)))
    kept, starts = np.unique(columns, return_index=True)
    if len(kept) == len(columns):
        return answers, matching
    order = np.argsort(columns, kind="stable")
    sums = np.add.reduceat(answers.probabilities[:, order], np.searchsorted(columns[order], kept), axis=1)
    often = np.bincount(columns)
    labels = [
        answers.labels[first] if often[column] == 1 else _title(first, matching, titles)
        for column, first in enumerate(starts.tolist())
    ]
    merged = replace(answers, labels=tuple(labels), probabilities=np.minimum(sums, 1.0), columns=columns)
    return merged, replace(
        matching, targets=tuple(tuple(np.unique(columns[list(own)]).tolist()) for own in matching.targets)
    )


def membership(targets: Sequence[Sequence[int]], classes: int) -> Bools:
    """Return a table of shape (len(targets), classes): whether a class is among the targets."""
    table = np.zeros((len(targets), classes), dtype=np.bool_)
    for index, indices in enumerate(targets):
        table[index, list(indices)] = True
    return table


def _columns(counts_as: Bools) -> Ints:
    """Return the merged class of each of K classes, numbered as they come; those that count for nothing stay alone."""
    numbers: dict[bytes | int, int] = {}
    meanings = (row.tobytes() if row.any() else index for index, row in enumerate(counts_as.T.copy()))
    return np.array([numbers.setdefault(meaning, len(numbers)) for meaning in meanings], dtype=np.int64)


def _title(index: int, matching: Matching, titles: Sequence[str]) -> str:
    """Return what the photos' narrowest classes that class `index` counts for are called."""
    found = [(len(own), title) for own, title in zip(matching.targets, titles, strict=True) if index in own]
    narrowest = min(size for size, _ in found)
    return " / ".join(title for size, title in found if size == narrowest)
