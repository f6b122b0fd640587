"""How the names of one set of classes relate to those of another: folders to a model's labels, models to each other.

A name is found by its spelling, by WordNet id, by a synonym, or by meaning. What cannot be decided is left undecided,
with suggestions: a person decides, never a guess.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from lib.datasets.groups import everyday, meanings, words_for
from lib.datasets.others import is_elsewhere, is_other, within
from lib.messages import N_, Listed, Message
from lib.model.imagenet import imagenet, is_imagenet, normalise, synonyms, wnid_positions

MOST_SUGGESTIONS = 5
_MOST_NAMED = 10
_WNID = re.compile(r"n\d{8}")
# Shares of rapidfuzz, 0 … 100 (100 · 2 · letters in common ÷ letters of both): from 70 a name is shown as similar; from
# 90 it is the same with a slip of the pen, as "motocycle", while "donkey" and "monkey" have 83, "snail" and "nail" 89.
_NEAR, _SURE = 70, 90

# What a person decided about a class: the model's label or labels it means, or None to leave it out.
Choice = str | tuple[str, ...] | None


class How(StrEnum):
    """How a class was matched."""

    NAME = "name"  # spelt alike
    WNID = "wnid"  # by its WordNet id
    SYNONYM = "synonym"  # one of the names the model gives it
    MEANING = "meaning"  # by the shipped map
    CHOSEN = "chosen"  # a person said so
    OTHER = "other"  # it shows nothing that a model knows, by its name; see `lib.datasets.others`
    ELSEWHERE = "elsewhere"  # it shows what the model knows, but is not judged, by its name
    ABSENT = "absent"  # the model has no such class, by the shipped map or because a person left it out
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Matching:
    """How the classes of labelled photos relate to the classes of one model.

    Attributes:
        classes: Names of the photos' classes, as given.
        targets: For each, the model's class indices that count as right: one, several (any breed for "dog"), or none
            if the model knows no such class or nobody decided yet.
        how: For each, what decided.
    """

    classes: tuple[str, ...]
    targets: tuple[tuple[int, ...], ...]
    how: tuple[How, ...]

    @property
    def undecided(self) -> tuple[str, ...]:
        """Return the classes that a person has to decide about."""
        return tuple(name for name, how in zip(self.classes, self.how, strict=True) if how is How.UNDECIDED)

    @property
    def knows_any(self) -> bool:
        """Whether the model knows at least one of the classes."""
        return any(self.targets)


class Basis(StrEnum):
    """On what two models can be compared."""

    SAME = "same"  # the same classes
    NAMES = "names"  # classes of the same name, or a synonym
    MEANING = "meaning"  # by the shipped map
    NONE = "none"  # not at all


@dataclass(frozen=True, slots=True)
class Common:
    """The classes two models share.

    Attributes:
        basis: On what they can be compared.
        first: For each class of the first model, the name of what it shares with the second, or None.
        second: The same for the second model.
    """

    basis: Basis
    first: tuple[str | None, ...]
    second: tuple[str | None, ...]


def match(
    classes: Sequence[str],
    labels: Sequence[str],
    *,
    also: Sequence[Sequence[str]] = (),
    chosen: Mapping[str, Choice] | None = None,
) -> Matching:
    """Relate the classes of labelled photos to the labels of a model.

    To a model of ImageNet's classes an everyday word means all that people call so: "cup" is a coffee mug, too. Where
    the photos have classes for both, a label is meant that is spelt so.

    Args:
        classes: Names of the photos' classes: folder names, labels or WordNet ids.
        labels: K labels of the model, as its maker gives them.
        also: Further names of the same K classes, such as translations.
        chosen: A person's decisions for some of the classes. The same can serve several models: of several labels
            those count that a model has; one that has none of them does not have the class.
    """
    names = _names(tuple(labels), tuple(map(tuple, also)))
    beside = names.spelt_as(classes)
    found = [names.decide(name, (chosen or {}).get(name, ()), beside) for name in classes]
    return Matching(tuple(classes), tuple(targets for targets, _ in found), tuple(how for _, how in found))


@lru_cache(maxsize=4096)
def suggestions(name: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return classes of a model that a name may mean: those that share it, or whose names are spelt similarly.

    Args:
        name: Of a class that `match` left undecided.
        labels: K labels of the model, as its maker gives them.

    Returns:
        Names of `distinct_names`, best first, at most `MOST_SUGGESTIONS`.
    """
    return _names(labels, ()).suggest(name)


