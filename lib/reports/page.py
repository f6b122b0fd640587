"""An evaluation as one HTML file to hand out: tables, drawings and small photos, nothing fetched from anywhere.

The words are put in here, in the reader's language; `report.html` beside this file puts them in place and escapes
everything that comes from outside. Drawings are SVG made by that template: they follow light, dark and print by
themselves, and are smaller than pictures of charts.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lib.charts.palette import PALETTE
from lib.datasets.matching import How, explain_basis
from lib.errors import PhotoError
from lib.evaluation.accuracy import Confusion
from lib.evaluation.calibration import points
from lib.evaluation.evaluate import Evaluation, ModelFigures, PairFigures, notes_on
from lib.evaluation.shares import INTERVALS, explain_difference, with_interval
from lib.evaluation.shift import explain_change
from lib.evaluation.verdicts import KIND_NAMES, VERDICTS_NOTE, accuracy_words, nearest_ratio
from lib.i18n import Translator
from lib.messages import N_
from lib.photos.opening import open_photo, thumbnail
from lib.results import VerdictKind
from lib.verdict import RATIO_RANGE, percent

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_suffix(".html")
MOST_DISAGREEMENTS = 24
MOST_AMBIGUOUS = 12
# Up to so many classes the whole table is shown; of more, the most frequent mistakes.
MOST_CLASSES = 24
MOST_MISTAKES = 20
MOST_SKIPPED = 500
MOST_MEANINGS = 4
THUMBNAIL_SIDE = 120


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What was taken for what, and how often."""

    true: str
    answered: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class _PhotoView:
    """A photo in the gallery.

    Attributes:
        file: Its name.
        image: As a data address, or "".
        truth: Its class.
        said: For each model its name, its answer in words, and "right", "wrong" or "" if not judged.
    """

    file: str
    image: str
    truth: str
    said: tuple[tuple[str, str, str], ...]


def report(evaluation: Evaluation, say: Translator, *, thumbnails: Mapping[int, bytes] | None = None) -> str:
    """Return the report as HTML.

    Args:
        evaluation: The figures.
        say: The reader's language.
        thumbnails: Small JPEGs by position of the photo; of those in `photos_shown`, any may be missing.
    """
    thumbnails = thumbnails or {}
    gallery = evaluation.gallery
    contradicted = [found.photo for found in gallery.disagreements] if gallery else []
    ambiguous = list(gallery.all_ambiguous) if gallery else []
    return _template().render(
        w=_words(evaluation, say, len(contradicted), len(ambiguous)),
        language=say.language,
        models=[_model(model, index, say) for index, model in enumerate(evaluation.models)],
        meanings=_meanings(evaluation, say),
        kinds=[say(KIND_NAMES[kind]) for kind in VerdictKind],
        curves=_curves(evaluation),
        pairs=[_pair(pair, evaluation, say) for pair in evaluation.pairs],
        disagreements=[_photo(evaluation, i, thumbnails) for i in contradicted[:MOST_DISAGREEMENTS]],
        ambiguous=[_photo(evaluation, i, thumbnails) for i in ambiguous[:MOST_AMBIGUOUS]],
        notes=[say.message(note) for note in notes_on(evaluation)],
        skipped=[(s.file, say.message(s.reason)) for s in evaluation.photos.skipped[:MOST_SKIPPED]],
    )


def photos_shown(evaluation: Evaluation) -> tuple[int, ...]:
    """Return the positions of the photos that the report shows."""
    if evaluation.gallery is None:
        return ()
    found = [d.photo for d in evaluation.gallery.disagreements[:MOST_DISAGREEMENTS]]
    return (*found, *evaluation.gallery.all_ambiguous[:MOST_AMBIGUOUS])


