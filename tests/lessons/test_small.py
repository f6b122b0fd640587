"""Rounding, sizes and times are those of the files."""

import numpy as np
import pytest

from lib.lessons import small
from lib.lessons.bench import Bench


def test_so_many_bits_give_so_many_values() -> None:
    numbers = np.random.default_rng(0).normal(size=(3, 1000))
    for bits in (1, 2, 3):
        assert [len(np.unique(row.round(9))) for row in small.rounded(numbers, bits)] == [2**bits] * 3
    step = np.ptp(numbers, axis=1, keepdims=True) / 255
    assert (np.abs(small.rounded(numbers, 8) - numbers) <= step / 2 + 1e-12).all()
    assert small.rounded(np.ones((1, 4)), 4).tolist() == [[1, 1, 1, 1]]


def test_with_sixteen_bits_the_last_step_gives_the_models_own_answer(bench: Bench) -> None:
    model, shown = bench.model(small.FLOAT), bench.pictures[4]
    found = small.rounded_shares(bench, shown, small.last_layer(bench), 16)
    assert found == pytest.approx(bench.look(shown, model).probabilities, abs=2e-4)


def test_sizes_are_those_of_the_files_and_both_answers_stand_beside_each_other(bench: Bench) -> None:
    html = small.LESSON.steps[0].scene(bench, {}).html
    sizes = [bench.model(name).folder.weights_path.stat().st_size for name in (small.FLOAT, small.SMALL)]
    assert f"{sizes[0] / sizes[1]:.1f} ×" in html
    assert f"<td>{sizes[0] / 1e6:.1f} MB</td><td>{sizes[1] / 1e6:.1f} MB</td>" in html


def test_thirty_a_second_leave_thirty_three_milliseconds(bench: Bench) -> None:
    assert ">33.3 ms<" in small.LESSON.steps[2].scene(bench, {}).html
    question = small.LESSON.steps[-1].ask(bench)
    assert next(option.text for option in question.options if option.is_right) == "50 ms"