@lru_cache(maxsize=4096)
def near_certain(name: str, labels: tuple[str, ...]) -> str | None:
    """Return the one class of a model that a name means but for a plural or a slip of the pen; None for a guess.

    For a model of ImageNet's classes it may be an everyday word: "dogs" are any breed.

    A person is asked in any case; this is what may be chosen for them beforehand.
    """
    return _names(labels, ()).near_certain(name)


@lru_cache(maxsize=64)
def shared_classes(first: tuple[str, ...], second: tuple[str, ...]) -> Common:
    """Return what the classes of two models have in common.

    Args:
        first: Labels of one model, as its maker gives them.
        second: Labels of the other.
    """
    if is_imagenet(second) or (len(second) > len(first) and not is_imagenet(first)):
        common = _relate(second, first)
        return Common(common.basis, common.second, common.first)
    return _relate(first, second)


def common_names(label_sets: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return for each class of each model a name; classes of the same name mean the same, in whichever model.

    The model with the fewest classes gives the names; what it does not have keeps the name that the first model of the
    same classes gives.
    """
    coarsest = min(label_sets, key=len)
    return tuple(
        tuple(
            shared or own
            for shared, own in zip(_relate(labels, coarsest).first, _first_names(labels, label_sets), strict=True)
        )
        for labels in label_sets
    )


def explain_basis(basis: Basis) -> Message:
    """Return in one sentence how two models are compared."""
    return Message(_EXPLAINED[basis])


_EXPLAINED = {
    Basis.SAME: N_("The models have the same classes."),
    Basis.NAMES: N_("The models have different classes. Classes with the same name are compared."),
    Basis.MEANING: N_(
        "The models have different classes. They are compared by meaning: any breed of dog counts as “dog”."
    ),
    Basis.NONE: N_("The models have no classes in common, so their answers cannot be compared."),
}


def explain_undecided(matching: Matching, labels: tuple[str, ...], model: str) -> Message:
    """Return in one sentence which classes match none of the `labels` of `model`, and what might be meant."""
    parts = []
    for name in matching.undecided[:_MOST_NAMED]:
        near = dict.fromkeys(filter(None, (near_certain(name, labels), *suggestions(name, labels))))
        parts.append(f"{name} ({' / '.join(label.split(',')[0] for label in near)}?)" if near else name)
    names = Listed(tuple(parts))
    more = len(matching.undecided) - len(parts)
    shown = Message(N_("{names} and {n} more"), {"names": names, "n": more}) if more else names
    return Message(N_("{model} has no classes with these names: {names}."), {"model": model, "names": shown})


@lru_cache(maxsize=64)
def distinct_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels, told apart where several classes have the same: "crane (n02012849)"."""
    often = Counter(labels)
    marks = [wnid for wnid, _ in imagenet()] if is_imagenet(labels) else [f"#{i + 1}" for i in range(len(labels))]
    return tuple(label if often[label] == 1 else f"{label} ({mark})" for label, mark in zip(labels, marks, strict=True))


@lru_cache(maxsize=64)
def _relate(fine: tuple[str, ...], coarse: tuple[str, ...]) -> Common:
    """Return what two models share, under the names of `coarse`."""
    names = distinct_names(coarse)
    if _are_the_same(fine, coarse):
        return Common(Basis.SAME, names, names)
    matching = match(coarse, fine)
    shared: dict[int, str] = {}
    for name, targets in zip(names, matching.targets, strict=True):
        for target in targets:
            shared.setdefault(target, name)
    kept = set(shared.values())
    basis = Basis.NONE if not kept else Basis.MEANING if How.MEANING in matching.how else Basis.NAMES
    return Common(
        basis, tuple(map(shared.get, range(len(fine)))), tuple(name if name in kept else None for name in names)
    )


def _first_names(labels: tuple[str, ...], label_sets: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return distinct_names(next(others for others in label_sets if _are_the_same(labels, others)))


def _are_the_same(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    if tuple(map(normalise, first)) == tuple(map(normalise, second)):
        return True
    return is_imagenet(first) and is_imagenet(second)


_Targets = tuple[int, ...]


def _index(names: Iterable[Sequence[str]]) -> dict[str, _Targets]:
    """Return the classes by each of their names, normalised."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for position, several in enumerate(names):
        for name in several:
            found[normalise(name)].add(position)
    return {name: tuple(sorted(positions)) for name, positions in found.items()}


def _by_synonym(names: Sequence[Sequence[str]]) -> dict[str, _Targets]:
    """Return the same; what is the first name of a class is no synonym of others."""
    return {**_index(own[1:] for own in names), **_index(own[:1] for own in names)}


@cache
def _imagenet_names() -> dict[str, _Targets]:
    return _by_synonym([names for _, names in imagenet()])


class _Names:
    """All the names of a model's classes."""

    def __init__(self, labels: tuple[str, ...], also: tuple[tuple[str, ...], ...]) -> None:
        self._shown = distinct_names(labels)
        self._is_imagenet = is_imagenet(labels)
        self._whole = _index(zip(labels, *also, strict=True))
        own = [synonyms(label) or (label,) for label in labels]
        if self._is_imagenet:
            own = [(*names, *known) for names, (_, known) in zip(own, imagenet(), strict=True)]
        self._synonyms = _by_synonym(own)
        self._everything = {**self._synonyms, **self._whole}
        # Every class of such a model has its ImageNet counterparts listed, so that others are known to have none.
        self._is_everyday = all(normalise(label) in everyday() for label in labels)

    def spelt_as(self, classes: Iterable[str]) -> frozenset[int]:
        """Return the model's classes that are spelt like one of `classes`."""
        return frozenset(index for name in classes for index in self._whole.get(normalise(name), ()))

    def decide(self, name: str, chosen: Choice, beside: frozenset[int] = frozenset()) -> tuple[_Targets, How]:
        """Return the model's classes that `name` means, and what decided.

        Args:
            name: Of a class of the photos.
            chosen: A person's decision; () for none.
            beside: The model's classes that the photos' classes name by their spelling.
        """
        if chosen is None:
            return (), How.ABSENT
        labels = (chosen,) if isinstance(chosen, str) else chosen
        if wanted := {index for label in labels for index in self._choose(label)}:
            return tuple(sorted(wanted)), How.CHOSEN
        if is_other(name):
            return (), How.OTHER
        if is_elsewhere(name):
            is_known = not within(name) or bool(self.decide(within(name), chosen, beside)[0])
            return (), How.ELSEWHERE if is_known else How.ABSENT
        targets, how = self._by_wnid(name) if _WNID.fullmatch(name) else self._by_name(normalise(name), beside)
        # A person said what it means, and this model has nothing of the kind.
        return (targets, How.ABSENT if labels and how is How.UNDECIDED else how)

    def suggest(self, name: str) -> tuple[str, ...]:
        """Return classes whose names resemble `name`, or all those that share it."""
        wanted = _as_words(name)
        if wanted in self._everything:
            return tuple(self._shown[index] for index in self._everything[wanted])
        # "car" → "sports car"
        within = sorted((known for known in self._everything if f" {wanted} " in f" {known} "), key=len)
        near = self._spelt_like(wanted, _NEAR, MOST_SUGGESTIONS)
        indices = [index for known in (*near, *within) for index in self._everything[known]]
        return tuple(self._shown[index] for index in dict.fromkeys(indices))[:MOST_SUGGESTIONS]

    def near_certain(self, name: str) -> str | None:
        """Return the one class, or everyday word, that `name` means but for a plural or a slip of the pen."""
        wanted = _as_words(name)
        plurals = {wanted.removesuffix("s"), wanted.removesuffix("es"), f"{wanted}s", f"{wanted}es"}
        if self._is_imagenet and (words := sorted(word for word in plurals & meanings().keys() if meanings()[word])):
            return words[0]
        alike = plurals & self._everything.keys() or self._spelt_like(wanted, _SURE, 2)
        indices = {index for known in alike for index in self._everything[known]}
        return self._shown[indices.pop()] if len(indices) == 1 else None

    def _spelt_like(self, wanted: str, least: int, most: int) -> list[str]:
        """Return at most `most` names that resemble `wanted` by at least this share, best first."""
        from rapidfuzz import fuzz, process  # it takes 10 ms to import, and most names are spelt right

        found = process.extract(wanted, self._everything.keys(), scorer=fuzz.ratio, score_cutoff=least, limit=most)
        return [name for name, _, _ in found]

    def _choose(self, label: str) -> _Targets:
        """Return the classes that a chosen label means; it may be another model's: "tabby, tabby cat" means a cat."""
        if label in self._shown:
            return (self._shown.index(label),)
        for name in dict.fromkeys((label, *synonyms(label))):
            if targets := self.decide(name, ())[0]:
                return targets
        return ()

    def _by_wnid(self, wnid: str) -> tuple[_Targets, How]:
        if alike := self._whole.get(wnid):
            return _only(alike, How.WNID)
        position = wnid_positions().get(wnid)
        if position is None:
            return (), How.UNDECIDED
        if self._is_imagenet:
            return (position,), How.WNID
        return self._by_imagenet(position)

    def _by_name(self, name: str, beside: frozenset[int]) -> tuple[_Targets, How]:
        alike = self._whole.get(name, ())
        meant = meanings().get(name) if self._is_imagenet else None
        if alike and not (meant and set(meant) > set(alike) and beside.isdisjoint(set(meant) - set(alike))):
            return _only(alike, How.NAME)
        if meant is not None:
            return meant, How.MEANING if meant else How.ABSENT
        if synonym_of := self._synonyms.get(name):
            return _only(synonym_of, How.SYNONYM)
        positions = _imagenet_names().get(name, ())
        return self._by_imagenet(positions[0]) if len(positions) == 1 else ((), How.UNDECIDED)

    def _by_imagenet(self, position: int) -> tuple[_Targets, How]:
        """Find the ImageNet class `position` among other classes than ImageNet's."""
        for word in words_for()[position]:
            if alike := self._whole.get(word):
                return _only(alike, How.MEANING)
        for name in imagenet()[position][1]:
            # "crane" may be the bird or the machine
            if len(_imagenet_names()[normalise(name)]) == 1 and (alike := self._whole.get(normalise(name))):
                return _only(alike, How.SYNONYM)
        return (), How.ABSENT if self._is_everyday else How.UNDECIDED


@lru_cache(maxsize=32)
def _names(labels: tuple[str, ...], also: tuple[tuple[str, ...], ...]) -> _Names:
    return _Names(labels, also)


def _as_words(name: str) -> str:
    """Return a name as it is compared; of a WordNet id the name of its class."""
    if name in wnid_positions():
        name = imagenet()[wnid_positions()[name]][1][0]
    return normalise(name)


def _only(indices: _Targets, how: How) -> tuple[_Targets, How]:
    """Return the one class found; of several, nobody knows which is meant."""
    return (indices, how) if len(indices) == 1 else ((), How.UNDECIDED)
