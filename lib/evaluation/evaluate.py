"""Labelled photos + models → how good each model is, where they differ, and what its verdicts are worth.

`evaluate` lets all models see each photo once; `assess` works out the figures from their answers, and can do so again
with other thresholds without looking at a photo again.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from lib.classify.classifier import Classifier
from lib.classify.infer import Look, Settings, infer_with_each
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Basis, Matching, explain_basis
from lib.datasets.others import is_beside
from lib.errors import DatasetError
from lib.evaluation import accuracy, agreement, calibration, groups, meaning, shift, track_record, unknown, verdicts
from lib.evaluation.accuracy import ClassFigures, Confusion, Hits
from lib.evaluation.agreement import Agreement, Gallery
from lib.evaluation.answers import Answers, Bools, Floats, Ints, Scores
from lib.evaluation.calibration import Bin
from lib.evaluation.groups import GroupFigures
from lib.evaluation.shares import Share
from lib.evaluation.shift import VariantChange, made_from
from lib.evaluation.significance import Difference, correct, mcnemar
from lib.evaluation.track_record import Told
from lib.evaluation.unknown import UnknownFigures
from lib.evaluation.verdicts import CurvePoint, VerdictFigures
from lib.messages import N_, Listed, Message
from lib.results import Answer, AnswerKind, Failure, VerdictKind
from lib.verdict import Thresholds
from lib.work.progress import OnProgress, Progress


@dataclass(frozen=True, slots=True)
class Entrant:
    """A model that is evaluated.

    Attributes:
        classifier: The model.
        labels: Its K names in the reader's language.
        matching: How the photos' classes relate to the model's.
        sha256: Digest of its weights, lower-case hex; "" if unknown.
    """

    classifier: Classifier
    labels: tuple[str, ...]
    matching: Matching
    sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ModelFigures:
    """How good one model is. All figures are of `answers`.

    Attributes:
        answers: What it said of each photo; classes of one meaning for the photos are one, `lib.evaluation.meaning`.
        own: The same in its own classes.
        matching: How the photos' classes relate to its own.
        hits: Which photos it named rightly; those of a class it does not have are not judged.
        top1: Share of judged photos whose likeliest class is right.
        top5: Share with a right class among the five likeliest; None for models of fewer than six classes.
        ece: Expected calibration error, in [0, 1].
        bins: The bars of the reliability diagram.
        confusion: True class × answered class.
        per_class: Precision and recall.
        kinds: The verdict on each photo, judged or not.
        verdicts: Share and accuracy of each verdict.
        curve: Share answered and accuracy over the ratio slider.
        groups: What its everyday groups add; None for a model without any.
        told: What the answers come to for their reader, who is told of groups and of unfamiliar photos, too.
        outcomes: Share and accuracy of what they come to; what never comes up is missing.
        by_itself: What they come to in its own classes and with the default thresholds, as if no other was chosen.
        unknown: How well it knows what it does not know; None without photos of other things.
    """

    answers: Answers
    own: Answers
    matching: Matching
    hits: Hits
    top1: Share
    top5: Share | None
    ece: float
    bins: tuple[Bin, ...]
    confusion: Confusion
    per_class: tuple[ClassFigures, ...]
    kinds: tuple[VerdictKind, ...]
    verdicts: Mapping[VerdictKind, VerdictFigures]
    curve: tuple[CurvePoint, ...]
    groups: GroupFigures | None
    told: Told
    outcomes: Mapping[AnswerKind, VerdictFigures]
    by_itself: Told
    unknown: UnknownFigures | None


@dataclass(frozen=True, slots=True, eq=False)
class PairFigures:
    """How two models compare.

    Attributes:
        agreement: How far they say the same.
        difference: Whether one is better, on the photos both are judged on; None if there are none.
        change: What one made of the other's answers, if they are one model in two number formats; else None.
    """

    agreement: Agreement
    difference: Difference | None
    change: VariantChange | None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything there is to say about models on labelled photos.

    Attributes:
        photos: Those that every model saw, and what was skipped.
        labels: Shape (N,), the class of each photo.
        thresholds: Of the verdicts.
        models: In the order they were given.
        pairs: Every two of them, in that order.
        gallery: The photos by what the models make of them; None for a single model.
    """

    photos: LabelledPhotos
    labels: Ints
    thresholds: Thresholds
    models: tuple[ModelFigures, ...]
    pairs: tuple[PairFigures, ...]
    gallery: Gallery | None

    def names(self, pair: PairFigures) -> tuple[str, str]:
        """Return the names of the two models of a pair."""
        names = {model.answers.model: model.answers.name for model in self.models}
        return names[pair.agreement.first], names[pair.agreement.second]

    def as_read(self, labels: Sequence[tuple[str, ...]], thresholds: Thresholds) -> "Evaluation":
        """Return the same evaluation with each model's labels in another language and with other thresholds.

        No photo is looked at.
        """
        if thresholds == self.thresholds and list(labels) == [m.own.labels for m in self.models]:
            return self
        spoken = [(replace(m.own, labels=names), m.matching) for m, names in zip(self.models, labels, strict=True)]
        return assess(self.photos, spoken, thresholds)


