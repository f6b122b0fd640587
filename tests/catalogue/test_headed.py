"""Our heads on files that are fetched: put together, tried, and usable at once."""

import shutil
from pathlib import Path

import pytest

from lib.catalogue.origins import load as load_catalogue
from lib.catalogue.store import SHIPPED, State, Store
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.errors import DownloadError, ModelFileError
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.results import Answer
from tests.support.mirror import Mirror, serve

QUICK, NET = "everyday-quick", "mobilenet-v1-0.5-160-quant"
HEADED = [model for model, origin in load_catalogue(SHIPPED / "catalogue.toml").origins.items() if origin.head]


@pytest.fixture
def mirror(shared: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    with serve(Mirror(shared / "models" / "imagenet")) as served:
        monkeypatch.setenv("DISCERN_MIRROR", served.address)
        yield served


def test_there_are_two() -> None:
    assert HEADED == [QUICK, "everyday-v2"]


@pytest.mark.parametrize("model", HEADED)
def test_it_is_fetched_put_together_and_says_what_was_measured(tmp_path: Path, mirror: Mirror, model: str) -> None:
    store = Store(tmp_path)
    assert store.find(model).state is State.DOWNLOADABLE
    report = store.fetch(model)
    assert report.verified
    folder = store.open_folder(model)
    assert folder.spec.source["weights_sha256"] == load_catalogue(SHIPPED / "catalogue.toml").specs[model].source[
        "weights_sha256"
    ]  # fmt: skip
    assert {path.name for path in folder.path.iterdir()} == {"model.tflite", "labels.txt", "model.toml"}
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    answer = infer(Source.of_path(cat), open_classifier(folder, workers=1))
    assert isinstance(answer, Answer)
    assert folder.read_labels()[int(answer.probabilities.argmax())] == "cat"
    assert answer.familiarity is not None
    store.remove(model)
    assert store.find(model).state is State.DOWNLOADABLE


def test_a_network_that_is_here_is_not_fetched_again(tmp_path: Path, mirror: Mirror) -> None:
    store = Store(tmp_path)
    store.fetch(NET)
    asked = mirror.asked.total()
    report = store.fetch(QUICK)
    assert (mirror.asked.total(), report.bytes) == (asked, 0)
    assert "was here already" in str(report.message)
    assert store.find(QUICK).state is State.READY


def test_a_network_that_was_changed_here_is_fetched(tmp_path: Path, mirror: Mirror) -> None:
    store = Store(tmp_path)
    store.fetch(NET)
    weights = store.open_folder(NET).weights_path
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert Store(tmp_path).fetch(QUICK).bytes > 0


def test_without_a_network_it_is_one_sentence_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_MIRROR", "http://127.0.0.1:9/")
    store = Store(tmp_path)
    with pytest.raises(DownloadError):
        store.fetch(QUICK)
    assert not list((tmp_path / "incoming").glob("*"))
    assert store.find(QUICK).state is State.DOWNLOADABLE


def test_a_head_that_is_another_answers_otherwise_and_is_refused(tmp_path: Path, mirror: Mirror) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped)
    shutil.copy(shipped / "everyday-v2" / "labels.txt", shipped / QUICK / "labels.txt")
    card = shipped / QUICK / "model.toml"
    card.write_text(card.read_text().replace("probability = 0.601", "probability = 0.2"))
    store = Store(tmp_path / "home", shipped=shipped)
    with pytest.raises(ModelFileError, match="gives a wrong answer on this computer"):
        store.fetch(QUICK)
    assert not (tmp_path / "home" / "models" / QUICK).exists()
    shutil.copy(shipped / "everyday-v2" / "head.npz", shipped / QUICK / "head.npz")
    with pytest.raises(ModelFileError, match="does not fit"):
        Store(tmp_path / "home", shipped=shipped).fetch(QUICK)
