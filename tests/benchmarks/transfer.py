"""Own heads: how good they are on photos held back, by backbone and number of photos, and how long they take.

All photos are read once a backbone; a draw takes so many photos of each class, fits, and answers the photos held back:
the part for validation where a collection has one, else all that were not drawn.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np

from lib.catalogue.store import Store
from lib.datasets.reading import read_labelled
from lib.evaluation.calibration import calibration_error
from lib.training.discriminant import Ints
from lib.training.features import PLAIN, Backbone, Features
from lib.training.heads import fit
from lib.training.reading import Read, read
from tests.benchmarks.measuring import Figure
from tests.support.mirror import Mirror, serve

DRAWS = 5
BACKBONES = ("efficientnet-lite0-int8", "mobilenet-v2-1.0-224-quant", "starter", "starter-scratch")
# Of the first backbone. On hand-digits the photos held back are those of `train` that were not drawn: there are no
# other ones here, so none are left at 100 a class.
FLOORS = {
    "hand-digits": {10: 0.84, 30: 0.93, 80: 0.96},
    "ants-vs-bees": {10: 0.89, 30: 0.91, 100: 0.92},
    "flowers-5x100": {4: 0.66, 18: 0.80, 80: 0.89},
    "cats-vs-dogs": {10: 0.96, 30: 0.96, 100: 0.96},
}
CLASSES, EACH = 3, 30


@dataclass(frozen=True, slots=True)
class Photos:
    """A collection's features, to draw from, and those held back; None where the rest of a draw is."""

    drawn: Read
    held_back: Read | None


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos and weights in `shared`."""
    with tempfile.TemporaryDirectory() as home, serve(Mirror(shared / "models" / "imagenet")) as mirror:
        os.environ["DISCERN_MIRROR"] = mirror.address
        store = Store(Path(home))
        store.fetch("mobilenet-v2-1.0-224-quant")
        del os.environ["DISCERN_MIRROR"]
        figures = [
            figure
            for name in BACKBONES
            for figure in accuracies(Backbone(store.open_folder(name)), shared / "datasets", name)
        ]
        return [*figures, *times(shared, Path(home))]


def accuracies(backbone: Backbone, datasets: Path, name: str) -> Iterator[Figure]:
    """Yield the mean accuracy of a backbone's heads on each collection, by photos a class."""
    for collection, floors in FLOORS.items():
        photos = _read(backbone, datasets / collection)
        for each, floor in floors.items():
            found = [_draw(photos, each, seed) for seed in range(DRAWS)]
            right, error, quarters = (mean(values) for values in zip(*found, strict=True))
            spread = np.std([right for right, _, _ in found])
            yield Figure(
                f"{name}: {collection}, {each} a class",
                right,
                "",
                at_least=floor if name == BACKBONES[0] else 0.0,
                detail={"deviation": round(float(spread), 3), "ECE": round(error, 3), "in quarters": quarters},
            )


def _read(backbone: Backbone, folder: Path) -> Photos:
    val = folder / "val"
    held_back = read(read_labelled(val), backbone, (PLAIN,)) if val.is_dir() else None
    return Photos(read(read_labelled(folder / "train"), backbone, (PLAIN,)), held_back)


def _draw(photos: Photos, each: int, seed: int) -> tuple[float, float, float]:
    """Return accuracy and calibration error on photos held back, and whether quarters were chosen, of one draw."""
    labels, rng = photos.drawn.labels, np.random.default_rng(seed)
    classes = len(photos.drawn.photos.classes)
    drawn = np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:each] for label in range(classes)])
    fitted = fit([photos.drawn.features[k] for k in drawn], labels[drawn].tolist(), classes)
    assert fitted is not None
    asked, expected = _held_back(photos, drawn)
    answers = np.stack([fitted.probabilities(features) for features in asked])
    right = answers.argmax(axis=1) == expected
    return float(right.mean()), calibration_error(answers.max(axis=1), right), float(fitted.head.kind.pooling == "2x2")


def _held_back(photos: Photos, drawn: Ints) -> tuple[Sequence[Features], Ints]:
    if photos.held_back is not None:
        return photos.held_back.features, photos.held_back.labels
    rest = np.setdiff1d(np.arange(len(photos.drawn.labels)), drawn)
    return [photos.drawn.features[k] for k in rest], photos.drawn.labels[rest]


def times(shared: Path, home: Path) -> list[Figure]:
    """Measure from the command to the model on disk: ours, a second time with other settings, and Keras's."""
    photos = home / "photos"
    for folder in sorted((shared / "datasets" / "hand-digits" / "train").iterdir())[:CLASSES]:
        (photos / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:EACH]:
            shutil.copy(file, photos / folder.name)
    ours = [sys.executable, "-m", "lib", "train", str(photos), "--json"]
    weights = next((shared / "models" / "keras").glob("mobilenet_v2*_0.35_224_no_top.h5"))
    theirs = [sys.executable, "-m", "tests.benchmarks.keras_head", str(photos), str(weights)]
    # As on any machine where the command ran before: with its modules compiled, wherever this one may keep them.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "compiled")}
    _timed(ours, home, compiled)
    shutil.rmtree(home / "features")
    first, again = (_timed(command, home, compiled) for command in (ours, [*ours, "--pooling", "1x1"]))
    keras = _timed(theirs, home, {})
    detail = {
        f"{name}, {kind} s": round(seconds, 2)
        for name, both in (("first run", first), ("second run", again), ("Keras", keras))
        for kind, seconds in zip(("wall", "cpu"), both, strict=True)
    }
    task = f"{CLASSES} x {EACH} photos, from the command to the model"
    return [
        Figure(task, first[0], "s", at_most=3.0, detail=detail),
        Figure(f"{task}, a second run with other settings", again[0], "s", at_most=1.0, detail=detail),
        Figure(f"{task}: faster than a head in Keras", keras[0] / first[0], "x", at_least=10.0, detail=detail),
    ]


def _timed(command: Sequence[str], home: Path, variables: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that a command takes by the clock, and of the processor."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "DISCERN_HOME": str(home), **variables}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    json.loads(ended.stdout.splitlines()[-1])  # a result, or a share
    return wall, sum(getattr(after, kind) - getattr(before, kind) for kind in ("ru_utime", "ru_stime"))
