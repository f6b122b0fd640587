"""Size and accuracy of the models of a catalogue → a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.charts.palette import INK, OTHER, WINNER, Spec, chart_of, layer, share_axis, tips
from lib.i18n import Translator
from lib.messages import N_
from lib.work.files import size_words

_TICKS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]
PICKED = "model"
"""The chart's parameter: a click on a point gives the fields `id` of it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A model in the plane of size and accuracy.

    Attributes:
        id: Of the model.
        name: For people.
        bytes: Of its file.
        accuracy: In [0, 1].
        is_ready: Whether it is on this computer.
    """

    id: str
    name: str
    bytes: int
    accuracy: float
    is_ready: bool


def best_by_size(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    """Return the models that are more accurate than every smaller one, smallest first."""
    best: list[Spot] = []
    for spot in sorted(spots, key=lambda spot: (spot.bytes, -spot.accuracy)):
        if not best or spot.accuracy > best[-1].accuracy:
            best.append(spot)
    return tuple(best)


def size_and_accuracy(spots: Sequence[Spot], say: Translator) -> Spec:
    """Return accuracy against size; models that are here are solid, and those that no smaller one beats are joined."""
    best = best_by_size(spots)
    rows = [_row(spot, spot in best) for spot in spots]
    low, high = _range([spot.bytes / 1e6 for spot in spots] or [1.0])
    shares = [spot.accuracy for spot in spots] or [0.0]
    x = {
        "field": "mb", "type": "quantitative", "title": say(N_("size")),
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {"values": [tick for tick in _TICKS if low <= tick <= high], "labelExpr": "datum.value + ' MB'"},
    }  # fmt: skip
    y = share_axis("accuracy", None, max(0.0, min(shares) - 0.05), min(1.0, max(shares) + 0.06))
    place = {"x": x, "y": y}
    colour = {"condition": {"test": "datum.best", "value": WINNER}, "value": OTHER}
    solid = {"condition": {"test": "datum.ready", "value": 1}, "value": 0}
    dots = {**place, "fill": colour, "stroke": colour, "fillOpacity": solid, "tooltip": tips(name=" ", words=" ")}
    points = layer(rows, "point", dots, shape="circle", size=110, strokeWidth=2, cursor="pointer")
    click = {"name": PICKED, "select": {"type": "point", "fields": ["id"], "nearest": True, "clear": False}}
    layers = [
        layer([_row(spot, True) for spot in best], "line", place, color=WINNER, strokeDash=[5, 4], strokeWidth=1.5),
        {**points, "params": [click]},
        *(_label(spot, place, is_left=is_left) for spot, is_left in _labelled(best)),
    ]
    return chart_of(layers, height=300)


def _row(spot: Spot, is_best: bool) -> dict[str, object]:
    return {
        "id": spot.id, "name": spot.name, "mb": spot.bytes / 1e6, "accuracy": spot.accuracy, "best": is_best,
        "ready": spot.is_ready, "words": f"{spot.accuracy:.1%} · {size_words(spot.bytes)}",
    }  # fmt: skip


def _labelled(best: Sequence[Spot]) -> list[tuple[Spot, bool]]:
    """Return the few models whose names stand in the chart, and whether to the left of their points."""
    here = [spot for spot in best[1:-1] if spot.is_ready][-1:]  # further left the axis would be in the way
    return [*((spot, False) for spot in best[:1]), *((spot, True) for spot in [*here, *best[1:][-1:]])]


def _label(spot: Spot, place: Spec, *, is_left: bool) -> Spec:
    side = {"align": "right", "dx": 4, "dy": -13} if is_left else {"align": "left", "dx": 2, "dy": 15}
    encoding = {**place, "text": {"field": "name"}}
    return layer([_row(spot, True)], "text", encoding, color=INK, fontSize=12, fontWeight=600, limit=220, **side)


def _range(megabytes: Sequence[float]) -> tuple[float, float]:
    return min(megabytes) * 0.75, max(megabytes) * 1.3
