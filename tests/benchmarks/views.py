"""How right models are by resize rule and filter, from which the rules in `models/catalogue.toml` were chosen.

`python -m tests.benchmarks.views [MODEL_FOLDER …]`: the MobileNets of `../shared`, and other models of ImageNet's
classes whose folders are named. A photo counts once for each way of looking at it, so ways can be compared; the photos
are easier than ImageNet's own, so the figures cannot be compared with published ones.
"""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from lib.classify.classifier import Classifier
from lib.classify.infer import infer_with_each
from lib.classify.opening import open_classifier
from lib.evaluation.significance import mcnemar
from lib.model.spec import InputSpec, ModelFolder, load
from lib.photos.source import Source
from lib.results import Answer, Failure
from tests.benchmarks.batch import SPEC

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLE = 200  # photos of imagenet-sample, which come first
WAYS = (("crop", "bilinear"), ("square", "bilinear"), ("square", "bicubic"), ("squash", "bilinear"))


def photos() -> list[tuple[Path, int]]:
    """Return the photos with a class of ImageNet, and its number from 0: 200 and 448 of smaller size."""
    sample, others = (SHARED / "photos" / name for name in ("imagenet-sample", "other-things"))
    with (sample / "labels.csv").open(encoding="utf-8") as lines:
        found = [(sample / row["file"], int(row["imagenet_index"])) for row in csv.DictReader(lines)]
    table = json.loads((SHARED / "models" / "keras" / "imagenet_class_index.json").read_text(encoding="utf-8"))
    numbers = {wnid: int(number) for number, (wnid, _) in table.items()}
    return found + [(path, numbers[path.name.split("_")[0]]) for path in sorted(others.glob("*.jpg"))]


def mobilenets() -> list[ModelFolder]:
    """Return the 8-bit MobileNets of ImageNet's classes."""
    models = SHARED / "models" / "imagenet"
    files = json.loads((models / "manifest.json").read_text(encoding="utf-8"))["files"]
    found = []
    for file in files:
        _, height, width, _ = file["input"]["shape"]
        if file["classes"] == SPEC.outputs:
            spec = replace(SPEC, id=Path(file["file"]).stem, weights=file["file"], input=InputSpec((width, height)))
            found.append(ModelFolder(spec, models))
    return found


def looking(folder: ModelFolder, resize: str, name: str) -> Classifier:
    """Return a model that looks at photos in one of the ways."""
    return open_classifier(folder.looking_as(replace(folder.spec.input, resize=resize, filter=name)))


def places(said: Sequence[Answer | Failure], number: int) -> list[int]:
    """Return at which place, from 0, each answer has the class of this number; of a tie the lower number is first."""
    shares = [answer.probabilities for answer in said if isinstance(answer, Answer)]
    return [int((p > p[number]).sum() + (p[:number] == p[number]).sum()) for p in shares]


def main() -> None:
    """Print for each model and way top-1 and top-5 of the 200 and of all photos, and how it compares with the first."""
    folders = [*mobilenets(), *map(load, map(Path, sys.argv[1:]))]
    classifiers = [looking(folder, *way) for folder in folders for way in WAYS]
    asked = photos()
    answers = infer_with_each((Source.of_path(path) for path, _ in asked), classifiers)
    found = np.array([places(said, number) for (_, number), said in zip(asked, answers, strict=True)])
    for column, (folder, way) in enumerate(product(folders, WAYS)):
        now, first = found[:, column], found[:, column - column % len(WAYS)]
        gained, lost = int(((now < 1) & (first > 0)).sum()), int(((now > 0) & (first < 1)).sum())
        shares = " ".join(f"{(part < top).mean():.3f}" for part in (now[:SAMPLE], now) for top in (1, 5))
        p = mcnemar(len(now), gained, lost).p_value
        print(f"{folder.spec.id:32} {' '.join(way):16} {shares}  +{gained} -{lost} p = {p:.3f}", flush=True)


if __name__ == "__main__":
    main()
