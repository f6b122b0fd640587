"""Learning rate, photo size and weight average over a run."""

import pytest

from lib.training.schedule import average_decay, learning_rate, photo_size


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        pytest.param(0.0, 0.05, id="starts low"),
        pytest.param(0.03, 1.0, id="highest after the warm-up"),
        pytest.param(0.515, 0.505, id="half-way down in the middle of the cosine"),
        pytest.param(1.0, 0.01, id="one percent at the end"),
        pytest.param(1.7, 0.01, id="past the end"),
    ],
)
def test_learning_rate(progress: float, expected: float) -> None:
    assert learning_rate(progress, 1.0) == pytest.approx(expected, abs=1e-9)


def test_the_learning_rate_never_rises_after_the_warm_up() -> None:
    rates = [learning_rate(0.03 + 0.97 * i / 100, 3e-3) for i in range(101)]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(
    ("progress", "final", "size"),
    [(0.0, 128, 64), (0.29, 128, 64), (0.31, 128, 96), (0.9, 128, 128), (1.0, 128, 128), (0.0, 96, 48), (0.0, 32, 32)],
)
def test_photos_grow_in_three_steps(progress: float, final: int, size: int) -> None:
    assert photo_size(progress, final, progressive=True) == size
    assert photo_size(progress, final, progressive=False) == final


def test_the_average_forgets_the_random_start() -> None:
    assert average_decay(0, 0.998) == pytest.approx(0.1)
    assert average_decay(90, 0.998) == pytest.approx(0.91)
    assert average_decay(10**6, 0.998) == 0.998
    assert average_decay(10**6, 0.0) == 0.0
