"""A trained net → a model folder by the contract of `lib.model.spec`, written whole or not at all."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from lib.classify.litert import LiteRTClassifier
from lib.datasets.labelled import LabelledPhotos
from lib.errors import PhotoError, TrainingError
from lib.messages import N_
from lib.model import writing
from lib.model.spec import InputSpec, ModelSpec, OutputSpec, Published, load
from lib.training.measure import Measured, measure
from lib.training.prepare import read_rgb
from lib.work.files import replace_folder

INPUT_RANGE = (-1.0, 1.0)
# Training photos come in all aspects and their subjects reach the edges; nothing is cut off.
RESIZE_RULE = "squash"


def shown_label(class_folder: str) -> str:
    """Return the name of a class as people read it: "golf_ball" is "golf ball"."""
    return re.sub(r"[_\s]+", " ", class_folder).strip() or class_folder


def spec_of(
    *, model_id: str, name: str, family: str, licence: str, description: str, size: int, classes: int
) -> ModelSpec:
    """Return the description of a net of `lib.training.architectures`, without figures.

    Args:
        model_id: [a-z0-9.-].
        name: For people.
        family: "Discern starter" for ours, "Yours" for a user's.
        licence: Of the weights.
        description: One sentence.
        size: Side of the input in pixels.
        classes: Number of outputs.
    """
    return ModelSpec(
        id=model_id,
        name=name,
        family=family,
        runtime="litert",
        weights="model.tflite",
        labels="labels.txt",
        licence=licence,
        input=InputSpec((size, size), INPUT_RANGE, RESIZE_RULE),
        output=OutputSpec(classes),
        description=description,
    )


def describe(folder: Path, spec: ModelSpec, val: LabelledPhotos, *, parameters: int | None) -> Measured:
    """Write `model.toml` beside finished weights and labels, measured figures and digests included; return the figures.

    Args:
        folder: Holds the weights and labels that `spec` names.
        spec: Without figures and digests.
        val: What to measure on.
        parameters: Number of weights.
    """
    writing.write(folder, spec)  # measuring goes the app's way, which begins with this file
    measured = evaluate_folder(folder, val)
    published = Published(
        f"measured on {measured.photos} validation photos", round(measured.top1, 4), round(measured.top5, 4), parameters
    )
    digests = {"weights_sha256": sha256((folder / spec.weights).read_bytes()).hexdigest()}
    writing.write(folder, replace(spec, published=published, source={**spec.source, **digests}))
    return measured


def evaluate_folder(folder: Path, val: LabelledPhotos) -> Measured:
    """Return what a model folder's file does on photos opened, resized and scaled as the app does it.

    Args:
        folder: A model folder.
        val: Labels in the model's order; photos that cannot be decoded are left out.

    Raises:
        ModelError: The folder breaks the contract, or the file answers with something else than probabilities.
        TrainingError: Not one photo could be decoded.
    """
    classifier = LiteRTClassifier(load(folder), workers=1)
    answers, labels = [], []
    for photo in val.photos:
        try:
            image = read_rgb(photo)
        except PhotoError:
            continue
        answers.append(classifier.run(classifier.prepare(image))[0])
        labels.append(photo.label)
    if not answers:
        raise TrainingError(N_("None of the validation photos could be decoded."))
    return measure(np.stack(answers), np.array(labels))


def metrics_json(measured: Measured, classes: Sequence[str], more: Mapping[str, Any]) -> str:
    """Return the text of `metrics.json`: the figures, with each class named, and whatever else is to be kept."""
    figures = asdict(measured)
    figures["per_class"] = {
        name: None if share is None or share != share else round(share, 4)
        for name, share in zip(classes, measured.per_class, strict=True)
    }
    return json.dumps({**figures, "classes": list(classes), **more}, indent=1, ensure_ascii=False) + "\n"


def write_folder(destination: Path, files: Mapping[str, bytes]) -> None:
    """Put `files` into the folder `destination`, which appears whole or keeps its old state (see `replace_folder`).

    Files that are there already and not among `files` (a card, translated labels) are kept.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    try:
        if destination.is_dir():
            shutil.copytree(destination, temporary, dirs_exist_ok=True)
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        temporary.chmod(0o755)
        replace_folder(temporary, destination)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
