"""Figures about models → charts."""

from collections.abc import Mapping, Sequence

from lib.charts.palette import (
    DASHES,
    INK,
    PALETTE,
    RUNNING,
    SHAPES,
    WINNER,
    Spec,
    chart_of,
    layer,
    named_axis,
    share_axis,
    tips,
    told_apart,
)
from lib.evaluation.accuracy import ClassFigures, Confusion
from lib.evaluation.calibration import Bin
from lib.evaluation.shares import with_interval
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
    something_else = len(confusion.names)
    shown = range(something_else)
    columns = [*shown, *([something_else] if confusion.counts[:, something_else].any() else [])]
    names = [*confusion.names, say(N_("something else"))]
    rows = [
        _cell(confusion, true, answered, names)
        for true in shown
        for answered in columns
        if confusion.counts[true, answered]
    ]
    true, answered = say(N_("true class")), say(N_("answered"))
    slanted = {"labelAngle": -40, "labelLimit": 110, "orient": "top", "titlePadding": 8}
    place = {
        "x": named_axis("answered", answered, columns, names, **slanted),
        "y": named_axis("true", true, shown, names, labelLimit=140),
    }
    encoding = {
        **place,
        "color": {"condition": {"test": "datum.true === datum.answered", "value": WINNER}, "value": RUNNING},
        "fillOpacity": {
            "field": "share", "type": "quantitative", "legend": None,
            "scale": {"domain": [0, 1], "range": [0.15, 1]},
        },
        "tooltip": tips(true_name=true, answered_name=answered, count=say(N_("photos"))),
        "strokeWidth": {"condition": {"param": "cell", "empty": False, "value": 2}, "value": 0},
    }  # fmt: skip
    select = {"type": "point", "fields": ["true", "answered"], "clear": "dblclick"}
    cells = layer(rows, "rect", encoding, cornerRadius=2, cursor="pointer", stroke=ink)
    layers = [{**cells, "params": [{"name": "cell", "select": select}]}]
    if len(shown) <= FEW_ENOUGH_FOR_NUMBERS:
        count = {"field": "count", "type": "quantitative"}
        layers.append(layer(rows, "text", {**place, "text": count}, fontSize=12, color=ink, tooltip=None))
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
    ideal = [{"low": 0, "accuracy": 0}, {"low": 1, "accuracy": 1}]
    said, right = say(N_("how sure the model is")), say(N_("how often it is right"))
    x, y = share_axis("low", said), share_axis("accuracy", right)
    told: Spec = {"tooltip": tips(said=said, right=right, photos=say(N_("photos")))}
    bar = {"x": {**x, "bin": "binned"}, "x2": {"field": "high"}, "y": y, **told}
    interval = {"x": {**x, "field": "middle"}, "y": {**y, "field": "from"}, "y2": {"field": "to"}, **told}
    layers = [
        layer(rows, "bar", bar, color=WINNER, opacity=0.75, binSpacing=2),
        layer(rows, "rule", interval, color=ink, strokeWidth=1.5),
        layer(ideal, "line", {"x": x, "y": y}, color=RUNNING, strokeDash=[4, 3], strokeWidth=1.5),
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
    least = min((p.accuracy.value for points in curves.values() for p in points if p.accuracy), default=0.0)
    # One legend for colour, shape and dash; with a stroke, the line's dashes would fray its symbols.
    colour, shape, dash = (
        told_apart("model", list(curves), signs, legend={"orient": "bottom", "symbolStrokeWidth": 0})
        for signs in (PALETTE, SHAPES, DASHES)
    )
    place = {
        "x": share_axis("answered", answered),
        "y": share_axis("accuracy", right, low=max(0.0, least // 0.1 * 0.1 - 0.05)),
        "color": colour,
    }
    line = {**place, "order": {"field": "ratio", "type": "quantitative"}, "strokeDash": dash}
    size = {"condition": {"test": "datum.now", "value": 160}, "value": 36}
    titles = {"model": say(N_("model")), "ratio_percent": say(N_("rival ratio"))}
    told = tips(**titles, answered_percent=answered, accuracy_percent=right)
    layers = [
        layer(rows, "line", line, strokeWidth=2),
        layer(rows, "point", {**place, "shape": shape, "size": size, "tooltip": told}, filled=True, opacity=1),
    ]
    return chart_of(layers, ink, height=280)


def class_bars(figures: Sequence[ClassFigures], say: Translator, *, ink: str = INK) -> Spec:
    """Return precision and recall of each class as two bars with their intervals, the worst recall first."""
    found, right = say(N_("found (recall)")), say(N_("right when said (precision)"))
    ordered = sorted(figures, key=lambda f: f.recall.value if f.recall else 2.0)
    rows = [
        {
            "name": f.name, "kind": kind, "value": share.value, "low": share.low, "high": share.high,
            "words": f"{with_interval(share)} · {share.count} / {share.total}",
        }
        for f in ordered
        for kind, share in ((found, f.recall), (right, f.precision))
        if share is not None
    ]  # fmt: skip
    names = list(dict.fromkeys(f.name for f in ordered))
    x = share_axis("value", None)
    place = {
        "y": {"field": "name", "type": "nominal", "sort": names, "title": None,
              "axis": {"labelLimit": 180, "grid": False}},
        "yOffset": {"field": "kind", "type": "nominal", "sort": [found, right]},
        "tooltip": tips(name=" ", kind=" ", words=" "),
    }  # fmt: skip
    colour = told_apart("kind", [found, right], [WINNER, PALETTE[2]], legend={"orient": "top"})
    interval = {**place, "x": {**x, "field": "low"}, "x2": {"field": "high"}}
    layers = [
        layer(rows, "bar", {**place, "x": x, "color": colour}, height={"band": 0.85}, opacity=0.8),
        layer(rows, "rule", interval, color=ink),
    ]
    return chart_of(layers, ink, height=50 + 34 * len(names))


def _cell(confusion: Confusion, true: int, answered: int, names: Sequence[str]) -> Spec:
    count = int(confusion.counts[true, answered])
    return {
        "true": true,
        "answered": answered,
        "true_name": names[true],
        "answered_name": names[answered],
        "count": count,
        "share": count / int(confusion.counts[true].sum()),
    }
