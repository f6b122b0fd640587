"""What a class is called where there is little room: its first name, without underscores."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache

from lib.model.imagenet import imagenet, normalise, synonyms
from lib.results import Classification, Group, Prediction, Verdict

# Classes of ImageNet with the same first name, by their place; a folder of labels alone cannot tell them apart.
_APART = {
    134: ("crane", "bird"), 517: ("crane", "machine"), 264: ("cardigan", "dog"),
    638: ("maillot", "leotard"), 639: ("maillot", "swimsuit"),
}  # fmt: skip


@lru_cache(maxsize=4096)  # a photo's card asks for a dozen, and thirty visitors' photos for the same ones
def short(label: str, index: int = -1) -> str:
    """Return "ruffed grouse" for "ruffed grouse, partridge, Bonasa umbellus"; other commas belong to the name.

    Args:
        label: The whole name.
        index: The class's position among the model's classes: "crane" is a bird in one place, a machine in another.
            -1 where it is not known.
    """
    first, *others = synonyms(label) or (label,)
    known = {normalise(first), *map(normalise, others)} <= _known()
    name = (first if known else label).replace("_", " ")
    ambiguous, kind = _APART.get(index, (None, ""))
    return f"{name} ({kind})" if normalise(name) == ambiguous else name


def short_names(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the short names of all classes of a model, in its order."""
    return tuple(short(label, index) for index, label in enumerate(labels))


def shortened(found: Classification) -> Classification:
    """Return the same answer with all its classes called by their short names."""
    return replace(
        found,
        predictions=_all(found.predictions),
        verdict=_verdict(found.verdict),
        group=found.group and _group(found.group),
    )


def _verdict(verdict: Verdict) -> Verdict:
    return replace(verdict, rivals=_all(verdict.rivals), winner=_one(verdict.winner))


def _group(group: Group) -> Group:
    return replace(group, rivals=_all(group.rivals))


def _all(predictions: tuple[Prediction, ...]) -> tuple[Prediction, ...]:
    return tuple(map(_one, predictions))


def _one(prediction: Prediction) -> Prediction:
    return replace(prediction, label=short(prediction.label, prediction.index))


@cache
def _known() -> frozenset[str]:
    return frozenset(normalise(name) for _, names in imagenet() for name in names)
