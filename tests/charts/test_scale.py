"""Axes go as far as the data, from one round figure to another."""

import pytest

from lib.charts.scale import Scale


@pytest.mark.parametrize(
    ("shares", "ticks"),
    [
        pytest.param([0.861, 0.909], (0.86, 0.87, 0.88, 0.89, 0.90, 0.91), id="near each other"),
        pytest.param([0.42, 0.95], (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), id="far apart"),
        pytest.param([0.0, 1.0], (0.0, 0.25, 0.5, 0.75, 1.0), id="all of it"),
        pytest.param([0.5], (0.5, 0.51), id="one"),
        pytest.param([1.0, 1.0], (0.99, 1.0), id="nothing but the end"),
    ],
)
def test_an_axis_holds_the_data_between_round_figures(shares: list[float], ticks: tuple[float, ...]) -> None:
    scale = Scale.around(shares)
    assert scale.ticks == ticks
    assert (scale.low, scale.high) == (ticks[0], ticks[-1])


def test_a_share_stands_in_percent_of_the_axis() -> None:
    scale = Scale.around([0.42, 0.95])
    assert (scale.at(0.4), scale.at(0.7), scale.at(1.0)) == ("0.00", "50.00", "100.00")
