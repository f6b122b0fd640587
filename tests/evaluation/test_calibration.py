"""Reliability bins and the calibration error, worked out by hand."""

import numpy as np
import pytest

from lib.evaluation.calibration import calibration_error, points, reliability

# Bins of 1/15: 0.62 and 0.64 fall into the tenth (0.6 to 0.667), 0.95 and 1.0 into the last.
CONFIDENCE = np.array([0.62, 0.64, 0.95, 1.0])
RIGHT = np.array([True, False, True, True])


def test_bins_hold_mean_confidence_and_accuracy() -> None:
    first, second = reliability(CONFIDENCE, RIGHT)
    assert (first.low, first.high) == (pytest.approx(0.6), pytest.approx(10 / 15))
    assert first.confidence == pytest.approx(0.63)
    assert (first.accuracy.count, first.accuracy.total) == (1, 2)
    assert (second.low, second.high, second.accuracy.value) == (pytest.approx(14 / 15), 1.0, 1.0)
    assert second.confidence == pytest.approx(0.975)


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    assert calibration_error(CONFIDENCE, RIGHT) == pytest.approx((2 * 0.13 + 2 * 0.025) / 4)


def test_a_model_as_sure_as_it_is_right_has_no_error() -> None:
    assert calibration_error(np.array([0.75] * 4), np.array([True, True, True, False])) == pytest.approx(0)


def test_an_error_is_told_in_percentage_points() -> None:
    assert points(0.0344) == "3.4"
