"""Votes become the very probabilities that the model gives, and their sum is 1 at any temperature."""

import numpy as np
import pytest

from lib.lessons import votes
from lib.lessons.bench import Bench
from lib.verdict import percent


@pytest.mark.parametrize("photo", range(6))
def test_at_a_temperature_of_one_the_shares_are_the_models_own(bench: Bench, photo: int) -> None:
    model, shown = bench.model(), bench.pictures[photo]
    given = votes.votes(bench, shown, model)
    assert votes.shares(given, 1.0) == pytest.approx(bench.look(shown, model).probabilities, abs=1e-6)


@pytest.mark.parametrize("temperature", votes.TEMPERATURES)
def test_shares_sum_to_one_and_keep_their_order(temperature: float) -> None:
    given = np.array([2.0, 1.0, 0.0, -3.0])
    found = votes.shares(given, temperature)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(found) < 0).all()
    assert found[0] / found[1] == pytest.approx(np.exp(1 / temperature))


def test_the_table_is_the_sum_it_says(bench: Bench) -> None:
    html = votes.LESSON.steps[0].scene(bench, {"photo": "4"}).html
    given = votes.votes(bench, bench.pictures[4], bench.model())
    powers = np.exp(given - given.max())
    assert f"<td>{powers.sum():.3f}</td><td>100%</td>" in html
    assert f"<td>1.000</td><td>{percent(1 / powers.sum())}</td>" in html
    assert f"<td>{given.max():.1f}</td>" in html


def test_the_bars_are_those_of_the_temperature(bench: Bench) -> None:
    html = votes.LESSON.steps[1].scene(bench, {"photo": "0", "heat": str(len(votes.TEMPERATURES) - 1)}).html
    given = votes.votes(bench, bench.pictures[0], bench.model())
    powers = np.exp((given - given.max()) / votes.TEMPERATURES[-1])
    assert f"--p:{100 / powers.sum():.1f}" in html
    assert "1.0000" in html


def test_the_right_answer_is_the_share_at_four(bench: Bench) -> None:
    question = votes.LESSON.steps[-1].ask(bench)
    given = votes.votes(bench, bench.pictures[-1], bench.model()) / 4
    share = float(1 / np.exp(given - given.max()).sum())
    assert next(option.text for option in question.options if option.is_right) == f"It falls to {percent(share)}"
