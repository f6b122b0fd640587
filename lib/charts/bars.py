"""What a model makes of a photo → bars.

The winner of a clear result is a solid bar; classes in the running have hollow, dashed bars.
"""

from collections.abc import Sequence

from lib.charts.palette import INK, OTHER, RUNNING, WINNER, Spec, chart_of, layer, tips
from lib.i18n import Translator
from lib.results import Classification, Prediction, Verdict, VerdictKind
from lib.verdict import named, percent

_ROW_PX = 38
_SHARE_PX = 48  # "100%", and air
_COLOURS = {"winner": WINNER, "running": RUNNING, "other": OTHER}
_FROM_0_TO_1: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}


def bars(classification: Classification, *, ink: str = INK) -> Spec:
    """Return the bar chart of the likeliest classes.

    Ambiguous results show where a class becomes a rival (or, if the winner is weak, what it falls short of) as a dashed
    vertical line.
    """
    verdict = classification.verdict
    rows = [_row(verdict, rank, prediction) for rank, prediction in enumerate(classification.predictions)]
    spec = share_rows(rows, ink, name_px={"expr": f"width - {_SHARE_PX}"}, tooltip=tips(label=" ", exact="p"))
    if (at := _threshold(verdict)) is not None:
        line = {"x": {"field": "at", **_FROM_0_TO_1}}
        spec["layer"].append(layer([{"at": at}], "rule", line, strokeDash=[2, 3], strokeWidth=1.5, color=RUNNING))
    return spec


def share_rows(rows: Sequence[Spec], ink: str, *, name_px: int | Spec, tooltip: list[Spec]) -> Spec:
    """Return a bar for each row on a pale track that is the whole, a name above it and its share at the end.

    Args:
        rows: Each with its `row` (from 0), `name`, `share` in words, `probability`, `colour`, and what the tooltip
            names; hollow bars have the `role` "running".
        ink: Colour of the text.
        name_px: Longer names are cut; a number, or Vega's expression for one.
        tooltip: From `tips`.
    """
    start, end = {"value": 0}, {"value": "width"}
    place: Spec = {"y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"padding": 0}}}
    told = {**place, "tooltip": tooltip}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    bar = {**told, "x": {"field": "probability", **_FROM_0_TO_1}, "color": colour}
    hollow = [row for row in rows if row.get("role") == "running"]
    solid = [row for row in rows if row not in hollow]
    shape: Spec = {"yOffset": 8, "cornerRadius": 3}
    dashed = {"stroke": RUNNING, "strokeWidth": 1.5, "strokeDash": [4, 3], "fillOpacity": 0.25}
    text: Spec = {"baseline": "middle", "dy": -8, "fontSize": 13, "color": ink}
    layers = [
        layer(rows, "bar", {**place, "x": start, "x2": end}, **shape, size=11, color=OTHER, opacity=0.16, tooltip=None),
        layer(solid, "bar", bar, **shape, size=11),
        layer(hollow, "bar", bar, **shape, size=10, **dashed),
        layer(rows, "text", {**told, "x": start, "text": {"field": "name"}}, **text, align="left", limit=name_px),
        layer(rows, "text", {**told, "x": end, "text": {"field": "share"}}, **text, align="right"),
    ]
    return chart_of(layers, ink, height=_ROW_PX * len(rows), padding=0)


def describe(predictions: Sequence[Prediction], say: Translator) -> str:
    """Return the chart in words: "cat 91%, dog 7%"."""
    return say.listed(named(predictions))


def _row(verdict: Verdict, rank: int, prediction: Prediction) -> Spec:
    is_rival = prediction.probability >= verdict.ratio * verdict.winner.probability
    in_running = is_rival and verdict.kind in (VerdictKind.CLOSE, VerdictKind.NONE)
    weak = verdict.kind is VerdictKind.WEAK and rank == 0
    role = "running" if in_running or weak else "winner" if rank == 0 else "other"
    return {
        "row": rank,
        "role": role,
        "colour": _COLOURS[role],
        "label": prediction.label,
        "name": f"≈ {prediction.label}" if role == "running" else prediction.label,
        "probability": prediction.probability,
        "share": percent(prediction.probability),
        "exact": f"{prediction.probability:.4f}",
    }


def _threshold(verdict: Verdict) -> float | None:
    if verdict.kind is VerdictKind.CLEAR:
        return None
    return verdict.floor if verdict.kind is VerdictKind.WEAK else verdict.ratio * verdict.winner.probability
