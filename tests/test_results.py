"""What the library answers with can be sent to another process."""

import pickle

import numpy as np
import pytest

from lib.classify.infer import conclude
from lib.errors import PhotoError
from lib.results import Answer, Failure

ANSWER = Answer("a{b}.jpg", "m", np.array([0.5, 0.3, 0.2]), (640, 480), 1.5)


def test_an_answer_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(ANSWER))
    assert (again.file, again.model, again.size_wh, again.milliseconds) == ("a{b}.jpg", "m", (640, 480), 1.5)
    assert again.probabilities.dtype == np.float64
    assert again.probabilities.tolist() == [0.5, 0.3, 0.2]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_classification_survives_pickling(count: int) -> None:
    labels = ("cat", "개", "{犬}")[:count]
    probabilities = ANSWER.probabilities[:count] / ANSWER.probabilities[:count].sum()
    result = conclude(Answer("a", "m", probabilities, (1, 2), 0.5), labels)
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_failure_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(Failure("{x}.jpg", "m", PhotoError("{file} is empty.", file="{x}.jpg"))))
    assert (again.file, again.model, type(again.error)) == ("{x}.jpg", "m", PhotoError)
    assert str(again.error) == "{x}.jpg is empty."
