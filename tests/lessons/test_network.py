"""Filters, maps and multiplications are the network's own."""

import numpy as np
import pytest
from PIL import Image

from lib.lessons import network
from lib.lessons.bench import Bench, look, map_of, side_for


def test_a_model_without_cheap_steps_still_gets_a_question(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "counted", lambda model: ())
    question = network.LESSON.steps[-1].ask(bench)
    assert "14 × 14 places, 256 channels in" in question.prompt
    right = next(option for option in question.options if option.is_right)
    assert right.text == f"About {round(14 * 14 * 256 * (9 + 256), -5):,}"


def test_a_filter_sums_nine_products() -> None:
    step = Image.fromarray(np.repeat([[0, 0, 200, 200]], 4, axis=0).astype(np.uint8)).convert("RGB")
    across, down, spots, blur, same = (np.asarray(network.filtered(step, k))[1] for k in range(5))
    # left to right: (200 · (1 + 2 + 1)) ÷ 4 + 128 is above 255, and cut there; nothing from top to bottom
    assert across[1] == 255
    assert down[1] == 128
    assert spots[1] == 0  # (8 · 0 - 3 · 200) ÷ 4 + 128 < 0
    assert blur[1] == round(3 * 200 / 9)
    assert same.tolist() == [0, 0, 200, 200]


def test_the_deepest_maps_are_the_last_map_of_the_model(bench: Bench) -> None:
    model, shown = bench.model(), bench.pictures[0]
    maps = network.maps_of(bench, shown, model)
    assert [one.shape for one in maps][-1] == (7, 7, 1280)
    assert [one.shape[0] for one in maps] == [112, 56, 28, 14, 7]
    assert maps[-1] == pytest.approx(map_of(shown.open(side_for(model)), model), abs=1e-9)
    assert look(shown.open(side_for(model)), model).probabilities.sum() == pytest.approx(1)


def test_the_strongest_maps_vary_most() -> None:
    maps = np.zeros((2, 2, 3))
    maps[0, 0] = [1.0, 5.0, 0.0]
    assert network.strongest(maps, 2) == [1, 0]


def test_two_cheap_steps_multiply_eight_to_nine_times_less(bench: Bench) -> None:
    pair = network.counted(bench.model())[-1]  # 7 × 7 places, 1152 channels in, 320 out, 3 × 3
    assert pair.full_multiplications == 7 * 7 * 1152 * 320 * 9
    assert pair.multiplications == 7 * 7 * 1152 * 9 + 7 * 7 * 1152 * 320
    assert pair.full_multiplications / pair.multiplications == pytest.approx(1 / (1 / 320 + 1 / 9))
    html = network.LESSON.steps[2].scene(bench, {"layer": "6"}).html
    assert "162,570,240" in html
    assert "18,571,392" in html
    assert "8.8 ×" in html


def test_the_right_answer_is_the_count(bench: Bench) -> None:
    question = network.LESSON.steps[-1].ask(bench)
    assert next(option.text for option in question.options if option.is_right) == "About 18,600,000"
