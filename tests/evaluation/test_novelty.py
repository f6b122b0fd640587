"""How well a score tells known from unknown, worked out by hand."""

import numpy as np
import pytest

from lib.evaluation.novelty import auroc, fpr


@pytest.mark.parametrize(
    ("known", "unknown", "expected"),
    [
        pytest.param([3, 4], [1, 2], 1.0, id="apart"),
        pytest.param([1, 2], [3, 4], 0.0, id="the wrong way round"),
        pytest.param([1, 3], [2], 0.5, id="one above, one below"),
        pytest.param([2, 2], [2], 0.5, id="ties count half"),
        pytest.param([2, 5], [1, 3, 4], 4 / 6, id="four of six pairs"),
    ],
)
def test_auroc_is_the_share_of_pairs_in_the_right_order(
    known: list[float], unknown: list[float], expected: float
) -> None:
    assert auroc(np.array(known), np.array(unknown)) == pytest.approx(expected)


def test_fpr_is_the_share_of_the_unknown_above_what_95_percent_of_the_known_reach() -> None:
    known = np.arange(0, 101)  # 95% are at 5 or above
    assert fpr(known, np.array([4.9, 5.0, 50, 0])) == 0.5
