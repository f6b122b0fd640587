"""Training from scratch: does the net ever wait for photos?

One epoch as it is trained (rows drawn, crops read from the memory-mapped file) against the same number of steps on one
batch that lies in memory already. `DISCERN_HOME` does not matter: nothing is kept.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.work import process
from tests.benchmarks.measuring import Figure, milliseconds_each, speed_up

PHOTOS, STEPS, ROUNDS = 320, 4, 5
NET, SIZE, BATCH = "xception", 64, 32


def measure(shared: Path) -> list[Figure]:
    """Return how much of the step rate on photos in memory is reached."""
    payload = {"folder": str(shared / "datasets" / "cats-vs-dogs-more")}
    found = process.run(
        "tests.benchmarks.scratch:rates", payload, memory_bytes=None, cpu_seconds=None, wall_seconds=900
    )
    name = f"training {NET} at {SIZE} px, step rate of photos in memory"
    return [Figure(name, found["share"], "x", at_least=0.9, detail=found["detail"])]


def rates(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Time both; runs in a worker, where TensorFlow may be."""
    import numpy as np
    import tensorflow as tf

    from lib.datasets.reading import read_parts
    from lib.training.fit import Fit
    from lib.training.options import TrainOptions
    from lib.training.prepare import Crops, prepare_views
    from tests.benchmarks.measuring import take_turns

    options = TrainOptions(Path(payload["folder"]), architecture=NET, size=SIZE, batch=BATCH, progressive=False)
    train, _ = read_parts(options.folder)
    chosen = np.random.default_rng(0).permutation(len(train.photos))[:PHOTOS]
    some = replace(train, photos=tuple(train.photos[index] for index in sorted(chosen)))
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        crops = Crops(some, SIZE, options.manner.views, 0, augment=True, teacher=None)
        views = prepare_views(crops, Path(place), lambda done, total: None)
        prepared_ms = (time.perf_counter() - began) / PHOTOS * 1e3
        fit = Fit(options, some.classes, views, views, None, Path(place), "", lambda figures: None)
        rows, which = fit._order(0)
        pixels, labels = tf.constant(views.pixels[rows[:BATCH], which[:BATCH]]), tf.constant(views.labels[rows[:BATCH]])

        def real() -> None:
            for step in range(STEPS):
                part = slice(step * BATCH, (step + 1) * BATCH)
                fit._one_batch(rows[part], which[part], 1.0)

        def synthetic() -> None:
            for _ in range(STEPS):
                loss, _ = fit._train_step(pixels, labels, None, None, tf.constant(0.9), size=SIZE)
                float(loss)

        times = take_turns({"photos": real, "in memory": synthetic}, rounds=ROUNDS)
    detail = milliseconds_each(times, STEPS * BATCH)
    detail["preparing once wall, ms"] = round(prepared_ms, 2)
    return {"share": speed_up(times["in memory"], times["photos"]), "detail": detail}
