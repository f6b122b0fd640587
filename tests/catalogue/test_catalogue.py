"""models/catalogue.toml: complete, free of contradictions, and in step with Keras's own source."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from lib.catalogue.origins import Catalogue, load
from lib.errors import ModelFileError
from lib.model.spec import parse
from lib.model.writing import to_table, to_toml
from tests.support.nursery import nursery

PATH = Path(__file__).resolve().parents[2] / "models" / "catalogue.toml"
CATALOGUE = load(PATH)
KERAS = [model_id for model_id, origin in CATALOGUE.origins.items() if origin.kind == "keras"]


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


APPLICATIONS = (
    "MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large NASNetMobile InceptionV3 ResNet50V2 DenseNet121 "
    "Xception EfficientNetV2B0"
)


@pytest.mark.parametrize("application", APPLICATIONS.split())
def test_promised_keras_applications_are_listed(application: str) -> None:
    assert application in {CATALOGUE.origins[model_id].application for model_id in KERAS}


@pytest.mark.parametrize("model_id", ["efficientnet-lite0-int8", "efficientnet-lite0"])
def test_the_card_of_a_model_from_a_package_names_its_files(model_id: str) -> None:
    model = CATALOGUE.packaged[model_id]
    card = (PATH.parent / "efficientnet-lite.md").read_text(encoding="utf-8")
    assert f"| {model_id} | {model.size_bytes:,} | `{model.weights_sha256}` |" in card
    assert model.sha256 in card
    assert model.package in card


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
    remotes = [entry.remote for entry in (*CATALOGUE.origins.values(), *CATALOGUE.labels.values())]
    assert len({remote.name for remote in remotes}) == len({remote.address for remote in remotes})


def test_addresses_are_written_once() -> None:
    text = PATH.read_text()
    assert len(re.findall(r"https?://", text)) == len(re.findall(r"^address = ", text, re.MULTILINE)) == 2


@pytest.mark.tensorflow
def test_keras_weights_are_those_its_own_loader_asks_for() -> None:
    code = """
import json, sys
from keras import applications
from keras.src.utils import file_utils

class Asked(Exception):
    pass

def get_file(fname, origin, file_hash=None, **rest):
    raise Asked(fname, origin, file_hash)

file_utils.get_file = get_file
answers = []
for name, size, arguments in json.loads(sys.argv[1]):
    try:
        getattr(applications, name)(weights="imagenet", input_shape=(*size, 3), **arguments)
    except Asked as asked:
        answers.append(asked.args)
print(json.dumps(answers))
"""
    questions = [
        (CATALOGUE.origins[i].application, CATALOGUE.specs[i].input.size_wh, dict(CATALOGUE.origins[i].arguments or {}))
        for i in KERAS
    ]
    told = nursery().run(code, json.dumps(questions), alone=True)
    asked = [tuple(item) for item in json.loads(told.splitlines()[-1])]
    origins = [CATALOGUE.origins[i] for i in KERAS]
    assert asked == [(o.cached_as, o.remote.address, o.remote.md5) for o in origins]


def test_the_hash_of_the_class_index_is_keras_own() -> None:
    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "src" / "applications" / "imagenet_utils.py").read_text()
    assert f'file_hash="{CATALOGUE.labels["imagenet-1000"].remote.md5}"' in source


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
    spec = CATALOGUE.specs[model_id]
    assert parse(tomllib.loads(to_toml(to_table(spec))), "model.toml") == spec


def test_text_with_every_kind_of_character_survives_a_card() -> None:
    for text in ('"""', "\\", "a\nb\t\x7f\x01", "日本語 “quoted” ' #", "{}"):
        assert tomllib.loads(to_toml({"a": text, "b": {"c": [text]}})) == {"a": text, "b": {"c": [text]}}


def load_changed(tmp_path: Path, old: str, new: str) -> Catalogue:
    changed = tmp_path / "catalogue.toml"
    text = PATH.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    return load(changed)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "file"', 'kind = "guess"', r"mobilenet-v1-0.25-128-quant in the catalogue has no valid `source.kind`"),
        ('origin = "coral"\nfile = "mobilenet_v1_0.25', 'origin = "x"\nfile = "mobilenet_v1_0.25', "no valid `file`"),
        ('labels = "imagenet-1001"', 'labels = "imagenet-1002"', "no valid `source.labels`"),
        ('id = "squeezenet-224"', 'id = "densenet-224"', "lists densenet-224 twice"),
        ("[[model]]", "[[model]", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_catalogue_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        load_changed(tmp_path, old, new)
