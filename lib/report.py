"""An evaluation as one HTML file to hand out: tables, drawings and small photos, nothing fetched from anywhere.

The words are put in here, in the reader's language; `report.html` beside this file puts them in place and escapes
everything that comes from outside. Drawings are SVG made by that template: they follow light, dark and print by
themselves, for which no image of a chart could be made as small.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lib.comparison_charts import PALETTE, most_confused
from lib.datasets.matching import explain_basis
from lib.errors import PhotoError
from lib.evaluate import Evaluation, ModelFigures, PairFigures, notes_on
from lib.evaluation.accuracy import Confusion
from lib.evaluation.shares import Share, explain_difference
from lib.evaluation.variants import explain_change
from lib.evaluation.verdicts import nearest_ratio
from lib.i18n import Translator
from lib.messages import N_
from lib.photos import open_photo, thumbnail
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
THUMBNAIL_SIDE = 120

KIND_NAMES = {
    VerdictKind.CLEAR: N_("clear"),
    VerdictKind.CLOSE: N_("too close to call"),
    VerdictKind.WEAK: N_("not sure"),
    VerdictKind.NONE: N_("no class stands out"),
}


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
        thumbnails: Small JPEGs by position of the photo; those of `photos_shown` are used, as far as they are there.
    """
    thumbnails = thumbnails or {}
    gallery = evaluation.gallery
    contradicted = [found.photo for found in gallery.disagreements] if gallery else []
    ambiguous = list(gallery.all_ambiguous) if gallery else []
    return _template().render(
        w=_words(evaluation, say, len(contradicted), len(ambiguous)),
        language=say.language,
        models=[_model(model, index, say) for index, model in enumerate(evaluation.models)],
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
    low, high = RATIO_RANGE
    return {
        **{name: say(text) for name, text in _WORDS.items()},
        "title": say(N_("Models compared: {folder}"), folder=folder),
        "intro": say(intro, models=models, count=len(evaluation.labels), classes=classes, folder=folder, date=date),
        "coverage_note": say(_COVERAGE_NOTE, low=low, high=high),
        "disagreements": say(N_("Photos on which models contradict each other ({count})"), count=disagreements),
        "ambiguous": say(N_("Photos on which no model is sure ({count})"), count=ambiguous),
        "skipped": say(N_("Files that were skipped ({count})"), count=len(evaluation.photos.skipped)),
    }


_COVERAGE_NOTE = N_(
    "Each line follows the rival ratio from {low} to {high}: the stricter, the fewer photos get a clear answer, and "
    "the more of these are right."
)
_WORDS = {
    "accuracy": N_("Accuracy"),
    "accuracy_note": N_(
        "Top-1: the likeliest class is right. Top-5: the right class is among the five likeliest. In brackets: where "
        "the figure would lie in 95 of 100 repetitions with other photos of the same kind. ECE: by how much the "
        "model's percentages are off on average."
    ),
    "model": N_("model"),
    "photos": N_("photos"),
    "verdicts": N_("Verdicts"),
    "verdicts_note": N_(
        "How many photos get each verdict, and how many of these answers are right, were one to take them."
    ),
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
    "confusion": N_("What is mixed up with what"),
    "true": N_("true class"),
    "answered": N_("answered"),
    "something_else": N_("something else"),
    "class": N_("class"),
    "recall": N_("found (recall)"),
    "precision": N_("right when said (precision)"),
    "classes": N_("Class by class"),
    "pairs": N_("Two by two"),
    "disagreements_note": N_("The surest contradictions come first."),
    "no_mistakes": N_("No photo was mixed up."),
    "limits": N_(
        "What no figure here can show: a photo of something none of the classes fits often gets a sure, wrong answer. "
        "Figures hold for photos like these only."
    ),
}


def _model(model: ModelFigures, index: int, say: Translator) -> dict[str, object]:
    confusion = model.confusion
    return {
        "name": model.answers.name,
        "id": model.answers.model,
        "colour": PALETTE[index % len(PALETTE)],
        "photos": model.hits.photos,
        "top1": model.top1,
        "top1_words": _words_of(model.top1),
        "top5_words": _words_of(model.top5),
        "ece": f"{model.ece * 100:.1f} %",
        "verdicts": [
            (percent(figures.share.value), percent(figures.accuracy.value) if figures.accuracy else "–")
            for figures in model.verdicts.values()
        ],
        "bins": model.bins,
        "confusion": _table(confusion) if len(confusion.names) <= MOST_CLASSES else None,
        "names": confusion.names,
        "mistakes": _mistakes(confusion, say(N_("something else"))) if len(confusion.names) > MOST_CLASSES else [],
        "per_class": [
            (figures.name, figures.photos, _words_of(figures.recall), _words_of(figures.precision))
            for figures in model.per_class
        ]
        if len(confusion.names) <= MOST_CLASSES
        else [],
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
        for true in most_confused(confusion, len(confusion.names))
        for answered, count in enumerate(confusion.counts[true])
        if count and answered != true and answered < len(confusion.names)
    ]
    return sorted(found, key=lambda mistake: -mistake.count)[:MOST_MISTAKES]


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
        sentences.append(say(text, first=first, second=second, share=_words_of(pair.agreement.share)))
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


def _words_of(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{share.value * 100:.1f} % ({share.low * 100:.1f} – {share.high * 100:.1f})"
