"""Results → charts. Pure: nothing is drawn here, and nothing is written into a page.

Charts are made with Altair, once for each form; a result then only fills in its data. Building and checking one takes
50 ms, which a page of a dozen photos would feel at every click.

Colours are mid-tones that keep a contrast of at least 3 : 1 on the light and the dark background alike. Colour is never
the only sign: the winner of a clear result is a solid bar, classes in the running have hollow, dashed bars.
"""

import functools
from collections.abc import Sequence
from typing import Any

import altair as alt

from lib.results import Classification, Prediction, VerdictKind
from lib.verdict import percent

WINNER, RUNNING, OTHER = "#2f7de1", "#c77700", "#8792a2"
_ROW_PX = 38


def bars(classification: Classification, *, ink: str = "#14181f") -> dict[str, Any]:
    """Return the bar chart of the likeliest classes: name above each bar, percentage at its end.

    Ambiguous results show where a class becomes a rival (or, if the winner is weak, what it falls short of) as a dashed
    vertical line.

    Args:
        classification: What a model makes of a photo.
        ink: Colour of the text.

    Returns:
        A Vega-Lite specification with its data.
    """
    line = _threshold(classification)
    form = _form(ink, len(classification.predictions), with_line=line is not None)
    rows = [_row(classification, rank, p) for rank, p in enumerate(classification.predictions)]
    layers = [{**layer, "data": {"values": [{"at": line}] if _is_line(layer) else rows}} for layer in form["layer"]]
    return {**form, "layer": layers}


def _is_line(layer: dict[str, Any]) -> bool:
    return bool(layer["mark"]["type"] == "rule")


@functools.lru_cache(maxsize=64)
def _form(ink: str, rows: int, *, with_line: bool) -> dict[str, Any]:
    """Return the chart without its data."""
    y = alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    domain = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("probability:Q", axis=None, scale=domain)
    tooltip = [alt.Tooltip("label:N", title=" "), alt.Tooltip("exact:N", title="p")]
    colour = alt.Color(
        "role:N", legend=None, scale=alt.Scale(domain=["winner", "running", "other"], range=[WINNER, RUNNING, OTHER])
    )
    base = alt.Chart()
    bar = {"yOffset": 8, "cornerRadius": 3}
    track = base.mark_bar(**bar, size=11, color=OTHER, opacity=0.16, tooltip=False)
    solid = base.transform_filter("datum.role != 'running'").mark_bar(**bar, size=11)
    hollow = base.transform_filter("datum.role == 'running'").mark_bar(
        **bar, size=10, stroke=RUNNING, strokeWidth=1.5, strokeDash=[4, 3], fillOpacity=0.25
    )
    text = {"baseline": "middle", "dy": -8, "fontSize": 13, "color": ink}
    names = base.mark_text(**text, align="left", limit=230).encode(x=alt.value(0), text="name:N")
    shares = base.mark_text(**text, align="right").encode(x=alt.value("width"), text="percent:N")
    layers = [
        track.encode(y=y, x=alt.value(0), x2=alt.value("width")),
        solid.encode(y=y, x=x, color=colour, tooltip=tooltip),
        hollow.encode(y=y, x=x, color=colour, tooltip=tooltip),
        names.encode(y=y, tooltip=tooltip),
        shares.encode(y=y, tooltip=tooltip),
    ]
    if with_line:
        rule = base.mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=RUNNING)
        layers.append(rule.encode(x=alt.X("at:Q", scale=domain, axis=None)))
    chart = alt.layer(*layers).properties(height=_ROW_PX * rows).configure_view(strokeWidth=0).configure(padding=0)
    form: dict[str, Any] = chart.to_dict()
    # Altair's stand-in for "no data yet". Data stays with the layers, as plain values: Streamlit would load pandas to
    # pack anything that stands at the top, a second lost at the first chart.
    form.pop("data", None)
    form.pop("datasets", None)
    return form


def describe(predictions: Sequence[Prediction]) -> str:
    """Return the chart in words: "cat 91 %, dog 7 %"."""
    return ", ".join(f"{p.label} {percent(p.probability)}" for p in predictions)


def _row(classification: Classification, rank: int, prediction: Prediction) -> dict[str, object]:
    verdict = classification.verdict
    in_running = verdict.kind in (VerdictKind.CLOSE, VerdictKind.NONE) and (
        prediction.probability >= verdict.ratio * verdict.winner.probability
    )
    weak = verdict.kind is VerdictKind.WEAK and rank == 0
    role = "running" if in_running or weak else "winner" if rank == 0 else "other"
    return {
        "rank": rank,
        "role": role,
        "label": prediction.label,
        "name": f"≈ {prediction.label}" if role == "running" else prediction.label,
        "probability": prediction.probability,
        "percent": percent(prediction.probability),
        "exact": f"{prediction.probability:.4f}",
    }


def _threshold(classification: Classification) -> float | None:
    verdict = classification.verdict
    match verdict.kind:
        case VerdictKind.CLEAR:
            return None
        case VerdictKind.WEAK:
            return verdict.floor
        case _:
            return verdict.ratio * verdict.winner.probability
