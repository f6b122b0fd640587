"""Models from outside, in every form, become models of the store that answer as they did."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.catalogue.importing import Said, add, look
from lib.catalogue.store import State, Store
from lib.classify.opening import open_classifier
from lib.cli.main import main
from lib.embed import parcel
from lib.embed.native import weights_file
from lib.errors import DownloadError, ModelFileError, UsageError
from tests.support.nursery import nursery
from tests.support.pictures import noise
from tests.support.teachable import LABELS, WHOLE, numbered, pack, photo
from tests.support.user_models import TINY

FORMS = """
import sys
from pathlib import Path
from tests.support.teachable import main

main(Path(sys.argv[1]), 14)
"""
LITE = TINY / "float32" / "model.tflite"
THREE = ("red", "green", "blue")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "데이터 home"))
    return Store()


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in all forms, and what the library made of each."""
    folder = tmp_path_factory.mktemp("forms")
    nursery().run(FORMS, folder)
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.tensorflow
def test_every_form_answers_as_keras_did(forms: Path) -> None:
    right, results = read(forms / "answer.json"), read(forms / "converted.json")
    for name in set(WHOLE) - {"one-unit.keras"}:
        assert results[name]["answer"] == pytest.approx(right, abs=1e-5), name


@pytest.mark.tensorflow
def test_a_single_logit_becomes_a_probability_and_a_model_that_scales_says_so(forms: Path) -> None:
    found = read(forms / "converted.json")["one-unit.keras"]
    assert found["takes_bytes"]
    assert len(found["answer"]) == 1
    assert 0 < found["answer"][0] < 1


@pytest.mark.tensorflow
def test_damaged_files_are_refused_in_one_sentence_or_still_run(forms: Path) -> None:
    damaged = {name: found for name, found in read(forms / "converted.json").items() if name.startswith("damaged")}
    assert len(damaged) == 14
    refused = [found["error"] for found in damaged.values() if "error" in found]
    assert not [name for name, found in damaged.items() if found.get("died")]
    assert len(refused) >= 8
    assert not [error for error in refused if "\n" in error or "Traceback" in error or str(forms) in error]


@pytest.mark.tensorflow
def test_a_model_from_teachable_machine_is_ready_at_once(forms: Path, store: Store) -> None:
    looked = look(forms / "converted_keras.zip", "내 모델.zip")
    folder = add(looked, Said(name="Our things"), store)
    assert store.find("our-things").state is State.READY
    assert folder.read_labels() == LABELS
    assert (folder.spec.input.range, folder.spec.input.resize) == ((-1.0, 1.0), "middle")
    classifier = open_classifier(folder, workers=1)
    assert classifier.run(photo()).probabilities == pytest.approx(read(forms / "answer.json"), abs=1e-5)
    assert (folder.path / "model.keras").is_file()


def test_a_litert_file_needs_names_and_a_range(store: Store) -> None:
    looked = look(LITE, "model.tflite")
    with pytest.raises(UsageError, match="3 classes without names"):
        add(looked, Said(), store)
    with pytest.raises(UsageError, match="--range"):
        add(looked, Said(labels=THREE), store)
    folder = add(looked, Said(labels=THREE, range=(0.0, 1.0), resize="squash"), store)
    assert (folder.spec.id, folder.read_labels()) == ("model", THREE)
    assert not (store.data / "incoming").exists() or not list((store.data / "incoming").iterdir())


def test_the_same_name_twice_gives_two_models(store: Store) -> None:
    looked = look(LITE, "model.tflite")
    said = Said("starter", THREE, (0.0, 1.0))
    assert [add(looked, said, store).spec.id for _ in range(2)] == ["starter-2", "starter-3"]


def test_labels_of_another_number_are_refused_with_both(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="3 classes, but there are 2 labels"):
        add(look(LITE, "model.tflite"), Said(labels=("a", "b")), store)
    pack(tmp_path / "x.zip", {"model_unquant.tflite": LITE.read_bytes(), "labels.txt": numbered()})
    with pytest.raises(ModelFileError, match="3 classes, but there are 2 labels"):
        look(tmp_path / "x.zip", "x.zip")


