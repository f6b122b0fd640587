"""Variants of a model: made in a worker, kept, made anew when they must be."""

import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib.catalogue import variants as subject
from lib.catalogue.variants import make_variant, variants
from lib.classify.infer import infer_with_each
from lib.classify.opening import open_classifier
from lib.errors import Cancelled, DownloadError, ModelFileError
from lib.formats.tables import Format, read_ends
from lib.model.spec import ModelFolder, Novelty, load
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.results import Answer
from tests.support.pictures import corners, encode, noise

STARTER = Path(__file__).resolve().parents[2] / "models" / "starter-scratch"
SMALLER = (Format.FLOAT16, Format.DYNAMIC, Format.INT8)

Tiny = Callable[[str], ModelFolder]


def noises(count: int) -> list[Source]:
    return [Source.of_bytes(encode(noise(40, 30, seed), "PNG"), f"{seed}.png") for seed in range(count)]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The starter as if a user had trained it."""
    folder = tmp_path_factory.mktemp("yours") / "starter-scratch"
    shutil.copytree(STARTER, folder)
    return load(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, starter: ModelFolder) -> Path:
    """A data folder with all variants of the starter."""
    folder = tmp_path_factory.mktemp("data")
    assert [variant.folder for variant in variants(starter, data=folder)] == [starter, None, None, None]
    for form in SMALLER:
        make_variant(starter, form, data=folder)
    return folder


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every worker crash, so that what still succeeds was there already."""
    monkeypatch.setattr(subject, "WORK", "tests.support.worker_functions:crash")


def test_a_float32_model_has_four_formats(data: Path, starter: ModelFolder) -> None:
    found = variants(starter, data=data)
    assert [variant.format for variant in found] == list(Format)
    assert [variant.is_original for variant in found] == [True, False, False, False]
    assert [variant.folder and variant.folder.spec.id for variant in found] == [
        "starter-scratch", "starter-scratch-float16", "starter-scratch-dynamic", "starter-scratch-int8",
    ]  # fmt: skip
    assert sorted(path.name for path in (data / "variants").iterdir()) == [
        "starter-scratch-dynamic", "starter-scratch-float16", "starter-scratch-int8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "smallest", "largest"), [(Format.FLOAT16, 0.45, 0.6), (Format.DYNAMIC, 0.2, 0.4), (Format.INT8, 0.2, 0.4)]
)
def test_a_variant_is_smaller(data: Path, starter: ModelFolder, form: Format, smallest: float, largest: float) -> None:
    found = make_variant(starter, form, data=data)
    assert smallest < found.weights_path.stat().st_size / starter.weights_path.stat().st_size < largest


def test_variants_agree_with_the_original_on_real_photos(data: Path, starter: ModelFolder) -> None:
    folders = [starter, *(make_variant(starter, form, data=data) for form in SMALLER)]
    photos = [Source.of_path(sample.path) for sample in find_samples()]
    rows = list(infer_with_each(photos, [open_classifier(folder) for folder in folders]))
    assert len(rows) >= 5
    assert all(isinstance(answer, Answer) for row in rows for answer in row)
    found = np.array([[answer.probabilities for answer in row if isinstance(answer, Answer)] for row in rows])
    float16, dynamic, int8 = np.abs(found[:, 1:] - found[:, :1]).max(axis=(0, 2))
    assert float16 < 0.01  # 11 bits of precision in each weight
    assert dynamic < 0.15
    assert int8 < 0.25


def test_a_variant_says_what_it_was_made_of(data: Path, starter: ModelFolder) -> None:
    found = make_variant(starter, Format.INT8, data=data)
    assert found.spec.source["made_from"] == "starter-scratch"
    assert 0 < found.spec.source["largest_shift"] < 0.5
    assert found.spec.source["calibration_pictures"] == 6 * len(find_samples())
    assert found.spec.published is None, "the figures of the original are not its own"
    assert found.spec.input == starter.spec.input
    assert found.read_labels("ko") == starter.read_labels("ko") != starter.read_labels()


@pytest.mark.usefixtures("no_work")
def test_a_variant_is_made_once(data: Path, starter: ModelFolder) -> None:
    for form in SMALLER:
        assert make_variant(starter, form, data=data).path == data / "variants" / f"starter-scratch-{form}"


def test_one_that_tells_what_is_unfamiliar_by_its_class_means_can_be_made_smaller(
    tiny_model: Tiny, tmp_path: Path
) -> None:
    folder = tiny_model("float32")
    telling = replace(folder, spec=replace(folder.spec, novelty=Novelty("class-mean", 0.5, 0.95, "none")))
    assert make_variant(telling, Format.INT8, data=tmp_path).spec.novelty is None


@pytest.mark.usefixtures("no_work")
def test_a_model_is_its_own_variant(tiny_model: Tiny, starter: ModelFolder, tmp_path: Path) -> None:
    assert make_variant(starter, Format.FLOAT32, data=tmp_path) == starter
    assert make_variant(tiny_model("uint8"), Format.INT8, data=tmp_path) == tiny_model("uint8")


