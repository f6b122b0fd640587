"""A piece of work that takes longer than a click: how far it has come, and how it ended."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from lib.errors import AppError, Cancelled
from lib.work.progress import Progress, Stage

# What is seen in less says little of how long the rest takes.
_TOO_LITTLE_S = 2.0


class Kind(StrEnum):
    """What kind of work it is; `lib.work.queue.RULES` says how much of each goes on at once."""

    LOOKING = "looking"
    DOWNLOAD = "download"
    READING = "reading"
    PACKING = "packing"
    CONVERSION = "conversion"
    EVALUATION = "evaluation"
    BENCHMARK = "benchmark"
    TRAINING = "training"
    FITTING = "fitting"
    IMPORT = "import"


class JobState(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Job:
    """A piece of work. Its attributes may be read from any thread.

    Args:
        work: Called with the job. It should call `tell` or `advance` as it goes, and return or raise Cancelled soon
            after `cancelled` is set. What it returns becomes `result`, also when it was cancelled meanwhile. An
            AppError it raises becomes `error`; any other exception is a bug: it is kept, and raised by `check`.
        kind: What kind of work it is.
        name: What it is called among the work of its owner.
        owner: Id of the visit that asked for it.
        total: How many steps there are; None while that is unknown.
        subject: What the work is about, to tell jobs apart.
        details: JSON values from which the work could be begun anew by another server; None if that is no use.
    """

    def __init__(
        self,
        work: Callable[["Job"], object],
        *,
        kind: Kind = Kind.LOOKING,
        name: str = "job",
        owner: str = "",
        total: int | None = None,
        subject: object = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind, self.name, self.subject, self.details = kind, name, subject, details
        self.owners = {owner} - {""}
        self.progress = Progress(total=total)
        self.state = JobState.WAITING
        self.result: object = None
        self.error: AppError | None = None
        self.cancelled = threading.Event()
        self.begun_s: float | None = None
        self.ended_s: float | None = None
        self._work = work
        self._ended = threading.Event()
        self._bug: BaseException | None = None

    @property
    def is_live(self) -> bool:
        """Whether it goes on, or waits in line."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def is_stopping(self) -> bool:
        """Whether it was cancelled and is about to end."""
        return self.is_live and self.cancelled.is_set()

    @property
    def left_s(self) -> float | None:
        """Return how many seconds it still takes, if it goes on as it went; None while too little has been seen."""
        done, total = self.progress.done, self.progress.total
        if self.begun_s is None or not done or not total or self.progress.stage is not Stage.WORKING:
            return None
        gone_s = time.monotonic() - self.begun_s
        return None if gone_s < _TOO_LITTLE_S else max(0.0, gone_s * (total - done) / done)

    def tell(self, progress: Progress) -> None:
        """Say how far it has come; called by the work."""
        self.progress = progress

    def advance(self, steps: int = 1) -> None:
        """Count `steps` as done; called by the work."""
        self.progress = replace(self.progress, done=self.progress.done + steps)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, at most `seconds`; return whether it has."""
        return self._ended.wait(seconds)

    def check(self) -> None:
        """Raise what ended the work if that was a bug; once, so that whoever comes back can go on."""
        bug, self._bug = self._bug, None
        if bug is not None:
            raise bug

    def run(self) -> None:
        """Do the work in this thread; one that was cancelled before ends at once."""
        state = JobState.FAILED
        try:
            if self.cancelled.is_set():
                raise Cancelled
            self.state, self.begun_s = JobState.RUNNING, time.monotonic()
            self.result = self._work(self)
            state = JobState.CANCELLED if self.cancelled.is_set() and self.result is None else JobState.DONE
        except AppError as error:
            if self.cancelled.is_set() or isinstance(error, Cancelled):
                state = JobState.CANCELLED
            else:
                self.error = error
        except BaseException as bug:
            self._bug = bug
            raise
        finally:
            self.state, self.ended_s = state, time.monotonic()
            del self._work  # and whatever it holds
            self._ended.set()
