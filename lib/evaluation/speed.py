"""How fast models are on this machine, now, and how much memory they take.

Everything is measured in worker processes, so that a model that crashes costs itself alone. Models and numbers of
threads take turns in many short slots, every second round in the opposite order, so that whatever slows the machine
for a while slows all of them.
"""

import os
import statistics
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.errors import AppError, Cancelled, ModelError, ModelFileError, UsageError, WorkerError
from lib.messages import N_, Message
from lib.model import writing
from lib.model.spec import ModelFolder, Published
from lib.work import process
from lib.work.cores import usable_cores
from lib.work.progress import OnProgress, Progress

# A video of 30 frames a second leaves this long for each; a model below it keeps up with a camera.
FRAME_MS = 1000 / 30
SECONDS_PER_MODEL = 4.0
ROUNDS = 8
MOST_THREADS = 64
MOST_SECONDS = 600

# A machine is quiet while others use less than this share of its processors, …
MOST_OTHERS = 0.10
# … where that is not known, while fewer processes than this share of its cores wait to run, …
MOST_LOAD = 0.5
# … and while the middle half of the rounds' medians lie within this share of the median.
MOST_SPREAD = 0.15

# Addresses, not memory in use: each thread reserves some, and each interpreter keeps a packed copy of the weights.
MEMORY_BYTES = 4 * 2**30
MEMORY_BYTES_PER_CORE = 2**28
WEIGH = "lib.evaluation.speed_worker:measure_memory"
TIME = "lib.evaluation.speed_worker:measure_slots"
_WALL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One model with one number of threads.

    Attributes:
        model: Its id.
        threads: Inside one interpreter.
        median_ms: Milliseconds from tensor to probabilities of one photo, after warm-up: half are faster.
        p90_ms: Nine tenths are faster.
        photos_per_s: JPEGs of 500 × 375 pixels from file to probabilities, all cores busy: as many interpreters at
            once as there are cores for, which with one thread each is how photos are classified in numbers.
        bytes: Size of the weights file.
        memory_bytes: By how much a fresh process grew, at most, to load the model and run it; None where the system
            does not tell.
        runs: How many single photos were timed.
        rounds_ms: The median of each round.
        published: What its makers published, with the source.
    """

    model: str
    threads: int
    median_ms: float
    p90_ms: float
    photos_per_s: float
    bytes: int
    memory_bytes: int | None
    runs: int
    rounds_ms: tuple[float, ...]
    published: Published | None = None

    @property
    def keeps_up_with_video(self) -> bool:
        """Whether it answers within one frame of a 30 fps video, and gets through as many photos, reading included."""
        return self.median_ms <= FRAME_MS and self.photos_per_s >= 1000 / FRAME_MS


@dataclass(frozen=True, slots=True)
class Failed:
    """A model that could not be measured.

    Attributes:
        model: Its id.
        error: Why, in a sentence that names it.
    """

    model: str
    error: AppError


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Models on this machine.

    Attributes:
        measurements: In the order the models were given, then by threads.
        failures: Models without figures.
        cores: That this process may use.
        quiet: Whether nothing else kept the machine busy meanwhile.
        reason: If not, what did.
    """

    measurements: tuple[Measurement, ...]
    failures: tuple[Failed, ...]
    cores: int
    quiet: bool
    reason: Message | None


def thread_counts(cores: int | None = None) -> tuple[int, ...]:
    """Return 1, 2, 4, … up to the cores, and their number itself; None for those this process may use."""
    cores = cores or usable_cores()
    return tuple(sorted({2**k for k in range(cores.bit_length())} | {cores}))


