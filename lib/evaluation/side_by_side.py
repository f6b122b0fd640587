"""What several models say of one photo, class by class, so that the same class stands in the same place for each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lib.evaluation.answers import Floats

ROWS = 5


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
    """Return the classes that the models find likeliest, those first that any of them finds likeliest.

    Args:
        probabilities: For each model shape (K,), of one photo.
        names: For each model K names, the same for classes of the same meaning.
        labels: For each model K names in the reader's language.
        rows: At most this many classes.
    """
    columns = [_by_name(*column) for column in zip(probabilities, names, labels, strict=True)]
    highest: defaultdict[str, float] = defaultdict(float)
    for column in columns:
        for name, cell in column.items():
            highest[name] = max(highest[name], cell.probability)
    first = sorted(highest, key=lambda name: -highest[name])[:rows]
    return tuple(Row(name, tuple(column.get(name) for column in columns)) for name in first)


def _by_name(probabilities: Floats, names: Sequence[str], labels: Sequence[str]) -> dict[str, Cell]:
    sums: defaultdict[str, float] = defaultdict(float)
    words: dict[str, str | None] = {}
    for name, label, probability in zip(names, labels, probabilities.tolist(), strict=True):
        words[name] = None if name in sums else label
        sums[name] += probability
    return {name: Cell(min(1.0, total), words[name]) for name, total in sums.items()}
