"""An evaluation as one HTML file to hand out: tables, drawings and small photos, nothing fetched from anywhere.

`page.html` beside this file holds the words and the places, and escapes everything that comes from outside. Drawings
are SVG made by that template: they follow light, dark and print by themselves, and are smaller than pictures of charts.
"""

import base64
from collections.abc import Mapping
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
from lib.evaluation.shares import INTERVALS, with_interval
from lib.evaluation.shift import explain_change
from lib.evaluation.significance import explain_difference
from lib.evaluation.verdicts import KIND_NAMES, VERDICTS_NOTE, accuracy_words, nearest_ratio
from lib.i18n import Translator
from lib.messages import N_, Listed
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


def report(evaluation: Evaluation, say: Translator, *, thumbnails: Mapping[int, bytes] | None = None) -> str:
    """Return the report as HTML.

    Args:
        evaluation: The figures.
        say: The reader's language.
        thumbnails: Small JPEGs by position of the photo; of those in `photos_shown`, any may be missing.
    """
    gallery = evaluation.gallery
    return _template().render(
        t=say,
        evaluation=evaluation,
        models=evaluation.models,
        many=len(evaluation.photos.classes) > MOST_CLASSES,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        notes=notes_on(evaluation),
        meanings=_meanings(evaluation, say),
        now=nearest_ratio(evaluation.thresholds.ratio),
        low=_lowest(evaluation),
        pairs=[_pair(pair, evaluation, say) for pair in evaluation.pairs],
        disagreements=[found.photo for found in gallery.disagreements] if gallery else [],
        ambiguous=gallery.all_ambiguous if gallery else (),
        images={index: base64.b64encode(image).decode("ascii") for index, image in (thumbnails or {}).items()},
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
            photo = open_photo(source.read(), source.name, at_least=THUMBNAIL_SIDE)
            found[index] = thumbnail(photo, side=THUMBNAIL_SIDE)
        except PhotoError:
            continue
    return found


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(
        palette=PALETTE, kinds=KIND_NAMES, intervals=INTERVALS, verdicts_note=VERDICTS_NOTE, ratio_range=RATIO_RANGE,
        most={
            "disagreements": MOST_DISAGREEMENTS, "ambiguous": MOST_AMBIGUOUS, "classes": MOST_CLASSES,
            "mistakes": MOST_MISTAKES, "skipped": MOST_SKIPPED,
        },
        mistakes_of=_mistakes, answer=_answer, mark=_mark,
    )  # fmt: skip
    environment.filters.update(interval=with_interval, percent=percent, accuracy=accuracy_words, points=points)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _mistakes(confusion: Confusion, something_else: str) -> list[tuple[str, str, int, int]]:
    """Return what was taken for what, how often, and of how many photos, the most frequent first."""
    names = (*confusion.names, something_else)
    found = [
        (names[true], names[answered], int(count), int(row.sum()))
        for true, row in enumerate(confusion.counts)
        for answered, count in enumerate(row)
        if count and answered != true
    ]
    return sorted(found, key=lambda mistake: -mistake[2])


def _lowest(evaluation: Evaluation) -> float:
    """Return the lower end of the vertical axis of the coverage chart."""
    lowest = min((p.accuracy.value for m in evaluation.models for p in m.curve if p.accuracy), default=0.0)
    return 0.5 if lowest >= 0.5 else 0.0


def _pair(pair: PairFigures, evaluation: Evaluation, say: Translator) -> list[str]:
    """Return the sentences about two models."""
    first, second = evaluation.names(pair)
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


def _answer(model: ModelFigures, photo: int) -> str:
    said = model.answers.said(photo)
    return said if model.kinds[photo] is VerdictKind.CLEAR else f"≈ {said}"


def _mark(model: ModelFigures, photo: int) -> str:
    """Return "right", "wrong", or "" of an answer that is not judged."""
    return "" if not model.hits.judged[photo] else "right" if model.hits.right[photo] else "wrong"


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
        return say.listed(names)
    told = N_("{names} and {n} more")
    return say(told, names=Listed(tuple(names[:MOST_MEANINGS])), n=len(names) - MOST_MEANINGS)
