"""Smaller files from a float LiteRT file."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from lib.errors import ModelFileError
from lib.formats.from_keras import keras_file
from lib.formats.quantise import quantise_dynamic, quantise_float16, quantise_int8
from lib.formats.tables import Format, Tensor, ends_of, format_of
from lib.model.spec import ModelFolder, load

STARTER = Path(__file__).resolve().parents[2] / "models" / "starter-scratch" / "model.tflite"


def answer(content: bytes, tensor: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    enter, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if enter["dtype"] == np.uint8:
        scale, zero = enter["quantization"]
        tensor = np.clip(np.rint(tensor / scale) + zero, 0, 255).astype(np.uint8)
    interpreter.set_tensor(enter["index"], tensor)
    interpreter.invoke()
    result = interpreter.get_tensor(leave["index"])[0].astype(np.float64)
    scale, zero = leave["quantization"]
    return (result - zero) * scale if scale else result


def tensors(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    colours = rng.uniform(-1, 1, (count, 1, 1, 1, 3))
    return list((colours + rng.normal(0, 0.1, (count, 1, 128, 128, 3))).clip(-1, 1).astype(np.float32))


def test_8_bits_throughout_answer_much_like_floats(capfd: pytest.CaptureFixture[str]) -> None:
    photos = tensors(16)
    small = quantise_int8(STARTER.read_bytes(), "x", photos)
    assert len(small) < STARTER.stat().st_size / 3
    differences = [np.abs(answer(small, x) - answer(STARTER.read_bytes(), x)).sum() / 2 for x in photos[:4]]
    assert max(differences) < 0.25
    assert capfd.readouterr().out == "", "standard output may be JSON"


def test_8_bits_throughout_take_bytes_and_give_real_probabilities() -> None:
    small = quantise_int8(STARTER.read_bytes(), "x", tensors(8))
    found = ends_of(small, "x")
    assert (found.input.dtype, found.output) == ("uint8", Tensor("float32", 0.0, 0))
    assert found.input.scale == pytest.approx(2 / 255, rel=0.01)
    # A float softmax: it sums to 1, and no class is lost.
    for tensor in tensors(8):
        probabilities = answer(small, tensor)
        assert probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert probabilities.min() > 0


def test_what_moves_the_probabilities_afterwards_stays_real_too() -> None:
    """Some converters put a RESHAPE behind the softmax; in 8 bits it would round what the softmax had kept."""
    small = quantise_int8(reshaped(STARTER.read_bytes()), "x", tensors(8))
    assert ends_of(small, "x").output == Tensor("float32", 0.0, 0)
    probabilities = answer(small, tensors(1)[0])
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert probabilities.min() > 0


def reshaped(content: bytes) -> bytes:
    """Return a file of 20 classes with a RESHAPE behind its output."""
    model = flatbuffer_utils.read_model_from_bytearray(content)
    graph, code, step = model.subgraphs[0], schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    graph.tensors.append(copy.deepcopy(graph.tensors[graph.outputs[0]]))
    graph.tensors[-1].name = b"reshaped"
    step.opcodeIndex, step.inputs, step.outputs = len(model.operatorCodes), [*graph.outputs], [len(graph.tensors) - 1]
    step.builtinOptionsType, step.builtinOptions = schema.BuiltinOptions.ReshapeOptions, schema.ReshapeOptionsT()
    step.builtinOptions.newShape = [1, 20]
    model.operatorCodes.append(code)
    graph.operators.append(step)
    graph.outputs, model.signatureDefs[0].outputs[0].tensorIndex = [*step.outputs], step.outputs[0]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def test_8_bit_weights_alone_answer_like_floats() -> None:
    small = quantise_dynamic(STARTER.read_bytes(), "x")
    assert len(small) < STARTER.stat().st_size / 3
    for tensor in tensors(2):
        assert answer(small, tensor) == pytest.approx(answer(STARTER.read_bytes(), tensor), abs=0.1)


def test_16_bit_weights_answer_like_floats_at_half_the_size(capfd: pytest.CaptureFixture[str]) -> None:
    small = quantise_float16(STARTER.read_bytes(), "x")
    assert 0.45 < len(small) / STARTER.stat().st_size < 0.6
    for tensor in tensors(2):
        assert answer(small, tensor) == pytest.approx(answer(STARTER.read_bytes(), tensor), abs=0.01)
    assert capfd.readouterr().out == "", "standard output may be JSON"


def test_a_file_without_a_signature_is_quantised_too(tiny_model: Callable[[str], ModelFolder]) -> None:
    weights = tiny_model("logits").weights_path
    photos = [np.full((1, 4, 6, 3), value, np.float32) for value in np.linspace(0, 1, 8)]
    small = quantise_int8(weights.read_bytes(), "x", photos)
    assert format_of(small, "x") is Format.INT8
    # It answers with 4 times the mean red, green and blue; one step of what it works with is 4 / 255.
    orange = np.broadcast_to(np.float32([1.0, 0.4, 0.0]), (1, 4, 6, 3))
    assert answer(small, orange) == pytest.approx([4.0, 1.6, 0.0], abs=8 / 255)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("float32", Format.FLOAT32),
        ("float16", Format.FLOAT16),
        ("dynamic", Format.DYNAMIC),
        ("int8", Format.INT8),
        ("uint8", Format.INT8),
        ("logits", Format.FLOAT32),
    ],
)
def test_a_file_shows_its_format(tiny_model: Callable[[str], ModelFolder], model: str, expected: Format) -> None:
    assert format_of(tiny_model(model).read_weights(), "x") is expected


@pytest.mark.parametrize(
    ("quantise", "expected"), [(quantise_float16, Format.FLOAT16), (quantise_dynamic, Format.DYNAMIC)]
)
def test_what_is_written_shows_its_format(quantise: Callable[[bytes, str], bytes], expected: Format) -> None:
    assert format_of(quantise(STARTER.read_bytes(), "x"), "x") is expected


@pytest.mark.parametrize("content", [b"", b"short", b"\x1c\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + b"\xff" * 400])
def test_the_format_of_garbage_is_an_error(content: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"x\.tflite is not a LiteRT model"):
        format_of(content, "x.tflite")


def test_a_trained_model_keeps_its_keras_file(tiny_model: Callable[[str], ModelFolder]) -> None:
    assert keras_file(load(STARTER.parent)) == STARTER.parent / "model.keras"
    assert keras_file(tiny_model("float32")) is None


def test_a_handful_of_photos_is_too_few() -> None:
    with pytest.raises(ModelFileError, match="Too few photos"):
        quantise_int8(STARTER.read_bytes(), "x", tensors(3))


def test_an_8_bit_model_is_not_made_smaller(tiny_model: Callable[[str], ModelFolder]) -> None:
    with pytest.raises(ModelFileError, match="already be quantized"):
        quantise_dynamic(tiny_model("uint8").read_weights(), "x")


def test_a_file_that_is_no_model_is_an_error() -> None:
    with pytest.raises(ModelFileError, match=r"x\.tflite is not a LiteRT model"):
        quantise_dynamic(b"not a model", "x.tflite")
