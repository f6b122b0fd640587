"""Timing models in a worker process: the worker's side of `lib.evaluation.speed`.

A slot is a short stretch of one model with one number of threads: loaded anew, warmed up, timed photo by photo, then
timed as a batch. Loading anew costs milliseconds and makes figures repeat better: where a model's tensors happen to
lie in memory can make it faster or slower for as long as it is loaded.
"""

import io
import itertools
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from lib.classify.infer import infer_photos
from lib.classify.litert import LiteRTClassifier
from lib.model.spec import CARD, ModelFolder, parse
from lib.photos.opening import open_photo
from lib.photos.source import Source
from lib.results import Failure
from lib.work.cores import usable_cores
from lib.work.process import Emit

# The share of a slot that goes to single photos; the rest to a batch.
_SINGLE_SHARE = 2 / 3
_WARM_UP_RUNS = 3
_WARM_UP_SHARE = 0.15  # of the slot: processors take a while to reach their pace
_LEAST_RUNS, _MOST_RUNS = 5, 2000
_PHOTO_WH = (500, 375)  # as ImageNet's usually are


def measure_memory(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Return by how many bytes this fresh process grew, at most, to load a model and run it; None where not known.

    Raises:
        ModelError: It cannot be loaded or run.
    """
    import ai_edge_litert.interpreter  # noqa: F401 - not the model's own share

    photo = open_photo(make_photo(), "photo")
    before = _forget_peak()
    classifier = LiteRTClassifier(_folder(payload["model"]), workers=1)
    tensor = classifier.prepare(photo)
    for _ in range(_WARM_UP_RUNS):
        classifier.run(tensor)
    after = _peak_bytes()
    return {"bytes": None if after is None else max(0, after - before)}


def measure_slots(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Time slot after slot and emit what came of each as soon as it is known.

    Raises:
        ModelError: A model cannot be loaded or run; the last event tells which slot was begun.
    """
    photo = make_photo()
    for number, slot in enumerate(payload["slots"]):
        emit({"number": number, "is_done": False})
        watch = BusyWatch()
        found = _time(_folder(payload["models"][slot["model"]]), slot["threads"], payload["seconds"], photo)
        busy = {"others_s": watch.others_s(), "capacity_s": watch.capacity_s()}
        emit({"number": number, "is_done": True, **found, **busy})
    return {}


def make_photo() -> bytes:
    """Return a JPEG of the usual size, with shapes and a little noise, the same each time."""
    random = np.random.default_rng(0)
    width, height = _PHOTO_WH
    shapes = Image.fromarray(random.integers(0, 256, (9, 12, 3), np.uint8)).resize(_PHOTO_WH, Image.Resampling.BICUBIC)
    pixels = np.asarray(shapes, np.float64) + random.normal(0, 6, (height, width, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _folder(table: dict[str, Any]) -> ModelFolder:
    return ModelFolder(parse(table["spec"], CARD), Path(table["path"]))


def _time(folder: ModelFolder, threads: int, seconds: float, photo: bytes) -> dict[str, Any]:
    # As many interpreters as there are cores for: with one thread each, as photos are classified in numbers.
    classifier = LiteRTClassifier(folder, workers=max(1, usable_cores() // threads), threads=threads)
    return {
        "ms": _time_single(classifier, seconds * _SINGLE_SHARE, photo),
        "photos_per_s": _time_batch(classifier, seconds * (1 - _SINGLE_SHARE), photo),
    }


def _time_single(classifier: LiteRTClassifier, seconds: float, photo: bytes) -> list[float]:
    """Return the milliseconds from tensor to probabilities, run by run, after a warm-up."""
    tensor = classifier.prepare(open_photo(photo, "photo"))
    warm_at = time.perf_counter() + seconds * _WARM_UP_SHARE
    for run in itertools.count(1):
        classifier.run(tensor)
        if run >= _WARM_UP_RUNS and time.perf_counter() >= warm_at:
            break
    end = time.perf_counter() + seconds * (1 - _WARM_UP_SHARE)
    times: list[float] = []
    while len(times) < _LEAST_RUNS or (time.perf_counter() < end and len(times) < _MOST_RUNS):
        times.append(classifier.run(tensor).milliseconds)
    return times


def _time_batch(classifier: LiteRTClassifier, seconds: float, photo: bytes) -> float:
    """Return the photos a second from JPEG to probabilities on all cores, after a warm-up."""
    source = Source.of_bytes(photo, "photo")
    least = 2 * classifier.workers
    for _ in infer_photos([source] * least, classifier):
        pass
    start = time.perf_counter()

    def until_time_is_up() -> Iterator[Source]:
        for number in itertools.count():
            if number >= least and time.perf_counter() - start >= seconds:
                return
            yield source

    answers = 0
    for answer in infer_photos(until_time_is_up(), classifier):
        if isinstance(answer, Failure):
            raise answer.error
        answers += 1
    return answers / (time.perf_counter() - start)


class BusyWatch:
    """Tells how much processor time other processes took since it was made."""

    def __init__(self) -> None:
        self._wall, self._own, self._busy = _now()

    def others_s(self) -> float | None:
        """Return the seconds that all processors together worked for others; None where the system does not tell."""
        _, own, busy = _now()
        return None if busy is None or self._busy is None else max(0.0, (busy - self._busy) - (own - self._own))

    def capacity_s(self) -> float:
        """Return the seconds that all processors together could have worked."""
        return (_now()[0] - self._wall) * (os.cpu_count() or 1)


def _now() -> tuple[float, float, float | None]:
    """Return the seconds of the clock, of this process, and of all processors together."""
    return time.perf_counter(), time.process_time(), _busy_s()


def _busy_s() -> float | None:
    """Return the seconds all processors together have worked since the system started; None where it does not tell.

    Time stolen by other guests of the same host counts: it is missing here just as much.
    """
    try:
        times = psutil.cpu_times()
    except OSError:  # some sandboxes
        return None
    return float(sum(getattr(times, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq", "steal")))


def _forget_peak() -> int:
    """Return how many bytes this process holds, and let the peak be counted from here where the system can."""
    if sys.platform == "linux":
        with suppress(OSError):  # 5 resets VmHWM (proc_pid_clear_refs(5)); some sandboxes have no such file
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(psutil.Process().memory_info().rss)


def _peak_bytes() -> int | None:
    """Return the most bytes this process has held; None on systems that do not tell."""
    if sys.platform == "linux":  # ru_maxrss counts the parent's too, from before exec
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
