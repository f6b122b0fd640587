"""Charts of comparisons: valid, readable on both backgrounds, and with the numbers of the figures."""

import json
import re
from pathlib import Path
from typing import Any

import altair as alt
import pytest

from lib.charts.evaluation import coverage_curves
from lib.charts.palette import PALETTE, Spec
from lib.charts.speed import Spot, pareto_front, speed_and_accuracy
from lib.evaluation.shares import share
from lib.evaluation.verdicts import CurvePoint
from lib.i18n import Translator

SAY = Translator()
STYLE = Path(__file__).parents[2] / "lib" / "ui" / "web"
TOKENS = (STYLE / "tokens.css").read_text(encoding="utf-8")
RULE = re.compile(r'svg \[(fill|stroke)="(#\w+)"\] \{ \1: var\(--([\w-]+)\); \}')
CURVE = (CurvePoint(0.3, share(2, 4), share(2, 2)), CurvePoint(0.5, share(4, 4), share(3, 4)))
SPOTS = (Spot("a", 8, 0.7, 4), Spot("b", 20, 0.6, 8), Spot("c", 30, 0.8, 3))


def rows(spec: Spec, layer: int = 0) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = spec["layer"][layer]["data"]["values"]
    return values


SPECS = {
    "coverage": coverage_curves({"one": CURVE, "two": CURVE}, SAY, ratio=0.5),
    "speed": speed_and_accuracy(SPOTS, SAY),
    "nothing": speed_and_accuracy([], SAY),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_chart_is_valid_vega_lite_and_its_data_are_with_its_layers(spec: Spec) -> None:
    alt.LayerChart.from_dict(spec, validate=True)
    assert "data" not in spec
    json.dumps(spec, allow_nan=False)


def luminance(colour: str) -> float:
    """Return relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def theme(css: str) -> dict[str, str]:
    """Return the tokens that are colours, the first of each name."""
    return dict(reversed(re.findall(r"--([\w-]+): (#\w{6});", css)))


LIGHT, DARK = theme(TOKENS), theme(TOKENS[TOKENS.index("prefers-color-scheme: dark") :])


@pytest.mark.parametrize("colour", PALETTE)
def test_colours_are_tokens_and_stand_out_in_both_themes(colour: str) -> None:
    rules = RULE.findall((STYLE / "charts.css").read_text(encoding="utf-8"))
    assert [kind for kind, own, _ in rules if own == colour] == ["fill", "stroke"]
    (token,) = {name for _, own, name in rules if own == colour}
    assert LIGHT[token] == colour
    for tokens in (LIGHT, DARK):
        for background in ("page", "surface"):
            high, low = sorted((luminance(tokens[token]), luminance(tokens[background])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 3


def test_the_slider_position_is_marked_on_the_curve() -> None:
    assert [r["ratio"] for r in rows(SPECS["coverage"], 1) if r["now"]] == [0.5, 0.5]


def test_the_curve_fills_its_axes() -> None:
    spec = SPECS["coverage"]
    x, y = (spec["layer"][0]["encoding"][axis]["scale"]["domain"] for axis in "xy")
    assert (x, y) == ([0.5, 1.0], [0.75, 1.0])  # photos answered .5 and 1, of these right 1 and .75
    json.dumps(coverage_curves({"none": ()}, SAY))


def test_the_front_is_what_no_other_beats_in_both() -> None:
    assert pareto_front(SPOTS) == (0, 2)
    assert [r["front"] for r in rows(SPECS["speed"], 3)] == [True, False, True]
    assert pareto_front([Spot("x", 5, 0.5, 1), Spot("y", 5, 0.5, 1), Spot("z", 5, 0.4, 1)]) == (0, 1)


def test_names_stand_beside_their_dots_and_apart_from_each_other() -> None:
    close = [Spot("a", 5, 0.71, 1), Spot("b", 6, 0.7, 1), Spot("c", 40, 0.4, 1)]
    spec = speed_and_accuracy(close, SAY)
    assert [row["name"] for row in rows(spec, 4)] == ["a", "b"]
    assert [row["name"] for row in rows(spec, 5)] == ["c"]  # to the left of its dot, which is far to the right
    first, second = (row["height"] for row in rows(spec, 4))
    assert first == 0.71
    assert second < 0.7


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([(0.7, 10.0), (0.6, 5.0), (0.5, 8.0)], (1, 0), id="slower and worse is beaten"),
        pytest.param([(0.7, 10.0), (0.7, 9.0)], (1,), id="equally good, the faster stays"),
        pytest.param([(0.7, 9.0), (0.8, 9.0)], (1,), id="equally fast, the better stays"),
        pytest.param([(0.7, 9.0), (0.7, 9.0)], (0, 1), id="equal points both stay"),
        pytest.param([(0.1, 1.0), (0.2, 2.0), (0.3, 3.0)], (0, 1, 2), id="each step costs time"),
        pytest.param([(0.3, 1.0), (0.2, 2.0), (0.1, 3.0)], (0,), id="one beats all"),
        pytest.param([], (), id="no points"),
    ],
)
def test_the_front_is_what_nothing_beats(points: list[tuple[float, float]], expected: tuple[int, ...]) -> None:
    spots = [Spot("m", milliseconds, accuracy, 1) for accuracy, milliseconds in points]
    assert pareto_front(spots) == expected
