"""What a class is called where there is little room: its first name, without underscores."""

from dataclasses import replace
from functools import cache

from lib.model.imagenet import imagenet, normalise, synonyms
from lib.results import Classification, Group, Prediction, Verdict


def short(label: str) -> str:
    """Return "ruffed grouse" for "ruffed grouse, partridge, Bonasa umbellus"; other commas belong to the name."""
    first, *others = synonyms(label) or (label,)
    known = {normalise(first), *map(normalise, others)} <= _known()
    return (first if known else label).replace("_", " ")


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
    return replace(prediction, label=short(prediction.label))


@cache
def _known() -> frozenset[str]:
    return frozenset(normalise(name) for _, names in imagenet() for name in names)
