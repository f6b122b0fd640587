"""What is shown of pixels is what the photo has, and what the model gets."""

import io
import re

import numpy as np
import pytest

from lib.classify.infer import infer
from lib.formats.tables import read_ends
from lib.lessons import pixels
from lib.lessons.bench import Bench, side_for
from lib.photos.source import Source
from lib.results import Answer
from tests.support.pictures import corners


def test_a_pixel_is_the_mean_of_what_it_covers_of_the_middle_square() -> None:
    small = np.asarray(pixels.shrunk(corners(48, 32), 2))
    assert small.tolist() == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]]
    assert np.asarray(pixels.shrunk(corners(40, 40), 1)).tolist() == [[[128, 128, 128]]]


def test_numbers_are_three_a_pixel(bench: Bench) -> None:
    scene = pixels.LESSON.steps[0].scene(bench, {"side": "2"})
    assert ">256<" in scene.html
    assert ">768<" in scene.html


def test_the_answer_is_that_of_the_photo_with_so_many_pixels(bench: Bench) -> None:
    model, shown = bench.model(), bench.pictures[2]
    for side in (16, 64):
        file = io.BytesIO()
        pixels.shrunk(shown.open(side_for(model)), side).save(file, "PNG")
        alone = infer(Source.of_bytes(file.getvalue(), "x"), model.classifier)
        assert isinstance(alone, Answer)
        found = pixels.answer_at(bench, shown, model, side)
        assert found.predictions[0].probability == pytest.approx(alone.probabilities.max(), abs=1e-12)


def test_the_numbers_that_are_shown_are_those_that_the_bytes_stand_for_in_the_file(bench: Bench) -> None:
    scene = pixels.LESSON.steps[1].scene(bench, {"photo": "4"})
    table = np.array(re.search(r'data-table="([^"]+)"', scene.html)[1].split(), float)
    low, high = read_ends(bench.model().folder).input.bounds
    assert table == pytest.approx(np.linspace(low, high, 256), abs=0.006)


def test_the_question_is_marked_by_asking_the_model_at_every_size(bench: Bench) -> None:
    question = pixels.LESSON.steps[-1].ask(bench)
    model, shown = bench.model(), bench.pictures[2]
    names = [pixels.answer_at(bench, shown, model, side).predictions[0].index for side in pixels.SIDES]
    right = next(option for option in question.options if option.is_right)
    first = pixels.SIDES.index(int(right.text.split()[0]))
    assert set(names[first:]) == {names[-1]}
    assert first == 0 or names[first - 1] != names[-1]
