"""LiteRT files changed: ends that a browser takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.errors import ModelFileError
from lib.formats.edit import for_browsers, unsigned
from lib.formats.tables import Ends, Tensor, ends_of
from lib.model.spec import ModelFolder
from tests.support.user_models import MODELS, TINY, edit

Run = Callable[[np.ndarray], np.ndarray]


def runner(content: bytes) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    enter, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def run(tensor: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(enter["index"], tensor)
        interpreter.invoke()
        return interpreter.get_tensor(leave["index"]).copy()

    return run


@pytest.mark.parametrize("model", ["int8", "int8-coarse"])
def test_int8_ends_become_uint8_and_the_answers_stay(tiny_model: Callable[[str], ModelFolder], model: str) -> None:
    content = tiny_model(model).read_weights()
    before, after = ends_of(content, "x"), ends_of(unsigned(content, "x"), "x")
    for was, became in ((before.input, after.input), (before.output, after.output)):
        assert became == Tensor("uint8", was.scale, was.zero_point + 128)
    own, browsers = runner(content), runner(unsigned(content, "x"))
    rng = np.random.default_rng(0)
    for level in np.linspace(0, 255, 30):
        pixels = rng.normal(level, 40, (1, 4, 6, 3)).clip(0, 255).astype(np.uint8)
        expected = own((pixels ^ 0x80).view(np.int8))
        assert np.array_equal(browsers(pixels), expected.view(np.uint8) ^ 0x80)


def test_the_signature_names_the_new_ends() -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=unsigned(signed_with_a_name(), "x"))
    (run,) = (interpreter.get_signature_runner(key) for key in interpreter.get_signature_list())
    (given,), (found,) = run.get_input_details().values(), run.get_output_details().values()
    assert (given["dtype"], found["dtype"]) == (np.uint8, np.uint8)
    assert run(photo=np.full((1, 4, 6, 3), 255, np.uint8))["classes"].tolist() == [[255, 255, 255]]


def signed_with_a_name() -> bytes:
    from lib.formats.quantise import _signed

    return _signed((TINY / "int8" / "model.tflite").read_bytes())


@pytest.mark.parametrize("model", ["float32", "float16", "dynamic", "uint8", "uint8-coarse"])
def test_other_ends_are_left_alone(tiny_model: Callable[[str], ModelFolder], model: str) -> None:
    content = tiny_model(model).read_weights()
    assert unsigned(content, "x") is content


def test_steps_without_a_meaning_are_left_alone() -> None:
    def forget(graph: Any, enter: Any, leave: Any) -> None:
        enter.quantization = leave.quantization = None

    content = edit((TINY / "int8" / "model.tflite").read_bytes(), forget)
    assert unsigned(content, "x") is content


def test_an_open_batch_is_closed_at_the_new_end_too() -> None:
    def open_batch(graph: Any, enter: Any, leave: Any) -> None:
        enter.shapeSignature = [-1, *enter.shape[1:]]

    content = for_browsers(edit((TINY / "int8" / "model.tflite").read_bytes(), open_batch), (6, 4), "x")
    found = ends_of(content, "x")
    assert (found.input.dtype, found.is_open) == ("uint8", False)
    assert runner(content)(np.full((1, 4, 6, 3), 51, np.uint8)).tolist() == [[51, 51, 51]]


@pytest.mark.parametrize("model", [*sorted(TINY.glob("*/*.tflite")), *sorted(MODELS.glob("*/*.tflite"))])
def test_no_model_that_is_here_has_ends_that_a_browser_refuses(model: Path) -> None:
    found: Ends = ends_of(for_browsers(model.read_bytes(), (1, 1), "x"), "x")
    assert {found.input.dtype, found.output.dtype} <= {"float32", "uint8"}
    assert not found.is_open


def test_garbage_has_no_ends() -> None:
    with pytest.raises(ModelFileError, match=r"x\.tflite is not a LiteRT model"):
        unsigned(b"garbage" * 9, "x.tflite")
