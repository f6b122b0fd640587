"""Accuracy, confusion and calibration, against values worked out by hand; the linear head."""

import numpy as np
import pytest

from lib.training.head import fit_head, softmax
from lib.training.measure import calibration_error, measure


def test_figures_of_four_photos() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6]])
    found = measure(probabilities, np.array([0, 1, 1, 2]))
    assert (found.photos, found.top1, found.top5) == (4, 0.75, 1.0)
    assert found.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    assert found.per_class == (1.0, 0.5, 1.0)


def test_a_class_without_photos_has_no_accuracy() -> None:
    found = measure(np.array([[0.9, 0.1]]), np.array([0]))
    assert found.per_class[0] == 1.0
    assert np.isnan(found.per_class[1])


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    # Bin [0.8, 0.867): confidence 0.82, half right: gap 0.32. Bin [0.533, 0.6): 0.55, all right: gap 0.45.
    confidence = np.array([0.82, 0.82, 0.55])
    right = np.array([True, False, True])
    assert calibration_error(confidence, right) == pytest.approx((2 * 0.32 + 1 * 0.45) / 3)


def test_certain_and_right_is_perfectly_calibrated() -> None:
    assert calibration_error(np.ones(5), np.ones(5, bool)) == 0.0


def test_softmax_does_not_overflow() -> None:
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]


def test_the_head_separates_what_can_be_separated() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    features = (np.eye(3)[labels] * 4 + rng.normal(0, 0.5, (300, 3))).astype(np.float32)
    head = fit_head(features, labels, 3)
    assert (head.logits(features).argmax(axis=1) == labels).mean() > 0.99
