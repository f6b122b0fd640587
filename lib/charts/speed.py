"""Speed and accuracy → a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.charts.palette import INK, OTHER, RUNNING, WINNER, Spec, chart_of, layer, number_axis, share_axis, tips
from lib.evaluation.speed import FRAME_MS
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import percent

_HEIGHT_PX, _LINE_PX = 420, 22
_LEFT = 0.55  # names of dots further left than this share of the width stand to the right of them
_LEAST_PX2 = 110  # a file of some kilobytes is still a dot that one can see and point at


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


def speed_and_accuracy(spots: Sequence[Spot], say: Translator) -> Spec:
    """Return accuracy against milliseconds, the file's size as area; models that none beats in both are joined."""
    front = pareto_front(spots)
    shares = [spot.accuracy for spot in spots] or [0.0]
    low, high = max(0.0, min(shares) - 0.06), min(1.0, max(shares) + 0.06)
    widest = 1.15 * max([FRAME_MS, *(spot.milliseconds for spot in spots)])
    heights = _apart(shares, (high - low) * _LINE_PX / _HEIGHT_PX)
    rows = [
        {
            "name": spot.name, "ms": spot.milliseconds, "accuracy": spot.accuracy, "mb": spot.megabytes,
            "front": index in front, "words": f"{spot.milliseconds:.1f} ms · {percent(spot.accuracy)}",
            "size": f"{spot.megabytes:.1f} MB", "height": height,
        }
        for index, (spot, height) in enumerate(zip(spots, heights, strict=False))
    ]  # fmt: skip
    film = [{"ms": FRAME_MS, "words": say(N_("30 frames per second"))}]
    x = number_axis("ms", say(N_("milliseconds per photo")), 0, widest, axis={"tickCount": 8})
    place = {"x": x, "y": share_axis("accuracy", say(N_("accuracy")), low, high)}
    beside = {"x": x, "y": share_axis("height", None, low, high), "text": {"field": "name"}}
    dots = {
        **place,
        "size": {
            "field": "mb", "type": "quantitative", "scale": {"domainMin": 0, "range": [_LEAST_PX2, 900]},
            "legend": {
                "title": say(N_("File size (MB)")), "symbolFillColor": OTHER, "values": _few(spots), "orient": "bottom",
                "symbolStrokeWidth": 0, "format": ".2~g",
            },
        },
        "color": {"condition": {"test": "datum.front", "value": WINNER}, "value": OTHER},
        "tooltip": tips(name=" ", words=" ", size=" "),
    }  # fmt: skip
    text = {"color": INK, "fontSize": 12, "baseline": "middle"}
    beside_line = {"align": "left", "dx": 6} if widest / 2 > FRAME_MS else {"align": "right", "dx": -6}
    at_left = [row for row, spot in zip(rows, spots, strict=True) if spot.milliseconds < _LEFT * widest]
    at_right = [row for row in rows if row not in at_left]
    layers = [
        layer(film, "rule", {"x": x}, color=RUNNING, strokeDash=[4, 3]),
        layer(
            film, "text", {"x": x, "y": {"value": "height"}, "text": {"field": "words"}},
            **{**text, "baseline": "bottom", **beside_line}, dy=-4,
        ),
        layer([rows[index] for index in front], "line", place, color=WINNER, strokeDash=[2, 2]),
        layer(rows, "point", dots, filled=True, opacity=0.75, stroke=INK, strokeWidth=0.5),
        layer(at_left, "text", beside, **text, align="left", dx=20, limit=_room(1 - _LEFT)),
        layer(at_right, "text", beside, **text, align="right", dx=-20, limit=_room(_LEFT)),
    ]  # fmt: skip
    return chart_of(layers, height=_HEIGHT_PX)


def _room(share: float) -> Spec:
    """Return how wide a name may be where this share of the width is free beside its dot."""
    return {"expr": f"width * {share:.2f} - 24"}


def _apart(shares: Sequence[float], gap: float) -> list[float]:
    """Return where names stand beside their dots: at the dots' heights, but no two closer than a line."""
    heights = list(shares)
    above: float | None = None
    for index in sorted(range(len(heights)), key=lambda index: -heights[index]):
        if above is not None:
            heights[index] = min(heights[index], above - gap)
        above = heights[index]
    return heights


def _few(spots: Sequence[Spot]) -> list[float]:
    sizes = [float(f"{spot.megabytes:.2g}") for spot in spots]
    return sorted({min(sizes), max(sizes)}) if sizes else []
