"""Start a training run in a process of its own, follow it, and stop it when asked."""

import json
import shutil
import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.errors import TrainingError, WorkerError
from lib.messages import N_
from lib.training.events import TrainEvent
from lib.training.options import TrainOptions, slug
from lib.work import process

# A run has no natural end that we could know here; this only bounds one that hangs.
LONGEST_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A finished run.

    Attributes:
        model_id: The id in its `model.toml`.
        folder: The model folder.
        top1: Share of the validation photos that the finished file gets right.
        metrics: The content of `metrics.json`.
    """

    model_id: str
    folder: Path
    top1: float
    metrics: dict[str, Any]


class TrainingCancelledError(TrainingError):
    """The caller asked the run to stop. Its checkpoint stays: equal options take it up again."""


def train(
    options: TrainOptions, *, on_event: Callable[[TrainEvent], None], cancelled: threading.Event | None = None
) -> TrainResult:
    """Train a model in a child process and return where it is.

    A run that was stopped or crashed continues at its last finished epoch when it is started again with equal
    options.

    Args:
        options: What to train.
        on_event: Called in this thread with each event, in order.
        cancelled: Set it from another thread to end the run within a second or so.

    Raises:
        DatasetError: The photos cannot be trained on.
        TrainingCancelledError: `cancelled` was set.
        TrainingError: The child died; how is in the message, its last words are in the log.
    """
    keep_crops = options.work is not None
    options = _with_places(options)
    on_event(TrainEvent("start"))
    try:
        process.run(
            "lib.training.worker:train_in_worker",
            {"options": options.to_json()},
            memory_bytes=None,
            cpu_seconds=None,
            wall_seconds=LONGEST_SECONDS,
            on_event=lambda values: on_event(TrainEvent.from_dict(values)),
            cancelled=cancelled,
        )
        _clean_up(options, keep_crops=keep_crops)
    except WorkerError as error:
        if cancelled is not None and cancelled.is_set():
            raise TrainingCancelledError(N_("The training was stopped.")) from error
        raise TrainingError(N_("The training did not finish: {reason}"), reason=error.message) from error
    return _result(options)


def _with_places(options: TrainOptions) -> TrainOptions:
    from lib.catalogue.store import Store, data_folder  # reads the catalogue's modules; not needed to describe a run

    name = options.name or options.folder.resolve().name
    destination = options.destination or data_folder() / "models" / Store().free_id(slug(name))
    key = options.run_key()
    work = options.work / key if options.work else data_folder() / "work" / key / "run"  # crops go to its parent
    work.mkdir(parents=True, exist_ok=True)
    return replace(options, destination=destination.resolve(), work=work.resolve())


def _clean_up(options: TrainOptions, *, keep_crops: bool) -> None:
    """Remove the checkpoint of a finished run, and its crops (gigabytes) unless the caller named a place for them."""
    if options.work is not None:
        shutil.rmtree(options.work if keep_crops else options.work.parent)


def _result(options: TrainOptions) -> TrainResult:
    if options.destination is None:
        raise RuntimeError("the run was started without a destination")
    metrics = json.loads((options.destination / "metrics.json").read_text(encoding="utf-8"))
    card = tomllib.loads((options.destination / "model.toml").read_text(encoding="utf-8"))
    return TrainResult(card["id"], options.destination, float(metrics["top1"]), metrics)
