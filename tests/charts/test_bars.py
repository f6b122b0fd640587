"""The bars: what they say, and signs other than colour for ambiguous results."""

import altair as alt
import numpy as np
import pytest

from lib.charts.bars import bars
from lib.results import Classification
from lib.verdict import judge, rank


def classification(*shares: float) -> Classification:
    """Return what a model would say that gives `shares` to the classes a, b, c, …"""
    labels = tuple("abcdefghij"[: len(shares)])
    probabilities = np.array(shares)
    return Classification(
        "photo.jpg", "model", rank(probabilities, labels, top=5), judge(probabilities, labels), (640, 480), 8.0
    )


def rows(result: Classification) -> list[dict[str, object]]:
    """Return the chart's data."""
    values: list[dict[str, object]] = bars(result)["layer"][0]["data"]["values"]
    return values


@pytest.mark.parametrize(
    ("shares", "roles"),
    [
        pytest.param((0.91, 0.07, 0.02), ["winner", "other", "other"], id="clear: one solid winner"),
        pytest.param((0.35, 0.34, 0.31), ["running"] * 3, id="none: all three in the running"),
        pytest.param((0.55, 0.40, 0.05), ["running", "running", "other"], id="close: two in the running"),
        pytest.param((0.40, 0.15, 0.15, 0.15, 0.15), ["running"] + ["other"] * 4, id="weak: the winner is in doubt"),
    ],
)
def test_roles(shares: tuple[float, ...], roles: list[str]) -> None:
    assert [row["role"] for row in rows(classification(*shares))] == roles


def test_percentages_stand_on_the_bars() -> None:
    assert [row["share"] for row in rows(classification(0.91, 0.07, 0.02))] == ["91%", "7%", "2%"]


def test_a_class_in_the_running_is_marked_by_a_sign_too() -> None:
    assert [row["name"] for row in rows(classification(0.66, 0.34))] == ["≈ a", "≈ b"]
    assert [row["name"] for row in rows(classification(0.91, 0.09))] == ["a", "b"]


@pytest.mark.parametrize(
    ("shares", "line"),
    [
        pytest.param((0.91, 0.09), None, id="clear: no line"),
        pytest.param((0.60, 0.40), 0.30, id="close: where a rival begins"),
        pytest.param((0.40, 0.15, 0.15, 0.15, 0.15), 0.50, id="weak: what the winner falls short of"),
    ],
)
def test_the_dashed_line_shows_what_decided(shares: tuple[float, ...], line: float | None) -> None:
    layers = bars(classification(*shares))["layer"]
    rules = [layer for layer in layers if layer["mark"]["type"] == "rule"]
    assert [rule["data"]["values"][0]["at"] for rule in rules] == ([] if line is None else [pytest.approx(line)])


def test_every_chart_is_valid() -> None:
    for shares in ((0.91, 0.07, 0.02), (0.35, 0.34, 0.31)):
        alt.LayerChart.from_dict(bars(classification(*shares)))


def test_charts_of_one_form_keep_their_own_data() -> None:
    first, second = bars(classification(0.91, 0.09)), bars(classification(0.88, 0.12))
    assert rows(classification(0.91, 0.09))[0]["share"] == "91%"
    assert first["layer"][0]["data"]["values"][0]["share"] == "91%"
    assert second["layer"][0]["data"]["values"][0]["share"] == "88%"
