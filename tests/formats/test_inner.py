"""Inner tensors of a LiteRT file, named as outputs in memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.errors import ModelFileError
from lib.formats.inner import Inner, expose

ROOT = Path(__file__).resolve().parents[2]
MODELS = tuple(sorted((ROOT / "models").glob("*/model.tflite")))


def run(content: bytes) -> list[np.ndarray[Any, Any]]:
    """Return all outputs of a model for noise."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    noise = np.random.default_rng(0).integers(0, 256, entry["shape"], np.uint8)
    interpreter.set_tensor(entry["index"], noise / np.float32(127.5) - np.float32(1))
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"])[0] for details in interpreter.get_output_details()]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parent.name)
def test_logits_come_with_the_same_answers_to_the_bit(path: Path) -> None:
    content = path.read_bytes()
    (alone,) = run(content)
    probabilities, logits = run(expose(content, [Inner.LOGITS], "x"))
    assert np.array_equal(probabilities, alone)
    powers = np.exp(logits - logits.max())
    assert powers / powers.sum() == pytest.approx(alone, abs=1e-6)


def test_features_are_what_the_head_is_given() -> None:
    from lib.formats.unbelieved import tables

    content = (ROOT / "models" / "starter-small" / "model.tflite").read_bytes()
    _, features = run(expose(content, [Inner.FEATURES], "x"))
    _, logits = run(expose(content, [Inner.LOGITS], "x"))
    with tables(content, "x") as model:
        graph = model.Subgraphs(0)
        dense = graph.Operators(graph.OperatorsLength() - 2)
        weights, bias = (
            np.frombuffer(model.Buffers(graph.Tensors(dense.Inputs(k)).Buffer()).DataAsNumpy(), np.float32)
            for k in (1, 2)
        )
    assert weights.reshape(len(bias), -1) @ features + bias == pytest.approx(logits, abs=1e-4)


def test_several_come_at_once_in_the_order_asked_for_and_features_are_the_means_of_the_map() -> None:
    content = (ROOT / "models" / "starter-small" / "model.tflite").read_bytes()
    probabilities, features, places, logits = run(
        expose(content, [Inner.FEATURES, Inner.MAP, Inner.LOGITS], "x"),
    )
    assert places.shape[2] == features.shape[0]
    assert places.mean(axis=(0, 1)) == pytest.approx(features, abs=1e-5)
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(probabilities, abs=1e-6)


def test_what_is_not_there_is_told() -> None:
    content = (ROOT / "tests" / "models" / "float32" / "model.tflite").read_bytes()
    with pytest.raises(ModelFileError, match=r"a\.tflite contains no readable logits"):
        expose(content, [Inner.LOGITS], "a.tflite")
    with pytest.raises(ModelFileError, match=r"a\.tflite is not a LiteRT model"):
        expose(b"no model", [Inner.LOGITS], "a.tflite")
