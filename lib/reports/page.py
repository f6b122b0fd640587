"""An evaluation as one HTML file to hand out: tables, drawings and small photos, nothing fetched from anywhere.

`page.html` beside this file holds the words and the places, and escapes everything that comes from outside. Three
models and twenty classes fill four sheets of A4.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from lib import __version__
from lib.charts.palette import PALETTE
from lib.charts.scale import Scale
from lib.errors import PhotoError
from lib.evaluation import behind
from lib.evaluation.accuracy import ClassFigures, mistakes
from lib.evaluation.evaluate import Evaluation, ModelFigures, notes_on, notes_on_pairs, notes_on_unknown
from lib.evaluation.headline import headline, ranked
from lib.evaluation.shares import INTERVALS
from lib.evaluation.verdicts import VERDICTS_NOTE, nearest_ratio
from lib.face.names import short
from lib.i18n import Translator
from lib.messages import N_, Listed
from lib.model.imagenet import normalise
from lib.photos.opening import open_photo, thumbnail
from lib.reports.figures import STYLE, Figures, Open, environment
from lib.verdict import RATIO_RANGE, default_floor

if TYPE_CHECKING:
    from jinja2 import Template

MOST_SURE = 6
MOST_DISAGREEMENTS = 6
MOST_AMBIGUOUS = 3
# Up to so many classes the whole table is shown; of more, the worst and the most frequent mistakes.
MOST_CLASSES = 24
MOST_MISTAKES = 20
MOST_SKIPPED = 50
MOST_MEANINGS = 4
THUMBNAIL_SIDE = 160
_VIEWS = {
    "square": N_("the square in the middle"),
    "middle": N_("the largest square in the middle"),
    "crop": N_("the photo without its edges"),
    "squash": N_("the whole photo"),
}


def report(evaluation: Evaluation, say: Translator, *, thumbnails: Mapping[int, bytes] | None = None) -> str:
    """Return the report as HTML.

    Args:
        evaluation: The figures.
        say: The reader's language.
        thumbnails: Small JPEGs by position of the photo; of those in `photos_shown`, any may be missing.
    """
    figures = Figures(evaluation, say, thumbnails or {}, is_live=False)
    models = figures.models
    meanings, alike = _meanings(evaluation, models, say)
    return _template().render(
        t=say,
        style=STYLE.read_text(encoding="utf-8"),
        figures=figures,
        evaluation=evaluation,
        models=models,
        many=len(evaluation.photos.classes) > MOST_CLASSES,
        version=__version__,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        headline=headline(evaluation, say),
        notes=(*notes_on(evaluation), *notes_on_unknown(evaluation), *notes_on_pairs(evaluation)),
        curve=_axes(models),
        whole=Scale.around((0, 1)),
        now=nearest_ratio(evaluation.thresholds.ratio),
        confused=[mistakes(model.confusion, model.answers) for model in models],
        classes=_class_by_class(models),
        galleries=_galleries(evaluation, say),
        meanings=meanings,
        alike=alike,
        floors=[evaluation.thresholds.floor or default_floor(len(model.answers.labels)) for model in models],
    )


def photos_shown(evaluation: Evaluation) -> tuple[int, ...]:
    """Return the positions of the photos that the report shows."""
    galleries = _galleries(evaluation, Translator())
    return tuple(dict.fromkeys(photo for one in galleries for photo in one.photos[: one.shown]))


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
    made = environment()
    made.globals.update(
        palette=PALETTE, intervals=INTERVALS, verdicts_note=VERDICTS_NOTE, ratio_range=RATIO_RANGE, views=_VIEWS,
        most={"classes": MOST_CLASSES, "mistakes": MOST_MISTAKES, "skipped": MOST_SKIPPED},
    )  # fmt: skip
    return made.get_template("page.html")


def _axes(models: Sequence[ModelFigures]) -> dict[str, Scale]:
    """Return both axes of the curves; each goes as far as the data."""
    drawn = [(p.answered.value, p.accuracy.value) for model in models for p in model.curve if p.accuracy]
    across, up = zip(*drawn, strict=True) if drawn else ((0.0, 1.0), (0.0, 1.0))
    return {"across": Scale.around(across), "up": Scale.around(up)}


def _class_by_class(models: Sequence[ModelFigures]) -> list[tuple[str, list[ClassFigures | None]]]:
    """Return what each model does on each class, None where it does not know it; those found least often first."""
    by_name = [{one.name: one for one in model.per_class} for model in models]
    rows = [(name, [own.get(name) for own in by_name]) for name in dict.fromkeys(n for own in by_name for n in own)]

    def found(row: tuple[str, list[ClassFigures | None]]) -> float:
        recalls = [one.recall.value for one in row[1] if one is not None and one.recall is not None]
        return sum(recalls) / len(recalls) if recalls else 1.0

    return sorted(rows, key=found)


def _galleries(evaluation: Evaluation, say: Translator) -> list[Open]:
    """Return the photos worth a look: the best model sure and wrong, models that differ, none that is sure."""
    best, gallery = ranked(evaluation)[0], evaluation.gallery
    sure = behind.wrong_and_sure(best)
    told = say(N_("{model} is sure of these, and wrong ({count})"), model=best.answers.name, count=len(sure))
    found = [Open(title=told, photos=sure, shown=MOST_SURE, is_kept=True)]
    if gallery is not None:
        differing = tuple(one.photo for one in gallery.disagreements)
        told = say(N_("Photos on which the models disagree ({count})"), count=len(differing))
        found.append(Open(title=told, photos=differing, shown=MOST_DISAGREEMENTS, is_kept=True))
        told = say(N_("Photos on which no model is sure ({count})"), count=len(gallery.all_ambiguous))
        found.append(Open(title=told, photos=gallery.all_ambiguous, shown=MOST_AMBIGUOUS, is_kept=True))
    return [one for one in found if one.photos]


def _meanings(
    evaluation: Evaluation, models: Sequence[ModelFigures], say: Translator
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Return each of the photos' classes with what it is to each model, and those that all models call the same."""
    told, alike = [], []
    for index, title in enumerate(evaluation.photos.titles):
        if all(_is_called_so(title, model, index) for model in models):
            alike.append(title)
        else:
            told.append((title, [_meaning(model, index, say) for model in models]))
    return told, alike


def _is_called_so(title: str, model: ModelFigures, index: int) -> bool:
    targets = model.matching.targets[index]
    return len(targets) == 1 and normalise(short(model.own.own_labels[targets[0]])) == normalise(title)


def _meaning(model: ModelFigures, index: int, say: Translator) -> str:
    names = [short(model.own.labels[target]) for target in model.matching.targets[index]]
    if not names:
        return say(N_("left out"))
    if len(names) <= MOST_MEANINGS:
        return say.listed(names)
    told = N_("{names} and {n} more")
    return say(told, names=Listed(tuple(names[:MOST_MEANINGS])), n=len(names) - MOST_MEANINGS)
