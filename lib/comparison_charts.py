"""Figures about models → Vega-Lite charts. Pure, as in `lib.charts`: nothing is drawn here.

Specifications are plain dictionaries, their data with the layers, as that costs a page nothing to make and to ship.
Colour is never the only sign: models have a shape and a dash of their own, right and wrong stand in different places.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.charts import OTHER, RUNNING, WINNER
from lib.evaluation.accuracy import ClassFigures, Confusion
from lib.evaluation.calibration import Bin
from lib.evaluation.shares import Share, with_interval
from lib.evaluation.side_by_side import Row
from lib.evaluation.speed import FRAME_MS
from lib.evaluation.verdicts import CurvePoint, nearest_ratio
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent

INK = "#14181f"
# Mid-tones, each at least 3 : 1 against the light and the dark background.
PALETTE = (WINNER, RUNNING, "#1f9a68", "#c2569f", "#8a70e0", "#d4493f", "#6f9012", "#0f93a8")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3))
FEW_ENOUGH_FOR_NUMBERS = 25

Spec = dict[str, Any]


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
    every = {"labelOverlap": False, **_named(names)}
    x_axis = {"labelAngle": -40, "labelLimit": 110, "orient": "top", "titlePadding": 8, **every}
    x = _ordinal("answered", columns, say(N_("answered")), x_axis)
    y = _ordinal("true", shown, say(N_("true class")), {"labelLimit": 140, **every})
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
    return _chart(layers, ink, height=150 + 26 * len(shown))  # slanted names of the columns take up to 120


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
    x = _share_axis("low", say(N_("how sure the model is")))
    y = _share_axis("accuracy", say(N_("how often it is right")))
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
    return _chart(layers, ink, height=280)


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
    x = _share_axis("answered", title["answered"])
    least = min((float(str(row["accuracy"])) for row in rows), default=0.0)
    y = _share_axis("accuracy", title["accuracy"])
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
        "scale": {"domain": models, "range": _cycle(DASHES, models)},
    }
    size = {"condition": {"test": "datum.now", "value": 160}, "value": 36}
    line = {"x": x, "y": y, "color": _by_model(models), "order": order, "strokeDash": dash}
    dots = {"x": x, "y": y, "color": _by_model(models), "shape": _shaped(models), "size": size, "tooltip": tooltip}
    layers: list[Spec] = [
        {"data": {"values": rows}, "mark": {"type": "line", "strokeWidth": 2}, "encoding": line},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "opacity": 1}, "encoding": dots},
    ]
    return _chart(layers, ink, height=280)


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
    x = _share_axis("value", None)
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
    return _chart(layers, ink, height=50 + 34 * len(names))


@dataclass(frozen=True, slots=True)
class Spot:
    """A model in the plane of speed and accuracy.

    Attributes:
        name: Of the model.
        milliseconds: Median time for a photo.
        accuracy: In [0, 1].
        megabytes: Of its file.
    """

    name: str
    milliseconds: float
    accuracy: float
    megabytes: float


def pareto_front(spots: Sequence[Spot]) -> tuple[int, ...]:
    """Return the positions of the models that no other beats in both speed and accuracy, fastest first.

    Of equals all are kept.
    """

    def beats(a: Spot, b: Spot) -> bool:
        no_worse = a.milliseconds <= b.milliseconds and a.accuracy >= b.accuracy
        return no_worse and (a.milliseconds < b.milliseconds or a.accuracy > b.accuracy)

    kept = [i for i, spot in enumerate(spots) if not any(beats(other, spot) for other in spots)]
    return tuple(sorted(kept, key=lambda i: (spots[i].milliseconds, -spots[i].accuracy)))


def speed_and_accuracy(spots: Sequence[Spot], say: Translator, *, ink: str = INK) -> Spec:
    """Return accuracy against milliseconds, the file's size as area; models that none beats in both are joined."""
    front = pareto_front(spots)
    rows = [
        {
            "name": spot.name, "ms": spot.milliseconds, "accuracy": spot.accuracy, "mb": spot.megabytes,
            "front": index in front, "words": f"{spot.milliseconds:.1f} ms · {percent(spot.accuracy)}",
            "size": f"{spot.megabytes:.1f} MB",
        }
        for index, spot in enumerate(spots)
    ]  # fmt: skip
    slowest = max((spot.milliseconds for spot in spots), default=1.0)
    x = {
        "field": "ms", "type": "quantitative", "title": say(N_("milliseconds a photo")),
        "scale": {"domain": [0, max(slowest, FRAME_MS) * 1.15], "nice": False},
    }  # fmt: skip
    values = [spot.accuracy for spot in spots] or [0.0]
    y = _share_axis("accuracy", say(N_("accuracy")))
    y["scale"] = {"domain": [max(0.0, min(values) - 0.06), min(1.0, max(values) + 0.06)], "nice": False}
    area = {
        "field": "mb", "type": "quantitative", "scale": {"domainMin": 0, "range": [60, 900]},
        "legend": {"title": "MB", "symbolFillColor": OTHER, "values": _few(spots)},
    }  # fmt: skip
    tooltip = [{"field": "name", "title": " "}, {"field": "words", "title": " "}, {"field": "size", "title": " "}]
    colour = {"condition": {"test": "datum.front", "value": WINNER}, "value": OTHER}
    place = {"x": x, "y": y}
    film = {"values": [{"ms": FRAME_MS, "words": say(N_("30 frames per second"))}]}
    joined = [rows[index] for index in front]
    layers: list[Spec] = [
        {"data": film, "mark": {"type": "rule", "color": RUNNING, "strokeDash": [4, 3]}, "encoding": {"x": x}},
        {
            "data": film,
            "mark": {
                "type": "text",
                "align": "right",
                "dx": -4,
                "dy": 6,
                "color": ink,
                "baseline": "top",
                "fontSize": 11,
            },
            "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "words"}},
        },
        {
            "data": {"values": joined},
            "mark": {"type": "line", "color": WINNER, "strokeDash": [2, 2]},
            "encoding": place,
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "opacity": 0.75, "stroke": ink, "strokeWidth": 0.5},
            "encoding": {**place, "size": area, "color": colour, "tooltip": tooltip},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "text", "dy": -16, "color": ink, "fontSize": 11, "limit": 200},
            "encoding": {**place, "text": {"field": "name"}},
        },
    ]
    return _chart(layers, ink, height=340)


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
    spec = _chart([{"data": {"values": data}, **layer} for layer in layers], ink, height=38 * len(rows))
    return {**spec, "config": {**spec["config"], "padding": 0}}


