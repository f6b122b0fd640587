"""models/catalogue.toml: complete, free of contradictions, and in step with Keras's own source."""

import importlib.util
import re
from pathlib import Path

import pytest

from lib.catalogue import sources
from lib.catalogue.card import to_table, to_toml
from lib.catalogue.contract import parse
from lib.catalogue.sources import Catalogue
from lib.errors import ModelFileError

PATH = Path(__file__).resolve().parents[2] / "models" / "catalogue.toml"
CATALOGUE = sources.load(PATH)
KERAS = [model_id for model_id, origin in CATALOGUE.origins.items() if origin.kind == "keras"]


@pytest.fixture(scope="module")
def keras_source() -> str:
    """All of `keras.applications`, as text: nothing of it is imported."""
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        pytest.skip("Keras is not installed")
    folder = Path(spec.origin).parent / "src" / "applications"
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.py")))


def test_every_family_is_present() -> None:
    families = {spec.family for spec in CATALOGUE.specs.values()}
    assert families >= {
        "MobileNet", "Inception", "ResNet", "DenseNet", "NASNet", "SqueezeNet", "MnasNet", "EfficientNet",
    }  # fmt: skip


@pytest.mark.parametrize(
    "model_id",
    [
        "mobilenet-v1-0.25-128-quant",
        "mobilenet-v1-0.5-160-quant",
        "mobilenet-v1-0.75-192-quant",
        "mobilenet-v1-1.0-224-quant",
        "mobilenet-v2-1.0-224-quant",
        "mobilenet-v2-1.0-224-ptq",
    ],
)
def test_promised_models_are_listed_with_a_digest(model_id: str) -> None:
    assert CATALOGUE.origins[model_id].remote.has_digest


@pytest.mark.parametrize(
    "application",
    [
        "MobileNet",
        "MobileNetV2",
        "MobileNetV3Small",
        "MobileNetV3Large",
        "NASNetMobile",
        "InceptionV3",
        "ResNet50V2",
        "DenseNet121",
        "Xception",
        "EfficientNetV2B0",
    ],
)
def test_promised_keras_applications_are_listed(application: str) -> None:
    assert application in {CATALOGUE.origins[model_id].application for model_id in KERAS}


@pytest.mark.parametrize("model_id", CATALOGUE.specs)
def test_an_entry_is_whole(model_id: str) -> None:
    spec, origin = CATALOGUE.specs[model_id], CATALOGUE.origins[model_id]
    assert origin.remote.address.startswith("https://")
    assert origin.remote.address.endswith(origin.remote.name)
    assert origin.remote.max_bytes >= (origin.size_bytes or 0)
    for digest, length in ((origin.remote.sha256, 64), (origin.remote.git_blob, 40), (origin.remote.md5, 32)):
        assert digest is None or re.fullmatch(rf"[0-9a-f]{{{length}}}", digest)
    assert spec.published is None or spec.published.source
    if origin.labels is not None:
        assert origin.labels.background == spec.output.background
    if origin.kind == "file":
        assert origin.remote.git_blob


def test_no_two_files_share_a_bare_name() -> None:
    remotes = {o.remote.name: o.remote.address for o in CATALOGUE.origins.values()}
    remotes |= {l.remote.name: l.remote.address for l in CATALOGUE.labels.values()}  # noqa: E741
    addresses = {o.remote.address for o in CATALOGUE.origins.values()} | {
        label_list.remote.address for label_list in CATALOGUE.labels.values()
    }
    assert len(remotes) == len(addresses)


def test_addresses_are_written_once() -> None:
    text = PATH.read_text()
    assert len(re.findall(r"https?://", text)) == len(re.findall(r"^address = ", text, re.MULTILINE)) == 2


@pytest.mark.parametrize("model_id", KERAS)
def test_keras_weights_are_those_its_own_loader_wants(model_id: str, keras_source: str) -> None:
    origin, spec = CATALOGUE.origins[model_id], CATALOGUE.specs[model_id]
    folder = origin.remote.address.rsplit("/", 2)[-2]
    assert f"keras-applications/{folder}/" in keras_source.replace('"\n    "', "")
    if origin.remote.md5 is None:
        # These two families have no hashes in Keras; their names are put together from width and size.
        assert origin.application in ("MobileNet", "MobileNetV2")
    else:
        assert f'"{origin.remote.md5}"' in keras_source
    if origin.application in ("MobileNetV3Small", "MobileNetV3Large", "EfficientNetV2B0", "MobileNet", "MobileNetV2"):
        return  # names are put together there
    if origin.application != "ResNet50V2":
        assert origin.cached_as in keras_source
    assert spec.output.background == "none"


@pytest.mark.parametrize(
    ("application", "bounds"),
    [
        # Keras's `preprocess_input`: "tf" mode, "torch" mode, or done inside the model.
        ("MobileNet", (-1, 1)), ("MobileNetV2", (-1, 1)), ("NASNetMobile", (-1, 1)), ("InceptionV3", (-1, 1)),
        ("ResNet50V2", (-1, 1)), ("Xception", (-1, 1)), ("MobileNetV3Small", (0, 255)),
        ("MobileNetV3Large", (0, 255)), ("EfficientNetV2B0", (0, 255)), ("DenseNet121", (0, 1)),
    ],
)  # fmt: skip
def test_keras_models_see_what_they_were_trained_on(application: str, bounds: tuple[float, float]) -> None:
    for model_id in KERAS:
        if CATALOGUE.origins[model_id].application == application:
            spec = CATALOGUE.specs[model_id].input
            assert spec.range == bounds
            is_torch = application == "DenseNet121"
            assert spec.mean == ((0.485, 0.456, 0.406) if is_torch else None)
            assert spec.std == ((0.229, 0.224, 0.225) if is_torch else None)


@pytest.mark.parametrize("model_id", CATALOGUE.specs)
def test_a_card_written_reads_the_same(model_id: str) -> None:
    import tomllib

    spec = CATALOGUE.specs[model_id]
    assert parse(tomllib.loads(to_toml(to_table(spec))), "model.toml") == spec


def test_text_with_every_kind_of_character_survives_a_card() -> None:
    import tomllib

    for text in ('"""', "\\", "a\nb\t\x7f\x01", "日本語 “quoted” ' #", "{}"):
        assert tomllib.loads(to_toml({"a": text, "b": {"c": [text]}})) == {"a": text, "b": {"c": [text]}}


def load_changed(tmp_path: Path, old: str, new: str) -> Catalogue:
    changed = tmp_path / "catalogue.toml"
    text = PATH.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    return sources.load(changed)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "file"', 'kind = "guess"', r"mobilenet-v1-0.25-128-quant has no usable `source.kind`"),
        ('origin = "coral"\nfile = "mobilenet_v1_0.25', 'origin = "x"\nfile = "mobilenet_v1_0.25', "no usable `file`"),
        ('labels = "imagenet-1001"', 'labels = "imagenet-1002"', "no usable `source.labels`"),
        ('id = "squeezenet-224"', 'id = "densenet-224"', "lists densenet-224 twice"),
        ("[[model]]", "[[model]", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_catalogue_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        load_changed(tmp_path, old, new)
