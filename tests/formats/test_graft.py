"""Another head on a finished file: what it computes, against NumPy on the rows that come of the same file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.catalogue.store import Store
from lib.errors import ModelFileError
from lib.formats.graft import Pooling, graft, lengths, rows
from lib.formats.inner import Inner, expose
from lib.formats.quantise import quantise_dynamic, quantise_float16, quantise_int8
from lib.formats.tables import Format, format_of
from lib.formats.write import Graph

ROOT = Path(__file__).resolve().parents[2]
SIDE = 6
RANGES = {"conv/out": (0.0, 4.0), "mean": (0.0, 3.0), "logits": (-8.0, 8.0)}


def run(content: bytes) -> list[np.ndarray[Any, Any]]:
    """Return all outputs of a model for noise, the batch left out."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    noise = np.random.default_rng(0).integers(0, 256, entry["shape"], np.uint8)
    real = (noise / 127.5 - 1).astype(np.float32)
    kinds = {np.uint8: noise, np.int8: (noise ^ 0x80).view(np.int8), np.float32: real}
    interpreter.set_tensor(entry["index"], kinds[entry["dtype"]])
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"])[0] for details in interpreter.get_output_details()]


def tiny(*, is_8_bit: bool, side: int = SIDE) -> bytes:
    """Return a file of one convolution, 5 channels on a map of the photo's size, and a head of three classes."""
    rng = np.random.default_rng(1)
    graph = Graph(RANGES if is_8_bit else None)
    x = graph.photo((side, side), (-1.0, 1.0))
    x = graph.convolution(x, "conv", rng.normal(0, 0.4, (5, 3, 3, 3)), np.full(5, 0.5))
    x = graph.dense(graph.mean(x, "mean"), "head", rng.normal(0, 1, (3, 5)), np.zeros(3), out="logits")
    return graph.finish(graph.softmax(graph.real(x, "logits/real"), "classes"))


def head(length: int, seed: int = 2) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, (4, length)).astype(np.float32), rng.normal(0, 1, 4).astype(np.float32)


def expected(row: np.ndarray[Any, Any], weight: np.ndarray[Any, Any], bias: np.ndarray[Any, Any]) -> np.ndarray:
    logits = weight.astype(np.float64) @ row + bias
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def test_rows_of_a_float_file_are_the_means_of_the_map_and_of_its_quarters_at_length_1() -> None:
    content = tiny(is_8_bit=False)
    _, places = run(expose(content, [Inner.MAP], "x"))
    assert lengths(content, "x") == {Pooling.WHOLE: 5, Pooling.QUARTERS: 20}
    means = [places.mean(axis=(0, 1))]
    means.append(np.concatenate([places[y : y + 3, x : x + 3].mean(axis=(0, 1)) for y in (0, 3) for x in (0, 3)]))
    for row, mean in zip(run(rows(content, (SIDE, SIDE), "x")), means, strict=True):
        assert row == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


@pytest.mark.parametrize(("side", "window", "stride"), [(7, 4, 3), (5, 3, 2), (3, 2, 1), (2, 1, 1)])
def test_quarters_of_an_odd_map_overlap(side: int, window: int, stride: int) -> None:
    content = tiny(is_8_bit=False, side=side)
    _, places = run(expose(content, [Inner.MAP], "x"))
    corners = [(y, x) for y in (0, stride) for x in (0, stride)]
    means = np.concatenate([places[y : y + window, x : x + window].mean(axis=(0, 1)) for y, x in corners])
    _, quarters = run(rows(content, (side, side), "x"))
    assert quarters == pytest.approx(means / np.linalg.norm(means), abs=1e-6)


def test_a_map_of_one_place_has_no_quarters() -> None:
    assert lengths(tiny(is_8_bit=False, side=1), "x") == {Pooling.WHOLE: 5}
    with pytest.raises(ModelFileError, match="x contains no readable features"):
        graft(tiny(is_8_bit=False, side=1), *head(20), Pooling.QUARTERS, (1, 1), "x")


