"""Looking for a model: what each knows, search, order, and the few to begin with."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from lib.catalogue.store import DEFAULT_ID, SHIPPED, Entry, State
from lib.errors import ModelFileError
from lib.model import imagenet
from lib.model.imagenet import normalise
from lib.model.spec import ModelFolder, load
from lib.work.files import Stamp, stamp

Order = Literal["accuracy", "size", "name", "classes"]
ORDERS: tuple[Order, ...] = ("accuracy", "size", "name", "classes")

EVERYDAY_ID, BIRDS_ID = "starter", "mobilenet-v2-1.0-224-inat-bird-quant"
_SMALL_DOWNLOAD = 25_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models somebody looks for, and in which order.

    Attributes:
        words: In the name, the family or a class that the model knows; "" for all models.
        order: Best first, smallest first, by name, or most classes first; those of which it is unknown come last.
        only_ready: Whether those that are not here are left out.
    """

    words: str = ""
    order: Order = "accuracy"
    only_ready: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A model that fits a wish.

    Attributes:
        entry: The model.
        class_name: The class that fits the words, with its synonyms; "" where the name or the family does.
    """

    entry: Entry
    class_name: str = ""


def known_names(entry: Entry, language: str) -> tuple[str, ...] | None:
    """Return the names of the classes that a model knows; None where they come with the download."""
    if entry.folder is not None:
        with suppress(ModelFileError):
            labels = entry.folder.path / entry.folder.spec.labels
            return _labels(entry.folder.path, language, stamp(labels))
    if "head" in entry.spec.source:  # which ships, and its classes with it
        return ModelFolder(entry.spec, SHIPPED / entry.spec.id).read_labels(language)
    return _imagenet_names(language) if knows_imagenet(entry) else None


def knows_imagenet(entry: Entry) -> bool:
    """Whether a model of the catalogue tells ImageNet's thousand classes apart: then its figures are about those."""
    labels = str(entry.spec.source.get("labels", ""))
    is_listed = entry.kind != "yours" and entry.spec.output.classes == 1000
    return is_listed and (not labels or labels.startswith("imagenet"))


@lru_cache(maxsize=64)
def _labels(folder: Path, language: str, _: Stamp) -> tuple[str, ...]:
    return load(folder).read_labels(language)


@lru_cache(maxsize=8)
def _imagenet_names(language: str) -> tuple[str, ...]:
    return imagenet.in_language(tuple(", ".join(names) for _, names in imagenet.imagenet()), language)


def look_for(entries: Sequence[Entry], wish: Wish, language: str) -> tuple[Found, ...]:
    """Return the models that fit a wish, in its order; those that are called so before those that know such a class.

    Args:
        entries: All models.
        wish: What is looked for.
        language: Of the class names that are searched, beside the English ones.
    """
    found = [hit for entry in entries if (hit := _fit(entry, wish, language)) is not None]
    return tuple(sorted(found, key=lambda hit: (hit.class_name != "", *_place(hit.entry, wish.order))))


def unsearched(entries: Sequence[Entry], language: str) -> int:
    """Return how many models' class names are not here, and so are not searched."""
    return sum(known_names(entry, language) is None for entry in entries)


def _fit(entry: Entry, wish: Wish, language: str) -> Found | None:
    if wish.only_ready and entry.state is not State.READY:
        return None
    words = normalise(wish.words)
    if not words or words in normalise(f"{entry.spec.name} {entry.spec.family} {entry.spec.id}"):
        return Found(entry)
    for spoken in dict.fromkeys((language, "en")):
        names = known_names(entry, spoken)
        if names is not None and (position := _position(words, names)) is not None:
            shown = known_names(entry, language) or names
            return Found(entry, shown[position])
    return None


@lru_cache(maxsize=256)
def _position(words: str, names: tuple[str, ...]) -> int | None:
    """Return which of some class names has a word that begins so; of several the shortest name."""
    begins = re.compile(r"\b" + re.escape(words) if words.isascii() else re.escape(words))
    hits = [index for index, name in enumerate(_normalised(names)) if begins.search(name)]
    return min(hits, key=lambda index: len(names[index].split(",")[0]), default=None)


@lru_cache(maxsize=64)
def _normalised(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(normalise, names))


def _place(entry: Entry, order: Order) -> tuple[bool, bool, float | str, str]:
    """Return what entries are sorted by; shares of one's own photos do not compete with those of ImageNet's."""
    name, published = entry.spec.name.casefold(), entry.spec.published
    match order:
        case "accuracy":
            top1 = None if published is None else published.top1
            return top1 is None, not knows_imagenet(entry), -(top1 or 0.0), name
        case "size":
            return entry.size_bytes is None, False, float(entry.size_bytes or 0), name
        case "classes":
            return False, False, float(-entry.spec.output.classes), name
        case "name":
            return False, False, name, ""


@dataclass(frozen=True, slots=True)
class Recommended:
    """The models to begin with; None for one that is not there.

    Attributes:
        general: The one that is asked where nobody chose.
        everyday: The one of twenty everyday things.
        accurate: The most accurate of those that are ready, or small to download.
        birds: The one for bird watchers.
    """

    general: Entry | None
    everyday: Entry | None
    accurate: Entry | None
    birds: Entry | None


def recommend(entries: Sequence[Entry]) -> Recommended:
    """Return the models to begin with, each once."""
    by_id = {entry.spec.id: entry for entry in entries}
    best = [entry for entry in entries if entry.spec.id != DEFAULT_ID and _is_at_hand(entry)]
    best.sort(key=lambda entry: _place(entry, "accuracy"))
    return Recommended(by_id.get(DEFAULT_ID), by_id.get(EVERYDAY_ID), best[0] if best else None, by_id.get(BIRDS_ID))


def _is_at_hand(entry: Entry) -> bool:
    """Whether a model with a published share of ImageNet's photos is ready, or is soon."""
    published = entry.spec.published
    if not knows_imagenet(entry) or published is None or published.top1 is None:
        return False
    is_small = entry.size_bytes is not None and entry.size_bytes <= _SMALL_DOWNLOAD and not entry.is_packed
    return entry.state is State.READY or (entry.state is State.DOWNLOADABLE and is_small)
