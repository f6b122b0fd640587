"""Features of photos and their classes → a linear head, how good it is, and what it takes for unfamiliar.

All of it is worked out from the photos themselves, left out in turn: which part of the map and of the photo to look at,
how sure to be, how often it is right, and how near a photo should be to what it was shown.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lib.classify.novelty import nearness
from lib.classify.outputs import softmax
from lib.evaluation.novelty import LOST
from lib.evaluation.shares import Share, share
from lib.formats.graft import Pooling
from lib.messages import N_, Message
from lib.results import Familiarity
from lib.training.discriminant import Discriminant, Floats, Ints, Rows
from lib.training.features import Features, Look, Pose, View

By = Literal["leave-one-out", "five folds", "held out"]
FEW = 20  # photos of a class: below it each photo is left out by itself, from it on a fifth at a time
FOLDS = 5
CLEARLY = 2.0  # standard errors of the mean gain in log-loss that make another view the better one
FEWEST_FAMILIAR = 19  # cosines: of fewer, even the lowest says too little (see `_threshold`)
MOST_AT_ONCE = 2000  # rows whose products are held at once; more are left out of parts of this size
_SURE = 20.0  # what cosines are multiplied by while nothing tells how sure to be


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """What is settled, and what the photos decide ("auto").

    Attributes:
        pooling: Of the last map.
        look: Of the photo; "auto" chooses among those that were read.
        mirror: Whether mirrored photos, where they were read, are learnt from too.
        seed: Of the folds.
    """

    pooling: Literal["auto", "1x1", "2x2"] = "auto"
    look: Literal["auto", "whole", "square"] = "auto"
    mirror: Literal["auto", "on", "off"] = "auto"
    seed: int = 0


class Kind(NamedTuple):
    """What a head looks at and learns from."""

    pooling: Pooling = Pooling.WHOLE
    look: Look = "whole"
    is_mirrored: bool = False

    @property
    def view(self) -> View:
        """Return the row it looks at."""
        return View(self.pooling, Pose(self.look))

    @property
    def poses(self) -> tuple[Pose, ...]:
        """Return how photos are shown that it learns from."""
        return (Pose(self.look), Pose(self.look, is_mirrored=True)) if self.is_mirrored else (Pose(self.look),)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear head; softmax makes its logits probabilities, the temperature is in its weights.

    Attributes:
        kind: What it looks at.
        weight: Shape (K, D), float32.
        bias: Shape (K,), float32.
    """

    kind: Kind
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, rows: Rows) -> Floats:
        """Return shape (N, K) for rows of shape (N, D)."""
        return np.asarray(rows @ self.weight.T + self.bias, dtype=np.float64)

    def hotter(self, factor: float) -> "Head":
        """Return the head with its logits multiplied by `factor`."""
        return Head(self.kind, np.float32(factor) * self.weight, np.float32(factor) * self.bias)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learnt of photos.

    Attributes:
        classes: C, with those that have no photo.
        known: The K classes that have photos, in order; the others have no chance.
        head: For them.
        means: Shape (K, D), float16: of each class's rows.
        threshold: A cosine below it is unfamiliar; None with too few photos to tell.
        out_of_fold: Shape (N, C): what a model that was not shown the photo says of each; NaN where there is none,
            because nothing else of its class is left.
        accuracy: The share of right answers among these; None where a class has a single photo, or group.
        by: How the photos were left out.
        said: What was chosen and why, a sentence each.
    """

    classes: int
    known: tuple[int, ...]
    head: Head
    means: NDArray[np.float16]
    threshold: float | None
    out_of_fold: Floats
    accuracy: Share | None
    by: By
    said: tuple[Message, ...]

    def probabilities(self, features: Features) -> Floats:
        """Return shape (C,), sum 1."""
        found = np.zeros(self.classes)
        found[list(self.known)] = softmax(self.head.logits(self._row(features)))[0]
        return found

    def familiarity(self, features: Features) -> Familiarity | None:
        """Return how near a photo is to the photos of the nearest class; None where too few tell."""
        if self.threshold is None:
            return None
        return Familiarity("class-mean", float(nearness(self._row(features), self.means)[0]), self.threshold)

    def _row(self, features: Features) -> Rows:
        return features.rows[self.head.kind.view][np.newaxis].astype(np.float32)


def fit(
    features: Sequence[Features],
    labels: Sequence[int],
    classes: int,
    settings: HeadSettings | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Fitted | None:
    """Learn to tell classes apart.

    Args:
        features: Of N photos, shown in the same ways.
        labels: Of each, in [0, classes).
        classes: C; a class may have no photo.
        settings: None for the defaults.
        groups: One mark a photo, the same for those that must be left out together, such as near-duplicates and the
            frames of a burst; None: each by itself.

    Returns:
        What was learnt; None with fewer than two classes that have photos: there is nothing to tell apart yet.
    """
    known, places = np.unique(np.asarray(labels, dtype=np.int64), return_inverse=True)
    if len(known) < 2:
        return None
    with _libraries().limit(limits=1, user_api="blas"):  # its threads wait for each other, on busy cores for long
        return _fit(features, known, places, classes, settings or HeadSettings(), _numbered(groups, len(places)))


def _fit(
    features: Sequence[Features], known: Ints, places: Ints, classes: int, settings: HeadSettings, groups: Ints
) -> Fitted:
    trial = _Trial(features, places, groups, settings.seed)
    kind, said = _choose(trial, settings, _read_in_common(features))
    best = trial.of(kind)
    weight, bias = Discriminant(*trial.rows_of(kind)).weights()
    head = Head(kind, (best.sureness * weight).astype(np.float32), (best.sureness * bias).astype(np.float32))
    plain = _stacked(features, kind.view)
    out_of_fold = np.full((len(places), classes), np.nan)
    judged = np.flatnonzero(best.judged)
    out_of_fold[judged] = 0.0
    out_of_fold[np.ix_(judged, known)] = softmax(best.sureness * best.logits[judged])
    means = np.stack([plain[places == place].mean(axis=0) for place in range(len(known))])
    return Fitted(
        classes,
        tuple(known.tolist()),
        head,
        means.astype(np.float16),
        _threshold(plain, places, groups),
        out_of_fold,
        share(int(best.right.sum()), len(judged)) if set(places[judged]) == set(places) else None,
        trial.by,
        said,
    )


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@dataclass(frozen=True, eq=False)
class _Tried:
    """What photos left out say of a kind of head.

    Attributes:
        logits: Shape (N, K), -inf for a class that was left out whole.
        labels: Shape (N,).
    """

    logits: Floats
    labels: Ints

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """Return which photos have a say: those whose class was not left out with them."""
        own = self.logits[np.arange(len(self.labels)), self.labels]
        return np.asarray(np.isfinite(own) & (np.isfinite(self.logits).sum(axis=1) > 1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Return which photos are named rightly."""
        return np.asarray(self.judged & (self.logits.argmax(axis=1) == self.labels))

    @cached_property
    def sureness(self) -> float:
        """Return what the logits are to be multiplied by: 1 ÷ temperature."""
        return sureness(self.logits[self.judged], self.labels[self.judged])

    @cached_property
    def losses(self) -> Floats:
        """Return the log-loss of each photo that has a say."""
        return log_losses(self.sureness * self.logits[self.judged], self.labels[self.judged])


