"""Start a training run in a process of its own, follow it, and stop it when asked."""

import json
import shutil
import threading
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.errors import TrainingError, WorkerError
from lib.messages import N_, Message
from lib.training.events import TrainEvent
from lib.training.options import TrainOptions
from lib.training.timing import Measured, Pace
from lib.work import process
from lib.work.files import data_folder, disk_error, stamp, write_whole
from lib.work.locks import claim
from lib.work.process import revive

if TYPE_CHECKING:
    from lib.catalogue.store import Store
    from lib.photos.source import Skipped

BEST = "best.npz"  # as `lib.training.fit` calls it
KEPT_AS = "kept-as.txt"
# A run has no natural end that we could know here; this only bounds one that hangs.
LONGEST_SECONDS = 7 * 24 * 3600.0
# Runs whose crops and checkpoints are there at once: the one that begins, and those stopped last.
MOST_RUNS = 3


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A finished run.

    Attributes:
        model_id: The id in its `model.toml`.
        folder: The model folder.
        top1: Share of the validation photos that the finished file gets right.
        metrics: The content of `metrics.json`.
        skipped: Files that are not used, whether to learn from or to measure on.
        notes: What a reader should know of the photos.
    """

    model_id: str
    folder: Path
    top1: float
    metrics: dict[str, Any]
    skipped: "tuple[Skipped, ...]"
    notes: tuple[Message, ...]


def train(
    options: TrainOptions, *, on_event: Callable[[TrainEvent], None], cancelled: threading.Event | None = None
) -> TrainResult:
    """Train a model in a child process and return where it is.

    A run that was stopped or crashed continues at its last finished epoch when it is started again with equal
    options on unchanged photos. Several may go on at once: each has places of its own.

    Args:
        options: What to train.
        on_event: Called in this thread with each event, in order.
        cancelled: Set it from another thread to end the run within a second or so.

    Raises:
        UsageError: There is something else than a model at the destination.
        DatasetError: The photos cannot be trained on.
        Cancelled: `cancelled` was set. The checkpoint stays.
        TrainingError: The child died; how is in the message, its last words are in the log.
        DownloadError: The data folder is full or cannot be written.
    """
    on_event(TrainEvent("start"))
    with ExitStack() as held:
        work, result = _work(options, "train_in_worker", held, on_event, cancelled)
        # Its crops (gigabytes) go with it unless the caller named a place for them.
        shutil.rmtree(work if options.work else work.parent)
        return result


def keep_best(
    options: TrainOptions,
    *,
    on_event: Callable[[TrainEvent], None] = lambda event: None,
    cancelled: threading.Event | None = None,
) -> TrainResult:
    """Make a model of the best that a run left which was stopped, crashed or killed with its server.

    The run can still be taken up again; what comes of it then takes this model's place when it is finished.

    Args:
        options: Equal to those of the run, on unchanged photos.
        on_event: See `train`.
        cancelled: See `train`; then the checkpoint stays.

    Raises:
        TrainingError: Such a run left nothing; or as `train` does.
    """
    with ExitStack() as held:
        work, result = _work(options, "keep_in_worker", held, on_event, cancelled)
        write_whole(work / KEPT_AS, str(result.folder).encode())
        return result


def measure(options: TrainOptions, *, cancelled: threading.Event | None = None) -> Measured:
    """Return how fast a few real steps of a run are on this machine as it is now; `timing.time_for` makes a time of it.

    Raises:
        AppError: As `train` does.
    """
    with process.scratch() as place:
        payload = {"options": options.to_json(), "destination": str(place / "model"), "work": str(place)}
        answer = _run("measure_in_worker", payload, lambda event: None, cancelled)
    pace = answer["pace"]
    fast, slow = pace["step_s"]
    return Measured(Pace((fast, slow), pace["graph_s"], pace["photo_s"]), answer["photos"], answer["held_out"])


def has_left(options: TrainOptions) -> bool:
    """Whether a run with these options was stopped and could be taken up again."""
    folder, run = options.work or data_folder() / "work", options.run_key()
    return any((folder / place / BEST).is_file() for place in (run, f"{run}/run"))


def _work(
    options: TrainOptions,
    function: str,
    held: ExitStack,
    on_event: Callable[[TrainEvent], None],
    cancelled: threading.Event | None,
) -> tuple[Path, TrainResult]:
    """Let a worker make the model folder; return the place it worked at, and what came of it."""
    try:
        destination, work = _places(options, held)
    except OSError as error:
        raise disk_error(error, options.name or options.folder.resolve().name) from error
    payload = {"options": options.to_json(), "destination": str(destination), "work": str(work)}
    answer = _run(function, payload, on_event, cancelled)
    return work, _result(destination, answer)


def _run(
    function: str,
    payload: dict[str, str],
    on_event: Callable[[TrainEvent], None],
    cancelled: threading.Event | None,
) -> dict[str, Any]:
    try:
        return process.run(
            f"lib.training.worker:{function}",
            payload,
            memory_bytes=None,
            cpu_seconds=None,
            wall_seconds=LONGEST_SECONDS,
            on_event=lambda values: on_event(TrainEvent.from_dict(values)),
            cancelled=cancelled,
        )
    except WorkerError as error:
        raise TrainingError(N_("Training did not finish: {reason}"), reason=error.message) from error


def _places(options: TrainOptions, held: ExitStack) -> tuple[Path, Path]:
    """Return the destination and the place to work at, which are this run's alone while `held` is.

    What reserves them are locks, which a killed process gives back.

    Raises:
        UsageError: There is something else than a model at the destination.
        OSError: The data folder is full or cannot be written.
    """
    from lib.catalogue.store import Store  # what both import is not needed to describe a run
    from lib.training.package import model_name, require_place

    if options.destination is not None:
        require_place(options.destination)
    data = data_folder()
    run = _reserve(held, data / "locks", "train", options.run_key())
    work = options.work / run if options.work else data / "work" / run / "run"  # crops go to its parent
    work.mkdir(parents=True, exist_ok=True)
    destination, store = options.destination or _kept_as(work), Store(data)
    if destination is None:
        destination = reserve_model(held, store, model_name(options.name, options.folder.resolve().name))
    _forget_stopped(data / "work", data / "locks")
    return destination.resolve(), work.resolve()


def _kept_as(work: Path) -> Path | None:
    """Return the model that was made of the best of this run when it was stopped, if it is still there."""
    note = work / KEPT_AS
    kept = Path(note.read_text(encoding="utf-8")) if note.is_file() else None
    return kept if kept is not None and kept.is_dir() else None


def reserve_model(held: ExitStack, store: "Store", name: str) -> Path:
    """Return the folder of a new model with an id made from a name; nobody else gets it while `held` is.

    Raises OSError.
    """
    from lib.model.writing import slug  # it brings NumPy along

    locks = store.data / "locks"
    return store.models / _reserve(held, locks, "model", slug(name), lambda free: store.free_id(free) == free)


def _reserve(
    held: ExitStack, locks: Path, kind: str, wanted: str, is_free: Callable[[str], bool] = lambda name: True
) -> str:
    """Return `wanted`, or wanted-2, -3, …: the first that is free and that nobody else holds; `held` holds it now."""

    def take(name: str) -> bool:
        lock = claim(locks / f"{kind}-{name}.lock")
        if lock is None:
            return False
        if not is_free(name):
            lock.release()
            return False
        held.callback(lock.release)
        return True

    return next(filter(take, chain([wanted], (f"{wanted}-{number}" for number in count(2)))))


def _forget_stopped(work: Path, locks: Path) -> None:
    """Remove what stopped runs left (crops take gigabytes), but for the latest few, which may be taken up again."""
    runs = sorted(work.glob("*/run"), key=lambda run: stamp(run).modified_ns, reverse=True)
    for run in runs[MOST_RUNS:]:
        if (lock := claim(locks / f"train-{run.parent.name}.lock")) is not None:
            shutil.rmtree(run.parent, ignore_errors=True)
            lock.release()


def _result(folder: Path, answer: dict[str, Any]) -> TrainResult:
    from lib.photos.source import Skipped  # it brings NumPy along

    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    model_id = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))["id"]
    skipped = tuple(Skipped(file, revive(packed).message) for file, packed in answer["skipped"])
    notes = tuple(revive(packed).message for packed in answer["notes"])
    return TrainResult(model_id, folder, float(metrics["top1"]), metrics, skipped, notes)
