"""Colours, shapes, and the parts that all charts are put together from.

A chart is a plain Vega-Lite dictionary, which costs a page nothing to make. Its data stay with its layers: Streamlit
would load pandas to pack anything that stands at the top, a second lost at the first chart. Nothing is drawn here.

Colours are the tokens of the light theme; on a page, `lib/ui/web/charts.css` puts the theme's own in their place.
Colour is never the only sign: models have a shape and a dash of their own, right and wrong stand in different places.
"""

from collections.abc import Sequence
from typing import Any

INK = "#1c1a24"
WINNER, RUNNING, OTHER = "#3b3bd0", "#9c5a00", "#827c90"
PALETTE = (WINNER, RUNNING, "#86297a", OTHER, INK)
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])

Spec = dict[str, Any]


def chart_of(layers: Sequence[Spec], *, height: int, **config: object) -> Spec:
    """Return a chart `height` pixels high and as wide as its place."""
    axis = {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", "domainColor": OTHER, "tickColor": OTHER}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "background": "transparent",
        "layer": list(layers),
        "config": {
            "view": {"stroke": None},
            "axis": {**axis, "gridColor": OTHER, "gridOpacity": 0.25, "labelFontSize": 12, "titleFontSize": 12},
            "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
            **config,
        },
    }


def layer(rows: Sequence[Spec], kind: str, encoding: Spec, **mark: object) -> Spec:
    """Return a layer with a mark of one kind for each row."""
    return {"data": {"values": list(rows)}, "mark": {"type": kind, **mark}, "encoding": encoding}


def tips(**titles: str) -> list[Spec]:
    """Return what is shown under the pointer: fields and their titles."""
    return [{"field": field, "title": title} for field, title in titles.items()]


def number_axis(field: str, title: str | None, low: float, high: float, **more: object) -> Spec:
    """Return an axis of numbers from `low` to `high`."""
    return {
        "field": field, "type": "quantitative", "title": title, "scale": {"domain": [low, high], "nice": False}, **more,
    }  # fmt: skip


def share_axis(field: str, title: str | None, low: float = 0, high: float = 1) -> Spec:
    """Return an axis of shares, in percent."""
    return number_axis(field, title, low, high, axis={"format": ".0%"})


def told_apart(field: str, values: Sequence[str], signs: Sequence[object], *, legend: Spec) -> Spec:
    """Return a sign (a colour, a shape, a dash) for each value of a field; with more values they begin again."""
    scale = {"domain": list(values), "range": [signs[i % len(signs)] for i in range(len(values))]}
    return {"field": field, "type": "nominal", "legend": {"title": None, "labelLimit": 0, **legend}, "scale": scale}
