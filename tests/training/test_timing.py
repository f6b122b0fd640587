"""How long a run is said to take, worked out by hand."""

from pathlib import Path

import pytest

from lib.training.options import TrainOptions
from lib.training.timing import SPARE, Pace, area_share, pace_of, time_for

STEADY = {"architecture": "small", "size": 64, "batch": 10, "epochs": 4, "views": 2}


def options(**more: object) -> TrainOptions:
    return TrainOptions(Path("/photos"), **{**STEADY, **more})  # type: ignore[arg-type]


def test_the_time_is_that_of_its_steps_looks_photos_and_graphs() -> None:
    pace = Pace(step_s=(0.5, 0.8), graph_s=20.0, photo_s=0.01)
    # 100 photos: 10 steps an epoch; 30 held out: a look at 3 batches, each a third of a step. 4 x (10 + 1) = 44 steps.
    # Crops: 2 of each photo to learn from, 1 of each other: 230.
    fewest, most = time_for(pace, options(progressive=False), 100, 30)
    assert fewest == pytest.approx(44 * 0.5 + 20 + 2.3)
    assert most == pytest.approx(SPARE * (44 * 0.8 + 20 + 2.3))


def test_smaller_photos_cost_less_and_each_size_a_graph() -> None:
    pace = Pace(step_s=(1.0, 1.0), graph_s=5.0)
    # 30% of the steps at 32 pixels, 52% at 48, 18% at 64: a quarter, nine sixteenths, the whole of the area.
    fewest, _ = time_for(pace, options(), 100, 0)
    assert fewest == pytest.approx(3 * 5 + 40 * (0.30 / 4 + 0.52 * 9 / 16 + 0.18))
    assert area_share(options(), 0.0) == 0.25


def test_a_budget_of_minutes_is_what_it_says() -> None:
    fewest, most = time_for(Pace((9.0, 9.0), 2.0), options(minutes=3, epochs=None, progressive=False), 100, 30)
    assert (fewest, most) == (pytest.approx(182), pytest.approx(SPARE * 182))


def test_without_augmentation_one_crop_of_each_photo_is_prepared() -> None:
    pace = Pace((0.0, 0.0), 0.0, photo_s=1.0)
    assert time_for(pace, options(augment=False), 100, 30)[0] == 130


def test_steps_of_a_smaller_size_say_what_those_of_the_full_one_cost() -> None:
    pace = pace_of(9.0, [1.0, 1.5], share=0.25)
    assert pace == Pace((4.0, 6.0), 8.0)
