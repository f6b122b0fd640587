"""Downloads that run in the background: started once, watched and stopped from any session."""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from lib.errors import AppError, Cancelled
from lib.work.progress import FetchReport, OnProgress, Progress, Stage

_LOG = logging.getLogger(__name__)
_MIN_INTERVAL_S = 0.05
_POLL_S = 0.1
# A cancelled job cleans up within this; whoever cancelled it need not wait longer.
_STOP_S = 5.0


class JobState(StrEnum):
    """Whether a download still runs, and how it ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


Work = Callable[[str, OnProgress, threading.Event], FetchReport]


class Job:
    """One model being fetched. Read its attributes from any thread.

    Attributes:
        id: The model's.
        state: See `JobState`.
        progress: The latest.
        report: Set when DONE.
        error: Set when FAILED or CANCELLED for a reason a person can act on.
        started: Monotonic seconds.
    """

    def __init__(self, model_id: str) -> None:
        self.id = model_id
        self.state = JobState.RUNNING
        self.progress = Progress(Stage.WAITING)
        self.report: FetchReport | None = None
        self.error: AppError | None = None
        self.started = time.monotonic()
        self._bug: BaseException | None = None
        self._watchers = 0
        self._cancelled = threading.Event()
        self._changed = threading.Condition()
        self._last_told = 0.0

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.state is JobState.RUNNING

    @property
    def is_stopping(self) -> bool:
        """Whether it was cancelled and is about to end."""
        return self.is_running and self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask it to stop; it ends as CANCELLED soon after."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.is_running, timeout)

    def result(self) -> FetchReport:
        """Return the report of a job that has ended, or raise what ended it."""
        if self._bug is not None:
            raise self._bug
        if self.error is not None:
            raise self.error
        assert self.report is not None
        return self.report

    def _wait_for_news(self, seen: Progress, timeout: float) -> Progress:
        with self._changed:
            self._changed.wait_for(lambda: not self.is_running or self.progress is not seen, timeout)
            return self.progress

    def _tell(self, progress: Progress) -> None:
        now = time.monotonic()
        is_news = progress.stage is not self.progress.stage or now - self._last_told >= _MIN_INTERVAL_S
        with self._changed:
            self.progress = progress
            if is_news:  # whoever waits looks by itself now and then
                self._last_told = now
                self._changed.notify_all()

    def _run(self, work: Work) -> None:
        state, report, error, bug = JobState.DONE, None, None, None
        try:
            report = work(self.id, self._tell, self._cancelled)
        except AppError as reason:
            state, error = (JobState.CANCELLED if self._cancelled.is_set() else JobState.FAILED), reason
        except BaseException as reason:  # a bug, to be raised where the result is asked for
            _LOG.exception("Fetching %s failed for a reason nobody thought of.", self.id)
            state, bug = JobState.FAILED, reason
        with self._changed:
            self.state, self.report, self.error, self._bug = state, report, error, bug
            self._changed.notify_all()


class Jobs:
    """The latest job of each model of one data folder."""

    _of_folders: ClassVar[dict[Path, "Jobs"]] = {}
    _folders_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self.by_id: dict[str, Job] = {}
        self.lock = threading.Lock()

    @classmethod
    def of_folder(cls, data: Path) -> "Jobs":
        """Return the jobs of a data folder; all who ask in this process get the same."""
        with cls._folders_lock:
            return cls._of_folders.setdefault(data.resolve(), cls())


class Downloads:
    """At most one job per model, shared by everybody who asks for it in this process.

    Args:
        work: Fetches one model.
        jobs: Where jobs are kept.
    """

    def __init__(self, work: Work, jobs: Jobs) -> None:
        self._work = work
        self._jobs, self._lock = jobs.by_id, jobs.lock

    def start(self, model_id: str) -> Job:
        """Begin to fetch a model in the background, or return the job that already does; it ends or is cancelled."""
        return self._join(model_id)

    def get(self, model_id: str) -> Job | None:
        """Return the model's latest job, running or ended; None if there was none or it was dismissed."""
        return self._jobs.get(model_id)

    def running(self) -> tuple[Job, ...]:
        """Return the jobs that have not ended."""
        with self._lock:
            return tuple(job for job in self._jobs.values() if job.is_running)

    def cancel(self, model_id: str) -> None:
        """Stop the model's job, if it runs."""
        if (job := self.get(model_id)) is not None:
            job.cancel()

    def dismiss(self, model_id: str) -> None:
        """Forget a job that has ended, its error included."""
        with self._lock:
            job = self._jobs.get(model_id)
            if job is not None and not job.is_running:
                del self._jobs[model_id]

    def fetch(self, model_id: str, on_progress: OnProgress, cancelled: threading.Event | None) -> FetchReport:
        """Fetch a model and wait for it, together with whoever else waits for it.

        Args:
            model_id: The model.
            on_progress: Called in this thread, first of all with where things stand.
            cancelled: When set, this caller stops waiting; the job ends if nobody else waits for it.

        Raises:
            AppError: What ended the job.
        """
        job = self._join(model_id)
        seen = job.progress
        try:
            on_progress(seen)
            while job.is_running:
                if cancelled is not None and cancelled.is_set():
                    break
                news = job._wait_for_news(seen, _POLL_S)
                if news is not seen:
                    seen = news
                    on_progress(seen)
        finally:
            self._leave(job)
        if job.is_running and not job.wait(_STOP_S if job.is_stopping else 0):
            raise Cancelled
        return job.result()

    def _join(self, model_id: str) -> Job:
        with self._lock:
            job = self._jobs.get(model_id)
            if job is None or not job.is_running or job.is_stopping:
                job = self._jobs[model_id] = Job(model_id)
                name = f"discern-fetch-{model_id}"
                threading.Thread(target=job._run, args=(self._work,), name=name, daemon=True).start()
            job._watchers += 1
        return job

    def _leave(self, job: Job) -> None:
        """Stop waiting for a job; the last to leave stops it."""
        with self._lock:
            job._watchers -= 1
            if job._watchers == 0:
                job.cancel()