def read_thumbnails(evaluation: Evaluation) -> Mapping[int, bytes]:
    """Return small JPEGs of the photos that the report shows; one that cannot be read any more is left out."""
    found = {}
    for index in photos_shown(evaluation):
        source = evaluation.photos.photos[index].source
        try:
            found[index] = thumbnail(
                open_photo(source.read(), source.name, at_least=THUMBNAIL_SIDE), side=THUMBNAIL_SIDE
            )
        except PhotoError:
            continue
    return found


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _words(evaluation: Evaluation, say: Translator, disagreements: int, ambiguous: int) -> dict[str, str]:
    """Return the report's own sentences in the reader's language."""
    folder, classes = evaluation.photos.name, len(evaluation.photos.classes)
    models = ", ".join(model.answers.name for model in evaluation.models)
    date = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    intro = N_("{models} on {count} photos of {classes} classes from {folder}. {date}")
    low, high = map(percent, RATIO_RANGE)
    ratio = percent(evaluation.thresholds.ratio)
    skipped, many = len(evaluation.photos.skipped), classes > MOST_CLASSES
    return {
        **{name: say(text) for name, text in _WORDS.items()},
        "title": say(N_("Models compared: {folder}"), folder=folder),
        "intro": say(intro, models=models, count=len(evaluation.labels), classes=classes, folder=folder, date=date),
        "coverage_note": say(_COVERAGE_NOTE, low=low, high=high, ratio=ratio),
        "meanings_cut": say(N_("Classes that every model calls the same are left out.")) if many else "",
        "classes_cut": say(N_("Figures class by class are shown for up to {n} classes."), n=MOST_CLASSES),
        "disagreements": say(N_("Photos on which models contradict each other ({count})"), count=disagreements),
        "disagreements_cut": _cut(disagreements, MOST_DISAGREEMENTS, say),
        "ambiguous": say(N_("Photos on which no model is sure ({count})"), count=ambiguous),
        "ambiguous_cut": _cut(ambiguous, MOST_AMBIGUOUS, say),
        "skipped": say(N_("Files that were skipped ({count})"), count=skipped),
        "skipped_cut": _cut(skipped, MOST_SKIPPED, say),
    }


def _cut(total: int, most: int, say: Translator) -> str:
    """Return what to say of a list of which `most` are shown; nothing if these are all."""
    return "" if total <= most else say(N_("The first {shown} are shown."), shown=most)


_COVERAGE_NOTE = N_(
    "Each line shows the rival ratio going from {low} (strictest) to {high}. The stricter the rule, the fewer photos "
    "get a clear answer, and the more of those answers are right. The large dot is the ratio that was set, {ratio}."
)
_WORDS = {
    "accuracy": N_("Accuracy"),
    "accuracy_note": N_(
        "Top-1: how often the most likely class is right. Top-5: how often the right class is among the five most "
        "likely. ECE (calibration error): by how many percentage points the model's percentages are off on average."
    ),
    "intervals": INTERVALS,
    "ece": N_("ECE (points)"),
    "meanings": N_("What the photos' classes are to each model"),
    "model": N_("model"),
    "photos": N_("photos"),
    "verdicts": N_("Verdicts"),
    "verdicts_note": VERDICTS_NOTE,
    "of_these_right": N_("of these, right"),
    "coverage": N_("How many photos are answered, and how many answers are right"),
    "answered_share": N_("photos with a clear answer"),
    "reliability": N_("Can the percentages be trusted?"),
    "reliability_note": N_(
        "Bars on the dashed line: of the answers given with 80 %, 80 % are right. Bars below it: the model is too sure "
        "of itself. The thin lines allow for chance."
    ),
    "said": N_("how sure the model is"),
    "right": N_("how often it is right"),
    "confusion": N_("Which classes it confuses (confusion matrix)"),
    "true": N_("true class"),
    "answered": N_("answered"),
    "something_else": N_("something else"),
    "class": N_("class"),
    "recall": N_("found (recall)"),
    "precision": N_("right when said (precision)"),
    "classes": N_("Class by class"),
    "pairs": N_("Two by two"),
    "disagreements_note": N_("The surest contradictions come first."),
    "no_mistakes": N_("Every answer was right."),
    "limits": N_(
        "What these numbers cannot show: if a photo shows something that fits none of the classes, the model often "
        "gives a confident, wrong answer. And the numbers hold only for photos like these."
    ),
}


def _model(model: ModelFigures, index: int, say: Translator) -> dict[str, object]:
    confusion = model.confusion
    many = len(confusion.names) > MOST_CLASSES
    mistakes = _mistakes(confusion, say(N_("something else"))) if many else []
    return {
        "name": model.answers.name,
        "id": model.answers.model,
        "colour": PALETTE[index % len(PALETTE)],
        "photos": model.hits.photos,
        "top1": model.top1,
        "top1_words": with_interval(model.top1),
        "top5_words": with_interval(model.top5),
        "ece": points(model.ece),
        "verdicts": [
            (percent(figures.share.value), accuracy_words(figures.accuracy)) for figures in model.verdicts.values()
        ],
        "bins": model.bins,
        "confusion": None if many else _table(confusion),
        "names": confusion.names,
        "mistakes": mistakes[:MOST_MISTAKES],
        "mistakes_cut": _cut(len(mistakes), MOST_MISTAKES, say),
        "per_class": [
            (figures.name, figures.photos, with_interval(figures.recall), with_interval(figures.precision))
            for figures in ([] if many else model.per_class)
        ],
    }


