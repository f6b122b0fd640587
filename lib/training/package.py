"""A trained net → a model folder by the contract of `lib.model.spec`, written whole or not at all."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.classify.litert import LiteRTClassifier
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import How, Matching
from lib.evaluation.evaluate import Entrant, ModelFigures, evaluate
from lib.model import writing
from lib.model.spec import ModelSpec, Published, load
from lib.work.files import replace_folder, sha256_of


def shown_label(class_folder: str) -> str:
    """Return the name of a class as people read it: "golf_ball" is "golf ball"."""
    return re.sub(r"[_\s]+", " ", class_folder).strip() or class_folder


def describe(folder: Path, spec: ModelSpec, val: LabelledPhotos, about: Mapping[str, Any]) -> None:
    """Write `model.toml` and `metrics.json` beside finished weights and labels, measured figures included.

    Args:
        folder: Holds the weights and labels that `spec` names.
        spec: Without figures and digests.
        val: What to measure on.
        about: What else `metrics.json` is to hold; `parameters`, the number of weights, is in both.

    Raises:
        AppError: See `measure`.
    """
    writing.write(folder, spec)  # measuring goes the app's way, which begins with this file
    figures = measure(folder, val)
    metrics = metrics_of(figures)
    source = f"measured on {metrics['photos']} validation photos"
    published = Published(source, round(metrics["top1"], 4), round(metrics["top5"], 4), about.get("parameters"))
    digests = {"weights_sha256": sha256_of(folder / spec.weights)}
    writing.write(folder, replace(spec, published=published, source={**spec.source, **digests}))
    text = json.dumps({**metrics, **about}, indent=1, ensure_ascii=False)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def measure(folder: Path, val: LabelledPhotos) -> ModelFigures:
    """Return how good a model folder's file is, on photos opened, resized and scaled as the app does it.

    Args:
        folder: A model folder.
        val: Classes in the model's order; photos that cannot be looked at are left out.

    Raises:
        ModelError: The folder breaks the contract.
        DatasetError: Not one photo could be looked at.
    """
    classifier = LiteRTClassifier(load(folder))
    count = len(val.classes)
    same = Matching(val.classes, tuple((index,) for index in range(count)), (How.NAME,) * count)
    evaluation = evaluate(val, [Entrant(classifier, classifier.labels, same)])
    assert evaluation is not None  # nobody cancels it
    return evaluation.models[0]


def metrics_of(figures: ModelFigures) -> dict[str, Any]:
    """Return what `metrics.json` holds of the figures; in `confusion` a row is a true class, a column an answered one.

    A class without photos has no top-1: null.
    """
    classes = figures.answers.labels
    return {
        "photos": figures.hits.photos,
        "top1": figures.top1.value,
        "top5": float(figures.hits.in_top5.mean()),
        "ece": figures.ece,
        "per_class": {
            name: None if one.recall is None else round(one.recall.value, 4)
            for name, one in zip(classes, figures.per_class, strict=True)
        },
        "confusion": figures.confusion.counts[:, : len(classes)].tolist(),
        "classes": list(classes),
    }


def write_folder(destination: Path, files: Path) -> None:
    """Put the `files` of a folder into the folder `destination`, which appears whole or keeps its old state.

    Files that are there already and have no namesake among `files` (a card) are kept.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{destination.name}-", dir=destination.parent) as temporary:
        place = Path(temporary) / "new"
        for folder in filter(Path.is_dir, (destination, files)):
            shutil.copytree(folder, place, dirs_exist_ok=True)
        place.chmod(0o755)
        replace_folder(place, destination)
