"""Everyday words for ImageNet's classes: the groups that each class is in, and what else people call them.

Two files know them: `models/everyday-groups.toml`, where a class stands by its position, its WordNet id and its name,
and `models/everyday-20-imagenet.toml` for the starters' twenty classes.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from lib.i18n import LANGUAGES
from lib.messages import Word
from lib.model.class_names import in_language
from lib.model.imagenet import MODELS, imagenet, is_imagenet, normalise
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
def everyday() -> Mapping[str, tuple[int, ...]]:
    """Return for each of the starters' classes, by normalised name, ImageNet's that mean it; () if there are none."""
    own = tomllib.loads((MODELS / "everyday-20-imagenet.toml").read_text(encoding="utf-8"))
    same = set(own.pop("same_as_group"))
    groups = {group["en"]: group["classes"] for group in table()["group"] if group["en"] in same}
    return {normalise(name): tuple(positions(spans)) for name, spans in sorted({**own, **groups}.items())}


@cache
def meanings() -> Mapping[str, tuple[int, ...]]:
    """Return ImageNet's classes that an everyday word means, by normalised word of any language; () if none do.

    The starters' classes go before narrower words, and these before groups: a "truck" is no bus.
    """
    groups = [([g["en"], g["ko"], g["ja"], *g.get("also", ())], g["classes"]) for g in table()["group"]]
    words = [(word["names"], word["classes"]) for word in table()["word"]]
    found = {normalise(name): tuple(positions(spans)) for names, spans in (*groups, *words) for name in names}
    names = tuple(everyday())
    for language in LANGUAGES:
        known = zip(in_language(names, language), everyday().values(), strict=True)
        found |= {normalise(name): indices for name, indices in known}
    return found


@cache
def words_for() -> tuple[tuple[str, ...], ...]:
    """Return for each of ImageNet's classes the everyday words for it, normalised, the narrowest first."""
    found: list[list[str]] = [[] for _ in imagenet()]
    for word, indices in sorted(meanings().items(), key=lambda item: len(item[1])):
        for index in indices:
            found[index].append(word)
    return tuple(map(tuple, found))


@cache
def english_words() -> tuple[str, ...]:
    """Return the words that a person may choose from: those of `meanings` that are English and mean something."""
    groups = [group["en"] for group in table()["group"]]
    words = [word["names"][0] for word in table()["word"] if word["names"][0].isascii()]
    chosen = dict.fromkeys((*everyday(), *sorted((*groups, *words))))
    return tuple(word for word in chosen if meanings()[normalise(word)])


@cache
def table() -> Mapping[str, Any]:
    """Return the file: `group`, `rest` and `word`."""
    return tomllib.loads((MODELS / "everyday-groups.toml").read_text(encoding="utf-8"))


def positions(spans: Iterable[str]) -> Iterable[int]:
    """Return the positions of classes: "281 n02123045 tabby … 285 n02124075 Egyptian cat" are five."""
    for span in spans:
        ends = [int(end.split()[0]) for end in span.split(" … ")]
        yield from range(ends[0], ends[-1] + 1)
