"""Figures about models → Vega-Lite charts. Pure, as in `lib.charts.bars`: nothing is drawn here.

Specifications are plain dictionaries, their data with the layers, as that costs a page nothing to make and to ship.
Colour is never the only sign: models have a shape and a dash of their own, right and wrong stand in different places.
"""

from collections.abc import Mapping, Sequence

from lib.charts.bars import RUNNING, WINNER
from lib.charts.palette import (
    DASHES,
    INK,
    PALETTE,
    SHAPES,
    Spec,
    chart_of,
    cycle_over,
    named_axis,
    ordinal_axis,
    share_axis,
)
from lib.evaluation.accuracy import ClassFigures, Confusion
from lib.evaluation.calibration import Bin
from lib.evaluation.shares import Share, with_interval
from lib.evaluation.verdicts import CurvePoint, nearest_ratio
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent

FEW_ENOUGH_FOR_NUMBERS = 25


def confusion_map(confusion: Confusion, say: Translator, *, ink: str = INK) -> Spec:
    """Return true class × answered class as a map; right answers in one colour, wrong ones in another.

    A click selects a cell: the parameter "cell" holds its `true` and `answered`, for `Confusion.photos`. A map of many
    classes cannot be read: see `lib.evaluation.accuracy.fold`.
    """
    shown = range(len(confusion.names))
    something_else = len(confusion.names)
    names = [*confusion.names, say(N_("something else"))]
    columns = [*shown, *([something_else] if confusion.counts[:, something_else].any() else [])]
    rows = [
        _cell(confusion, true, answered, names)
        for true in shown
        for answered in columns
        if confusion.counts[true, answered]
    ]
    every = {"labelOverlap": False, **named_axis(names)}
    x_axis = {"labelAngle": -40, "labelLimit": 110, "orient": "top", "titlePadding": 8, **every}
    x = ordinal_axis("answered", columns, say(N_("answered")), x_axis)
    y = ordinal_axis("true", shown, say(N_("true class")), {"labelLimit": 140, **every})
    tooltip = [
        {"field": "true_name", "title": say(N_("true class"))},
        {"field": "answered_name", "title": say(N_("answered"))},
        {"field": "count", "title": say(N_("photos"))},
    ]
    colour = {"condition": {"test": "datum.true === datum.answered", "value": WINNER}, "value": RUNNING}
    strong = {"field": "share", "type": "quantitative", "legend": None, "scale": {"domain": [0, 1], "range": [0.15, 1]}}
    cells = {
        "data": {"values": rows},
        "params": [{"name": "cell", "select": {"type": "point", "fields": ["true", "answered"], "clear": "dblclick"}}],
        "mark": {"type": "rect", "cornerRadius": 2, "cursor": "pointer", "stroke": ink},
        "encoding": {
            "x": x, "y": y, "color": colour, "fillOpacity": strong, "tooltip": tooltip,
            "strokeWidth": {"condition": {"param": "cell", "empty": False, "value": 2}, "value": 0},
        },
    }  # fmt: skip
    layers = [cells]
    if len(shown) <= FEW_ENOUGH_FOR_NUMBERS:
        text = {"field": "count", "type": "quantitative"}
        mark = {"type": "text", "fontSize": 12, "color": ink, "tooltip": None}
        layers.append({"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": y, "text": text}})
    return chart_of(layers, ink, height=150 + 26 * len(shown))  # slanted names of the columns take up to 120


