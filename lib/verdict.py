"""The ambiguity rule: does one class stand out? Pure functions; the only place where this is decided.

Two questions are asked of the probabilities p1 ≥ p2 ≥ … of K classes:

    rival   p2 ≥ ratio · p1      is there a rival?             ratio 0.5 unless told
    weak    p1 < floor           is the winner too weak?       floor 0.50 for K ≤ 20, 0.20 above, unless told

    neither → clear     rival only → close     weak only → weak     both → none

The comparison with p2 is the decision rule of margin (best-versus-second-best) uncertainty, taken as a ratio so
that it means the same for 2 and for 1000 classes (cf. Settles, "Active Learning Literature Survey", 2009, §3.1).
Ambiguity is not novelty: an object the model has never seen often gets a clear, wrong answer.

Where a model's classes fall into everyday groups (all breeds are dogs), the same two questions are asked of the groups'
sums, with a floor of 0.60: so it is said as exactly as one can be sure (Deng et al., "Hedging your bets: optimizing
accuracy-specificity trade-offs in large scale visual recognition", CVPR 2012, here with two levels).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelOutputError, UsageError
from lib.messages import N_, Listed, Message, Word
from lib.results import AnswerKind, Familiarity, Group, Prediction, Verdict, VerdictKind

RATIO = 0.5
RATIO_RANGE = (0.2, 0.9)
FEW_CLASSES = 20
FLOOR_FEW = 0.50
FLOOR_MANY = 0.20
# The lowest of those tried with which 97 of 100 groups that stood out were right, for two models (EfficientNet-Lite0
# and MobileNet V2, 648 photos); with 0.20 it is 95.
FLOOR_GROUPS = 0.60
FLOOR_RANGE = (0.05, 0.95)
MAX_NAMED = 5
DIGITS, MOST_DIGITS = {"max-logit": 1, "class-mean": 2}, 4  # after the point, of a score


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
                N_("The rival ratio must be between {low} and {high}, not {value}."),
                low=RATIO_RANGE[0],
                high=RATIO_RANGE[1],
                value=self.ratio,
            )
        if self.floor is not None and not FLOOR_RANGE[0] <= self.floor <= FLOOR_RANGE[1]:
            raise UsageError(
                N_("The minimum probability of the winner must be between {low} and {high}, not {value}."),
                low=FLOOR_RANGE[0],
                high=FLOOR_RANGE[1],
                value=self.floor,
            )

    def floor_for(self, classes: int) -> float:
        """Return the floor that holds for a model of `classes` classes."""
        return default_floor(classes) if self.floor is None else self.floor


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The everyday groups of a model's classes; each class is in one, or in the rest, which is never named.

    Attributes:
        names: G names, see `lib.results.Group`.
        phrases: The same as a sentence says them.
        of_class: Shape (K,): for each class the position of its group; G for the rest.
    """

    names: tuple[Word, ...]
    phrases: tuple[Word, ...]
    of_class: NDArray[np.intp]

    def sums(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the groups' probabilities, shape (G + 1,), the last that of the rest, of the classes', shape (K,)."""
        return np.asarray(np.bincount(self.of_class, probabilities, len(self.names) + 1), np.float64)


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
            N_("Expected {expected} probabilities, one per label. Received shape {received}."),
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


def judge_groups(
    probabilities: NDArray[np.float64], labels: tuple[str, ...], groups: Groups, thresholds: Thresholds | None = None
) -> Group | None:
    """Decide whether one everyday group stands out; None where the rest, which has no name, is likeliest.

    Args:
        probabilities: Shape (K,), float64, non-negative, sum 1.
        labels: K names, in output order.
        groups: Of these classes.
        thresholds: Of these the ratio; the floor is `FLOOR_GROUPS`.
    """
    thresholds = thresholds or Thresholds()
    sums = groups.sums(probabilities)
    leader, second = _order(sums, 2).tolist()
    if leader == len(groups.names):
        return None
    (members,) = np.nonzero(groups.of_class == leader)
    own = probabilities[members]
    (running,) = np.nonzero(own >= thresholds.ratio * own.max())
    ranked = running[np.argsort(-own[running], kind="stable")][:MAX_NAMED]
    return Group(
        groups.names[leader],
        groups.phrases[leader],
        probability=min(float(sums[leader]), 1.0),
        verdict=_kind(float(sums[leader]), float(sums[second]), thresholds.ratio, FLOOR_GROUPS),
        rivals=tuple(Prediction(int(i), labels[i], float(probabilities[i])) for i in members[ranked]),
        more_rivals=max(0, len(running) - MAX_NAMED),
    )


def by_threshold(found: Familiarity | None, least: float | None) -> Familiarity | None:
    """Return how familiar a photo is by another threshold than the model's own; needs no second look at the photo.

    Args:
        found: What the model said; None for one that cannot say.
        least: The score from which on a photo is familiar, in the model's own units; None keeps the threshold.
    """
    return found if found is None or least is None else replace(found, threshold=least)


def kind_of(p1: float, p2: float, classes: int, thresholds: Thresholds) -> VerdictKind:
    """Return the verdict on two largest probabilities; see above for the rule.

    Args:
        p1: The largest probability.
        p2: The second largest; 0 for a model of one class.
        classes: K, how many classes compete.
        thresholds: The two adjustable numbers.
    """
    return _kind(p1, p2, thresholds.ratio, thresholds.floor_for(classes))


def _kind(p1: float, p2: float, ratio: float, floor: float) -> VerdictKind:
    has_rival, is_weak = p2 >= ratio * p1, p1 < floor
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
    """Return a probability as people read it: "91%"; never "0%" or "100%" unless it is exactly that."""
    whole = round(probability * 100)
    if whole == 0 and probability > 0:
        return "<1%"
    if whole == 100 and probability < 1:
        return ">99%"
    return f"{whole}%"


def spoken_percent(probability: float) -> str | Message:
    """Return the same as a sentence says it: "less than 1%" for "<1%"."""
    match percent(probability):
        case "<1%":
            return Message(N_("less than 1%"))
        case ">99%":
            return Message(N_("more than 99%"))
        case number:
            return number


def explain(verdict: Verdict, group: Group | None = None, familiarity: Familiarity | None = None) -> Message:
    """Return the verdict as one sentence; where no class stands out but `group` does, as two: it, and which kind.

    A photo unlike all that the model learned from is said to be so before anything else.
    """
    if (told := strange(verdict, familiarity)) is not None:
        text = unfamiliar_text(is_hint=told.is_hint)
        return Message(text, {"label": verdict.winner.label, "number": explain_score(told)})
    if (sure := sure_group(verdict, group)) is not None:
        values = {"group": explain_group(sure), "kind": explain_kind(sure, verdict)}
        return Message(N_("{group} {kind}"), values)
    winner, p1 = verdict.winner.label, percent(verdict.winner.probability)
    match verdict.kind:
        case VerdictKind.CLEAR if verdict.winner.probability < FLOOR_FEW:
            text = N_("{label}, {percent} (high, given {classes} classes to choose from)")
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


def strange(verdict: Verdict, familiarity: Familiarity | None) -> Familiarity | None:
    """Return `familiarity` if it goes before the verdict, because the photo is unfamiliar.

    A mere hint goes before a clear class alone: what else a verdict says is doubt enough, or a group that is sure.
    """
    if familiarity is None or not familiarity.is_unfamiliar:
        return None
    return None if familiarity.is_hint and verdict.kind.is_ambiguous else familiarity


def answer_kind(verdict: Verdict, group: Group | None, familiarity: Familiarity | None) -> AnswerKind:
    """Return what an answer comes to: unfamiliar before all else, then a group that is sure, then the verdict."""
    if strange(verdict, familiarity) is not None:
        return AnswerKind.UNFAMILIAR
    return AnswerKind.GROUP if sure_group(verdict, group) is not None else AnswerKind(verdict.kind)


def unfamiliar_text(*, is_hint: bool) -> str:
    """Return what is said of an unfamiliar photo, its gaps open: {label}, and {number}, which `score_text` fills."""
    if is_hint:
        return N_(
            "Perhaps unfamiliar: it may be unlike anything it learned. The nearest thing it knows: {label}. {number}"
        )
    return N_("Unfamiliar: unlike anything it learned. The nearest thing it knows: {label}. {number}")


def score_text(method: str) -> str:
    """Return what is said of its score, its gaps open: {score} and {needed}."""
    if method == "max-logit":
        return N_("Its strongest vote is {score}, less than the {needed} needed.")
    return N_("Its likeness to the nearest class is {score}, less than the {needed} needed.")


def explain_score(found: Familiarity) -> Message:
    """Return in one sentence, with its full stop, which score an unfamiliar photo has, and which it would need."""
    score, needed = numbers(found)
    return Message(score_text(found.method), {"score": score, "needed": needed})


def numbers(found: Familiarity) -> tuple[str, str]:
    """Return score and threshold as people read them: as few digits as tell them apart, "3.1" and "5.2"."""
    digits = DIGITS[found.method]
    while digits < MOST_DIGITS and round(found.score, digits) == round(found.threshold, digits):
        digits += 1
    return f"{found.score:z.{digits}f}", f"{found.threshold:z.{digits}f}"


def sure_group(verdict: Verdict, group: Group | None) -> Group | None:
    """Return `group` if it is the answer: no class stands out, but the group does. A clear class is never replaced."""
    return group if group and group.verdict is VerdictKind.CLEAR and verdict.kind.is_ambiguous else None


def explain_group(group: Group) -> Message:
    """Return which group it is, in one sentence with its full stop; one in twenty is wrong, so it says "likely"."""
    return Message(
        N_("Most likely {group}, {percent}."), {"group": group.phrase, "percent": percent(group.probability)}
    )


def explain_kind(group: Group, verdict: Verdict) -> Message:
    """Return in one sentence, with its full stop, why no class of the group can be named; see `sure_group`."""
    leader = group.rivals[0]
    if len(group.rivals) == 1:
        text = N_("Not sure which kind: {label} leads, but with only {percent}.")
        return Message(text, {"label": leader.label, "percent": percent(leader.probability)})
    is_weak = leader.probability < verdict.floor
    text = N_("No kind stands out: {names}.") if is_weak else N_("Too close to say which kind: {names}.")
    return Message(text, {"names": name_rivals(group)})


def name_rivals(judged: Verdict | Group) -> Listed | Message:
    """Return the classes in the running with their probabilities: "cat 46%, dog 41% and 3 more"."""
    names = Listed(named(judged.rivals))
    if not judged.more_rivals:
        return names
    return Message(N_("{names} and {n} more"), {"names": names, "n": judged.more_rivals})


def named(predictions: Iterable[Prediction]) -> tuple[str, ...]:
    """Return classes with their probabilities: "cat 46%", "dog 41%"."""
    return tuple(f"{p.label} {percent(p.probability)}" for p in predictions)