class _Trial:
    """The photos, left out in turn, once for each kind of head that is asked for."""

    def __init__(self, features: Sequence[Features], labels: Ints, groups: Ints, seed: int) -> None:
        self.labels = labels
        self.by: By = "leave-one-out" if np.bincount(labels).min() < FEW else "five folds"
        self._features = features
        self._folds = groups if self.by == "leave-one-out" else _five_folds(labels, groups, seed)
        self._parts = _parts(groups, seed)
        self._known: dict[Kind, _Tried] = {}

    def of(self, kind: Kind) -> _Tried:
        """Return what the photos say of a kind of head."""
        if kind not in self._known:
            self._known[kind] = _Tried(self._left_out(kind), self.labels)
        return self._known[kind]

    def rows_of(self, kind: Kind) -> tuple[Rows, Ints]:
        """Return the rows that it learns from, and their labels: those of the photos as they are come first."""
        rows = [_stacked(self._features, View(kind.pooling, pose)) for pose in kind.poses]
        return np.concatenate(rows), np.tile(self.labels, len(rows))

    def _left_out(self, kind: Kind) -> Floats:
        rows, labels = self.rows_of(kind)
        found = np.full((len(rows), int(labels.max()) + 1), -np.inf)
        copies = len(rows) // len(self.labels)
        parts, folds = np.tile(self._parts, copies), np.tile(self._folds, copies)
        for part in np.unique(parts):
            members = np.flatnonzero(parts == part)
            there, places = np.unique(labels[members], return_inverse=True)
            found[np.ix_(members, there)] = Discriminant(rows[members], places).out_of_fold(folds[members])
        return found[: len(self.labels)]


