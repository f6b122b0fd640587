"""What a page says of an answer: the verdict in a word, what it names, and the reason in a sentence.

Other doors say all of it in one sentence (`lib.verdict.explain`); a page has a headline, and bars beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lib.face.names import shortened
from lib.i18n import Translator
from lib.results import Classification, Failure, Familiarity, Group, Outcome, Prediction, VerdictKind
from lib.verdict import FEW_CLASSES, default_floor, explain_kind, explain_score, percent, strange, sure_group

MOST_NAMED = 3


class Kind(StrEnum):
    """What became of a photo, as a page sorts it: a verdict, or what outranks all of them."""

    CLEAR = "clear"
    CLOSE = "close"
    WEAK = "weak"
    NONE = "none"
    UNFAMILIAR = "unfamiliar"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a photo.

    Attributes:
        verdict: "Too close to call"; empty where the answer says it all.
        answer: "cat or dog"; empty where nothing can be named.
        reason: "59% against 35%."
        short: What fits below a small picture: the answer, or the verdict.
        share: The winner's share where it belongs to the answer, such as "87%", else empty.
        number: For an unfamiliar photo its score and the one needed, in a sentence; else empty.
    """

    verdict: str
    answer: str
    reason: str
    short: str
    share: str = ""
    number: str = ""

    @property
    def why(self) -> str:
        """Return the reason with its number."""
        return f"{self.reason} {self.number}".rstrip()


def kind_of(outcome: Outcome | None) -> Kind:
    """Return how a page sorts a photo: what is unlike all that the model learned from is never clear."""
    match outcome:
        case None:
            return Kind.WAITING
        case Failure():
            return Kind.FAILED
        case Classification():
            is_strange = strange(outcome.verdict, outcome.familiarity) is not None
            return Kind.UNFAMILIAR if is_strange else Kind(outcome.verdict.kind)


def words(t: Translator, outcome: Outcome) -> Words:
    """Return what is said of a photo, in words."""
    if isinstance(outcome, Failure):
        return Words(t("No answer"), "", t.message(outcome.error.message), t("No answer"))
    found = shortened(outcome)
    verdict, winner = found.verdict, found.verdict.winner
    floor, share = percent(verdict.floor), shown(winner.probability)
    if (told := strange(verdict, found.familiarity)) is not None:
        return _unfamiliar(t, told, winner.label)
    if (group := sure_group(verdict, found.group)) is not None:
        of_group = shown(group.probability)
        answer = t("Most likely {group}, {percent}", group=group.phrase, percent=of_group)
        return Words("", answer, t.message(explain_kind(_fewer(group), verdict)), t.word(group.name), of_group)
    match verdict.kind:
        case VerdictKind.CLEAR:
            reason = _clear(t, share, verdict.classes, is_small=winner.probability < default_floor(FEW_CLASSES))
            return Words(t("Clear"), winner.label, reason, winner.label, share)
        case VerdictKind.CLOSE:
            names = either(t, verdict.rivals, verdict.more_rivals)
            shares = [shown(p.probability) for p in verdict.rivals]
            return Words(t("Too close to call"), names, _against(t, shares), names)
        case VerdictKind.WEAK:
            name = t("{label}?", label=winner.label)
            reason = t("It leads, but {percent} is less than the {floor} needed.", percent=share, floor=floor)
            return Words(t("Not sure"), name, reason, name)
        case VerdictKind.NONE:
            names = t("{label}?", label=either(t, verdict.rivals, verdict.more_rivals))
            reason = t("{names} None reaches the {floor} needed.", names=names, floor=floor)
            return Words(t("No class stands out"), "", reason, names)


def _fewer(group: Group) -> Group:
    """Return a group of which no more kinds are named than there is room for; the bars show the others."""
    named = group.rivals[:MOST_NAMED] if len(group.rivals) + group.more_rivals <= MOST_NAMED else group.rivals[:2]
    return replace(group, rivals=named, more_rivals=group.more_rivals + len(group.rivals) - len(named))


def things(t: Translator, count: int) -> str:
    """Return how many classes a model knows, as `words` says it of a clear answer."""
    return t.plural("only {n} thing", "only {n} things", count)


def shown(probability: float) -> str:
    """Return a class's share; where 8 bits leave nothing for the others, nobody is certain all the same."""
    return percent(min(probability, 0.999))


def either(t: Translator, predictions: Sequence[Prediction], more: int) -> str:
    """Return the names of classes, of which it may be any: "cat, dog or panda", "cat, dog or 3 more".

    Args:
        t: The reader's language.
        predictions: At least one.
        more: How many there are beyond these.
    """
    names = [prediction.label for prediction in predictions]
    if len(names) + more > MOST_NAMED:
        more += len(names) - (MOST_NAMED - 1)
        names = [*names[: MOST_NAMED - 1], t("{n} more", n=more)]
    *first, last = names
    return t("{names} or {last}", names=t.listed(first), last=last) if first else last


def _unfamiliar(t: Translator, familiarity: Familiarity, nearest: str) -> Words:
    number = t.message(explain_score(familiarity))
    if familiarity.is_hint:
        reason = t("It may be unlike anything it learned. The nearest thing it knows: {label}.", label=nearest)
        return Words(t("Perhaps unfamiliar"), "", reason, t("perhaps unfamiliar"), number=number)
    reason = t("Unlike anything it learned. The nearest thing it knows: {label}.", label=nearest)
    return Words(t("Unfamiliar"), "", reason, t("unfamiliar"), number=number)


def _clear(t: Translator, share: str, classes: int, *, is_small: bool) -> str:
    known = things(t, classes)
    if is_small:
        return t(
            "{percent} is a lot among {n} things. Clear is not the same as right: it knows {things}.",
            percent=share,
            n=classes,
            things=known,
        )
    return t("{percent}. Clear is not the same as right: it knows {things}.", percent=share, things=known)


def _against(t: Translator, shares: Sequence[str]) -> str:
    first, *others = shares
    return t("{percent} against {others}.", percent=first, others=t.listed(others))
