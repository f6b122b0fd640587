"""How often a model is right, and what it mixes up with what."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.datasets.matching import Matching
from lib.evaluation.answers import Answers, Bools, Ints
from lib.evaluation.meaning import membership
from lib.evaluation.shares import Share, share, share_or_none
from lib.model.spec import FEWEST_FOR_TOP5


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Which photos a model named rightly. Arrays have one entry for each of N photos.

    Attributes:
        judged: Whether the model knows the photo's class at all; the other two are False where it does not.
        right: Whether its likeliest class is right.
        in_top5: Whether a right class is among its five likeliest.
    """

    judged: Bools
    right: Bools
    in_top5: Bools

    @property
    def photos(self) -> int:
        """Return how many photos were judged."""
        return int(self.judged.sum())

    @property
    def top1(self) -> Share:
        """Return the share of judged photos named rightly; at least one must be judged."""
        return share(int(self.right.sum()), self.photos)


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """True class × answered class.

    Attributes:
        names: G classes. Photo classes that mean the same to the model are one: all breeds are "dog" to a model that
            knows only dogs.
        true: Shape (N,), the photo's class, or -1 where the model has no such class.
        answered: Shape (N,), the class that was answered; G for something else; -1 as in `true`.
        counts: Shape (G, G + 1); the last column is something else.
    """

    names: tuple[str, ...]
    true: Ints
    answered: Ints
    counts: Ints

    @property
    def has_others(self) -> bool:
        """Whether something else was answered at all."""
        return bool(self.counts[:, -1].any())

    def photos(self, true: int, answered: int) -> tuple[int, ...]:
        """Return the positions of the photos behind a cell; `answered` may be G, something else."""
        return tuple(np.flatnonzero((self.true == true) & (self.answered == answered)).tolist())


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How a model does on one class.

    Attributes:
        name: Of the class.
        photos: How many show it.
        recall: Of these, how many were named so; None without photos.
        precision: Of the photos named so, how many show it; None if none was.
    """

    name: str
    photos: int
    recall: Share | None
    precision: Share | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A class that was taken for another.

    Attributes:
        true: Name of the class.
        answered: Name of what was answered; any class of the model.
        photos: Positions of the photos it happened to.
        total: How many photos show the class.
    """

    true: str
    answered: str
    photos: tuple[int, ...]
    total: int


def find_hits(answers: Answers, labels: Ints, targets: Sequence[Sequence[int]]) -> Hits:
    """Return which photos a model named rightly.

    Args:
        answers: What it said of N photos.
        labels: Shape (N,), the class of each photo.
        targets: For each class, the model's classes that count as right; none if the model has no such class.
    """
    counts_as = membership(targets, len(answers.labels))
    wanted: Bools = counts_as[labels]
    return Hits(
        judged=np.asarray(wanted.any(axis=1)),
        right=counts_as[labels, answers.best],
        in_top5=np.asarray(np.take_along_axis(wanted, answers.top5, axis=1).any(axis=1)),
    )


def top5(answers: Answers, hits: Hits) -> Share | None:
    """Return the share of judged photos with a right class among the five likeliest; None for few classes."""
    return share(int(hits.in_top5.sum()), hits.photos) if len(answers.labels) >= FEWEST_FOR_TOP5 else None


def confuse(answers: Answers, labels: Ints, matching: Matching, titles: Sequence[str]) -> Confusion:
    """Return what a model answered for which class.

    Args:
        answers: What it said of N photos.
        labels: Shape (N,), the class of each photo.
        matching: How the photos' classes relate to the model's.
        titles: Names of the photos' classes for people.
    """
    groups, group_of = group_classes(matching)
    true = group_of[labels]
    counts_as = membership(groups, len(answers.labels))
    # One class may count as right for several groups; the photo's own comes first.
    first_meant = np.where(counts_as.any(axis=0), counts_as.argmax(axis=0), len(groups))
    answered = np.where(counts_as[true, answers.best], true, first_meant[answers.best])
    answered[true < 0] = -1
    return _counted(_names(groups, matching, titles, answers.labels), true, answered)


