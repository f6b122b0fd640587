"""A trained net → a model folder by the contract of `lib.catalogue.contract`, written whole or not at all."""

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np

from lib.catalogue.contract import load
from lib.classifiers.litert import LiteRTClassifier
from lib.datasets import Dataset
from lib.errors import PhotoError, TrainingError
from lib.messages import N_
from lib.training.measure import Measured, measure
from lib.training.prepare import read_rgb

INPUT_RANGE = (-1.0, 1.0)
RESIZE_RULE = "squash"


def slug(name: str) -> str:
    """Return a model id made from `name`: lower case, [a-z0-9.-], at most 60 characters; "model" if nothing is left."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:60] or "model"


def shown_label(class_folder: str) -> str:
    """Return the name of a class as people read it: "golf_ball" is "golf ball"."""
    return re.sub(r"[_\s]+", " ", class_folder).strip() or class_folder


def evaluate_folder(folder: Path, val: Dataset) -> Measured:
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


def card_toml(
    *, model_id: str, name: str, family: str, licence: str, size: int, classes: int, description: str,
    files: Sequence[Path], top1: float | None = None, source: str = "", parameters: int | None = None,
) -> str:  # fmt: skip
    """Return the text of `model.toml`; `[files]` holds the digest of each of `files`.

    Args:
        model_id: See the contract, as for the others.
        name: For people.
        family: "Discern starter" for ours, "Yours" for a user's.
        licence: Of the weights.
        size: Side of the input.
        classes: Number of outputs.
        description: One sentence.
        files: Weights and labels.
        top1: Measured share; needs `source`.
        source: On what it was measured.
        parameters: Number of weights.
    """
    quoted = json.dumps  # a JSON string is a valid TOML basic string
    lines = [
        f"id = {quoted(model_id)}",
        f"name = {quoted(name, ensure_ascii=False)}",
        f"family = {quoted(family)}",
        'runtime = "litert"',
        'weights = "model.tflite"',
        'labels = "labels.txt"',
        f"licence = {quoted(licence, ensure_ascii=False)}",
        f"description = {quoted(description, ensure_ascii=False)}",
        "",
        "[input]",
        f"size = [{size}, {size}]",
        f"range = [{INPUT_RANGE[0]}, {INPUT_RANGE[1]}]",
        f'resize = "{RESIZE_RULE}"',
        "",
        "[output]",
        f"classes = {classes}",
        'background = "none"',
        'activation = "softmax"',
    ]
    if top1 is not None:
        lines += ["", "[published]", f"top1 = {top1:.4f}", f"source = {quoted(source, ensure_ascii=False)}"]
        lines += [f"parameters = {parameters}"] if parameters is not None else []
    lines += ["", "[files]"]
    lines += [f'{quoted(path.name)} = "{sha256(path.read_bytes()).hexdigest()}"' for path in files]
    return "\n".join(lines) + "\n"


def metrics_json(measured: Measured, classes: Sequence[str], **more: object) -> str:
    """Return the text of `metrics.json`: the figures, with each class named, and whatever else is to be kept."""
    figures = asdict(measured)
    figures["per_class"] = {
        name: None if share != share else round(share, 4)
        for name, share in zip(classes, measured.per_class, strict=True)
    }
    return json.dumps({**figures, "classes": list(classes), **more}, indent=1, default=str) + "\n"


def write_folder(destination: Path, files: dict[str, bytes | str]) -> None:
    """Put `files` into the folder `destination`, which appears whole or keeps its old state.

    Files that are there already and not among `files` (a card, translated labels) are kept.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    try:
        if destination.is_dir():
            shutil.copytree(destination, temporary, dirs_exist_ok=True)
        for name, content in files.items():
            (temporary / name).write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.chmod(0o755)
        if destination.exists():
            retired = temporary.with_name(temporary.name + "-old")
            destination.replace(retired)
            temporary.replace(destination)
            shutil.rmtree(retired)
        else:
            temporary.replace(destination)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
