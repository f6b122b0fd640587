"""Colours, shapes and the frame that all charts share."""

import json
from collections.abc import Sequence
from typing import Any

from lib.charts.bars import OTHER, RUNNING, WINNER

INK = "#14181f"


# Mid-tones, each at least 3 : 1 against the light and the dark background.
PALETTE = (WINNER, RUNNING, "#1f9a68", "#c2569f", "#8a70e0", "#d4493f", "#6f9012", "#0f93a8")


SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3))


Spec = dict[str, Any]


def chart_of(layers: Sequence[Spec], ink: str, *, height: int) -> Spec:
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


def named_axis(names: Sequence[str]) -> Spec:
    """Return what lets an axis of positions show names; written as JSON, a name stays a text whatever is in it."""
    return {"labelExpr": f"{json.dumps(list(names))}[datum.value]"}


def ordinal_axis(field: str, domain: Sequence[int], title: str, axis: Spec) -> Spec:
    scale = {"domain": list(domain)}
    return {
        "field": field,
        "type": "ordinal",
        "title": title,
        "scale": scale,
        "axis": {**axis, "grid": False, "ticks": False},
    }


def share_axis(field: str, title: str | None) -> Spec:
    scale = {"domain": [0, 1], "nice": False}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": {"format": ".0%"}}


def cycle_over(values: Sequence[Any], models: Sequence[str]) -> list[Any]:
    return [list(v) if isinstance(v := values[i % len(values)], tuple) else v for i in range(len(models))]
