"""What the tables of a LiteRT file tell."""

from pathlib import Path

import pytest

from lib.errors import ModelFileError
from lib.formats.tables import shows_its_input
from tests.support.user_models import MODELS, TINY, chain


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        pytest.param(["RESHAPE"], True, id="moved"),
        pytest.param(["QUANTIZE", "TRANSPOSE", "STRIDED_SLICE", "CONCATENATION", "DEQUANTIZE"], True, id="moved often"),
        pytest.param(["RESHAPE", "LOGISTIC"], False, id="sigmoids"),
        pytest.param(["MUL", "RESHAPE"], False, id="scores"),
        pytest.param(["RESHAPE", "BITWISE_XOR"], False, id="a code beyond the old field"),
        pytest.param(["RESHAPE", "CUSTOM"], False, id="unknown"),
    ],
)
def test_a_file_whose_operators_only_move_numbers_shows_its_input(operators: list[str], expected: bool) -> None:
    assert shows_its_input(chain(*operators), "x") is expected


@pytest.mark.parametrize("model", [*sorted(TINY.glob("*/*.tflite")), *sorted(MODELS.glob("*/*.tflite"))])
def test_no_model_that_works_numbers_out_is_taken_for_a_probe(model: Path) -> None:
    assert not shows_its_input(model.read_bytes(), "x")


def test_garbage_has_no_operators() -> None:
    with pytest.raises(ModelFileError, match="is not a LiteRT model"):
        shows_its_input(b"garbage" * 9, "x")
