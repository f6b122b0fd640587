"""Models from outside, in every form, become models of the store that answer as they did."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.catalogue.importing import Said, add, look
from lib.catalogue.store import State, Store
from lib.classify.opening import open_classifier
from lib.cli.main import main
from lib.errors import ModelFileError, UsageError
from tests.support.teachable import LABELS, numbered, pack, photo
from tests.support.user_models import TINY

ROOT = Path(__file__).resolve().parents[2]
LITE = TINY / "float32" / "model.tflite"
THREE = ("red", "green", "blue")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "데이터 home"))
    return Store()


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in all forms, and what the library made of each in one process."""
    folder = tmp_path_factory.mktemp("forms")
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.teachable", folder, "20"], cwd=ROOT, capture_output=True, timeout=240
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.tensorflow
def test_every_form_answers_as_keras_did(forms: Path) -> None:
    right, results = read(forms / "answer.json"), read(forms / "converted.json")
    for name in ("converted_keras.zip", "keras_model.h5", "tm-my-image-model.zip", "saved.zip"):
        assert results[name]["answer"] == pytest.approx(right, abs=1e-5), name


@pytest.mark.tensorflow
def test_a_single_logit_becomes_a_probability_and_a_model_that_scales_says_so(forms: Path) -> None:
    found = read(forms / "converted.json")["one-unit.keras"]
    assert found["has_own_range"]
    assert len(found["answer"]) == 1
    assert 0 < found["answer"][0] < 1


@pytest.mark.tensorflow
def test_damaged_files_are_refused_in_one_sentence_or_still_run(forms: Path) -> None:
    damaged = {name: found for name, found in read(forms / "converted.json").items() if name.startswith("damaged")}
    assert len(damaged) == 20
    refused = [found["error"] for found in damaged.values() if "error" in found]
    assert len(refused) >= 12
    assert not [error for error in refused if "\n" in error or "Traceback" in error]


@pytest.mark.tensorflow
def test_a_model_from_teachable_machine_is_ready_at_once(forms: Path, store: Store) -> None:
    looked = look(forms / "converted_keras.zip", "내 모델.zip")
    folder = add(looked, Said(name="Our things"), store)
    assert store.find("our-things").state is State.READY
    assert folder.read_labels() == LABELS
    assert (folder.spec.input.range, folder.spec.input.resize) == ((-1.0, 1.0), "square")
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


def test_an_8_bit_file_says_its_range_itself() -> None:
    low, high = look(TINY / "uint8" / "model.tflite", "model.tflite").range or (np.nan, np.nan)
    assert low < high


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
    assert main(["import", str(LITE)]) == 2
    assert "--labels" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "none.tflite")]) == 2
