"""Speed and accuracy → a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.charts.bars import OTHER, RUNNING, WINNER
from lib.charts.palette import INK, Spec, chart_of, share_axis
from lib.evaluation.speed import FRAME_MS
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent


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
    y = share_axis("accuracy", say(N_("accuracy")))
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
    return chart_of(layers, ink, height=340)


def _few(spots: Sequence[Spot]) -> list[float]:
    sizes = [float(f"{spot.megabytes:.2g}") for spot in spots]
    return sorted({min(sizes), max(sizes)}) if sizes else []
