"""The convolutions of a file, against those that the file was written with."""

from pathlib import Path

import pytest

from lib.errors import ModelFileError
from lib.formats.layers import Convolution, Separable, convolutions, levels, separables
from lib.model.spec import load

ROOT = Path(__file__).resolve().parents[2]


def layer(kind: str, kernel: int, side: int, channels: int, filters: int) -> Convolution:
    return Convolution(kind, kernel, (side, side), channels, filters, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "count"),
    [
        pytest.param(layer("full", 3, 2, 3, 5), 4 * 9 * 3 * 5, id="full"),
        pytest.param(layer("depthwise", 5, 2, 3, 3), 4 * 25 * 3, id="depthwise"),
        pytest.param(layer("pointwise", 1, 2, 3, 5), 4 * 3 * 5, id="pointwise"),
    ],
)
def test_multiplications(one: Convolution, count: int) -> None:
    assert one.multiplications == count


def test_a_separable_convolution_against_a_full_one() -> None:
    pair = Separable(layer("depthwise", 3, 14, 512, 512), layer("pointwise", 1, 14, 512, 512))
    assert pair.full_multiplications == 14 * 14 * 9 * 512 * 512
    assert pair.full_multiplications / pair.multiplications == pytest.approx(1 / (1 / 512 + 1 / 9))


def test_the_layers_of_a_starter_are_those_of_its_architecture() -> None:
    found = convolutions(load(ROOT / "models" / "starter-scratch"))
    pairs = separables(found)
    assert pairs
    assert all(pair.depthwise.filters == pair.pointwise.channels for pair in pairs)
    sides = [one.size_hw for one in levels(found)]
    assert sides == sorted(sides, reverse=True)
    assert len(set(sides)) == len(sides)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    source = ROOT / "tests" / "models" / "float32"
    for name in ("model.toml", "labels.txt"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "model.tflite").write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"model\.tflite is not a LiteRT model"):
        convolutions(load(tmp_path))
