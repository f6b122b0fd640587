"""What a rule does as its slider moves → a chart."""

from collections.abc import Mapping, Sequence

from lib.charts.palette import (
    DASHES,
    PALETTE,
    SHAPES,
    Spec,
    chart_of,
    layer,
    number_axis,
    tips,
    told_apart,
)
from lib.charts.scale import Scale
from lib.evaluation.verdicts import CurvePoint, nearest_ratio
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent


def coverage_curves(curves: Mapping[str, Sequence[CurvePoint]], say: Translator, *, ratio: float | None = None) -> Spec:
    """Return accuracy of the clear answers against how many photos get one, as the ratio slider moves.

    Args:
        curves: For each model, by name, its points.
        say: The reader's language.
        ratio: Position of the slider now; its points are drawn larger.
    """
    now = None if ratio is None else nearest_ratio(ratio)
    rows = [
        {
            "model": model, "answered": point.answered.value, "accuracy": point.accuracy.value, "ratio": point.ratio,
            "ratio_percent": percent(point.ratio),
            "answered_percent": percent(point.answered.value), "accuracy_percent": percent(point.accuracy.value),
            "now": point.ratio == now,
        }
        for model, points in curves.items()
        for point in points
        if point.accuracy is not None
    ]  # fmt: skip
    answered, right = say(N_("photos with a clear answer")), say(N_("of these, right"))
    # One legend for colour, shape and dash; with a stroke, the line's dashes would fray its symbols.
    legend = {"orient": "bottom", "direction": "vertical", "symbolStrokeWidth": 0}
    colour, shape, dash = (
        told_apart("model", list(curves), signs, legend=legend) for signs in (PALETTE, SHAPES, DASHES)
    )
    place = {"x": _axis("answered", answered, rows), "y": _axis("accuracy", right, rows), "color": colour}
    line = {**place, "order": {"field": "ratio", "type": "quantitative"}, "strokeDash": dash}
    size = {"condition": {"test": "datum.now", "value": 160}, "value": 36}
    titles = {"model": say(N_("model")), "ratio_percent": say(N_("rival ratio"))}
    told = tips(**titles, answered_percent=answered, accuracy_percent=right)
    layers = [
        layer(rows, "line", line, strokeWidth=2),
        layer(rows, "point", {**place, "shape": shape, "size": size, "tooltip": told}, filled=True, opacity=1),
    ]
    return chart_of(layers, height=340 + 24 * len(curves))


def _axis(field: str, title: str, rows: Sequence[Spec]) -> Spec:
    """Return an axis of shares, from round figure to round figure around the data."""
    scale = Scale.around([row[field] for row in rows] or [0, 1])
    return number_axis(field, title, scale.low, scale.high, axis={"format": ".0%", "values": list(scale.ticks)})
