"""The ambiguity rule: does one class stand out? Pure functions; the only place where this is decided.

Two questions are asked of the probabilities p1 ≥ p2 ≥ … of K classes:

    rival   p2 ≥ ratio · p1      is there a rival?             ratio 0.5 unless told
    weak    p1 < floor           is the winner too weak?       floor 0.50 for K ≤ 20, 0.20 above, unless told

    neither → clear     rival only → close     weak only → weak     both → none

The comparison with p2 is the decision rule of margin (best-versus-second-best) uncertainty, taken as a ratio so
that it means the same for 2 and for 1000 classes (cf. Settles, "Active Learning Literature Survey", 2009, §3.1).
Ambiguity is not novelty: an object the model has never seen often gets a clear, wrong answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelOutputError, UsageError
from lib.messages import N_, Message
from lib.results import Prediction, Verdict, VerdictKind

RATIO = 0.5
RATIO_RANGE = (0.2, 0.9)
FEW_CLASSES = 20
FLOOR_FEW = 0.50
FLOOR_MANY = 0.20
FLOOR_RANGE = (0.05, 0.95)
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two adjustable numbers of the rule.

    Attributes:
        ratio: In [0.2, 0.9].
        floor: In [0.05, 0.95]; None takes the default for the model's number of classes.

    Raises:
        UsageError: A number is outside its range.
    """

    ratio: float = RATIO
    floor: float | None = None

    def __post_init__(self) -> None:
        if not RATIO_RANGE[0] <= self.ratio <= RATIO_RANGE[1]:
            raise UsageError(
                N_("The rival ratio must lie between {low} and {high}; {value} does not."),
                low=RATIO_RANGE[0],
                high=RATIO_RANGE[1],
                value=self.ratio,
            )
        if self.floor is not None and not FLOOR_RANGE[0] <= self.floor <= FLOOR_RANGE[1]:
            raise UsageError(
                N_("The weakness floor must lie between {low} and {high}; {value} does not."),
                low=FLOOR_RANGE[0],
                high=FLOOR_RANGE[1],
                value=self.floor,
            )

    def floor_for(self, classes: int) -> float:
        """Return the floor that holds for a model of `classes` classes."""
        return default_floor(classes) if self.floor is None else self.floor


def default_floor(classes: int) -> float:
    """Return the default weakness floor: 0.50 for at most 20 classes, else 0.20."""
    return FLOOR_FEW if classes <= FEW_CLASSES else FLOOR_MANY


def rank(probabilities: NDArray[np.float64], labels: tuple[str, ...], *, top: int) -> tuple[Prediction, ...]:
    """Return the `top` likeliest classes, most likely first; ties keep the lower index.

    Args:
        probabilities: Shape (K,), each in [0, 1].
        labels: K names, in output order.
        top: At least 1; more than K gives all K.

    Raises:
        ModelOutputError: Not exactly one probability per label.
    """
    if probabilities.shape != (len(labels),):
        raise ModelOutputError(
            N_("Expected {expected} probabilities, one per label; received shape {received}."),
            expected=len(labels),
            received=probabilities.shape,
        )
    order = _order(probabilities, min(top, len(labels)))
    return tuple(Prediction(int(i), labels[i], float(probabilities[i])) for i in order)


def _order(values: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return where the `count` largest values are, as a stable sort of all would; of a thousand that takes longer."""
    least = np.partition(values, -count)[-count]
    candidates = np.flatnonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")][:count]


def judge(probabilities: NDArray[np.float64], labels: tuple[str, ...], thresholds: Thresholds | None = None) -> Verdict:
    """Decide whether one class stands out.

    Args:
        probabilities: Shape (K,), float64, non-negative, sum 1 (see `lib.classify.outputs`).
        labels: K names, in output order.
        thresholds: The two adjustable numbers; None takes the defaults.

    Raises:
        ModelOutputError: Not exactly one probability per label.
    """
    thresholds = thresholds or Thresholds()
    classes = len(labels)
    ranked = rank(probabilities, labels, top=MAX_NAMED)
    p1 = ranked[0].probability
    p2 = ranked[1].probability if classes > 1 else 0.0
    floor = thresholds.floor_for(classes)
    kind = kind_of(p1, p2, classes, thresholds)
    has_rival = kind in (VerdictKind.CLOSE, VerdictKind.NONE)
    running = int(np.count_nonzero(probabilities >= thresholds.ratio * p1)) if has_rival else 0
    return Verdict(
        kind=kind,
        rivals=ranked[:running],
        more_rivals=max(0, running - MAX_NAMED),
        winner=ranked[0],
        p2=p2,
        classes=classes,
        ratio=thresholds.ratio,
        floor=floor,
        spread=spread(probabilities),
    )


def kind_of(p1: float, p2: float, classes: int, thresholds: Thresholds) -> VerdictKind:
    """Return the verdict on two largest probabilities; see above for the rule.

    Args:
        p1: The largest probability.
        p2: The second largest; 0 for a model of one class.
        classes: K, how many classes compete.
        thresholds: The two adjustable numbers.
    """
    has_rival = p2 >= thresholds.ratio * p1
    is_weak = p1 < thresholds.floor_for(classes)
    return _KINDS[has_rival, is_weak]


_KINDS = {
    (False, False): VerdictKind.CLEAR,
    (True, False): VerdictKind.CLOSE,
    (False, True): VerdictKind.WEAK,
    (True, True): VerdictKind.NONE,
}


def spread(probabilities: NDArray[np.float64]) -> float:
    """Return exp(entropy): 1 when one class has everything, K when all are equal (the perplexity).

    Args:
        probabilities: Shape (K,), non-negative, sum 1.
    """
    positive = probabilities[probabilities > 0]
    return float(np.exp(-np.sum(positive * np.log(positive))))


def percent(probability: float) -> str:
    """Return a probability as people read it: "91 %"; never "0 %" or "100 %" unless it is exactly that."""
    whole = round(probability * 100)
    if whole == 0 and probability > 0:
        return "<1 %"
    if whole == 100 and probability < 1:
        return ">99 %"
    return f"{whole} %"


def explain(verdict: Verdict) -> Message:
    """Return the verdict as one sentence."""
    winner, p1 = verdict.winner.label, percent(verdict.winner.probability)
    match verdict.kind:
        case VerdictKind.CLEAR if verdict.winner.probability < FLOOR_FEW:
            text = N_("{label}, {percent}; {percent} is a lot when {classes} classes compete")
            return Message(text, {"label": winner, "percent": p1, "classes": verdict.classes})
        case VerdictKind.CLEAR:
            return Message(N_("{label}, {percent}"), {"label": winner, "percent": p1})
        case VerdictKind.CLOSE:
            return Message(N_("Too close to call: {names}"), {"names": name_rivals(verdict)})
        case VerdictKind.WEAK:
            text = N_("Not sure: {label} leads, but with only {percent}")
            return Message(text, {"label": winner, "percent": p1})
        case VerdictKind.NONE:
            return Message(N_("No class stands out: {names}"), {"names": name_rivals(verdict)})


def name_rivals(verdict: Verdict) -> str:
    """Return the classes in the running with their probabilities: "cat 46 %, dog 41 %, +3"."""
    names = [f"{p.label} {percent(p.probability)}" for p in verdict.rivals]
    if verdict.more_rivals:
        names.append(f"+{verdict.more_rivals}")
    return ", ".join(names)