@pytest.mark.usefixtures("no_work")
def test_a_model_that_was_trained_again_needs_new_variants(data: Path, starter: ModelFolder, tmp_path: Path) -> None:
    shutil.copytree(starter.path, tmp_path / "starter-scratch")
    with (tmp_path / "starter-scratch" / "model.tflite").open("ab") as file:
        file.write(b"\0")  # behind the end; the model still runs
    changed = load(tmp_path / "starter-scratch")
    assert [variant.folder for variant in variants(changed, data=data)] == [changed, None, None, None]
    with pytest.raises(ModelFileError, match="starter-scratch could not be converted to float16"):
        make_variant(changed, Format.FLOAT16, data=data)
    assert variants(starter, data=data)[1].folder is not None, "what failed has replaced nothing"


def test_a_variant_of_an_older_edition_is_made_anew(tiny_model: Tiny, tmp_path: Path) -> None:
    made = make_variant(tiny_model("float32"), Format.INT8, noises(8), data=tmp_path)
    assert variants(tiny_model("float32"), data=tmp_path)[3].folder == made
    card = made.path / "model.toml"
    for older in ("edition = 1\n", ""):  # the first edition did not say which it was
        text = re.sub(r"edition = \d+\n", older, card.read_text(encoding="utf-8"))
        card.write_text(text, encoding="utf-8")
        assert variants(tiny_model("float32"), data=tmp_path)[3].folder is None
    anew = make_variant(tiny_model("float32"), Format.INT8, noises(8), data=tmp_path)
    assert anew == made
    ends = read_ends(anew)
    assert (ends.input.dtype, ends.output.dtype) == ("uint8", "float32")


def test_other_photos_make_another_8_bit_model(tiny_model: Tiny, tmp_path: Path) -> None:
    first = make_variant(tiny_model("float32"), Format.INT8, data=tmp_path)
    photos = [*noises(8), Source.of_bytes(b"no photo", "broken.jpg")]
    second = make_variant(tiny_model("float32"), Format.INT8, photos, data=tmp_path)
    assert first.path == second.path
    assert second.spec.source["calibration_pictures"] == 8
    assert second.spec.source["calibration_sha256"] != first.spec.source["calibration_sha256"]


@pytest.mark.usefixtures("no_work")
def test_fewer_than_eight_readable_photos_are_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    photos = [*noises(7), Source.of_bytes(b"no photo", "broken.jpg")]
    with pytest.raises(ModelFileError, match=r"Too few photos .* At least 8"):
        make_variant(tiny_model("float32"), Format.INT8, photos, data=tmp_path)


def test_equal_photos_are_asked_once(tiny_model: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_variant(tiny_model("float32"), Format.INT8, noises(8), data=tmp_path)
    monkeypatch.setattr(subject, "WORK", "tests.support.worker_functions:crash")
    assert make_variant(tiny_model("float32"), Format.INT8, noises(8), data=tmp_path) == made
    with pytest.raises(ModelFileError, match="crashed"):
        make_variant(tiny_model("float32"), Format.INT8, noises(9), data=tmp_path)


@pytest.mark.parametrize(("model", "own"), [("uint8", "int8"), ("int8", "int8"), ("dynamic", "dynamic")])
def test_a_quantised_model_has_no_other_formats(tiny_model: Tiny, tmp_path: Path, model: str, own: str) -> None:
    assert [(v.format.value, v.is_original) for v in variants(tiny_model(model), data=tmp_path)] == [(own, True)]
    with pytest.raises(ModelFileError, match=f"The format of {model} is {own}. Only float32 models"):
        make_variant(tiny_model(model), Format.FLOAT16, data=tmp_path)


def test_weights_that_are_gone_are_told(tiny_model: Tiny, tmp_path: Path) -> None:
    shutil.copytree(tiny_model("float32").path, tmp_path / "gone")
    folder = load(tmp_path / "gone")
    folder.weights_path.unlink()
    with pytest.raises(ModelFileError, match=r"could not be read from model\.tflite"):
        variants(folder, data=tmp_path)


def test_a_model_without_weights_to_shrink_is_told(tiny_model: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="float16 would not make float32 smaller"):
        make_variant(tiny_model("float32"), Format.FLOAT16, data=tmp_path)
    assert list((tmp_path / "variants").iterdir()) == []


@pytest.mark.usefixtures("no_work")
def test_a_crash_is_a_sentence_and_leaves_nothing(tiny_model: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"float32 could not be converted to int8\. .* crashed"):
        make_variant(tiny_model("float32"), Format.INT8, data=tmp_path)
    assert list((tmp_path / "variants").iterdir()) == []


def test_cancelling_ends_the_work(tiny_model: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "WORK", "tests.support.worker_functions:spin")
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    with pytest.raises(Cancelled):
        make_variant(tiny_model("float32"), Format.INT8, data=tmp_path, cancelled=cancelled)
    assert list((tmp_path / "variants").iterdir()) == []


def test_a_data_folder_that_is_a_file_is_told(tiny_model: Tiny, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="could not be saved"):
        make_variant(tiny_model("float32"), Format.INT8, data=tmp_path / "file")


def test_what_a_killed_process_left_is_in_nobodys_way(tiny_model: Tiny, tmp_path: Path) -> None:
    left = tmp_path / "variants" / ".float32-int8"
    left.mkdir(parents=True)
    (left / "model.tflite").write_bytes(b"half")
    made = make_variant(tiny_model("float32"), Format.INT8, [*noises(7), photo_of_corners()], data=tmp_path)
    assert [path.name for path in (tmp_path / "variants").iterdir()] == ["float32-int8"]
    assert open_classifier(made).labels == ("red", "green", "blue")


def photo_of_corners() -> Source:
    return Source.of_bytes(encode(corners(), "JPEG"), "corners.jpg")
