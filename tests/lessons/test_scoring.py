"""Right and wrong are counted on pictures that the small model never saw."""

import re

import numpy as np
import pytest

from lib.lessons import scoring
from lib.lessons.bench import Bench
from lib.lessons.shapes import TESTING, drawn, labels, taught, tile
from lib.verdict import rank


def test_every_new_picture_is_in_the_confusion_table_once(bench: Bench) -> None:
    counts = scoring.confusion(bench, 1)
    assert counts.sum(axis=1).tolist() == [20, 20, 20]
    found = drawn(bench)
    said = taught(found, 3).answers(found.new)
    assert counts.trace() == (said == np.arange(TESTING) % 3).sum()
    assert counts.trace() < scoring.confusion(bench, scoring.EACH[-1]).trace()


def test_who_judges_two_photos_reads_how_many_of_them_are_right(bench: Bench) -> None:
    model = bench.model()
    names = rank(bench.look(bench.pictures[0], model).probabilities, model.labels, top=5)
    first = scoring.LESSON.steps[0].scene(bench, {"is0": "2", "is1": "6", "top": "0"})
    assert "0 / 2" in first.html  # the second name, and none
    assert "1 / 2" in scoring.LESSON.steps[0].scene(bench, {"is0": "2", "is1": "6", "top": "1"}).html
    assert f"2. {names[1].label}</option>" in first.html


@pytest.mark.parametrize(("place", "circles"), [(0, 34), (5, 90)])
def test_the_lazy_model_is_right_as_often_as_there_are_circles(bench: Bench, place: int, circles: int) -> None:
    html = scoring.LESSON.steps[2].scene(bench, {"mix": str(place)}).html
    assert re.search(rf"always says “circle”</th>.*?<td>{circles}%</td>", html)
    assert '<tr><th scope="row">square</th><td>0%</td>' in html


def test_the_picture_it_gets_wrong_is_one_it_gets_wrong(bench: Bench) -> None:
    question = scoring.LESSON.steps[-1].ask(bench)
    found, true = drawn(bench), labels(TESTING)
    said = taught(found, 3).answers(found.new)
    pictured = [option for option in question.options if option.picture]
    for option in pictured:
        place = next(k for k in range(TESTING) if tile(k) == option.picture)
        assert option.is_right == (said[place] != true[place])
    assert len(pictured) == 3
