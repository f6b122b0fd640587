"""Results → Altair charts. Pure: nothing is drawn here, and nothing is written into a page.

Colours are mid-tones that keep a contrast of at least 3 : 1 on the light and the dark background alike. Colour is never
the only sign: the winner of a clear result is a solid bar, classes in the running have hollow, dashed bars.
"""

from collections.abc import Sequence

import altair as alt

from lib.results import Classification, Prediction, VerdictKind
from lib.verdict import percent

WINNER, RUNNING, OTHER = "#2f7de1", "#c77700", "#8792a2"
_ROW_PX = 38


def bars(classification: Classification, *, ink: str = "#14181f") -> alt.LayerChart:
    """Return the bar chart of the likeliest classes: name above each bar, percentage at its end.

    Ambiguous results show where a class becomes a rival (or, if the winner is weak, what it falls short of) as a dashed
    vertical line.

    Args:
        classification: What a model makes of a photo.
        ink: Colour of the text.
    """
    rows = [_row(classification, rank, p) for rank, p in enumerate(classification.predictions)]
    y = alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    x = alt.X("probability:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    tooltip = [alt.Tooltip("label:N", title=" "), alt.Tooltip("exact:N", title="p")]
    base = alt.Chart(alt.Data(values=rows))
    track = base.mark_bar(size=11, yOffset=8, cornerRadius=3, color=OTHER, opacity=0.16, tooltip=False).encode(
        y=y, x=alt.value(0), x2=alt.value("width")
    )
    solid = base.transform_filter("datum.role != 'running'").mark_bar(size=11, yOffset=8, cornerRadius=3)
    hollow = base.transform_filter("datum.role == 'running'").mark_bar(
        size=10, yOffset=8, cornerRadius=3, stroke=RUNNING, strokeWidth=1.5, strokeDash=[4, 3], fillOpacity=0.25
    )
    colour = alt.Color(
        "role:N",
        legend=None,
        scale=alt.Scale(domain=["winner", "running", "other"], range=[WINNER, RUNNING, OTHER]),
    )
    names = base.mark_text(align="left", baseline="middle", dy=-8, fontSize=13, limit=230, color=ink).encode(
        y=y, x=alt.value(0), text="name:N", tooltip=tooltip
    )
    shares = base.mark_text(align="right", baseline="middle", dy=-8, fontSize=13, color=ink).encode(
        y=y, x=alt.value("width"), text="percent:N", tooltip=tooltip
    )
    layers = [
        track,
        solid.encode(y=y, x=x, color=colour, tooltip=tooltip),
        hollow.encode(y=y, x=x, color=colour, tooltip=tooltip),
        names,
        shares,
    ]
    if (line := _threshold(classification)) is not None:
        layers.append(
            alt.Chart(alt.Data(values=[{"at": line}]))
            .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=RUNNING)
            .encode(x=alt.X("at:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None))
        )
    return alt.layer(*layers).properties(height=_ROW_PX * len(rows)).configure_view(strokeWidth=0).configure(padding=0)


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
