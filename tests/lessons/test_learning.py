"""What is learned, what is learned by heart, and a bias that is there to be found."""

import re

import numpy as np
import pytest
from PIL import Image

from lib.lessons import learning
from lib.lessons.bench import Bench, Picture
from lib.lessons.drawing import SIDE, scene
from lib.lessons.shapes import drawn
from tests.support.lessons import Benches


def test_borrowed_features_generalise_where_pixels_are_learned_by_heart(bench: Bench) -> None:
    borrowed, pixels = drawn(bench), drawn(bench, is_borrowed=False)
    known, new = learning.scores(pixels, 10)
    assert known == 1.0
    assert new < 0.6  # three shapes: a third is chance
    few, many = (learning.scores(borrowed, count)[1] for count in (10, 100))
    assert few < many
    assert many > 0.9


@pytest.mark.parametrize(("shape", "ground"), [(0, "sand"), (1, "grass")])
def test_who_saw_circles_on_grass_alone_takes_the_ground_for_the_shape(bench: Bench, shape: int, ground: str) -> None:
    assert learning.found_on(bench, learning.biased(bench, 20), shape, ground) < 0.2
    assert learning.found_on(bench, learning.biased(bench, 16), shape, ground) > 0.8


def test_the_map_adds_up_to_the_lead_and_lies_on_the_ground(bench: Bench) -> None:
    layer = learning.biased(bench, 20)
    _, found = learning.strange_one(bench, layer)
    told = learning.where_it_looked(bench, layer)
    assert told.index == int(found.argmax()) == 1  # a square, it says
    assert told.total == pytest.approx(np.log(found[1] / found[0]), rel=0.02)
    _, (left, top, right, bottom) = scene(0, "sand", 0, 6)
    side = told.cells.shape[0]
    at = [
        (edge - told.box[k % 2]) * side / (told.box[2] - told.box[0])
        for k, edge in enumerate((left, top, right, bottom))
    ]
    inside = np.zeros(told.cells.shape, bool)
    inside[int(at[1]) : int(np.ceil(at[3])), int(at[0]) : int(np.ceil(at[2]))] = True
    assert told.cells[~inside].mean() > told.cells[inside].mean()


def test_the_question_is_marked_by_what_the_model_says(bench: Bench) -> None:
    question = learning.LESSON.steps[-1].ask(bench)
    _, found = learning.strange_one(bench, learning.biased(bench, learning.EACH))
    wanted = "“circle”" if found[0] > found[1] else "“square”"
    assert next(option.text for option in question.options if option.is_right) == wanted


def test_photos_become_pieces_to_tell_apart(benches: Benches) -> None:
    bench = benches.bench("samples")
    found = learning.pieces(bench, is_borrowed=True)
    assert found is not None
    assert found.kinds == 4
    assert learning.scores(found, 100)[1] > 0.6
    html = learning.LESSON.steps[0].scene(bench, {}).html
    assert "Which photo is this a piece of?" in html
    shares = [int(one) for one in re.findall(r"(\d+)%</td>", html)]
    assert shares == [round(100 * one) for one in learning.scores(found, 10)]


def test_a_tiny_photo_is_one_piece(benches: Benches) -> None:
    pictures = [
        Picture(f"tiny {side}", "tiny", "", lambda _, side=side: Image.new("RGB", (side, 30 - side)), (side, 30 - side))
        for side in (1, 5)
    ]
    bench = benches.bench("mine", pictures=pictures)
    for is_borrowed in (True, False):
        found = learning.pieces(bench, is_borrowed=is_borrowed)
        assert found is not None
        assert np.isfinite(found.new).all()


def test_a_drawing_is_the_same_each_time_and_its_box_holds_the_shape() -> None:
    image, box = scene(2, "paper", 3, 9)
    again, _ = scene(2, "paper", 3, 9)
    assert np.array_equal(np.asarray(image), np.asarray(again))
    assert not np.array_equal(np.asarray(image), np.asarray(scene(2, "paper", 4, 9)[0]))
    left, top, right, bottom = box
    assert 0 <= left < right <= SIDE
    assert 0 <= top < bottom <= SIDE
