"""A LiteRT file that also says how familiar a photo is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib.classify.novelty import nearness
from lib.errors import ModelFileError
from lib.formats.first_look import inspect
from lib.formats.graft import Pooling, graft
from lib.formats.inner import Inner, expose
from lib.formats.score import with_largest_logit, with_nearness
from lib.formats.tables import ends_of
from tests.formats.test_inner import MODELS, run

BACKBONE = MODELS[0].read_bytes()


def headed(rng: np.random.Generator, classes: int = 3) -> tuple[bytes, int]:
    """Return a file whose head was put on rows of length 1, and how long they are."""
    length = len(run(expose(BACKBONE, [Inner.FEATURES], "x"))[1])
    side = side_of(BACKBONE)
    weight = rng.normal(size=(classes, length))
    return graft(BACKBONE, weight, np.zeros(classes), Pooling.WHOLE, (side, side), "x"), length


def side_of(content: bytes) -> int:
    from ai_edge_litert.interpreter import Interpreter

    return int(Interpreter(model_content=content).get_input_details()[0]["shape"][1])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("shown", [slice(None), slice(1, None), slice(None, -1)], ids=["all", "but-first", "but-last"])
def test_the_largest_logit_of_the_classes_shown_is_the_second_output(path: Path, shown: slice) -> None:
    content = path.read_bytes()
    probabilities, logits = run(expose(content, [Inner.LOGITS], "x"))
    same, score = run(with_largest_logit(content, shown, "x"))
    assert np.array_equal(same, probabilities)
    assert score.tolist() == [logits[shown].max()]


def test_the_nearness_of_the_nearest_class_mean_is_the_second_output() -> None:
    rng = np.random.default_rng(1)
    content, length = headed(rng)
    means = rng.normal(size=(3, length))
    probabilities, features = run(expose(content, [Inner.NORMALISED], "x"))
    same, score = run(with_nearness(content, means, "x"))
    assert np.array_equal(same, probabilities)
    assert score == pytest.approx(nearness(features[np.newaxis], means), abs=1e-6)


def test_nearness_needs_a_head_on_rows_of_length_1() -> None:
    with pytest.raises(ModelFileError, match="normalised features"):
        with_nearness(BACKBONE, np.ones((2, 3)), "x")


def test_a_file_that_has_a_score_is_looked_at_and_answers_as_if_it_had_none(tmp_path: Path) -> None:
    content = with_largest_logit(BACKBONE, slice(None), "x")
    assert ends_of(content, "x") == replace(ends_of(BACKBONE, "x"), is_open=ends_of(content, "x").is_open)
    (tmp_path / "model.tflite").write_bytes(content)
    assert inspect(tmp_path / "model.tflite").units == len(run(BACKBONE)[0])
    assert np.array_equal(run(expose(content, [], "x"))[0], run(BACKBONE)[0])
    _, logits = run(expose(content, [Inner.LOGITS], "x"))
    assert np.array_equal(logits, run(expose(BACKBONE, [Inner.LOGITS], "x"))[1])
