"""A model to take away: a zip of its folder as it is here, a program that runs it, and what to know about it.

Unpacked among the models of another data folder it is a model there, too.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from lib.catalogue.store import Store
from lib.embed.bundle import APACHE
from lib.embed.native import python_litert, weights_file
from lib.embed.options import MODEL_FILE, Options, Target
from lib.errors import ModelError
from lib.i18n import Translator
from lib.messages import N_
from lib.model import writing
from lib.model.spec import CARD, MEANS, ModelFolder, ModelSpec, reading
from lib.work.files import read_small

PROGRAM = "example.py"
_README, _METRICS = "README.md", "metrics.json"
# Where the network under the head comes from, of models that are written from a package.
PUBLISHED_BY = (
    "Weights by Google (github.com/tensorflow/tpu, models/official/efficientnet/lite), Apache-2.0, converted by "
    "ML Illustrated"
)
_TIME = (2020, 1, 1, 0, 0, 0)  # the same model gives the same bytes, whenever it is packed


def make(folder: ModelFolder, language: str, backbone: ModelSpec | None = None) -> bytes:
    """Return the zip.

    Args:
        folder: The model.
        language: Of the sentences that the program says, and of what stands under the card.
        backbone: The model whose network it has, where it was made on another one.

    Raises:
        ModelFileError: The model's files cannot be read.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in _files(folder, language, backbone):
            entry = zipfile.ZipInfo(f"{folder.spec.id}/{name}", _TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, content)
    return buffer.getvalue()


def backbone_of(folder: ModelFolder, store: Store) -> ModelSpec | None:
    """Return the model that another one was made on, as far as it is still known; None for one made on none."""
    try:
        return store.find(str(folder.spec.source["backbone"])).spec
    except (KeyError, ModelError):
        return None


def _files(folder: ModelFolder, language: str, backbone: ModelSpec | None) -> Iterator[tuple[str, str | bytes]]:
    weights = weights_file(folder)
    source = {**folder.spec.source, "weights_sha256": sha256(weights).hexdigest()}
    spec = replace(folder.spec, weights=MODEL_FILE, labels="labels.txt", source=source)
    yield spec.weights, weights
    with reading(folder.spec.labels):
        yield spec.labels, read_small(folder.path / folder.spec.labels)  # all of them, the background's too
    yield CARD, writing.to_toml(writing.to_table(spec))
    for name in (MEANS, _METRICS):
        if (folder.path / name).is_file():
            yield name, read_small(folder.path / name)
    yield PROGRAM, python_litert(Options(folder, Target.PYTHON_LITERT, language=language), PROGRAM)
    yield _README, _card(folder, Translator(language), backbone)
    yield "licences/Apache-2.0.txt", APACHE.read_bytes()


def _card(folder: ModelFolder, say: Translator, backbone: ModelSpec | None) -> str:
    """Return the model's own card, and under it how to run it and whose work it is."""
    own = folder.path / _README
    told = own.read_text(encoding="utf-8").rstrip() if own.is_file() else f"# {folder.spec.name}"
    lines = [
        told,
        "",
        "## " + say(N_("How to run it")),
        "",
        say(N_("Install Python and these packages, then give the program a photo:")),
        "",
        "    pip install ai-edge-litert numpy pillow",
        f"    python {PROGRAM} photo.jpg",
        "",
        say(N_("It says the same in the same words as the app. Nothing is sent anywhere.")),
        "",
        "## " + say(N_("Whose work it is")),
        "",
        *(f"- {line}" for line in _owed(folder.spec, backbone)),
    ]
    return "\n".join(lines) + "\n"


def _owed(spec: ModelSpec, backbone: ModelSpec | None) -> Iterator[str]:
    """Yield licences, in English as licences are."""
    yield f"{MODEL_FILE} ({spec.name}): {spec.licence}"
    if backbone is not None:
        yield f"The network under its head ({backbone.name}): {backbone.licence}"
        if backbone.family == "EfficientNet":
            yield PUBLISHED_BY
    yield f"{PROGRAM}: Apache-2.0. Discern."
