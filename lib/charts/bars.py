"""What a model makes of a photo → bars.

The winner of a clear result is a solid bar; classes in the running have hollow, dashed bars.
"""

from lib.charts.palette import INK, OTHER, RUNNING, WINNER, Spec, chart_of, layer, tips
from lib.results import Classification, Prediction, Verdict, VerdictKind
from lib.verdict import percent

_ROW_PX = 38
_SHARE_PX = 48  # "100%", and air
_COLOURS = {"winner": WINNER, "running": RUNNING, "other": OTHER}
_FROM_0_TO_1: Spec = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}


def bars(classification: Classification) -> Spec:
    """Return the bar chart of the likeliest classes: bars on a pale track, a name above each and its share at the end.

    Ambiguous results show where a class becomes a rival (or, if the winner is weak, what it falls short of) as a dashed
    vertical line.
    """
    verdict = classification.verdict
    rows = [_row(verdict, rank, prediction) for rank, prediction in enumerate(classification.predictions)]
    start, end = {"value": 0}, {"value": "width"}
    place: Spec = {"y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"padding": 0}}}
    told = {**place, "tooltip": tips(label=" ", exact="p")}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    bar = {**told, "x": {"field": "probability", **_FROM_0_TO_1}, "color": colour}
    hollow = [row for row in rows if row["role"] == "running"]
    solid = [row for row in rows if row not in hollow]
    shape: Spec = {"yOffset": 8, "cornerRadius": 3}
    dashed = {"stroke": RUNNING, "strokeWidth": 1.5, "strokeDash": [4, 3], "fillOpacity": 0.25}
    text: Spec = {"baseline": "middle", "dy": -8, "fontSize": 13, "color": INK}
    room = {"expr": f"width - {_SHARE_PX}"}
    layers = [
        layer(rows, "bar", {**place, "x": start, "x2": end}, **shape, size=11, color=OTHER, opacity=0.16, tooltip=None),
        layer(solid, "bar", bar, **shape, size=11),
        layer(hollow, "bar", bar, **shape, size=10, **dashed),
        layer(rows, "text", {**told, "x": start, "text": {"field": "name"}}, **text, align="left", limit=room),
        layer(rows, "text", {**told, "x": end, "text": {"field": "share"}}, **text, align="right"),
    ]
    if (at := _threshold(verdict)) is not None:
        line = {"x": {"field": "at", **_FROM_0_TO_1}}
        layers.append(layer([{"at": at}], "rule", line, strokeDash=[2, 3], strokeWidth=1.5, color=RUNNING))
    return chart_of(layers, height=_ROW_PX * len(rows), padding=0)


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