def benchmark(
    folders: Sequence[ModelFolder],
    threads: Sequence[int] | None = None,
    *,
    seconds_per_model: float = SECONDS_PER_MODEL,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> Benchmark:
    """Measure models on this machine.

    Args:
        folders: The models; variants count as models (see `lib.catalogue.variants`).
        threads: Numbers of threads to try; None for `thread_counts()`.
        seconds_per_model: How long each model is timed, all numbers of threads together; loading comes on top.
        on_progress: Told the steps done, in this thread.
        cancelled: When set, the measurement ends, with the figures of the models it has any of.

    Raises:
        UsageError: No model, or a number of threads or seconds that makes no sense.
        WorkerError: The worker process could not begin.
    """
    counts = tuple(dict.fromkeys(threads or thread_counts()))
    _check(folders, counts, seconds_per_model)
    seconds = seconds_per_model / (ROUNDS * len(counts))
    run = _Run(folders, counts, seconds, on_progress, cancelled or threading.Event())
    load = _load_per_core()
    run.weigh()
    run.time()
    reason = run.disturbance(load)
    return Benchmark(tuple(run.measurements()), tuple(run.failures.values()), usable_cores(), not reason, reason)


def _check(folders: Sequence[ModelFolder], counts: Sequence[int], seconds: float) -> None:
    if not folders:
        raise UsageError(N_("There is no model to measure."))
    for count in counts:
        if not 1 <= count <= MOST_THREADS:
            raise UsageError(
                N_("The number of threads must be from 1 to {limit}, not {value}."), limit=MOST_THREADS, value=count
            )
    if not 0 < seconds <= MOST_SECONDS:  # NaN is neither, and would never be over
        raise UsageError(
            N_("The seconds for each model must be more than 0 and at most {limit}, not {value}."),
            limit=MOST_SECONDS,
            value=seconds,
        )


def find_disturbance(others: float | None, load_per_core: float | None, spreads: Mapping[str, float]) -> Message | None:
    """Return what made a measurement unreliable, or None if the machine was quiet.

    Args:
        others: Share of all processors that other processes used meanwhile; None if unknown.
        load_per_core: Processes that waited to run before it began, per core; None if unknown.
        spreads: For each model, by how much of the median the rounds differed.
    """
    if others is not None and others > MOST_OTHERS:
        return Message(
            N_(
                "Other programs used {share}% of the CPU during the measurement. Without them, the times "
                "would be shorter."
            ),
            {"share": round(others * 100)},
        )
    if others is None and load_per_core is not None and load_per_core > MOST_LOAD:
        return Message(
            N_("The computer was busy before the measurement began. Without other work, the times would be shorter."),
            {},
        )
    worst = max(spreads, key=lambda model: spreads[model], default=None)
    if worst is not None and spreads[worst] > MOST_SPREAD:
        return Message(
            N_("The times of {model} differed by {spread}% between rounds, so something disturbed the measurement."),
            {"model": worst, "spread": round(spreads[worst] * 100)},
        )
    return None


def spread(rounds_ms: Sequence[float]) -> float:
    """Return the distance of the quartiles of the rounds' medians, as a share of their median."""
    if len(rounds_ms) < 2:
        return 0.0
    low, middle, high = np.percentile(rounds_ms, [25, 50, 75])
    return float((high - low) / middle)


def _load_per_core() -> float | None:
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (OSError, AttributeError):  # Windows has none
        return None


@dataclass(frozen=True, slots=True)
class _Slot:
    """A stretch of one model (its position) with one number of threads."""

    model: int
    threads: int


@dataclass(slots=True)
class _Samples:
    """What the slots of one model with one number of threads gave, one entry a slot."""

    ms: list[list[float]] = field(default_factory=list)
    photos_per_s: list[float] = field(default_factory=list)


class _Run:
    """One measurement, gathered from events of the workers."""

    def __init__(
        self,
        folders: Sequence[ModelFolder],
        counts: Sequence[int],
        seconds: float,
        on_progress: OnProgress,
        cancelled: threading.Event,
    ) -> None:
        self._folders, self._seconds = folders, seconds
        self._on_progress, self._cancelled = on_progress, cancelled
        self._slots = list(_plan(len(folders), counts))
        self._memory: dict[int, int | None] = {}
        self._samples = {slot: _Samples() for slot in self._slots}
        self._others_s: list[float] = []
        self._capacity_s: list[float] = []
        self.failures: dict[int, Failed] = {}

    def weigh(self) -> None:
        """Load and run each model in a fresh process; models that fail there are not timed."""
        for number in range(len(self._folders)):
            if self._cancelled.is_set():
                return
            try:
                report = self._work(WEIGH, {"model": self._table(number)}, 0.0)
            except Cancelled:
                return
            except (ModelError, WorkerError) as error:
                self._fail(number, error)
            else:
                self._memory[number] = report["bytes"]
            self._advance()

    def time(self) -> None:
        """Time the slots; a model that takes the worker down is left out, and the others go on in a new worker."""
        waiting = self._left(self._slots)
        while waiting and not self._cancelled.is_set():
            events: list[dict[str, Any]] = []
            try:
                self._time(waiting, events)
            except Cancelled:
                return
            except (ModelError, WorkerError) as error:
                if not events:
                    raise
                self._fail(waiting[events[-1]["number"]].model, error)
            done = sum(event["is_done"] for event in events)
            waiting = self._left(waiting[done:])

    def _time(self, slots: Sequence[_Slot], events: list[dict[str, Any]]) -> None:
        def on_event(event: dict[str, Any]) -> None:
            events.append(event)
            if event["is_done"]:
                self._keep(slots[event["number"]], event)

        payload = {
            "models": [self._table(number) for number in range(len(self._folders))],
            "slots": [{"model": slot.model, "threads": slot.threads} for slot in slots],
            "seconds": self._seconds,
        }
        self._work(TIME, payload, len(slots) * self._seconds, on_event)

    def _work(
        self,
        function: str,
        payload: Mapping[str, Any],
        seconds: float,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        largest = max(folder.weights_path.stat().st_size for folder in self._folders)
        return process.run(
            function,
            payload,
            memory_bytes=MEMORY_BYTES + 4 * largest + usable_cores() * (MEMORY_BYTES_PER_CORE + 2 * largest),
            cpu_seconds=None,
            wall_seconds=_WALL_SECONDS + 10 * seconds,
            on_event=on_event,
            cancelled=self._cancelled,
        )

    def _keep(self, slot: _Slot, event: Mapping[str, Any]) -> None:
        samples = self._samples[slot]
        samples.ms.append(event["ms"])
        samples.photos_per_s.append(event["photos_per_s"])
        if event["others_s"] is not None:
            self._others_s.append(event["others_s"])
            self._capacity_s.append(event["capacity_s"])
        self._advance()

    def _left(self, slots: Sequence[_Slot]) -> list[_Slot]:
        return [slot for slot in slots if slot.model not in self.failures]

    def _fail(self, number: int, error: AppError) -> None:
        model = self._folders[number].spec.id
        if isinstance(error, WorkerError):
            error = ModelFileError(N_("{model} could not be measured. {reason}"), model=model, reason=error.message)
        self.failures[number] = Failed(model, error)

    def _advance(self) -> None:
        weighed = len(self._memory.keys() | self.failures.keys())
        timed = sum(len(self._samples[slot].ms) for slot in self._left(list(self._samples)))
        total = len(self._folders) + len(self._left(self._slots))
        self._on_progress(Progress(done=weighed + timed, total=total))

    def _table(self, number: int) -> dict[str, Any]:
        folder = self._folders[number]
        return {"spec": writing.to_table(folder.spec), "path": str(folder.path)}

    def disturbance(self, load_per_core: float | None) -> Message | None:
        """Return what disturbed the measurement, or None."""
        others = sum(self._others_s) / sum(self._capacity_s) if self._capacity_s else None
        spreads: dict[str, float] = {}
        for found in self.measurements():
            spreads[found.model] = max(spreads.get(found.model, 0.0), spread(found.rounds_ms))
        return find_disturbance(others, load_per_core, spreads)

    def measurements(self) -> Iterator[Measurement]:
        """Yield the figures of every model and number of threads that was timed at least once."""
        for slot in sorted(self._samples, key=lambda slot: (slot.model, slot.threads)):
            samples = self._samples[slot]
            if samples.ms and slot.model not in self.failures:
                yield self._summary(slot, samples)

    def _summary(self, slot: _Slot, samples: _Samples) -> Measurement:
        folder = self._folders[slot.model]
        pooled = [ms for one in samples.ms for ms in one]
        median, p90 = np.percentile(pooled, [50, 90])
        return Measurement(
            model=folder.spec.id,
            threads=slot.threads,
            median_ms=float(median),
            p90_ms=float(p90),
            photos_per_s=statistics.median(samples.photos_per_s),
            bytes=folder.weights_path.stat().st_size,
            memory_bytes=self._memory.get(slot.model),
            runs=len(pooled),
            rounds_ms=tuple(statistics.median(one) for one in samples.ms),
            published=folder.spec.published,
        )


def _plan(models: int, counts: Sequence[int]) -> Iterator[_Slot]:
    one_round = [_Slot(model, count) for model in range(models) for count in counts]
    for number in range(ROUNDS):
        yield from one_round[:: -1 if number % 2 else 1]
