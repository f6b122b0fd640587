"""What making a model smaller did to its answers: a model beside its 8-bit or 16-bit variant. No true class needed."""

from dataclasses import dataclass

import numpy as np

from lib.evaluation.answers import Answers
from lib.evaluation.shares import Share, share
from lib.messages import N_, Message
from lib.model.spec import ModelSpec
from lib.verdict import Thresholds, spoken_percent

MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Shift:
    """How much the answer on one photo moved.

    Attributes:
        photo: Its position, from 0.
        index: The class whose probability moved most.
        before: Its probability by the model.
        after: By the variant.
    """

    photo: int
    index: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class VariantChange:
    """How a variant of a model differs from it.

    Attributes:
        changed_answers: On how many photos the likeliest class is another.
        changed_verdicts: On how many photos the verdict is another.
        largest: The photos whose probabilities moved most, first the most, at most twelve.
    """

    changed_answers: Share
    changed_verdicts: Share
    largest: tuple[Shift, ...]


def made_from(spec: ModelSpec) -> str:
    """Return the id of the model that this is a smaller form of, from `[source]`; "" for a model in its own right."""
    return str(spec.source.get("made_from", ""))


def change_between(first: Answers, second: Answers, thresholds: Thresholds) -> VariantChange | None:
    """Return what is different about the second of two models if they are one, in two number formats, else None.

    They are if one was made from the other, or both from a third.
    """
    originals = {answers.made_from or answers.model for answers in (first, second)}
    is_one = len(originals) == 1 and first.own_labels == second.own_labels
    return compare_variants(first, second, thresholds) if is_one else None


def compare_variants(model: Answers, variant: Answers, thresholds: Thresholds) -> VariantChange:
    """Return what is different about a variant, of the same classes, on the same N photos; N at least 1."""
    moved = np.abs(variant.probabilities - model.probabilities)
    most = moved.argmax(axis=1)
    sizes = moved[np.arange(len(moved)), most]
    order = np.argsort(-sizes, kind="stable")[:MOST_SHOWN]
    other_answer = model.best != variant.best
    pairs = zip(model.kinds(thresholds), variant.kinds(thresholds), strict=True)
    other_verdict = np.array([before is not after for before, after in pairs])
    return VariantChange(
        changed_answers=share(int(other_answer.sum()), len(model)),
        changed_verdicts=share(int(other_verdict.sum()), len(model)),
        largest=tuple(_shift(int(photo), int(most[photo]), model, variant) for photo in order),
    )


def explain_change(change: VariantChange, model: str, variant: str) -> Message:
    """Return the difference in one sentence; `model` and `variant` are their names."""
    return Message(
        N_(
            "On {photos} photos, {variant} and {model} give a different answer {answers} times and a different verdict "
            "{verdicts} times. The largest change in a probability: {before} to {after}."
        ),
        {
            "photos": change.changed_answers.total,
            "variant": variant,
            "model": model,
            "answers": change.changed_answers.count,
            "verdicts": change.changed_verdicts.count,
            "before": spoken_percent(change.largest[0].before),
            "after": spoken_percent(change.largest[0].after),
        },
    )


def _shift(photo: int, index: int, model: Answers, variant: Answers) -> Shift:
    before, after = (float(answers.probabilities[photo, index]) for answers in (model, variant))
    return Shift(photo, index, before, after)