def _chart(layers: Sequence[Spec], ink: str, *, height: int) -> Spec:
    axis = {"labelColor": ink, "titleColor": ink, "titleFontWeight": "normal", "domainColor": OTHER, "tickColor": OTHER}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "background": "transparent",
        "layer": list(layers),
        "config": {
            "view": {"stroke": None},
            "axis": {**axis, "gridColor": OTHER, "gridOpacity": 0.25, "labelFontSize": 12, "titleFontSize": 12},
            "legend": {"labelColor": ink, "titleColor": ink, "labelFontSize": 12},
        },
    }


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


def _named(names: Sequence[str]) -> Spec:
    """Return what lets an axis of positions show names; written as JSON, a name stays a text whatever is in it."""
    return {"labelExpr": f"{json.dumps(list(names))}[datum.value]"}


def _ordinal(field: str, domain: Sequence[int], title: str, axis: Spec) -> Spec:
    scale = {"domain": list(domain)}
    return {
        "field": field,
        "type": "ordinal",
        "title": title,
        "scale": scale,
        "axis": {**axis, "grid": False, "ticks": False},
    }


def _share_axis(field: str, title: str | None) -> Spec:
    scale = {"domain": [0, 1], "nice": False}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": {"format": ".0%"}}


# One legend for colour, shape and dash; with a stroke, the line's dashes would fray its symbols.
_MODELS_LEGEND = {"title": None, "orient": "bottom", "labelLimit": 0, "symbolStrokeWidth": 0}


def _by_model(models: Sequence[str]) -> Spec:
    return {
        "field": "model",
        "type": "nominal",
        "legend": _MODELS_LEGEND,
        "scale": {"domain": models, "range": _cycle(PALETTE, models)},
    }


def _shaped(models: Sequence[str]) -> Spec:
    return {
        "field": "model",
        "type": "nominal",
        "legend": _MODELS_LEGEND,
        "scale": {"domain": models, "range": _cycle(SHAPES, models)},
    }


def _cycle(values: Sequence[Any], models: Sequence[str]) -> list[Any]:
    return [list(v) if isinstance(v := values[i % len(values)], tuple) else v for i in range(len(models))]


def _few(spots: Sequence[Spot]) -> list[float]:
    sizes = [float(f"{spot.megabytes:.2g}") for spot in spots]
    return sorted({min(sizes), max(sizes)}) if sizes else []
