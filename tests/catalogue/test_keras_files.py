"""Where the Keras file of a model is found, and what is said of one that cannot be made."""

from dataclasses import replace
from pathlib import Path

import pytest

from lib.catalogue import keras_files
from lib.catalogue.store import Store
from lib.embed import Options, Target, render
from lib.embed.native import keras_source
from lib.errors import ModelFileError, UsageError
from lib.formats.from_keras import keras_file
from lib.model.spec import ModelFolder
from tests.support.own_models import BACKBONE, put_own


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A data folder with a model of a user's own."""
    store = Store(tmp_path_factory.mktemp("data"))
    put_own(store, "mine")
    return store


@pytest.fixture
def mine(store: Store, monkeypatch: pytest.MonkeyPatch) -> ModelFolder:
    monkeypatch.setenv("DISCERN_HOME", str(store.data))
    return store.open_folder("mine")


def test_the_file_beside_a_model_is_its_own(store: Store) -> None:
    folder = store.open_folder("starter-small")
    assert keras_files.find(folder, store.data) == keras_file(folder) == folder.path / "model.keras"


def test_one_that_was_made_is_found_until_the_model_is_another(store: Store, mine: ModelFolder, tmp_path: Path) -> None:
    assert keras_files.find(mine, store.data) is None
    with pytest.raises(UsageError, match="There is no Keras file of mine yet"):
        render(Options(mine, Target.PYTHON_KERAS))
    (tmp_path / "x.keras").write_bytes(b"made")
    kept = keras_files.keep(tmp_path / "x.keras", mine, store.data)
    assert keras_source(mine) == keras_files.find(mine, store.data) == kept
    trained_again = replace(mine, sha256="0" * 64)
    assert keras_files.find(trained_again, store.data) is None
    assert keras_files.keep(tmp_path / "x.keras", trained_again, store.data).is_file()
    assert not kept.is_file(), "an earlier one is in nobody's way"


def test_a_head_goes_on_published_weights(store: Store, mine: ModelFolder) -> None:
    origin = keras_files.origin_of(mine, store)
    assert not isinstance(origin.network, Path)
    assert origin.network.spec.id == BACKBONE
    assert origin.head is not None
    assert len(origin.head.bias) == 4


@pytest.mark.parametrize(
    ("source", "why"),
    [
        pytest.param({}, "mine: it comes only as a LiteRT file", id="imported"),
        pytest.param(
            {"backbone": "mobilenet-v2-1.0-224-quant"},
            "mine: mobilenet-v2-1.0-224-quant, on which it was made, comes only as a LiteRT file",
            id="on a LiteRT file",
        ),
        pytest.param({"backbone": "gone"}, "mine: gone, on which it was made, comes only", id="on one that is gone"),
        pytest.param(
            {"backbone": "keras-mobilenet-v2"},
            r"mine: of keras-mobilenet-v2, only the LiteRT file is kept\. Keras has that network itself, as "
            r"keras\.applications\.MobileNetV2",
            id="on one of Keras's",
        ),
    ],
)
def test_why_there_is_none(store: Store, mine: ModelFolder, source: dict[str, str], why: str) -> None:
    other = replace(mine, spec=replace(mine.spec, source=source))
    with pytest.raises(ModelFileError, match=f"There is no Keras file of {why}"):
        keras_files.origin_of(other, store)
    with pytest.raises(UsageError, match=r"mine has no Keras model, only a LiteRT file\. Choose python-litert"):
        render(Options(other, Target.PYTHON_KERAS))