def _choose(
    trial: _Trial, settings: HeadSettings, read: frozenset[View]
) -> tuple[Kind, tuple[Message, ...]]:  # fmt: skip
    """Return the kind of head that the settings name or the photos prefer, and what is to be said of it.

    One thing after another; the simpler one stays unless the other is clearly better.
    """
    poolings = {view.pooling for view in read}
    looks = {view.pose.look for view in read if not view.pose.is_mirrored}
    kind = Kind(
        Pooling(settings.pooling) if settings.pooling in poolings else Pooling.WHOLE,
        settings.look if settings.look != "auto" else "whole" if "whole" in looks else "square",
        settings.mirror == "on",
    )
    others: list[tuple[bool, Callable[[Kind], Kind], str, str]] = [
        (settings.pooling == "auto" and Pooling.QUARTERS in poolings, _in_quarters, *_QUARTERS),
        (settings.look == "auto" and len(looks) > 1, _in_the_middle, *_MIDDLE),
        (settings.mirror == "auto" and any(view.pose.is_mirrored for view in read), _mirrored, *_MIRRORED),
    ]
    said = [Message(_ONE_PLACE)] if settings.pooling == "2x2" and Pooling.QUARTERS not in poolings else []
    for is_open, change, yes, no in others:
        other = change(kind)
        if not is_open or not {View(other.pooling, pose) for pose in other.poses} <= read:
            continue
        is_better = _is_clearly_better(trial.of(other), trial.of(kind))
        counts = {"helped": int(trial.of(other).right.sum()), "without": int(trial.of(kind).right.sum())}
        if judged := int(trial.of(kind).judged.sum()):
            said.append(Message(yes if is_better else no, {**counts, "photos": judged}))
        kind = other if is_better else kind
    return kind, tuple(said)


def _in_quarters(kind: Kind) -> Kind:
    return kind._replace(pooling=Pooling.QUARTERS)


def _in_the_middle(kind: Kind) -> Kind:
    return kind._replace(look="square")


def _mirrored(kind: Kind) -> Kind:
    return kind._replace(is_mirrored=True)


# Of photos left out, `helped` are named rightly with what is tried and `without` without it.
_ONE_PLACE = N_("It looks at each photo as one: this network has nothing else to offer.")
_QUARTERS = (
    N_("It looks at four parts of each photo one by one: {helped} of {photos} right, {without} without that."),
    N_("It looks at each photo as one: {without} of {photos} right. Four parts do not clearly help ({helped})."),
)
_MIDDLE = (
    N_("It looks at the middle square of each photo: {helped} of {photos} right, {without} with whole photos."),
    N_("It looks at whole photos: {without} of {photos} right. The middle square does not clearly help ({helped})."),
)
_MIRRORED = (
    N_("It learns from mirrored photos too: {helped} of {photos} right, {without} without them."),
    N_("It learns from photos as they are: {without} of {photos} right. Mirrored ones do not clearly help ({helped})."),
)


def _is_clearly_better(other: _Tried, simple: _Tried) -> bool:
    """Whether the mean gain in log-loss is more than `CLEARLY` standard errors; both have the same photos left out.

    Log-loss and not the number of right answers, which for few photos is too coarse: at ten photos a class it tells
    where quarters help in all of eight draws, the number in three.
    """
    gains = simple.losses - other.losses
    if len(gains) < 2:
        return False
    return bool(gains.mean() > CLEARLY * gains.std(ddof=1) / np.sqrt(len(gains)))


