"""One name for a whole picture, windows over it, and the list that it is from."""

import io

import numpy as np
import pytest

from lib.classify.infer import conclude, infer
from lib.face.names import short
from lib.lessons import limits
from lib.lessons.bench import Bench
from lib.photos.source import Source
from lib.results import Answer


@pytest.mark.parametrize("count", limits.WINDOWS)
def test_windows_cover_the_whole_picture(count: int) -> None:
    seen = np.zeros((448, 448), bool)
    found = limits.windows(448, count)
    for left, top, right, bottom in found:
        assert 0 <= left < right <= 448
        assert 0 <= top < bottom <= 448
        seen[top:bottom, left:right] = True
    assert seen.all()
    assert len(set(found)) == count**2


def test_what_it_says_of_the_whole_is_what_it_says_anywhere(bench: Bench) -> None:
    whole, model = limits.many_things(bench), bench.model()
    file = io.BytesIO()
    whole.save(file, "PNG")
    answer = infer(Source.of_bytes(file.getvalue(), "x"), model.classifier)
    assert isinstance(answer, Answer)
    first = conclude(answer, model.labels).predictions[0]
    question = limits.LESSON.steps[3].ask(bench)
    right = next(option for option in question.options if option.is_right)
    assert right.text == f"“{short(first.label, first.index)}”"
    window = limits.LESSON.steps[0].scene(bench, {}).html  # the window as wide as it goes
    said = right.why.partition("says: ")[2].partition(". First")[0]
    assert said
    assert said in window


def test_a_word_is_looked_for_in_the_models_own_list(bench: Bench) -> None:
    model = bench.model()
    assert "tabby" in limits.matches(model, " Tabby ")
    assert limits.matches(model, "grandmother") == []
    assert limits.matches(model, "  ") == []
    html = limits.LESSON.steps[2].scene(bench, {"word": "<b>grandmother"}).html
    assert "&lt;b&gt;grandmother" in html
    assert "<b>grandmother" not in html


def test_more_windows_mean_more_looks(bench: Bench) -> None:
    html = limits.LESSON.steps[1].scene(bench, {"windows": "2"}).html
    assert ">9<" in html
