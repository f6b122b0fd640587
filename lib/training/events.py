"""What a training run says while it works."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lib.messages import N_, Message

# In the order they happen; "teach" only with a teacher, "measure" only of a run that is timed.
STAGES = {
    "start": N_("Starting…"),
    "scan": N_("Photos found: {total}"),
    "teach": N_("Loading the teacher…"),
    "prepare": N_("Preparing the photos: {done} of {total}"),
    "measure": N_("Timing a few steps…"),
    "build": N_("Building the net…"),
    "fit": N_("The first step: it takes longest, up to a minute…"),  # until there are figures
    "write": N_("Making the model…"),
    "done": N_("The training is finished."),
}


def stage_words(stage: str, done: int, total: int) -> Message:
    """Return what a run is at, in words.

    Args:
        stage: One of `STAGES`.
        done: Photos prepared.
        total: Of so many; photos found.
    """
    return Message(STAGES[stage], {"done": done, "total": total})


@dataclass(frozen=True, slots=True)
class TrainEvent:
    """Where a run stands. A figure that is not known yet is None.

    Attributes:
        stage: One of `STAGES`.
        done: Photos prepared so far ("prepare").
        total: Photos to prepare ("prepare"), or photos found ("scan").
        epoch: Of 1 … `epochs`.
        epochs: In all; an estimate where the run has a time budget.
        step: Batches seen since the start of the run.
        steps: Batches in an epoch.
        size: Side in pixels at which photos are shown now.
        loss: Mean cross-entropy of the latest varied training batches; with `val_loss`, of all batches of the epoch.
        accuracy: On the same, in [0, 1].
        val_loss: Mean cross-entropy of the averaged weights on the held-out photos; after each epoch.
        val_accuracy: Of the averaged weights on the held-out photos, in [0, 1]; after each epoch.
        val_accuracy_raw: The same for the weights as they are.
        best_epoch: Whose weights are kept if it ended now; 0: those that it began with.
        seconds: Of fitting so far.
        eta: Seconds of fitting left, estimated.
        low: Seconds that fitting will take in all, or still takes when it was taken up again, at the fastest; after
            the first steps of this very net on this machine.
        high: The same, at the slowest.
        teacher_accuracy: The teacher's own top-1 on the held-out photos ("prepare").
        note: Something a reader should know, in English; a key of the catalogues.
    """

    stage: str
    done: int | None = None
    total: int | None = None
    epoch: int | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    size: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_accuracy_raw: float | None = None
    best_epoch: int | None = None
    seconds: float | None = None
    eta: float | None = None
    low: float | None = None
    high: float | None = None
    teacher_accuracy: float | None = None
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the known figures as JSON values; NaN and infinity count as unknown."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        return {k: v for k, v in values.items() if not (isinstance(v, float) and not math.isfinite(v))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainEvent":
        """Return the event that `to_dict` described; entries it does not know are left out."""
        names = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in names})