def _table(confusion: Confusion) -> list[tuple[str, list[tuple[int, float, bool]]]]:
    """Return for each class its name and its cells: count, share of the class's photos, and whether it is right."""
    return [
        (
            name,
            [(int(count), int(count) / max(1, int(row.sum())), column == index) for column, count in enumerate(row)],
        )
        for index, (name, row) in enumerate(zip(confusion.names, confusion.counts, strict=True))
    ]


def _mistakes(confusion: Confusion, something_else: str) -> list[_Mistake]:
    names = (*confusion.names, something_else)
    found = [
        _Mistake(names[true], names[answered], int(count), int(confusion.counts[true].sum()))
        for true in range(len(confusion.names))
        for answered, count in enumerate(confusion.counts[true])
        if count and answered != true
    ]
    return sorted(found, key=lambda mistake: -mistake.count)


def _curves(evaluation: Evaluation) -> dict[str, object]:
    """Return the lines of the coverage chart and the lower end of the vertical axis.

    A point has two shares, the ratio in words, and whether that is the ratio of the evaluation.
    """
    models, now = evaluation.models, nearest_ratio(evaluation.thresholds.ratio)
    lines = [
        {
            "name": model.answers.name,
            "colour": PALETTE[index % len(PALETTE)],
            "points": [
                (p.answered.value, p.accuracy.value, percent(p.ratio), p.ratio == now)
                for p in model.curve
                if p.accuracy is not None
            ],
        }
        for index, model in enumerate(models)
    ]
    lowest = min((p.accuracy.value for m in models for p in m.curve if p.accuracy is not None), default=0.0)
    return {"lines": lines, "low": 0.5 if lowest >= 0.5 else 0.0}


def _pair(pair: PairFigures, evaluation: Evaluation, say: Translator) -> list[str]:
    """Return the sentences about two models."""
    names = {model.answers.model: model.answers.name for model in evaluation.models}
    first, second = names[pair.agreement.first], names[pair.agreement.second]
    sentences = []
    if pair.agreement.share is not None:
        text = N_("{first} and {second} say the same of {share} of the photos that can be compared.")
        sentences.append(say(text, first=first, second=second, share=with_interval(pair.agreement.share)))
    sentences.append(say.message(explain_basis(pair.agreement.common.basis)))
    if pair.difference is not None:
        sentences.append(say.message(explain_difference(pair.difference, first, second)))
    if pair.change is not None:
        sentences.append(say.message(explain_change(pair.change, first, second)))
    return sentences


def _photo(evaluation: Evaluation, index: int, thumbnails: Mapping[int, bytes]) -> _PhotoView:
    photo = evaluation.photos.photos[index]
    image = thumbnails.get(index)
    said = []
    for model in evaluation.models:
        answers = model.answers
        mark = "" if not model.hits.judged[index] else "right" if model.hits.right[index] else "wrong"
        answer = f"{answers.labels[answers.best[index]]} {percent(float(answers.p1[index]))}"
        said.append((answers.name, answer if model.kinds[index] is VerdictKind.CLEAR else f"≈ {answer}", mark))
    return _PhotoView(
        file=photo.source.name,
        image="data:image/jpeg;base64," + base64.b64encode(image).decode("ascii") if image else "",
        truth=evaluation.photos.titles[photo.label],
        said=tuple(said),
    )


def _meanings(evaluation: Evaluation, say: Translator) -> list[tuple[str, list[str]]]:
    """Return for each of the photos' classes its name and what it is to each model; of many, those of other names."""
    matchings = [model.matching for model in evaluation.models]
    many = len(evaluation.photos.classes) > MOST_CLASSES
    return [
        (title, [_meaning(model, index, say) for model in evaluation.models])
        for index, title in enumerate(evaluation.photos.titles)
        if not many or any(matching.how[index] is not How.NAME for matching in matchings)
    ]


def _meaning(model: ModelFigures, index: int, say: Translator) -> str:
    names = [model.own.labels[target] for target in model.matching.targets[index]]
    if not names:
        return say(N_("left out"))
    if len(names) <= MOST_MEANINGS:
        return ", ".join(names)
    told = N_("{names} and {n} more")
    return say(told, names=", ".join(names[:MOST_MEANINGS]), n=len(names) - MOST_MEANINGS)
