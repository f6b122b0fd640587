"""Everyday groups of ImageNet's classes, as `models/everyday-groups.toml` has them.

A class is there by its position, its WordNet id and its name, which the tests compare with the list of all classes.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from lib.datasets.imagenet import MODELS, imagenet, is_imagenet
from lib.messages import Word
from lib.verdict import Groups


@lru_cache(maxsize=64)
def groups_of(labels: tuple[str, ...]) -> Groups | None:
    """Return the everyday groups of a model's classes; None for other classes than ImageNet's.

    Args:
        labels: K labels of the model, as its maker gives them.
    """
    return _imagenet_groups() if is_imagenet(labels) else None


@cache
def _imagenet_groups() -> Groups:
    groups = table()["group"]
    of_class = np.full(len(imagenet()), len(groups))
    for number, group in enumerate(groups):
        of_class[list(positions(group["classes"]))] = number
    return Groups(tuple(_word(g, "en") for g in groups), tuple(_word(g, "phrase") for g in groups), of_class)


def _word(group: Mapping[str, str], english: str) -> Word:
    return Word(group[english], {"ko": group["ko"], "ja": group["ja"]})


@cache
def table() -> Mapping[str, Any]:
    """Return the file: `group`, `rest` and `word`."""
    return tomllib.loads((MODELS / "everyday-groups.toml").read_text(encoding="utf-8"))


def positions(spans: Iterable[str]) -> Iterable[int]:
    """Return the positions of classes: "281 n02123045 tabby … 285 n02124075 Egyptian cat" are five."""
    for span in spans:
        ends = [int(end.split()[0]) for end in span.split(" … ")]
        yield from range(ends[0], ends[-1] + 1)
