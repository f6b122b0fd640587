"""Several models on one photo → a chart."""

from collections.abc import Sequence

from lib.charts.bars import OTHER
from lib.charts.palette import INK, PALETTE, Spec, chart_of
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
        shown = row.name if cell is None or cell.label == row.name else f"{row.name} ({cell.label})"
        share = say(N_("no such class")) if cell is None else percent(cell.probability)
        probability = 0.0 if cell is None else cell.probability
        data.append({"row": index, "name": shown, "share": share, "probability": probability})
    y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0, "paddingOuter": 0}}
    x = {"field": "probability", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}
    colour = {
        "field": "row", "type": "ordinal", "legend": None,
        "scale": {"domain": list(range(len(rows))), "range": [PALETTE[i % len(PALETTE)] for i in range(len(rows))]},
    }  # fmt: skip
    tooltip = [{"field": "name", "title": " "}, {"field": "share", "title": "p"}]
    text = {"type": "text", "baseline": "middle", "dy": -8, "fontSize": 13, "color": ink}
    bar = {"type": "bar", "size": 11, "yOffset": 8, "cornerRadius": 3}
    whole = {"y": y, "x": {"value": 0}, "x2": {"value": "width"}}
    layers: list[Spec] = [
        {"mark": {**bar, "color": OTHER, "opacity": 0.16, "tooltip": None}, "encoding": whole},
        {"mark": bar, "encoding": {"y": y, "x": x, "color": colour, "tooltip": tooltip}},
        {
            "mark": {**text, "align": "left", "limit": 170},
            "encoding": {"y": y, "x": {"value": 0}, "text": {"field": "name"}, "tooltip": tooltip},
        },
        {
            "mark": {**text, "align": "right"},
            "encoding": {"y": y, "x": {"value": "width"}, "text": {"field": "share"}, "tooltip": tooltip},
        },
    ]
    spec = chart_of([{"data": {"values": data}, **layer} for layer in layers], ink, height=38 * len(rows))
    return {**spec, "config": {**spec["config"], "padding": 0}}
