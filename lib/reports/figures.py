"""The figures of an evaluation as HTML, drawn alike on the page and in the report.

They are tables whose cells hold bars, dots and whiskers: read aloud, walked through with the keyboard, printed, and
following light and dark without anything being drawn anew. On the page what they count can be pressed: `data-pick`
names the row it stands in and what is asked for, "3:wrong", and the photos behind it are shown below that row.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.charts.scale import Scale
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.others import is_elsewhere, is_other, within
from lib.evaluation.accuracy import ClassFigures, Confusion, Mistake, balanced_accuracy, macro_f1
from lib.evaluation.calibration import points
from lib.evaluation.evaluate import Evaluation, ModelFigures
from lib.evaluation.headline import difference_of, ranked
from lib.evaluation.shares import Share, with_interval
from lib.evaluation.significance import chance_words, gain_words
from lib.evaluation.unknown import Against
from lib.evaluation.verdicts import FEWEST_FOR_PERCENT, KIND_NAMES
from lib.face.names import short
from lib.i18n import Translator
from lib.messages import N_
from lib.results import AnswerKind, VerdictKind
from lib.verdict import percent

if TYPE_CHECKING:
    from jinja2 import Environment, Template

STYLE = Path(__file__).with_suffix(".css")
# The class of each kind of answer, whose sign it has.
_LOOKS = {kind: kind.value for kind in AnswerKind} | {AnswerKind.GROUP: "close", AnswerKind.UNFAMILIAR: "strange"}


@dataclass(frozen=True, slots=True)
class Open:
    """What was pressed in a figure, and the photos behind it.

    Attributes:
        pick: As in `data-pick`: the row, a colon, and what is asked for. "" for nothing.
        title: What the photos are.
        photos: Their positions.
        shown: How many are drawn.
        is_kept: Whether they are shown even if nothing was pressed.
    """

    pick: str = ""
    title: str = ""
    photos: Sequence[int] = ()
    shown: int = 24
    is_kept: bool = False

    @property
    def row(self) -> str:
        """Return the row it stands in."""
        return self.pick.partition(":")[0]


NOTHING = Open()


class Figures:
    """Draws the figures of one evaluation. `models` are in the order of its rows: the best first.

    Args:
        evaluation: The figures.
        say: The reader's language.
        thumbnails: Small JPEGs by position of the photo; any may be missing.
        is_live: Whether what is counted can be pressed.
    """

    def __init__(
        self, evaluation: Evaluation, say: Translator, thumbnails: Mapping[int, bytes], *, is_live: bool = True
    ) -> None:
        self.evaluation = evaluation
        self.models = ranked(evaluation)
        shared = {
            "t": say, "evaluation": evaluation, "models": self.models, "live": is_live,
            "short": _told_apart([model.answers.name for model in self.models]), "image": partial(_image, thumbnails),
            "title": partial(_title, evaluation.photos, say),
        }  # fmt: skip
        self._macros: Any = _template("figures.html").make_module(shared)

    def accuracy(self, opened: Open = NOTHING) -> str:
        """Return how often the models are right, as dots with whiskers: a forest plot."""
        scale = Scale.around([end for model in self.models for end in (model.top1.low, model.top1.high)])
        return str(self._macros.accuracy(scale, opened))

    def pairs(self, opened: Open = NOTHING) -> str:
        """Return which model is better than which and by how much; "" for a single model."""
        models = self.models
        found = [[difference_of(self.evaluation, a, b) for b in models[i + 1 :]] for i, a in enumerate(models)]
        return str(self._macros.pairs(found, opened)) if len(models) > 1 else ""

    def measures(self) -> str:
        """Return further measures, each in plain words with the field's own in brackets."""
        rows = [(model, balanced_accuracy(model.per_class), macro_f1(model.per_class)) for model in self.models]
        return str(self._macros.measures(rows))

    def verdicts(self, opened: Open = NOTHING) -> str:
        """Return what the verdicts are worth; groups and the unfamiliar only where a model has such answers."""
        always = {AnswerKind(kind) for kind in VerdictKind}
        came_up = {kind for model in self.models for kind in model.outcomes}
        return str(self._macros.verdicts([kind for kind in AnswerKind if kind in always | came_up], opened))

    @property
    def has_unknown(self) -> bool:
        """Whether there are photos of things that the models do not know."""
        return any(model.unknown for model in self.models)

    def unknown(self, opened: Open = NOTHING) -> str:
        """Return how well the models know what they do not know; rows are those of `unknown_rows`."""
        return str(self._macros.unknown(self.unknown_rows(), opened))

    def unknown_rows(self) -> list[tuple[ModelFigures, Against]]:
        """Return each model with all photos of other things, and then with each source of them."""
        return [(model, row) for model in self.models if model.unknown for row in model.unknown.rows]

    def mistakes(self, found: Sequence[Mistake], opened: Open = NOTHING, *, start: int = 0) -> str:
        """Return what was taken for what, as a list; rows are numbered from `start`."""
        return str(self._macros.mistakes(found, start, opened))

    def confusion(self, confusion: Confusion, name: str, opened: Open = NOTHING) -> str:
        """Return the confusion matrix of the model `name` as a map."""
        return str(self._macros.confusion(confusion, name, opened))

    def classes(self, figures: Sequence[tuple[int, ClassFigures]], opened: Open = NOTHING) -> str:
        """Return recall and precision of classes, with their positions, as bars."""
        return str(self._macros.classes(figures, opened))

    def calibration(self, model: ModelFigures, opened: Open = NOTHING) -> str:
        """Return how often a model is right among answers of about the same confidence, as bars."""
        return str(self._macros.calibration(model.bins, opened))

    def photos(self, opened: Open) -> str:
        """Return photos with what every model said of them."""
        return str(self._macros.panel(opened))


def environment(folder: Path = STYLE.parent) -> "Environment":
    """Return Jinja as the templates of this folder expect it: everything from outside is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from jinja2.runtime import Context

    @pass_context
    def interval(context: Context, share: Share | None) -> str:
        return str(context["t"].message(with_interval(share)))

    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        kinds=KIND_NAMES, looks=_LOOKS, few=FEWEST_FOR_PERCENT, gain_words=gain_words, chance_words=chance_words
    )
    made.filters.update(interval=interval, range=_range, percent=percent, points=points, short=short)
    return made


@cache
def _template(name: str) -> "Template":
    return environment().get_template(name)


def _range(share: Share) -> str:
    """Return the ends of an interval: "96–98%"."""
    return f"{100 * share.low:.0f}–{100 * share.high:.0f}%"


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names for narrow places, with "…" for the words that all of them begin with."""
    split = [re.findall(r"\([^)]*\)|\S+", name) for name in names]
    shortest = min(map(len, split))
    common = next((i for i in range(shortest) if len({words[i] for words in split}) > 1), shortest)
    return [" ".join(["…", *words[common:]]) if 0 < common < len(words) else " ".join(words) for words in split]


def _title(photos: LabelledPhotos, say: Translator, label: int) -> str:
    """Return what photos of a class show, in words."""
    name = photos.classes[label]
    if is_other(name):
        return say(N_("something else"))
    return short(within(name) if is_elsewhere(name) and within(name) else photos.titles[label])


def _image(thumbnails: Mapping[int, bytes], photo: int) -> str:
    """Return a photo's thumbnail as an address; "" where there is none."""
    small = thumbnails.get(photo)
    return "" if small is None else f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"
