"""What a model's file from outside is, and how its description is mended."""

import errno
import json
import os
import zipfile
from pathlib import Path

import pytest

from lib.errors import AppError, DownloadError, ModelFileError
from lib.formats.importing import keras_side
from lib.formats.importing.metadata import pixel_range
from lib.formats.importing.packed import (
    MAX_TOPOLOGY_BYTES,
    Form,
    look_into,
    open_in_worker,
    open_up,
    together,
    unreadable,
    without_numbers,
)
from lib.formats.importing.repairs import repaired
from lib.formats.tables import last_operator
from lib.photos.zipped import Zip
from tests.support.pictures import encode, plain
from tests.support.teachable import LABELS, as_keras_2_says, numbered, pack, tfjs, topology
from tests.support.user_models import TINY


@pytest.fixture
def work(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    return place


LITE = (TINY / "float32" / "model.tflite").read_bytes()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["0 cat", "1 big dog"], ("cat", "big dog"), id="Teachable Machine's"),
        pytest.param(["7 Up", "1 dog"], ("7 Up", "1 dog"), id="a number that is no position"),
        pytest.param(["0 cat", "dog"], ("0 cat", "dog"), id="not every line"),
        pytest.param(["cat", "dog"], ("cat", "dog"), id="none"),
        pytest.param([], (), id="nothing"),
    ],
)
def test_numbers_before_labels_go_only_where_all_are_positions(lines: list[str], expected: tuple[str, ...]) -> None:
    assert without_numbers(lines) == expected


def test_a_file_is_known_by_what_it_holds(tmp_path: Path, work: Path) -> None:
    (tmp_path / "model.keras").write_bytes(LITE)
    assert look_into(tmp_path / "model.keras", "model.keras", work).form is Form.LITERT


def test_teachable_machines_litert_zip(tmp_path: Path, work: Path) -> None:
    pack(tmp_path / "x.zip", {"model_unquant.tflite": LITE, "labels.txt": numbered(), "__MACOSX/._labels.txt": "x"})
    found = look_into(tmp_path / "x.zip", "x.zip", work)
    assert (found.form, found.labels, found.is_teachable) == (Form.LITERT, LABELS, True)
    assert found.path.read_bytes() == LITE


def test_teachable_machines_browser_zip(tmp_path: Path, work: Path) -> None:
    tfjs(tmp_path / "x.zip")
    found = look_into(tmp_path / "x.zip", "x.zip", work)
    assert (found.form, found.labels, found.is_teachable) == (Form.TFJS, LABELS, True)
    assert {path.name for path in found.path.iterdir()} == {"model.json", "weights-0.bin"}


@pytest.mark.parametrize(
    "about",
    [
        pytest.param({"packageName": "@teachablemachine/pose", "labels": ["up", "down"]}, id="poses"),
        pytest.param({"tfjsSpeechCommandsVersion": "0.4.0", "wordLabels": ["clap", "noise"]}, id="sounds"),
    ],
)
def test_poses_and_sounds_are_refused_in_words(tmp_path: Path, work: Path, about: dict[str, object]) -> None:
    pack(tmp_path / "x.zip", {"model.json": json.dumps({}), "metadata.json": json.dumps(about)})
    with pytest.raises(ModelFileError, match="poses or sounds"):
        look_into(tmp_path / "x.zip", "x.zip", work)


def test_numbers_in_the_names_of_an_own_model_stay(tmp_path: Path, work: Path) -> None:
    pack(tmp_path / "x.zip", {"m/model.tflite": LITE, "m/labels.txt": numbered(), "m/model.toml": "", "m/x.py": ""})
    found = look_into(tmp_path / "x.zip", "x.zip", work)
    assert (found.labels[0], found.is_teachable) == ("0 Class 1", False)
    assert found.beside is not None
    assert [path.name for path in found.beside.iterdir()] == ["model.toml"]


def test_files_that_belong_together_are_packed(tmp_path: Path, work: Path) -> None:
    (tmp_path / "a").write_bytes(LITE)
    (tmp_path / "b").write_text(numbered())
    together({"model_unquant.tflite": tmp_path / "a", "labels.txt": tmp_path / "b"}, "x", tmp_path / "x.zip")
    assert look_into(tmp_path / "x.zip", "x", work).labels == LABELS


