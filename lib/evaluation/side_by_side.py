"""What several models say of one photo, class by class, so that the same class stands in the same place for each; and
of many photos, which of them say most about the models.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lib.evaluation.agreement import Gallery
from lib.evaluation.answers import Floats
from lib.results import VerdictKind

ROWS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """What one model gives to one class.

    Attributes:
        probability: In [0, 1]; of all the model's classes that mean it (every breed for "dog") together.
        label: The model's own word for it; None where several of its classes mean it, as the sum is of no single one.
    """

    probability: float
    label: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One class.

    Attributes:
        name: The name the models share for it, see `lib.datasets.matching.common_names`.
        cells: What each model gives to it; None for a model that has no such class.
    """

    name: str
    cells: tuple[Cell | None, ...]


def align(
    probabilities: Sequence[Floats],
    names: Sequence[Sequence[str]],
    labels: Sequence[Sequence[str]],
    *,
    rows: int = ROWS,
) -> tuple[Row, ...]:
    """Return the classes that the models find likeliest, most likely first; the first choice of each is among them.

    Args:
        probabilities: For each model shape (K,), of one photo.
        names: For each model K names, the same for classes of the same meaning.
        labels: For each model K names in the reader's language.
        rows: At most this many classes, or as many as the models have first choices.
    """
    columns = [_by_name(*column) for column in zip(probabilities, names, labels, strict=True)]
    highest: defaultdict[str, float] = defaultdict(float)
    for column in columns:
        for name, cell in column.items():
            highest[name] = max(highest[name], cell.probability)
    choices = dict.fromkeys(max(column, key=lambda name: column[name].probability) for column in columns)
    others = sorted((name for name in highest if name not in choices), key=lambda name: -highest[name])
    shown = [*choices, *others[: max(0, rows - len(choices))]]
    first = sorted(shown, key=lambda name: -highest[name])
    return tuple(Row(name, tuple(column.get(name) for column in columns)) for name in first)


def _by_name(probabilities: Floats, names: Sequence[str], labels: Sequence[str]) -> dict[str, Cell]:
    sums: defaultdict[str, float] = defaultdict(float)
    words: dict[str, str | None] = {}
    for name, label, probability in zip(names, labels, probabilities.tolist(), strict=True):
        words[name] = None if name in sums else label
        sums[name] += probability
    return {name: Cell(min(1.0, total), words[name]) for name, total in sums.items()}


class Bond(StrEnum):
    """What the models make of a photo together, what says most about them first."""

    STRONG = "strong"  # two are sure, of different things
    ONE = "one"  # they contradict each other, and one alone is sure
    DISAGREE = "disagree"
    UNSURE = "unsure"  # nobody is sure
    AGREE = "agree"
    APART = "apart"  # no class in common that any of them named


def bonds(gallery: Gallery, kinds: Sequence[Sequence[VerdictKind]]) -> dict[int, Bond]:
    """Return the photos, by position, and what binds the models there: the surest contradictions first.

    Args:
        gallery: The photos by what the models make of them.
        kinds: The verdicts of each model.
    """
    found: dict[int, Bond] = {}
    for one in gallery.disagreements:
        sure = sum(not of_model[one.photo].is_ambiguous for of_model in kinds)
        found[one.photo] = Bond.STRONG if one.is_strong else Bond.ONE if sure == 1 else Bond.DISAGREE
    found |= dict.fromkeys(gallery.all_ambiguous, Bond.UNSURE)
    found |= dict.fromkeys(gallery.agreements, Bond.AGREE)
    found |= dict.fromkeys(gallery.not_comparable, Bond.APART)
    return dict(sorted(found.items(), key=lambda pair: pair[1] is not Bond.STRONG))
