"""Shrinkage linear discriminant analysis, against scikit-learn's, and leaving out, against fitting anew."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from lib.training.discriminant import SHRINKAGE, Discriminant, Floats, Ints, Rows


def rows(count: int, length: int, classes: int) -> tuple[Rows, Ints]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    made = rng.normal(0, 1, (classes, length))[labels] + rng.normal(0, 1, (count, length))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32), labels


def fitted_anew(given: Rows, labels: Ints, ridge: float, freedom: int, asked: Rows) -> Floats:
    """Return the logits as the definition has them, without any product of rows."""
    rows, classes = given.astype(np.float64), int(labels.max()) + 1
    means = np.stack([rows[labels == k].mean(axis=0) for k in range(classes)])
    spread = rows - means[labels]
    turned = np.linalg.inv(spread.T @ spread + ridge * np.eye(rows.shape[1])) @ means.T
    return np.asarray(freedom * (asked @ turned - np.sum(means.T * turned, axis=0) / 2))


def ridge_of(given: Rows, labels: Ints) -> float:
    means = np.stack([given[labels == k].mean(axis=0) for k in range(int(labels.max()) + 1)])
    return SHRINKAGE * float(np.sum((given - means[labels]) ** 2)) / (len(given) - len(means))


@pytest.mark.parametrize(("count", "length"), [(24, 50), (60, 12)], ids=["fewer rows than numbers", "more"])
def test_the_weights_are_those_of_scikit_learn_with_the_same_shrinkage(count: int, length: int) -> None:
    given, labels = rows(count, length, 3)
    weight, bias = Discriminant(given, labels).weights()
    # Its shrunk covariance is (1 - s) · S / n + s · tr S / (n · D) · I.
    ratio = SHRINKAGE * length / (count - 3)
    share = ratio / (1 + ratio)
    theirs = LinearDiscriminantAnalysis("lsqr", shrinkage=share, priors=np.full(3, 1 / 3))
    theirs.fit(given.astype(np.float64), labels)
    scale = (count - 3) / count * (1 - share)
    expected = scale * (theirs.coef_ - theirs.coef_[0])
    assert weight - weight[0] == pytest.approx(expected, abs=1e-3 * np.abs(expected).max())
    assert bias - bias[0] == pytest.approx(scale * (theirs.intercept_ - theirs.intercept_[0]), abs=1e-3)


def test_rows_left_out_are_answered_as_after_fitting_anew() -> None:
    given, labels = rows(23, 40, 4)
    folds = np.concatenate([np.arange(9), np.random.default_rng(1).integers(9, 12, 14)])
    found = Discriminant(given, labels).out_of_fold(folds)
    ridge = ridge_of(given, labels)
    for fold in np.unique(folds):
        out = folds == fold
        expected = fitted_anew(given[~out], labels[~out], ridge, 19, given[out])
        assert found[out] == pytest.approx(expected, abs=1e-3 * np.abs(expected).max())


def test_a_class_that_is_left_out_whole_has_no_chance() -> None:
    given, labels = rows(12, 20, 3)
    found = Discriminant(given, labels).out_of_fold(np.where(labels == 2, 1, 0))
    assert (found[labels == 2, 2] == -np.inf).all()
    assert np.isfinite(found[labels == 2, :2]).all()


def test_one_row_a_class_leaves_the_nearest_mean() -> None:
    given, labels = np.eye(3, 5, dtype=np.float32), np.arange(3)
    weight, bias = Discriminant(given, labels).weights()
    assert weight == pytest.approx(np.eye(3, 5))
    assert bias == pytest.approx([-0.5] * 3)
