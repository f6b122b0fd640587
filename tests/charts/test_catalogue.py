"""Size against accuracy: valid Vega-Lite, and what is solid, joined and named."""

import json
from typing import Any

import altair as alt
import pytest

from lib.charts.catalogue import PICKED, Spot, best_by_size, size_and_accuracy
from lib.i18n import Translator

TINY = Spot("tiny", "Tiny", 500_000, 0.4, False)
HERE = Spot("here", 'Here"]; alert(1)', 5_000_000, 0.74, True)
WORSE = Spot("worse", "Worse", 40_000_000, 0.64, False)
EQUAL = Spot("equal", "Equal", 50_000_000, 0.74, False)
BEST = Spot("best", "Best", 90_000_000, 0.79, False)
SPOTS = (BEST, WORSE, HERE, EQUAL, TINY)


def rows(layer: dict[str, Any]) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = layer["data"]["values"]
    return values


@pytest.mark.parametrize("spots", [SPOTS, (HERE,), ()], ids=["many", "one", "none"])
@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_it_is_valid_vega_lite(spots: tuple[Spot, ...], language: str) -> None:
    spec = size_and_accuracy(spots, Translator(language))
    alt.LayerChart.from_dict(spec, validate=True)
    json.dumps(spec, allow_nan=False)


def test_the_line_joins_those_that_no_smaller_one_beats() -> None:
    assert best_by_size(SPOTS) == (TINY, HERE, BEST)


def test_of_two_of_one_size_the_better_is_on_the_line() -> None:
    twin = Spot("twin", "Twin", TINY.bytes, 0.5, False)
    assert best_by_size((TINY, twin)) == (twin,)


def test_ready_ones_are_solid_and_every_point_says_what_it_is_and_can_be_picked() -> None:
    _, points, *labels = size_and_accuracy(SPOTS, Translator())["layer"]
    assert [row["id"] for row in rows(points) if row["ready"]] == ["here"]
    assert rows(points)[2]["words"] == "74.0% · 5.0 MB"
    assert points["params"][0]["name"] == PICKED
    assert points["params"][0]["select"]["fields"] == ["id"]
    assert [rows(label)[0]["name"] for label in labels] == ["Tiny", HERE.name, "Best"]


def test_of_several_ready_ones_the_most_accurate_is_named() -> None:
    small = Spot("small", "Small", 1_000_000, 0.5, True)
    _, _, *labels = size_and_accuracy((*SPOTS, small), Translator())["layer"]
    assert [rows(label)[0]["id"] for label in labels] == ["tiny", "here", "best"]
