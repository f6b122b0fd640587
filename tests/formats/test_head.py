"""The head of a file, read back."""

from pathlib import Path

import numpy as np
import pytest

from lib.formats.efficientnet_lite import FEATURES, Head, to_litert
from lib.formats.graft import Pooling, graft
from lib.formats.head import read_head
from lib.formats.quantise import quantise_int8
from lib.formats.unbelieved import tables
from tests.support.tiny_lite import SIDE, WEIGHTS

STARTER = Path(__file__).resolve().parents[2] / "models" / "starter-scratch" / "model.tflite"
NETWORK = to_litert(WEIGHTS, SIDE)


def numbers(length: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(0, 1, (4, length)).astype(np.float32), rng.normal(0, 1, 4).astype(np.float32)


@pytest.mark.parametrize(("pooling", "length"), [(Pooling.WHOLE, FEATURES), (Pooling.QUARTERS, 4 * FEATURES)])
def test_what_was_grafted_is_read_back(pooling: Pooling, length: int) -> None:
    weight, bias = numbers(length)
    found = read_head(graft(NETWORK, weight, bias, pooling, (SIDE, SIDE), "x"), "x")
    assert found is not None
    assert found.pooling is pooling
    assert np.array_equal(found.weight, weight)
    assert np.array_equal(found.bias, bias)


def test_a_head_that_was_written_with_the_network_is_read_too() -> None:
    weight, bias = numbers(FEATURES)
    found = read_head(to_litert(WEIGHTS, SIDE, head=Head(weight, bias)), "x")
    assert found is not None
    assert (found.pooling, found.weight.tolist()) == (Pooling.WHOLE, weight.tolist())


def test_other_files_have_none() -> None:
    assert read_head(NETWORK, "x") is None, "its features are not of length 1"
    assert read_head(STARTER.read_bytes(), "x") is None


def test_8_bits_leave_a_head_on_features_of_length_1_as_it_is() -> None:
    """Of 5120 numbers of length 1 few are as large as one step of 1/128, which LiteRT would round them to."""
    weight, bias = numbers(4 * FEATURES)
    content = graft(NETWORK, weight, bias, Pooling.QUARTERS, (SIDE, SIDE), "x")
    photos = np.random.default_rng(4).uniform(-1, 1, (8, 1, SIDE, SIDE, 3)).astype(np.float32)
    small = quantise_int8(content, "x", list(photos))
    found = read_head(small, "x")
    assert found is not None
    assert np.array_equal(found.weight, weight)
    with tables(small, "x") as model:
        graph = model.Subgraphs(0)
        types = {graph.Tensors(k).Name(): graph.Tensors(k).Type() for k in range(graph.TensorsLength())}
    assert types[b"row-2x2"] == types[b"head/logits"] == 0, "float32"
    assert types[b"_conv_head/out"] == 9, "int8"
