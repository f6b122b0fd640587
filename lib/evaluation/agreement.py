"""Where models agree, where they contradict each other, and where none of them is sure. No true class is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lib.datasets.matching import Common, shared_classes
from lib.evaluation.answers import Answers, Bools, Floats, Ints, ambiguous
from lib.evaluation.shares import Share, share_or_none
from lib.results import VerdictKind


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far two models say the same of N photos.

    Attributes:
        first: Id of one model.
        second: Id of the other.
        common: The classes they share.
        comparable: Shape (N,), whether at least one of the two could have said what the other said.
        same: Shape (N,), whether they said the same; False where not comparable.
        share: How many of the comparable photos they agree on; None if there are none.
    """

    first: str
    second: str
    common: Common
    comparable: Bools
    same: Bools
    share: Share | None

    @property
    def different(self) -> Bools:
        """Return, shape (N,), whether they contradict each other."""
        return self.comparable & ~self.same


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A photo on which models contradict each other.

    Attributes:
        photo: Its position, from 0.
        confidence: How sure the contradicting models are: for the surest such pair, the smaller of the two
            probabilities.
        is_strong: Whether two models give clear answers, and different ones.
    """

    photo: int
    confidence: float
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Gallery:
    """The photos sorted by what the models make of them; each photo is in exactly one group.

    Attributes:
        disagreements: Models contradict each other; the surest contradictions first.
        all_ambiguous: No model gives a clear answer, whether or not their first choices agree.
        agreements: All models that can be compared say the same.
        not_comparable: The models have no class in common that any of them named.
    """

    disagreements: tuple[Disagreement, ...]
    all_ambiguous: tuple[int, ...]
    agreements: tuple[int, ...]
    not_comparable: tuple[int, ...]


def compare_pair(first: Answers, second: Answers, among: Bools | None = None) -> Agreement:
    """Return how far two models agree on the same N photos; `among`, shape (N,), are those that count: None for all."""
    common = shared_classes(first.own_labels, second.own_labels)
    codes_first, codes_second = _codes(_names(first, common.first), _names(second, common.second))
    said_a, said_b = codes_first[first.best], codes_second[second.best]
    comparable: Bools = (said_a >= 0) | (said_b >= 0)
    if among is not None:
        comparable &= among
    same: Bools = comparable & (said_a == said_b)
    return Agreement(
        first.model, second.model, common, comparable, same, share_or_none(int(same.sum()), int(comparable.sum()))
    )


def compare_all(models: Sequence[Answers], among: Bools | None = None) -> tuple[Agreement, ...]:
    """Return the agreement of every pair of models, in their order; see `compare_pair`."""
    return tuple(compare_pair(first, second, among) for first, second in combinations(models, 2))


def sort_photos(
    models: Sequence[Answers], kinds: Sequence[Sequence[VerdictKind]], agreements: Sequence[Agreement]
) -> Gallery:
    """Return the photos sorted by what the models make of them.

    Args:
        models: What each said of the same N photos; at least two models.
        kinds: The verdicts of each.
        agreements: Of every pair, from `compare_all`.
    """
    unsure = {answers.model: ambiguous(k) for answers, k in zip(models, kinds, strict=True)}
    nobody_sure = np.logical_and.reduce(list(unsure.values()))
    confidence = _confidence(models, agreements)
    # One that is sure, of what no other model knows, neither agrees nor contradicts.
    judged = {
        model: np.logical_or.reduce([a.comparable for a in agreements if model in (a.first, a.second)])
        for model in unsure
    }
    comparable = np.logical_or.reduce(list(judged.values()))
    comparable &= np.logical_and.reduce([unsure[model] | judged[model] for model in unsure])
    strong = np.logical_or.reduce([a.different & ~unsure[a.first] & ~unsure[a.second] for a in agreements])
    differing = np.flatnonzero(~nobody_sure & (confidence > 0))
    order = differing[np.argsort(-confidence[differing], kind="stable")]
    left = ~nobody_sure & (confidence == 0)
    return Gallery(
        disagreements=tuple(Disagreement(int(i), float(confidence[i]), bool(strong[i])) for i in order),
        all_ambiguous=_positions(nobody_sure),
        agreements=_positions(left & comparable),
        not_comparable=_positions(left & ~comparable),
    )


def _names(answers: Answers, shared: Sequence[str | None]) -> Sequence[str | None]:
    """Return the name of what each of a model's K classes shares, given it for its own; of several, the class's own."""
    if answers.columns is None:
        return shared
    members: list[set[str | None]] = [set() for _ in answers.labels]
    for column, name in zip(answers.columns.tolist(), shared, strict=True):
        members[column].add(name)
    return [names.pop() if len(names) == 1 else own for names, own in zip(members, answers.labels, strict=True)]


def _codes(first: Sequence[str | None], second: Sequence[str | None]) -> tuple[Ints, Ints]:
    """Return a number for what each class of either model shares, by name; -1 for nothing."""
    number = {name: index for index, name in enumerate(dict.fromkeys(second)) if name is not None}
    a, b = (
        np.array([-1 if n is None else number.get(n, -1) for n in side], dtype=np.int64) for side in (first, second)
    )
    return a, b


def _confidence(models: Sequence[Answers], agreements: Sequence[Agreement]) -> Floats:
    """Return for each photo how sure its surest contradiction is, 0 where there is none."""
    by_id = {answers.model: answers for answers in models}
    confidence = np.zeros(len(models[0]))
    for pair in agreements:
        both = np.minimum(by_id[pair.first].p1, by_id[pair.second].p1)
        confidence = np.maximum(confidence, np.where(pair.different, both, 0.0))
    return confidence


def _positions(members: Bools) -> tuple[int, ...]:
    return tuple(np.flatnonzero(members).tolist())
