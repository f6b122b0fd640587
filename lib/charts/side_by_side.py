"""Several models on one photo → a chart."""

from collections.abc import Sequence

from lib.charts.bars import share_rows
from lib.charts.palette import INK, PALETTE, Spec, tips
from lib.evaluation.side_by_side import Row
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent


def side_by_side(rows: Sequence[Row], model: int, say: Translator, *, ink: str = INK) -> Spec:
    """Return one model's column of a comparison: each class at the same height and in the same colour for all models.

    Args:
        rows: The classes, from `lib.evaluation.side_by_side.align`.
        model: Position of the model whose column this is.
        say: The reader's language.
        ink: Colour of the text.
    """
    data = []
    for index, row in enumerate(rows):
        cell = row.cells[model]
        name = row.name if cell is None or cell.label in (None, row.name) else f"{row.name} ({cell.label})"
        share = say(N_("no such class")) if cell is None else percent(cell.probability)
        colour, probability = PALETTE[index % len(PALETTE)], 0.0 if cell is None else cell.probability
        data.append({"row": index, "name": name, "share": share, "probability": probability, "colour": colour})
    return share_rows(data, ink, name_px=170, tooltip=tips(name=" ", share="p"))
