"""The model of a thousand classes that comes with the app beside MobileNet V2 1.0 224, 8-bit: speed and memory.

Both look at the same part of the photo in the same way, so what differs is the network alone.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from lib.catalogue.store import Store
from lib.classify.infer import infer_photos
from lib.classify.opening import open_classifier
from lib.evaluation.speed import benchmark
from lib.model.spec import InputSpec, ModelFolder
from lib.photos.source import Source
from lib.results import Answer
from tests.benchmarks.batch import SPEC
from tests.benchmarks.measuring import Figure, Work, milliseconds_each, speed_up, take_turns

MODEL = "efficientnet-lite0-int8"
RIVAL = replace(SPEC, input=InputSpec((224, 224), resize="square", filter="bicubic"))
ROUNDS = 7


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos and weights in `shared`."""
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with tempfile.TemporaryDirectory() as home:
        folders = [Store(Path(home)).open_folder(MODEL), ModelFolder(RIVAL, shared / "models" / "imagenet")]
        return [measure_speed(folders, paths), measure_memory(folders)]


def measure_speed(folders: Sequence[ModelFolder], paths: Sequence[Path]) -> Figure:
    """Measure the photos a second from file to probabilities, on all cores, over those of MobileNet V2."""
    times = take_turns({folder.spec.id: _classify(folder, paths) for folder in folders}, rounds=ROUNDS)
    return Figure(
        f"{len(paths)} photos: photos a second of {MODEL}, of MobileNet V2's",
        speed_up(times[RIVAL.id], times[MODEL]),
        "x",
        at_least=1.0,
        detail={
            **{f"{model}, photos a second": round(len(paths) / median(one.wall), 1) for model, one in times.items()},
            **milliseconds_each(times, len(paths)),
        },
    )


def _classify(folder: ModelFolder, paths: Sequence[Path]) -> Work:
    classifier = open_classifier(folder)

    def work() -> None:
        for answer in infer_photos(map(Source.of_path, paths), classifier):
            assert isinstance(answer, Answer)

    return work


def measure_memory(folders: Sequence[ModelFolder]) -> Figure:
    """Measure by how much a fresh process grows to load and run each, with one thread."""
    found = benchmark(folders, [1], seconds_per_model=1.0)
    megabytes = {one.model: (one.memory_bytes or 0) / 2**20 for one in found.measurements}
    return Figure(
        f"memory of {MODEL}, of MobileNet V2's",
        megabytes[MODEL] / megabytes[RIVAL.id],
        "x",
        at_most=1.5,
        detail={f"{model}, MB": round(value, 1) for model, value in megabytes.items()},
    )
