"""A file from outside is looked at in a child process: whatever it does there, this process goes on."""

import contextlib
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.errors import ModelFileError
from lib.formats.first_look import inspect
from lib.model.spec import ModelFolder

TinyModel = Callable[[str], ModelFolder]


def flip_bits(content: bytes, seed: int, bits: int) -> bytes:
    """Return `content` with some bits flipped, always the same for a seed."""
    chance = random.Random(seed)
    flipped = bytearray(content)
    for _ in range(bits):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write bytes to a file called odd.tflite."""

    def write_odd(content: bytes) -> Path:
        path = tmp_path / "odd.tflite"
        path.write_bytes(content)
        return path

    return write_odd


@pytest.mark.parametrize(("name", "dtype", "probabilities"), [("float32", "float32", False), ("uint8", "uint8", False)])
def test_a_good_file_says_what_it_is(name: str, dtype: str, probabilities: bool, tiny_model: TinyModel) -> None:
    found = inspect(tiny_model(name).weights_path)
    assert found.size_wh == (6, 4)
    assert (found.input.dtype, found.units) == (dtype, 3)
    assert (found.input.scale > 0) == (dtype == "uint8")
    assert found.looks_like_probabilities is probabilities
    assert found.labels == ()


def test_labels_packed_into_the_file_are_found(write: Callable[[bytes], Path], tiny_model: TinyModel) -> None:
    path = write(tiny_model("uint8").weights_path.read_bytes())
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("labels.txt", "red\ngreen\n青\n\n")
    assert inspect(path).labels == ("red", "green", "青")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"TFL3", id="tiny"),
        pytest.param(b"<html>not found</html>", id="web page"),
        pytest.param(random.Random(1).randbytes(5000), id="random"),
        pytest.param(b"\x20\0\0\0TFL3" + random.Random(2).randbytes(5000), id="random with the right beginning"),
        pytest.param(b"\x20\0\0\0TFL3" + bytes(5000), id="zeros with the right beginning"),
    ],
)
def test_what_is_no_model_is_named(content: bytes, write: Callable[[bytes], Path]) -> None:
    with pytest.raises(ModelFileError, match=r"odd\.tflite"):
        inspect(write(content))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_model_is_named(share: float, write: Callable[[bytes], Path], tiny_model: TinyModel) -> None:
    content = tiny_model("uint8").weights_path.read_bytes()
    with pytest.raises(ModelFileError, match=r"odd\.tflite"):
        inspect(write(content[: int(len(content) * share)]))


# Found by trying 1500 seeds: with these, loading or running the file reads memory that is not there.
@pytest.mark.parametrize("seed", [12, 291, 304, 485])
def test_a_model_that_crashes_its_process_is_an_error_here(
    seed: int, write: Callable[[bytes], Path], tiny_model: TinyModel
) -> None:
    content = flip_bits(tiny_model("uint8").weights_path.read_bytes(), seed, bits=3)
    with pytest.raises(ModelFileError, match=r"odd\.tflite"):
        inspect(write(content))


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bits_give_a_model_or_an_error(
    seed: int, write: Callable[[bytes], Path], tiny_model: TinyModel
) -> None:
    content = flip_bits(tiny_model("float32").weights_path.read_bytes(), seed, bits=2)
    with contextlib.suppress(ModelFileError):
        assert len(inspect(write(content)).size_wh) == 2


def test_an_answer_that_is_not_finite_is_refused(tiny_model: TinyModel) -> None:
    with pytest.raises(ModelFileError, match="infinite or invalid"):
        inspect(tiny_model("nan").weights_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone\.tflite could not be read"):
        inspect(tmp_path / "gone.tflite")


def test_real_models_look_like_probabilities(shared: Path) -> None:
    found = inspect(shared / "models" / "imagenet" / "mobilenet_v2_1.0_224_quant.tflite")
    assert found.size_wh == (224, 224)
    assert (found.input.dtype, found.input.scale, found.input.zero_point) == ("uint8", 1 / 128, 128)
    assert (found.units, found.looks_like_probabilities) == (1001, True)
    assert (len(found.labels), found.labels[0]) == (1001, "background")
