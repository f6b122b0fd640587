"""ImageNet's 1000 classes: their WordNet ids and their names.

Plain files know them, a line for each class in ImageNet's order: `models/imagenet-synonyms.txt` in English, and one
name a class in other languages in `models/imagenet-names.LANGUAGE.txt`.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"


def normalise(name: str) -> str:
    """Return `name` as it is compared: case, underscores, hyphens and the ways to write an accent do not matter."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.sub(r"[_\-\s]+", " ", plain).split())


@lru_cache(maxsize=64)
def is_imagenet(labels: tuple[str, ...]) -> bool:
    """Whether these are the 1000 classes of ImageNet in their order, by first synonym, WordNet id or translation."""
    known = imagenet()
    if len(labels) != len(known):
        return False
    if labels in _translations().values():
        return True
    same = sum(
        normalise(label.split(",")[0]) in (wnid, normalise(names[0]))
        for label, (wnid, names) in zip(labels, known, strict=True)
    )
    return same >= 0.95 * len(known)  # label files differ in a spelling here and there


@cache
def imagenet() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return WordNet id and synonyms of ImageNet's 1000 classes, in their order."""
    lines = (MODELS / "imagenet-synonyms.txt").read_text(encoding="utf-8").splitlines()
    return tuple((line[:9], synonyms(line[10:])) for line in lines)


def in_language(labels: tuple[str, ...], language: str) -> tuple[str, ...]:
    """Return ImageNet's classes in a language; labels of other classes, and in other languages, stay as they are."""
    translated = _translations().get(language)
    return labels if translated is None or not is_imagenet(labels) else translated


@cache
def _translations() -> Mapping[str, tuple[str, ...]]:
    files = sorted(MODELS.glob("imagenet-names.*.txt"))
    return {
        file.suffixes[-2][1:]: tuple(line[10:] for line in file.read_text(encoding="utf-8").splitlines())
        for file in files
    }


@cache
def wnid_positions() -> Mapping[str, int]:
    """Return the position of each class by its WordNet id."""
    return {wnid: index for index, (wnid, _) in enumerate(imagenet())}


def synonyms(label: str) -> tuple[str, ...]:
    """Return the names in a label: "tench, Tinca tinca" has two."""
    return tuple(part.strip() for part in label.split(",") if part.strip())