def sureness(logits: Floats, labels: Ints) -> float:
    """Return what logits are to be multiplied by for the least log-loss: the inverse of the one temperature.

    Guo et al., On Calibration of Modern Neural Networks (ICML 2017), section 4.2. Where all photos are named rightly
    the least loss is at infinity, so half a photo more counts as wrong (Krichevsky and Trofimov's estimate; Platt does
    the like for two classes).

    Args:
        logits: Shape (N, K), of photos that were left out; -inf for a class that was left out whole.
        labels: Shape (N,), with finite logits.
    """
    if not len(labels):
        return _SURE
    low, high = np.log(_SURENESSES)
    wrong = 0.5 / (len(labels) + 1)
    finite = np.isfinite(logits)
    others = np.where(finite, wrong / np.maximum(finite.sum(axis=1, keepdims=True) - 1, 1), 0.0)
    target = np.where(np.arange(logits.shape[1]) == labels[:, None], 1 - wrong, others)

    def loss(log_factor: float) -> float:
        scaled = np.exp(log_factor) * np.where(finite, logits, -np.inf)
        logs = scaled - _log_sum(scaled)
        return -float(np.sum(target * np.where(finite, logs, 0.0)))

    for _ in range(_SECTIONS):  # golden section: in the logarithm of the factor the loss has one valley
        inner = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, inner[1]) if loss(inner[0]) < loss(inner[1]) else (inner[0], high)
    return float(np.exp((low + high) / 2))


_SURENESSES = (1e-4, 1e3)
_GOLDEN = (np.sqrt(5) - 1) / 2
_SECTIONS = 32  # of 16 in the logarithm to 3e-6


def log_losses(logits: Floats, labels: Ints) -> Floats:
    """Return the log-loss of each photo, shape (N,): minus the logarithm of the right class's probability."""
    own = logits[np.arange(len(labels)), labels]
    return np.asarray(_log_sum(logits)[:, 0] - own)


def _log_sum(logits: Floats) -> Floats:
    most = logits.max(axis=1, keepdims=True)
    return np.asarray(most + np.log(np.exp(logits - most).sum(axis=1, keepdims=True)))


def _threshold(rows: Rows, labels: Ints, groups: Ints) -> float | None:
    """Return what 19 of 20 photos' cosines to their class's mean reach, their own group left out of it.

    The k-th lowest of n, k = floor(0.05 (n + 1)): a new photo of the same kind lies below it with a chance of at most
    5% (split conformal prediction: Vovk et al., Algorithmic Learning in a Random World, 2005). From 19 on there is one.
    """
    cosines: list[float] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        own, total = rows[members].astype(np.float64), rows[members].sum(axis=0, dtype=np.float64)
        for group in np.unique(groups[members]):
            together = own[groups[members] == group]
            if len(together) < len(members):
                cosines += nearness(together, (total - together.sum(axis=0))[np.newaxis]).tolist()
    if len(cosines) < FEWEST_FAMILIAR:
        return None
    return sorted(cosines)[int(LOST * (len(cosines) + 1)) - 1]


def _numbered(groups: Sequence[Hashable] | None, count: int) -> Ints:
    marks = range(count) if groups is None else groups
    numbers = {mark: number for number, mark in enumerate(dict.fromkeys(marks))}
    return np.array([numbers[mark] for mark in marks], dtype=np.int64)


def _five_folds(labels: Ints, groups: Ints, seed: int) -> Ints:
    """Return a fold for each photo: of each class about as many photos in each, and a group always in one."""
    rng = np.random.default_rng(seed)
    first = {int(group): int(label) for group, label in zip(groups[::-1], labels[::-1], strict=True)}
    filled = np.zeros((int(labels.max()) + 1, FOLDS), np.int64)
    fold_of = np.zeros(int(groups.max()) + 1, np.int64)
    sizes = np.bincount(groups)
    for group in sorted(rng.permutation(len(sizes)).tolist(), key=lambda group: -sizes[group]):
        fullness = filled[first[group]] + filled.sum(axis=0) / (filled.sum() + 1)  # a tie goes to the emptier fold
        fold_of[group] = fold = int(fullness.argmin())
        filled[first[group], fold] += sizes[group]
    return fold_of[groups]


def _parts(groups: Ints, seed: int) -> Ints:
    """Return a part for each photo, a group always in one: all in one unless they are more than `MOST_AT_ONCE`."""
    count = -(-len(groups) // MOST_AT_ONCE)
    return np.random.default_rng(seed).permutation(int(groups.max()) + 1)[groups] % count


def _read_in_common(features: Sequence[Features]) -> frozenset[View]:
    return frozenset.intersection(*(frozenset(each.rows) for each in features))


def _stacked(features: Sequence[Features], view: View) -> Rows:
    return np.stack([each.rows[view] for each in features]).astype(np.float32)