def evaluate(
    photos: LabelledPhotos,
    entrants: Sequence[Entrant],
    settings: Settings | None = None,
    *,
    look: Look | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
    line: Executor | None = None,
) -> Evaluation | None:
    """Let models look at labelled photos, each decoded once, and work out how good they are.

    A photo that one of the models cannot look at is skipped for all, with the reason, so that all are judged on the
    same photos.

    Args:
        photos: The photos.
        entrants: The models, at least one.
        settings: None for the defaults.
        look: Called with each decoded photo, once, in a worker's thread.
        on_progress: Told the photos done, after each, in the thread that evaluates.
        cancelled: Once set, no further photo is begun.
        line: Where models look, among others' work; None for threads of its own.

    Returns:
        The evaluation; None if it was cancelled.

    Raises:
        DatasetError: A model knows none of the classes, or no photo could be looked at.
    """
    for entrant in entrants:
        _require_known(entrant, photos)
    seen = _look_at(photos, entrants, look, on_progress, cancelled, line)
    if seen is None:
        return None
    kept, answers = seen[0], _told_apart(seen[1])
    matchings = [entrant.matching for entrant in entrants]
    return assess(kept, list(zip(answers, matchings, strict=True)), (settings or Settings()).thresholds)


def assess(
    photos: LabelledPhotos, models: Sequence[tuple[Answers, Matching]], thresholds: Thresholds
) -> Evaluation:  # fmt: skip
    """Work out the figures of models whose answers are known.

    Args:
        photos: N photos, at least one.
        models: For each model its answers about these photos, in its own classes, and how their classes relate to them.
        thresholds: Of the verdicts.
    """
    labels = np.array([photo.label for photo in photos.photos], dtype=np.int64)
    figures = tuple(_assess_one(answers, matching, photos, labels, thresholds) for answers, matching in models)
    everyone = [model.answers for model in figures]
    agreements = agreement.compare_all(everyone, _of_classes(photos, labels))
    return Evaluation(
        photos=photos,
        labels=labels,
        thresholds=thresholds,
        models=figures,
        pairs=_assess_pairs(figures, agreements, thresholds),
        gallery=agreement.sort_photos(everyone, [m.kinds for m in figures], agreements) if len(figures) > 1 else None,
    )


def notes_on(evaluation: Evaluation) -> tuple[Message, ...]:
    """Return what a reader should know about the figures: what the photos are, and what a model was not judged on."""
    notes = list(evaluation.photos.notes)
    of_classes = _of_classes(evaluation.photos, evaluation.labels)
    for model in evaluation.models:
        left_out = int((of_classes & ~model.hits.judged).sum())
        if left_out:
            notes.append(
                Message(
                    N_("{model} has no class for {count} of the {photos} photos. They are left out of its figures."),
                    {"model": model.answers.name, "count": left_out, "photos": int(of_classes.sum())},
                )
            )
    return tuple(notes)


def notes_on_unknown(evaluation: Evaluation) -> tuple[Message, ...]:
    """Return what a reader should know about how well the models know what they do not know; nothing without that."""
    models = evaluation.models
    return unknown.notes([model.unknown for model in models], [model.own.own_labels for model in models])


def _of_classes(photos: LabelledPhotos, labels: Ints) -> Bools:
    """Return which photos are of a class, shape (N,); the others stand beside (`lib.datasets.others`)."""
    return np.array([not is_beside(name) for name in photos.classes], dtype=np.bool_)[labels]


def notes_on_pairs(evaluation: Evaluation) -> tuple[Message, ...]:
    """Return what a reader should know of the pairs: what is compared, and what making a model smaller changed."""
    notes: list[Message] = []
    for pair in evaluation.pairs:
        if pair.agreement.common.basis is not Basis.SAME:
            notes.append(explain_basis(pair.agreement.common.basis))
        if pair.change is not None:
            notes.append(shift.explain_change(pair.change, *evaluation.names(pair)))
    return tuple(note for index, note in enumerate(notes) if note not in notes[:index])


def _require_known(entrant: Entrant, photos: LabelledPhotos) -> None:
    known = [index for index, targets in enumerate(entrant.matching.targets) if targets]
    if not any(photo.label in known for photo in photos.photos):
        raise _knows_none(entrant.classifier.spec.name, photos)


def _knows_none(model: str, photos: LabelledPhotos) -> DatasetError:
    if all(map(is_beside, photos.classes)):
        text = N_(
            "{folder} has only photos of other things. Add photos of things that {model} knows, each class in a folder."
        )
        return DatasetError(text, folder=photos.name, model=model)
    shown = Listed((*photos.titles[:8], "…") if len(photos.titles) > 8 else photos.titles)
    text = N_("{model} knows none of the classes of {folder}: {classes}.")
    return DatasetError(text, model=model, folder=photos.name, classes=shown)