def test_a_damaged_hdf5_file_is_read_in_a_process_of_its_own(tmp_path: Path, work: Path) -> None:
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 3000)
    with pytest.raises(ModelFileError, match=r"x\.h5 could not be read as a Keras HDF5 model"):
        open_up(tmp_path / "x.h5", "x.h5", work)


def test_names_inside_a_zip_decide_about_no_place(tmp_path: Path, work: Path) -> None:
    pack(tmp_path / "x.zip", {"a/../../../evil.tflite": LITE, "/labels.txt": "a\nb"})
    with pytest.raises(ModelFileError, match="evil"):
        look_into(tmp_path / "x.zip", "x.zip", work)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work", "x.zip"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is not a model", id="nothing"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "is not a model", id="a picture"),
        pytest.param(b"PK\x03\x04 and no more", "is not a zip file, or it is damaged", id="the start of a zip"),
        pytest.param(encode(plain((0, 0, 0), 4, 4), "PNG"), "is not a model", id="a whole picture"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, work: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.tflite").write_bytes(content)
    with pytest.raises(ModelFileError, match=says):
        look_into(tmp_path / "x.tflite", "x.tflite", work)


def test_what_swells_is_refused_in_words_for_models(tmp_path: Path, work: Path) -> None:
    pack(tmp_path / "x.zip", {"model.tflite": bytes(8 * 2**20)})
    with pytest.raises(ModelFileError, match=r"model\.tflite would unpack to more than 100 times its size,") as told:
        look_into(tmp_path / "x.zip", "x.zip", work)
    assert "photo" not in str(told.value)


def test_a_full_disk_is_said_to_be_so(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pack(tmp_path / "x.zip", {"model.tflite": LITE})
    monkeypatch.setattr(Zip, "copy", full)
    with pytest.raises(DownloadError, match=r"The disk of the data folder is full: x\.zip could not be saved"):
        open_in_worker({"file": str(tmp_path / "x.zip"), "name": "x.zip", "work": str(work)}, lambda event: None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(OSError("Unable to write: errno = 28, 'No space left on device'"), DownloadError, id="h5py"),
        pytest.param(RuntimeError("/x; No space left on device"), DownloadError, id="TensorFlow"),
        pytest.param(RuntimeError("no such layer"), ModelFileError, id="the file's own fault"),
    ],
)
def test_a_full_disk_is_not_the_files_fault(error: Exception, kind: type[AppError], work: Path) -> None:
    with pytest.raises(kind, match=r"x\.h5"), keras_side._understood("x.h5", Form.HDF5, work):
        raise error


def test_two_models_in_a_zip_are_refused(tmp_path: Path, work: Path) -> None:
    pack(tmp_path / "x.zip", {"a.tflite": LITE, "b.tflite": LITE})
    with pytest.raises(ModelFileError, match="exactly one model"):
        look_into(tmp_path / "x.zip", "x.zip", work)


def test_a_description_that_swells_is_refused_before_keras_reads_it(tmp_path: Path, work: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.keras", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("model.weights.h5", b"")
        packed.writestr("config.json", b" " * (MAX_TOPOLOGY_BYTES + 1))
    with pytest.raises(ModelFileError):
        look_into(tmp_path / "x.keras", "x.keras", work)


def test_descriptions_are_mended_all_the_way_down() -> None:
    mended = repaired(topology(groups=1), "x.h5")
    body, head = mended["config"]["layers"]
    base = body["config"]["layers"][0]
    assert base["class_name"] == "Functional"
    assert base["config"]["output_layers"] == ["out_relu", 0, 0]
    assert "groups" not in json.dumps(mended)
    begin, first, _ = head["config"]["layers"]
    assert begin["config"]["batch_shape"] == [None, 8]
    assert "batch_input_shape" not in first["config"]


def test_a_sequence_that_has_an_input_layer_gets_no_other() -> None:
    _, head = repaired(as_keras_2_says(topology()), "x.h5")["config"]["layers"]
    begin, first, last = head["config"]["layers"]
    assert (begin["class_name"], first["class_name"], last["class_name"]) == ("InputLayer", "Dense", "Dense")
    assert begin["config"]["batch_input_shape"] == [None, 8]
    assert "batch_input_shape" not in first["config"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(
            {"class_name": "Functional", "module": "tf_keras.src.engine.functional"},
            {"class_name": "Functional", "module": "keras.src.models.functional"},
            id="a model in the package of Keras 2",
        ),
        pytest.param(
            {"class_name": "Functional", "module": "keras.src.engine.functional"},
            {"class_name": "Functional", "module": "keras.src.models.functional"},
            id="a model in TensorFlow's Keras 2",
        ),
        pytest.param(
            {"class_name": "Dense", "module": "tf_keras.layers"}, {"class_name": "Dense", "module": "keras.layers"},
            id="a layer",
        ),
        pytest.param(
            {"class_name": "BatchNormalization", "config": {"axis": [3]}},
            {"class_name": "BatchNormalization", "config": {"axis": 3}},
            id="an axis",
        ),
        pytest.param(
            {"class_name": "SeparableConv2D", "config": {"filters": 8, "groups": 1, "kernel_initializer": {}}},
            {"class_name": "SeparableConv2D", "config": {"filters": 8}},
            id="a separable convolution",
        ),
        pytest.param(
            {"class_name": "RandomFlip", "config": {"mode": "horizontal", "rng_type": "stateful"}},
            {"class_name": "RandomFlip", "config": {"mode": "horizontal"}},
            id="a change at random",
        ),
    ],
)  # fmt: skip
def test_what_keras_2_wrote_is_said_as_keras_3_says_it(written: dict[str, object], read: dict[str, object]) -> None:
    assert repaired(written, "x.keras") == read
    assert repaired(read, "x.keras") == read, "and that stays"


def test_of_what_keras_tells_the_reason_is_told(work: Path) -> None:
    told = (
        "<class 'Functional'> could not be deserialized properly. Please ensure that.\n\nconfig={}.\n\n"
        "Exception encountered: Could not locate class 'Odd'. Make sure it is decorated. Full object config: {}"
    )
    refused = unreadable("x.keras", Form.KERAS, TypeError(told), work)
    assert str(refused) == "x.keras could not be read as a Keras model: Could not locate class 'Odd'"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param({"class_name": "TFOpLambda", "config": {}}, "only Keras 2 can run", id="of Keras 2 alone"),
        pytest.param({"class_name": "SeparableConv2D", "config": {"groups": 2}}, "SeparableConv2D", id="in groups"),
        pytest.param({"class_name": "Lambda", "config": {}}, "code of its own", id="code"),
        pytest.param({"class_name": "DepthwiseConv2D", "config": {"groups": 2}}, "DepthwiseConv2D", id="another net"),
        pytest.param({"class_name": "Dense", "config": {"units": 2**31}}, "too large", id="all memory there is"),
    ],
)
def test_what_cannot_be_mended_is_refused(config: dict[str, object], says: str) -> None:
    with pytest.raises(ModelFileError, match=says):
        repaired({"layers": [config]}, "x.h5")


def test_a_description_without_end_is_refused() -> None:
    deep: object = 0
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ModelFileError, match="no end"):
        repaired(deep, "x.h5")


def test_the_last_operator_is_found() -> None:
    assert last_operator(LITE, "x") in ("SOFTMAX", "LOGISTIC", "FULLY_CONNECTED", "MUL", "DIV")


def test_metadata_tells_the_range_of_pixels(shared: Path) -> None:
    real = next((shared / "models" / "imagenet").rglob("mobilenet_v2_1.0_224_quant*.tflite"), None)
    if real is None:
        pytest.skip("../shared has no MobileNet V2 with metadata")
    assert pixel_range(real.read_bytes(), real.name) == pytest.approx((-127.5 / 127.5, 127.5 / 127.5), abs=0.01)


def test_without_metadata_nothing_is_said() -> None:
    assert pixel_range(LITE, "x") is None
