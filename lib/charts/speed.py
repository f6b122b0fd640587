"""Speed and accuracy → a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.charts.palette import INK, OTHER, RUNNING, WINNER, Spec, chart_of, layer, number_axis, share_axis, tips
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
    film = [{"ms": FRAME_MS, "words": say(N_("30 frames per second"))}]
    slowest = max([FRAME_MS, *(spot.milliseconds for spot in spots)])
    shares = [spot.accuracy for spot in spots] or [0.0]
    x = number_axis("ms", say(N_("milliseconds a photo")), 0, slowest * 1.15)
    y = share_axis("accuracy", say(N_("accuracy")), max(0.0, min(shares) - 0.06), min(1.0, max(shares) + 0.06))
    place = {"x": x, "y": y}
    dots = {
        **place,
        "size": {
            "field": "mb", "type": "quantitative", "scale": {"domainMin": 0, "range": [60, 900]},
            "legend": {"title": "MB", "symbolFillColor": OTHER, "values": _few(spots)},
        },
        "color": {"condition": {"test": "datum.front", "value": WINNER}, "value": OTHER},
        "tooltip": tips(name=" ", words=" ", size=" "),
    }  # fmt: skip
    text = {"color": ink, "fontSize": 11}
    beside_line = {"align": "right", "dx": -4, "dy": 6, "baseline": "top"}
    layers = [
        layer(film, "rule", {"x": x}, color=RUNNING, strokeDash=[4, 3]),
        layer(film, "text", {"x": x, "y": {"value": 0}, "text": {"field": "words"}}, **text, **beside_line),
        layer([rows[index] for index in front], "line", place, color=WINNER, strokeDash=[2, 2]),
        layer(rows, "point", dots, filled=True, opacity=0.75, stroke=ink, strokeWidth=0.5),
        layer(rows, "text", {**place, "text": {"field": "name"}}, **text, dy=-16, limit=200),
    ]
    return chart_of(layers, ink, height=340)


def _few(spots: Sequence[Spot]) -> list[float]:
    sizes = [float(f"{spot.megabytes:.2g}") for spot in spots]
    return sorted({min(sizes), max(sizes)}) if sizes else []
