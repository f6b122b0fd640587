"""When a run is said to learn its photos by heart, and which of its epochs is kept."""

import pytest

from lib.training.curves import Row, by_heart, by_heart_since, chosen_among, rank


def rows(*losses: tuple[float, float], size: int = 64) -> list[Row]:
    """Return epochs of (loss, loss on the held-out photos)."""
    return [
        {"epoch": number, "size": size, "loss": loss, "val_loss": held_out}
        for number, (loss, held_out) in enumerate(losses, start=1)
    ]


@pytest.mark.parametrize(
    ("history", "since"),
    [
        pytest.param(rows((0.7, 0.7), (0.5, 0.6), (0.4, 0.65), (0.3, 0.7), (0.2, 0.8)), 2, id="worse for three epochs"),
        pytest.param(rows((0.7, 0.7), (0.5, 0.6), (0.4, 0.65), (0.3, 0.7)), None, id="for two"),
        pytest.param(rows((0.7, 0.7), (0.5, 0.6), (0.4, 0.61), (0.3, 0.6), (0.2, 0.61)), None, id="hardly worse"),
        pytest.param(rows((0.7, 0.7), (0.2, 0.6), (0.4, 0.65), (0.3, 0.7), (0.5, 0.8)), None, id="worse at both"),
        pytest.param(rows((0.7, 0.7), (0.5, 0.9), (0.4, 0.8), (0.3, 0.6), (0.2, 0.5)), None, id="a bad beginning"),
        pytest.param(
            [*rows((0.5, 0.4)), *rows((0.4, 0.6), (0.3, 0.6), (0.2, 0.6), (0.1, 0.6), size=96)], None,
            id="epochs with smaller photos do not count",
        ),
        pytest.param([], None, id="no epoch yet"),
    ],
)  # fmt: skip
def test_learning_by_heart(history: list[Row], since: int | None) -> None:
    assert by_heart_since(history) == since
    assert (by_heart(history) is None) == (since is None)


def test_it_is_said_since_when() -> None:
    told = by_heart(rows((0.7, 0.7), (0.5, 0.6), (0.4, 0.65), (0.3, 0.7), (0.2, 0.8)))
    assert told is not None
    assert "since epoch 2 it gets better on the photos it learns from, but worse on the held-out ones" in str(told)


def test_the_best_epoch_has_the_full_size_then_accuracy_then_little_loss() -> None:
    epochs: list[Row] = [
        {"size": 48, "val_accuracy": 0.95, "val_loss": 0.1},
        {"size": 96, "val_accuracy": 0.9, "val_loss": 0.4},
        {"size": 96, "val_accuracy": 0.9, "val_loss": 0.3},
        {"size": 96, "val_accuracy": 0.8, "val_loss": 0.2},
    ]
    assert max(epochs, key=rank) is epochs[2]
    told = "The best epoch is chosen among those with photos of 96 × 96 pixels: earlier ones saw smaller photos"
    assert str(chosen_among(epochs)).startswith(told)
    assert chosen_among(epochs[1:]) is None
    assert chosen_among([]) is None
    assert chosen_among([{"epoch": 0}]) is None, "kept before the first epoch"
