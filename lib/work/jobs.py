"""Work that goes on in the background while pages come and go: started, watched, cancelled."""

import threading
from collections.abc import Callable
from enum import StrEnum

from lib.errors import AppError


class JobState(StrEnum):
    """Where a job is in its life."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Job:
    """A piece of work in a thread of its own.

    Args:
        work: Called with the job. It should call `advance` as it goes, and return soon after `cancelled` is set; what
            it returns becomes `result`. An AppError it raises becomes `error`; any other exception is a bug: it is
            kept, and raised by `check`.
        total: How many steps there are, or 0 while that is unknown.
        name: For the thread.
        subject: What the work is about, to tell jobs apart.
    """

    def __init__(
        self, work: Callable[["Job"], object], *, total: int = 0, name: str = "job", subject: object = None
    ) -> None:
        self.total = total
        self.subject = subject
        self.done = 0
        self.state = JobState.RUNNING
        self.result: object = None
        self.error: AppError | None = None
        self.cancelled = threading.Event()
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    @property
    def is_live(self) -> bool:
        """Whether the work is still going on."""
        return self.state is JobState.RUNNING

    @property
    def share(self) -> float:
        """How much is done, 0 … 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def advance(self, steps: int = 1) -> None:
        """Count `steps` as done; called by the work."""
        self.done += steps

    def cancel(self) -> None:
        """Ask the work to end; what it has finished stays."""
        self.cancelled.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the work has ended, at most `seconds`; return whether it has."""
        self._thread.join(seconds)
        return not self.is_live

    def check(self) -> None:
        """Raise what ended the work if that was a bug; once, so that whoever comes back can go on."""
        bug, self._bug = self._bug, None
        if bug is not None:
            raise bug

    def _run(self, work: Callable[["Job"], object]) -> None:
        try:
            self.result = work(self)
        except AppError as error:
            self.error = error
            self.state = JobState.FAILED
        except BaseException as bug:
            self._bug = bug
            self.state = JobState.FAILED
            raise
        else:
            self.state = JobState.CANCELLED if self.cancelled.is_set() else JobState.DONE