def reliability_diagram(bins: Sequence[Bin], say: Translator, *, ink: str = INK) -> Spec:
    """Return how often the model is right among answers of about the same confidence, beside the ideal diagonal."""
    rows = [
        {
            "low": b.low, "high": b.high, "accuracy": b.accuracy.value, "from": b.accuracy.low, "to": b.accuracy.high,
            "confidence": b.confidence, "photos": b.accuracy.total, "right": percent(b.accuracy.value),
            "said": percent(b.confidence), "middle": (b.low + b.high) / 2,
        }
        for b in bins
    ]  # fmt: skip
    x = share_axis("low", say(N_("how sure the model is")))
    y = share_axis("accuracy", say(N_("how often it is right")))
    tooltip = [
        {"field": "said", "title": say(N_("how sure the model is"))},
        {"field": "right", "title": say(N_("how often it is right"))},
        {"field": "photos", "title": say(N_("photos"))},
    ]
    middle = {**x, "field": "middle"}
    ideal = {"values": [{"low": 0, "accuracy": 0}, {"low": 1, "accuracy": 1}]}
    layers: list[Spec] = [
        {
            "data": {"values": rows},
            "mark": {"type": "bar", "color": WINNER, "opacity": 0.75, "binSpacing": 2},
            "encoding": {"x": {**x, "bin": "binned"}, "x2": {"field": "high"}, "y": y, "tooltip": tooltip},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": ink, "strokeWidth": 1.5},
            "encoding": {"x": middle, "y": {**y, "field": "from"}, "y2": {"field": "to"}, "tooltip": tooltip},
        },
        {
            "data": ideal,
            "mark": {"type": "line", "color": RUNNING, "strokeDash": [4, 3], "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y},
        },
    ]
    return chart_of(layers, ink, height=280)


def coverage_curves(
    curves: Mapping[str, Sequence[CurvePoint]], say: Translator, *, ratio: float | None = None, ink: str = INK
) -> Spec:
    """Return accuracy of the clear answers against how many photos get one, as the ratio slider moves.

    Args:
        curves: For each model, by name, its points.
        say: The reader's language.
        ratio: Position of the slider now; its points are drawn larger.
        ink: Colour of the text.
    """
    rows = [
        {
            "model": model, "answered": point.answered.value, "accuracy": point.accuracy.value, "ratio": point.ratio,
            "ratio_percent": percent(point.ratio),
            "answered_percent": percent(point.answered.value), "accuracy_percent": percent(point.accuracy.value),
            "now": ratio is not None and point.ratio == nearest_ratio(ratio),
        }
        for model, points in curves.items()
        for point in points
        if point.accuracy is not None
    ]  # fmt: skip
    models = list(curves)
    title = {"answered": say(N_("photos with a clear answer")), "accuracy": say(N_("of these, right"))}
    x = share_axis("answered", title["answered"])
    least = min((float(str(row["accuracy"])) for row in rows), default=0.0)
    y = share_axis("accuracy", title["accuracy"])
    y["scale"] = {"domain": [max(0.0, least // 0.1 * 0.1 - 0.05), 1], "nice": False}
    tooltip = [
        {"field": "model", "title": say(N_("model"))},
        {"field": "ratio_percent", "title": say(N_("rival ratio"))},
        {"field": "answered_percent", "title": title["answered"]},
        {"field": "accuracy_percent", "title": title["accuracy"]},
    ]
    order = {"field": "ratio", "type": "quantitative"}
    dash = {
        "field": "model",
        "type": "nominal",
        "legend": _MODELS_LEGEND,
        "scale": {"domain": models, "range": cycle_over(DASHES, models)},
    }
    size = {"condition": {"test": "datum.now", "value": 160}, "value": 36}
    line = {"x": x, "y": y, "color": _by_model(models), "order": order, "strokeDash": dash}
    dots = {"x": x, "y": y, "color": _by_model(models), "shape": _shaped(models), "size": size, "tooltip": tooltip}
    layers: list[Spec] = [
        {"data": {"values": rows}, "mark": {"type": "line", "strokeWidth": 2}, "encoding": line},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "opacity": 1}, "encoding": dots},
    ]
    return chart_of(layers, ink, height=280)


def class_bars(figures: Sequence[ClassFigures], say: Translator, *, ink: str = INK) -> Spec:
    """Return precision and recall of each class as two bars with their intervals, the worst recall first."""
    found, right = say(N_("found (recall)")), say(N_("right when said (precision)"))
    ordered = sorted(figures, key=lambda f: f.recall.value if f.recall else 2.0)
    rows = [
        _class_row(f.name, kind, value)
        for f in ordered
        for kind, value in ((found, f.recall), (right, f.precision))
        if value is not None
    ]
    names = list(dict.fromkeys(f.name for f in ordered))
    x = share_axis("value", None)
    y = {"field": "name", "type": "nominal", "sort": names, "title": None, "axis": {"labelLimit": 180, "grid": False}}
    offset = {"field": "kind", "type": "nominal", "sort": [found, right]}
    legend = {"title": None, "orient": "top", "labelLimit": 0}
    colour = {
        "field": "kind", "type": "nominal", "legend": legend,
        "scale": {"domain": [found, right], "range": [WINNER, PALETTE[2]]},
    }  # fmt: skip
    tooltip = [{"field": "name", "title": " "}, {"field": "kind", "title": " "}, {"field": "words", "title": " "}]
    encoding = {"y": y, "yOffset": offset, "tooltip": tooltip}
    layers: list[Spec] = [
        {
            "data": {"values": rows},
            "mark": {"type": "bar", "height": {"band": 0.85}, "opacity": 0.8},
            "encoding": {**encoding, "x": x, "color": colour},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": ink},
            "encoding": {**encoding, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
    ]
    return chart_of(layers, ink, height=50 + 34 * len(names))


def _cell(confusion: Confusion, true: int, answered: int, names: Sequence[str]) -> dict[str, object]:
    count = int(confusion.counts[true, answered])
    return {
        "true": true,
        "answered": answered,
        "true_name": names[true],
        "answered_name": names[answered],
        "count": count,
        "share": count / int(confusion.counts[true].sum()),
    }


def _class_row(name: str, kind: str, value: Share) -> dict[str, object]:
    words = f"{with_interval(value)} · {value.count} / {value.total}"
    return {"name": name, "kind": kind, "value": value.value, "low": value.low, "high": value.high, "words": words}


# One legend for colour, shape and dash; with a stroke, the line's dashes would fray its symbols.
_MODELS_LEGEND = {"title": None, "orient": "bottom", "labelLimit": 0, "symbolStrokeWidth": 0}


def _by_model(models: Sequence[str]) -> Spec:
    return {
        "field": "model",
        "type": "nominal",
        "legend": _MODELS_LEGEND,
        "scale": {"domain": models, "range": cycle_over(PALETTE, models)},
    }


def _shaped(models: Sequence[str]) -> Spec:
    return {
        "field": "model",
        "type": "nominal",
        "legend": _MODELS_LEGEND,
        "scale": {"domain": models, "range": cycle_over(SHAPES, models)},
    }
