"""What a run's figures say: which epoch is best so far, whether it learns its photos by heart, how long it takes."""

import math
from collections.abc import Mapping, Sequence

from lib.messages import N_, Message
from lib.verdict import percent

# Over-fitting is said when the loss on the held-out photos was lowest this many epochs ago or more, its mean over the
# latest so many is higher than that by RISE, and the loss on the training photos has fallen since.
PATIENCE = 3
RISE = 0.02

Row = Mapping[str, float]


def rank(row: Row) -> tuple[float, float, float]:
    """Return what the best epoch has most of: the size its photos are shown at, then accuracy, then low loss.

    All but the size are of the held-out photos: so the best one's accuracy on them flatters it a little.
    """
    return row["size"], row["val_accuracy"], -row["val_loss"]


def after_epoch(row: Row) -> Message:
    """Return how good a run is after an epoch, and which was its best, in words."""
    text = N_("After epoch {epoch}: {right} of the held-out photos right. The best so far was epoch {best}.")
    best, right = int(row["best_epoch"]), percent(row["val_accuracy"])
    return Message(text, {"epoch": int(row["epoch"]), "right": right, "best": best})


def chosen_among(history: Sequence[Row]) -> Message | None:
    """Return among which epochs the best is chosen, in words; None where it is among all of them. See `rank`.

    Args:
        history: Figures after each epoch; what was kept of a run before its first one has no size.
    """
    sizes = {int(row["size"]) for row in history if "size" in row}
    if len(sizes) < 2:
        return None
    text = N_(
        "The best epoch is chosen among those with photos of {size} × {size} pixels: earlier ones saw smaller photos, "
        "and do not count."
    )
    return Message(text, {"size": max(sizes)})


def by_heart_since(history: Sequence[Row]) -> int | None:
    """Return the epoch after which a run began to learn its photos by heart; None while it does not.

    Args:
        history: Figures after each epoch, as in `TrainEvent`; losses of epochs with smaller photos count for nothing.
    """
    rows = [row for row in history if row["size"] == history[-1]["size"] and row["epoch"] > 0]
    if len(rows) <= PATIENCE:
        return None
    lowest = min(range(len(rows)), key=lambda index: rows[index]["val_loss"])
    latest = [row["val_loss"] for row in rows[-PATIENCE:]]
    is_over = (
        lowest < len(rows) - PATIENCE
        and sum(latest) / PATIENCE > (1 + RISE) * rows[lowest]["val_loss"]
        and rows[-1]["loss"] < rows[lowest]["loss"]
    )
    return int(rows[lowest]["epoch"]) if is_over else None


def time_words(low: float, high: float) -> Message:
    """Return how long a run takes, from `low` to `high` seconds, in round figures."""
    if high < 90:
        text, unit, step = N_("About {low} to {high} seconds, measured on this machine."), 1.0, 5
    elif high < 5400:
        text, unit, step = N_("About {low} to {high} minutes, measured on this machine."), 60.0, 1
    else:
        text, unit, step = N_("About {low} to {high} hours, measured on this machine."), 3600.0, 1
    least = max(step, math.floor(low / unit / step) * step)
    return Message(text, {"low": least, "high": max(least + step, math.ceil(high / unit / step) * step)})


def by_heart(history: Sequence[Row]) -> Message | None:
    """Return in words that a run learns its photos by heart, or None; see `by_heart_since`."""
    since = by_heart_since(history)
    if since is None:
        return None
    text = N_(
        "The model is learning its photos by heart (over-fitting): since epoch {epoch} it gets better on the photos it "
        "learns from, but worse on the held-out ones. More epochs will not help; more photos will. What it knew at its "
        "best is kept."
    )
    return Message(text, {"epoch": since})