def _look_at(
    photos: LabelledPhotos,
    entrants: Sequence[Entrant],
    look: Look | None,
    on_progress: OnProgress,
    cancelled: threading.Event | None,
    line: Executor | None,
) -> tuple[LabelledPhotos, list[Answers]] | None:
    """Return the photos that all models could look at, and what each said of them; None if cancelled."""
    total = len(photos.photos)
    probabilities = [np.empty((total, len(entrant.classifier.labels))) for entrant in entrants]
    last: list[Answer | None] = [None] * len(entrants)
    scores = np.full((len(entrants), total), np.nan)
    broken: dict[int, Message] = {}
    done = 0
    sources = (photo.source for photo in photos.photos)
    classifiers = [entrant.classifier for entrant in entrants]
    on_progress(Progress(done=0, total=total))
    for answers in infer_with_each(sources, classifiers, look=look, cancelled=cancelled, line=line):
        for position, answer in enumerate(answers):
            if isinstance(answer, Failure):
                broken.setdefault(done, answer.error.message)
            else:
                probabilities[position][done] = answer.probabilities
                last[position] = answer
                scores[position, done] = np.nan if answer.familiarity is None else answer.familiarity.score
        done += 1
        on_progress(Progress(done=done, total=total))
    if done < total or (cancelled is not None and cancelled.is_set()):
        return None
    kept = photos.without(broken)
    _require_photos(kept, photos)
    whole = np.array([index not in broken for index in range(total)], dtype=np.bool_)
    return kept, [
        _answers(entrant, matrix if not broken else matrix[whole], _scores(answer, own[whole]))
        for entrant, matrix, answer, own in zip(entrants, probabilities, last, scores, strict=True)
    ]


def _answers(entrant: Entrant, probabilities: Floats, scores: Scores | None) -> Answers:
    spec, own = entrant.classifier.spec, entrant.classifier.labels
    return Answers(
        spec.id, spec.name, entrant.labels, own, probabilities, made_from(spec),
        view=spec.input.resize, sha256=entrant.sha256, scores=scores,
    )  # fmt: skip


def _scores(answer: Answer | None, values: Floats) -> Scores | None:
    """Return what a model says of how familiar photos are, given one of its answers."""
    found = None if answer is None else answer.familiarity
    return None if found is None else Scores(found.method, values, found.threshold, found.is_hint)


def _told_apart(models: Sequence[Answers]) -> list[Answers]:
    """Return the answers with the id behind names that several models share, as trained ones may."""
    often = Counter(answers.name for answers in models)
    return [replace(a, name=f"{a.name} ({a.model})") if often[a.name] > 1 else a for a in models]


def _require_photos(kept: LabelledPhotos, photos: LabelledPhotos) -> None:
    if not kept.photos:
        raise DatasetError(
            N_("None of the {count} photos in {folder} could be classified. First reason: {reason}"),
            count=len(photos.photos), folder=photos.name, reason=kept.skipped[-1].reason,
        )  # fmt: skip


def _assess_one(
    own: Answers, matching: Matching, photos: LabelledPhotos, labels: Ints, thresholds: Thresholds
) -> ModelFigures:
    answers, meant = meaning.merge(own, matching, photos.titles)
    hits = accuracy.find_hits(answers, labels, meant.targets)
    if not hits.photos:
        raise _knows_none(answers.name, photos)
    kinds = answers.kinds(thresholds)
    told = track_record.tell(answers, labels, meant, thresholds)
    confusion = accuracy.confuse(answers, labels, meant, photos.titles)
    confidence, right = answers.p1[hits.judged], hits.right[hits.judged]
    return ModelFigures(
        answers=answers,
        own=own,
        matching=matching,
        hits=hits,
        top1=hits.top1,
        top5=accuracy.top5(answers, hits),
        ece=calibration.calibration_error(confidence, right),
        bins=calibration.reliability(confidence, right),
        confusion=confusion,
        per_class=accuracy.figures_per_class(confusion),
        kinds=kinds,
        verdicts=verdicts.figures_per_verdict(kinds, hits),
        curve=verdicts.coverage_curve(answers, hits, thresholds),
        groups=groups.figures(own, labels, matching, hits.judged, thresholds),
        told=told,
        outcomes=told.figures(),
        by_itself=track_record.tell(own, labels, matching),
        unknown=unknown.figures(answers, told, labels, matching),
    )


def _assess_pairs(
    models: Sequence[ModelFigures], agreements: Sequence[Agreement], thresholds: Thresholds
) -> tuple[PairFigures, ...]:
    """Return how every two models compare, given the agreement of each pair, in that order."""
    pairs = list(combinations(models, 2))
    found = {pair: difference for pair in pairs if (difference := _difference(*pair)) is not None}
    differences = dict(zip(found, correct(list(found.values())), strict=True))
    return tuple(
        PairFigures(common, differences.get(pair), shift.change_between(pair[0].own, pair[1].own, thresholds))
        for pair, common in zip(pairs, agreements, strict=True)
    )


def _difference(first: ModelFigures, second: ModelFigures) -> Difference | None:
    both = first.hits.judged & second.hits.judged
    only_first = int((both & first.hits.right & ~second.hits.right).sum())
    only_second = int((both & second.hits.right & ~first.hits.right).sum())
    return mcnemar(int(both.sum()), only_first, only_second) if both.any() else None
