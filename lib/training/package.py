"""A trained net → a model folder by the contract of `lib.model.spec`, written whole or not at all."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.catalogue.counted import FILE as COUNTED
from lib.classify.litert import LiteRTClassifier
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.manifest import NAME_BYTES, clean_name
from lib.datasets.matching import How, Matching
from lib.errors import UsageError
from lib.evaluation.evaluate import Entrant, ModelFigures, evaluate
from lib.messages import N_
from lib.model import writing
from lib.model.spec import CARD as MODEL
from lib.model.spec import MEANS, ModelSpec, Published, load
from lib.model.writing import slug
from lib.training import card
from lib.work.files import replace_folder, sha256_of

NEIGHBOURS = "neighbours.npz"  # of transfer: the photos that were learnt from, as features
# What models have in their folders: of an older one nothing of it is left beside a newer one.
_FILES = {MODEL, MEANS, COUNTED, NEIGHBOURS, "model.tflite", "model.keras", "labels.txt", "metrics.json", card.CARD}


def shown_label(class_folder: str) -> str:
    """Return the name of a class as people read it: "golf_ball" is "golf ball"."""
    return re.sub(r"[_\s]+", " ", class_folder).strip() or class_folder


def labels_of(photos: LabelledPhotos) -> tuple[str, ...]:
    """Return the names of the classes as people read them, no two the same.

    A class keeps the name it was given where another one would be read alike: "golf_ball" beside "golf ball", or the
    two cranes of ImageNet.
    """
    ways = (tuple(map(shown_label, photos.titles)), photos.titles, photos.classes)
    return tuple(next(way[k] for way in ways if way.count(way[k]) == 1) for k in range(len(photos.classes)))


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
    record = figures.by_itself.record("held out", is_unseen=True)
    writing.write(folder, replace(spec, published=published, source={**spec.source, **digests}, track_record=record))
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


def model_name(given: str, photos: str) -> str:
    """Return what a model is called: as its owner says, else as its photos are; one line, no longer than a project's.

    Args:
        given: Untrusted text; "" or blank where nobody says it.
        photos: What their folder or zip is called.
    """
    return clean_name(given, NAME_BYTES) or clean_name(photos, NAME_BYTES) or "model"


def require_place(folder: Path) -> None:
    """Check that a model may be written to `folder`; see `folder_for`.

    Raises:
        UsageError: There is something that is neither a model folder nor an empty one.
    """
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free and not (folder / MODEL).is_file():
        raise UsageError(N_("{folder} is there already and is no model folder. Choose another one."), folder=folder)


def id_in(folder: Path, name: str) -> str:
    """Return the id of a model in a folder: made of the folder's name, or of `name` if nothing is left of that."""
    return found if (found := slug(folder.name)) != slug("") else slug(name)


@contextmanager
def folder_for(destination: Path) -> Iterator[Path]:
    """Yield an empty folder to write a model to; when the block ends well, it takes the place of `destination`.

    `destination` appears whole or stays as it was. What was in it and is no model's stays in it. Raises OSError.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{destination.name[:40]}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=destination.parent, ignore_cleanup_errors=True) as temporary:
        files = Path(temporary) / destination.name
        files.mkdir(mode=0o755)
        yield files
        for other in destination.iterdir() if destination.is_dir() else ():
            if other.name not in _FILES and not (files / other.name).exists():
                copy = shutil.copytree if other.is_dir() else shutil.copy2
                copy(other, files / other.name)
        replace_folder(files, destination)