def group_classes(matching: Matching) -> tuple[list[tuple[int, ...]], Ints]:
    """Return the distinct targets of the photos' classes, and for each class its position among them or -1.

    Classes with the same targets mean the same to the model.
    """
    groups = {targets: index for index, targets in enumerate(dict.fromkeys(filter(None, matching.targets)))}
    return list(groups), np.array([groups.get(targets, -1) for targets in matching.targets], dtype=np.int64)


def mistakes(confusion: Confusion, answers: Answers) -> tuple[Mistake, ...]:
    """Return what was taken for what, the most frequent first, then the least frequent class.

    Args:
        confusion: Of the same photos.
        answers: What the model said; an answer outside of `confusion` has its own name there.
    """
    names, found = confusion.names, defaultdict(list)
    for photo in np.flatnonzero(confusion.true != confusion.answered).tolist():
        true, answered = int(confusion.true[photo]), int(confusion.answered[photo])
        said = names[answered] if answered < len(names) else answers.labels[answers.best[photo]]
        found[true, said].append(photo)
    totals = confusion.counts.sum(axis=1)
    listed = [Mistake(names[true], said, tuple(p), int(totals[true])) for (true, said), p in found.items()]
    return tuple(sorted(listed, key=lambda mistake: (-len(mistake.photos), mistake.total)))


def most_confused(confusion: Confusion, limit: int) -> tuple[int, ...]:
    """Return the positions of at most `limit` classes, in order: all, or those with most mistakes either way."""
    classes = len(confusion.names)
    if classes <= limit:
        return tuple(range(classes))
    square = confusion.counts[:, :classes]
    wrong = confusion.counts.sum(axis=1) + square.sum(axis=0) - 2 * square.diagonal()
    return tuple(sorted(np.argsort(-wrong, kind="stable")[:limit].tolist()))


def narrowed(confusion: Confusion, shown: Sequence[int]) -> Confusion:
    """Return the table of the classes at the positions `shown`; an answer of another class is something else there."""
    # The last entry is for -1: no photo of such a class is in the table.
    place = np.full(len(confusion.names) + 2, -1, dtype=np.int64)
    place[list(shown)] = np.arange(len(shown))
    true = place[confusion.true]
    answered = np.where(true < 0, -1, np.where(place[confusion.answered] < 0, len(shown), place[confusion.answered]))
    return _counted(tuple(confusion.names[index] for index in shown), true, answered)


def figures_per_class(confusion: Confusion) -> tuple[ClassFigures, ...]:
    """Return precision and recall of each class of `confusion`."""
    rows, columns = confusion.counts.sum(axis=1), confusion.counts.sum(axis=0)
    return tuple(
        ClassFigures(
            name=name,
            photos=int(rows[index]),
            recall=share_or_none(int(confusion.counts[index, index]), int(rows[index])),
            precision=share_or_none(int(confusion.counts[index, index]), int(columns[index])),
        )
        for index, name in enumerate(confusion.names)
    )


def balanced_accuracy(figures: Sequence[ClassFigures]) -> float:
    """Return the mean recall of the classes that have photos: each class counts the same, however many it has."""
    recalls = [f.recall.value for f in figures if f.recall]
    return sum(recalls) / len(recalls)


def macro_f1(figures: Sequence[ClassFigures]) -> float:
    """Return the mean F1 of the classes: 2 · right ÷ (photos that show it + photos named so); 0 where none is right."""
    ratios = [
        2 * f.recall.count / (f.recall.total + (f.precision.total if f.precision else 0)) for f in figures if f.recall
    ]
    return sum(ratios) / len(ratios)


def _counted(names: tuple[str, ...], true: Ints, answered: Ints) -> Confusion:
    counts = np.zeros((len(names), len(names) + 1), np.int64)
    np.add.at(counts, (true[true >= 0], answered[true >= 0]), 1)
    return Confusion(names, true, answered, counts)


def _names(
    groups: Sequence[tuple[int, ...]], matching: Matching, titles: Sequence[str], labels: Sequence[str]
) -> tuple[str, ...]:
    members: dict[tuple[int, ...], list[str]] = {group: [] for group in groups}
    for title, targets in zip(titles, matching.targets, strict=True):
        if targets:
            members[targets].append(title)
    return tuple(
        named[0] if len(named) == 1 else " / ".join(labels[index] for index in group)
        for group, named in members.items()
    )