def test_rows_of_an_8_bit_file_are_rounded_as_its_pooling_rounds() -> None:
    content = tiny(is_8_bit=True)
    _, features = run(expose(content, [Inner.FEATURES], "x"))
    _, places = run(expose(content, [Inner.MAP], "x"))
    real = (features.astype(np.float64) + 128) * 3 / 255  # of RANGES
    whole, quarters = run(rows(content, (SIDE, SIDE), "x"))
    assert whole == pytest.approx(real / np.linalg.norm(real), abs=1e-6)
    corners = [(y, x) for y in (0, 3) for x in (0, 3)]
    means = np.concatenate([places[y : y + 3, x : x + 3].astype(np.float64).mean(axis=(0, 1)) for y, x in corners])
    steps = quarters / quarters.max() * (np.rint(means) + 128).max()  # AVERAGE_POOL_2D keeps the map's steps
    assert np.abs(steps - (means + 128)).max() <= 0.51


def real_files() -> Iterator[Any]:
    yield pytest.param(lambda: tiny(is_8_bit=False), (SIDE, SIDE), id="tiny float")
    yield pytest.param(lambda: tiny(is_8_bit=True), (SIDE, SIDE), id="tiny 8-bit")
    small = ROOT / "models" / "starter-small" / "model.tflite"
    yield pytest.param(small.read_bytes, (64, 64), id="starter-small, with an open batch")
    yield pytest.param(lambda: Store().open_folder("efficientnet-lite0-int8").read_weights(), (224, 224), id="Lite0")


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize(("make", "size"), real_files())
def test_the_grafted_file_computes_the_head_of_the_rows(
    make: Callable[[], bytes], size: tuple[int, int], pooling: Pooling
) -> None:
    content = make()
    row = dict(zip(lengths(content, "x"), run(rows(content, size, "x")), strict=True))[pooling]
    weight, bias = head(len(row))
    made = graft(content, weight, bias, pooling, size, "x")
    (found,) = run(made)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected(row, weight, bias), abs=2e-6)
    assert graft(content, weight, bias, pooling, size, "x") == made
    _, normalised = run(expose(made, [Inner.NORMALISED], "x"))
    assert normalised == pytest.approx(row, abs=1e-6)


def test_a_grafted_file_can_be_grafted_again_in_either_way() -> None:
    content = tiny(is_8_bit=True)
    in_quarters = graft(content, *head(20), Pooling.QUARTERS, (SIDE, SIDE), "x")
    first, again = (rows(file, (SIDE, SIDE), "x") for file in (content, in_quarters))
    for one, other in zip(run(first), run(again), strict=True):
        # The mean of the whole map now keeps the map's steps, where the file's own had steps of its own.
        assert one == pytest.approx(other, abs=0.02)


PHOTOS = np.random.default_rng(0).uniform(-1, 1, (20, 1, 64, 64, 3)).astype(np.float32)


@pytest.mark.parametrize(
    "smaller",
    [
        pytest.param(lambda content: quantise_float16(content, "x"), id="float16"),
        pytest.param(lambda content: quantise_dynamic(content, "x"), id="dynamic"),
        pytest.param(lambda content: quantise_int8(content, "x", list(PHOTOS)), id="int8"),
    ],
)
def test_files_of_the_quantiser_whose_numbers_stand_behind_the_tables_are_understood(
    smaller: Callable[[bytes], bytes],
) -> None:
    content = smaller((ROOT / "models" / "starter-small" / "model.tflite").read_bytes())
    row, _ = run(rows(content, (64, 64), "x"))
    weight, bias = head(len(row))
    made = graft(content, weight, bias, Pooling.WHOLE, (64, 64), "x")
    assert run(made)[0] == pytest.approx(expected(row, weight, bias), abs=2e-6)
    assert format_of(made, "x") is format_of(content, "x")


def test_nothing_of_the_old_head_is_left() -> None:
    content = (ROOT / "models" / "starter-small" / "model.tflite").read_bytes()
    made = graft(content, *head(32), Pooling.WHOLE, (64, 64), "x")
    assert len(made) < len(content)  # four classes instead of twenty, no signatures
    assert format_of(made, "x") is Format.FLOAT32


def test_what_does_not_fit_is_told_with_both_shapes() -> None:
    with pytest.raises(ModelFileError, match=r"shape \(4, 7\) does not fit on a\.tflite, which needs \(4, 5\)"):
        graft(tiny(is_8_bit=False), *head(7), Pooling.WHOLE, (SIDE, SIDE), "a.tflite")
    with pytest.raises(ModelFileError, match=r"a\.tflite is not a LiteRT model"):
        rows(b"no model", (4, 4), "a.tflite")
    without = (ROOT / "tests" / "models" / "background-first" / "model.tflite").read_bytes()
    with pytest.raises(ModelFileError, match=r"a\.tflite contains no readable features"):
        rows(without, (6, 4), "a.tflite")
