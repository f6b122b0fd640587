"""Curves of a training: valid, with the numbers of its epochs, also before there are any."""

import json
from typing import Any

import altair as alt
import pytest

from lib.charts.palette import Spec
from lib.charts.training import accuracy_curves, loss_curves
from lib.i18n import Translator

SAY = Translator()
BEGUN = {"epoch": 0, "val_loss": 1.4, "val_accuracy": 0.5}  # fine-tuning looks before it learns
HISTORY = [BEGUN, {"epoch": 1, "loss": 0.7, "val_loss": 0.6, "accuracy": 0.55, "val_accuracy": 0.6}]
LIVE = [{"at": 0.5, "loss": 0.9, "accuracy": 0.5}, {"at": 1.5, "loss": 0.5, "accuracy": 0.75}]
SPECS = {
    "loss": loss_curves(HISTORY, LIVE, SAY),
    "accuracy": accuracy_curves(HISTORY, LIVE, SAY),
    "nothing": loss_curves([], [], SAY),
}


def rows(spec: Spec, layer: int) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = spec["layer"][layer]["data"]["values"]
    return values


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_chart_is_valid_vega_lite(spec: Spec) -> None:
    alt.LayerChart.from_dict(spec, validate=True)
    json.dumps(spec, allow_nan=False)


def test_both_curves_have_their_epochs_and_the_thin_line_what_lies_between() -> None:
    points = [(row["photos"], row["at"], row["value"]) for row in rows(SPECS["loss"], 2)]
    assert points == [("photos it learns from", 1, 0.7), ("held-out photos", 0, 1.4), ("held-out photos", 1, 0.6)]
    assert [(row["at"], row["value"]) for row in rows(SPECS["accuracy"], 0)] == [(0.5, 0.5), (1.5, 0.75)]


def test_the_axes_hold_everything() -> None:
    x, y = (SPECS["loss"]["layer"][1]["encoding"][axis]["scale"]["domain"] for axis in "xy")
    assert x == [0, 1.5]
    assert y == [0, pytest.approx(1.05 * 1.4)]
    assert SPECS["accuracy"]["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0, 1]
