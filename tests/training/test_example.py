"""The sentence of the Keras example."""

import pytest

from lib.training.example import sentence


@pytest.mark.parametrize(
    ("score", "said"),
    [
        pytest.param(0.057, "This image is 94.30% cat and 5.70% dog.", id="as the example has it"),
        pytest.param(1.0, "This image is 0.00% cat and 100.00% dog.", id="the unit speaks for the second class"),
    ],
)
def test_both_classes_are_named_with_their_shares(score: float, said: str) -> None:
    assert str(sentence([1 - score, score], ["cat", "dog"])) == said