@pytest.mark.parametrize(
    ("labels", "called"),
    [
        pytest.param(("cup", "pen", "cup"), "2 classes are called “cup”", id="the same"),
        pytest.param(("cup", "Pen", "pen "), "2 classes are called “Pen”", id="but for capitals and spaces"),
    ],
)
def test_classes_that_no_name_tells_apart_are_refused(store: Store, labels: tuple[str, ...], called: str) -> None:
    with pytest.raises(ModelFileError, match=f"In model.tflite, {called}. Give each class a name of its own"):
        add(look(LITE, "model.tflite"), Said(labels=labels, range=(0.0, 1.0)), store)
    nameless = add(look(LITE, "model.tflite"), Said(labels=("cup", "", ""), range=(0.0, 1.0)), store)
    assert nameless.read_labels() == ("cup", "?", "?")


def test_a_full_disk_leaves_nothing_half_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, asked = look(LITE, "model.tflite"), []

    def full(path: Path, content: bytes) -> int:
        asked.append(path)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DownloadError, match=r"The disk of the data folder is full: model\.tflite could not be saved"):
        add(looked, Said(labels=THREE, range=(0.0, 1.0)), store)
    monkeypatch.undo()
    assert asked, "the patch took effect"
    assert not [*store.models.glob("*"), *(store.data / "incoming").glob("*")]


def test_an_8_bit_file_says_its_range_itself(tmp_path: Path) -> None:
    content = (TINY / "uint8" / "model.tflite").read_bytes()
    pack(tmp_path / "x.zip", {"model.tflite": content, "labels.txt": "0 red\n1 green\n2 blue\n"})
    low, high = look(TINY / "uint8" / "model.tflite", "model.tflite").range or (np.nan, np.nan)
    assert low < high
    assert look(tmp_path / "x.zip", "x.zip").range == (low, high)


def test_what_discern_packed_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    folder = store.open_folder("starter-scratch")
    (tmp_path / "model.zip").write_bytes(parcel.make(folder, "en"))
    back = add(look(tmp_path / "model.zip", "model.zip"), Said(), store)
    assert (back.spec.name, back.spec.family) == (folder.spec.name, "Yours")
    assert (back.spec.input, back.spec.output, back.spec.novelty) == (
        folder.spec.input,
        folder.spec.output,
        folder.spec.novelty,
    )
    assert back.read_labels() == folder.read_labels()
    assert weights_file(back) == weights_file(folder), "its file says how familiar a photo is, as it did in the zip"
    picture = noise(40, 30, 1)
    one, other = (open_classifier(model, workers=1) for model in (folder, back))
    before, after = (seen.run(seen.prepare(picture)) for seen in (one, other))
    assert np.array_equal(after.probabilities, before.probabilities)
    assert after.familiarity == before.familiarity is not None


def test_what_a_browser_unpacked_is_one_model(store: Store, tmp_path: Path) -> None:
    unpacked = tmp_path / "converted_tflite"
    unpacked.mkdir()
    (unpacked / "model_unquant.tflite").write_bytes(LITE.read_bytes())
    (unpacked / "labels.txt").write_text("0 red\n1 green\n2 blue\n")
    looked = look({path.name: path for path in unpacked.iterdir()}, unpacked.name)
    assert (looked.labels, looked.range, looked.resize) == (THREE, (-1.0, 1.0), "middle")
    assert main(["import", str(unpacked)]) == 0
    assert store.open_folder("converted-tflite").read_labels() == THREE


def test_names_that_lie_beside_a_file_are_taken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.tflite").write_bytes(LITE.read_bytes())
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    assert main(["import", str(tmp_path / "mine.tflite"), "--range", "0", "1"]) == 0
    assert store.open_folder("mine").read_labels() == THREE


def test_damaged_litert_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    content = LITE.read_bytes()
    rng = np.random.default_rng(3)
    for number in range(8):
        (tmp_path / "x.tflite").write_bytes(content[: int(rng.integers(8, len(content) - 400))])
        with pytest.raises(ModelFileError) as refused:
            look(tmp_path / "x.tflite", f"x{number}.tflite")
        assert "\n" not in str(refused.value)


def test_the_command_adds_a_model_and_tells_it(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text("0 red\n1 green\n2 blue\n")
    said = ["--name", "Colours", "--labels", str(tmp_path / "names.txt"), "--range", "0", "1"]
    code = main(["import", str(LITE), *said, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["id"], told["classes"]) == (0, "colours", list(THREE))
    (tmp_path / "alone").mkdir()
    alone = tmp_path / "alone" / "mine.tflite"
    alone.write_bytes(LITE.read_bytes())
    assert main(["import", str(alone)]) == 2
    assert "--labels" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "none.tflite")]) == 2
