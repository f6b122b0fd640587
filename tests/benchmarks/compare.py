"""Three models on the same 200 photos, each decoded once; and whether latency figures repeat."""

import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from lib.classify.infer import infer_with_each
from lib.classify.opening import open_classifier
from lib.evaluation.speed import Benchmark, benchmark
from lib.model.spec import InputSpec, ModelFolder, ModelSpec
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.source import Source
from lib.results import Answer
from tests.benchmarks.batch import SPEC
from tests.benchmarks.measuring import Figure, milliseconds_each, speed_up, take_turns

ROUNDS = 7
SIDES = {
    "mobilenet_v1_0.25_128_quant.tflite": 128,
    "mobilenet_v1_0.75_192_quant.tflite": 192,
    "mobilenet_v2_1.0_224_quant.tflite": 224,
}


def spec_of(weights: str, side: int) -> ModelSpec:
    """Return the description of one of the 8-bit MobileNets."""
    return replace(
        SPEC, id=Path(weights).stem.replace("_", "-"), weights=weights, input=InputSpec((side, side), resize="crop")
    )


class Yardstick:
    """On every core one raw interpreter of each model; every photo is decoded once, then scaled and run for each.

    No checks, no upright turning, no probabilities, no order: as little as can be done and still see the photos.
    """

    def __init__(self, weights: Sequence[Path], paths: Sequence[Path]) -> None:
        self._paths = paths
        self._sets = [[Interpreter(str(file), num_threads=1) for file in weights] for _ in range(os.cpu_count() or 1)]
        for interpreter in [one for each in self._sets for one in each]:
            interpreter.allocate_tensors()

    def __call__(self) -> None:
        """Look at all photos with all models."""
        waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for path in self._paths:
            waiting.put(path)
        threads = [threading.Thread(target=self._work, args=(each, waiting)) for each in self._sets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, interpreters: Sequence[Interpreter], waiting: "queue.SimpleQueue[Path]") -> None:
        entries = [interpreter.get_input_details()[0] for interpreter in interpreters]
        leaves = [interpreter.get_output_details()[0]["index"] for interpreter in interpreters]
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            image = Image.open(path)
            image.draft("RGB", (DECODE_FLOOR, DECODE_FLOOR))
            rgb = image.convert("RGB")
            width, height = rgb.size
            middle = rgb.crop((width // 16, height // 16, width - width // 16, height - height // 16))
            for interpreter, entry, leave in zip(interpreters, entries, leaves, strict=True):
                size_wh = (int(entry["shape"][2]), int(entry["shape"][1]))
                small = middle.resize(size_wh, Image.Resampling.BILINEAR)
                interpreter.set_tensor(entry["index"], np.asarray(small)[np.newaxis])
                interpreter.invoke()
                interpreter.get_tensor(leave).argmax()


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos and weights in `shared`."""
    models = shared / "models" / "imagenet"
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    folders = [ModelFolder(spec_of(weights, side), models) for weights, side in SIDES.items()]
    return [measure_together(folders, paths), measure_repeats(folders)]


def measure_together(folders: Sequence[ModelFolder], paths: Sequence[Path]) -> Figure:
    """Measure how much of the raw interpreters' speed is kept when models are compared."""
    classifiers = [open_classifier(folder) for folder in folders]

    def ours() -> None:
        for answers in infer_with_each(map(Source.of_path, paths), classifiers):
            assert all(isinstance(answer, Answer) for answer in answers)

    contenders = {"Discern": ours, "raw interpreters": Yardstick([f.weights_path for f in folders], paths)}
    times = take_turns(contenders, rounds=ROUNDS)
    return Figure(
        f"{len(folders)} models on {len(paths)} photos: speed of the raw interpreters kept",
        speed_up(times["raw interpreters"], times["Discern"]),
        "x",
        at_least=0.9,
        detail=milliseconds_each(times, len(paths)),
    )


def measure_repeats(folders: Sequence[ModelFolder]) -> Figure:
    """Measure by how much the latencies of two measurements differ, at most, where both say the machine was quiet."""
    first, second = (benchmark(folders, [1]) for _ in range(2))
    assert not first.failures + second.failures
    largest = max(difference(first, second).values())
    is_quiet = first.quiet and second.quiet
    return Figure(
        "latencies measured twice differ by, unless it is said that the machine was not quiet",
        100 * largest if is_quiet else 0.0,
        "%",
        at_most=15.0,
        detail={"quiet": float(is_quiet), **{k: round(100 * v, 1) for k, v in difference(first, second).items()}},
    )


def difference(first: Benchmark, second: Benchmark) -> dict[str, float]:
    """Return for each model by what share of the smaller median the other is larger."""
    pairs = zip(first.measurements, second.measurements, strict=True)
    return {
        f"{one.model}, %": max(one.median_ms, other.median_ms) / min(one.median_ms, other.median_ms) - 1
        for one, other in pairs
    }
