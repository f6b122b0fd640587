"""Training from scratch in the server's queue: begun, watched, cancelled with its best kept, taken up again.

Each owner (a workshop project) has one such training at a time and a folder of its own for it, where everything lies
that the training leaves: its curves, so that any browser and any later server finds them again, its last checkpoint
and the best weights. It goes with that folder. The finished model goes into the store; the one before it stays there
until the new one is whole.
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from lib.errors import AppError, Cancelled, DownloadError
from lib.messages import Message
from lib.training.events import TrainEvent
from lib.training.launch import TrainResult, has_left, keep_best, measure, train
from lib.training.options import TrainOptions
from lib.training.timing import Measured, Pace, time_for
from lib.work.files import data_folder, disk_error, write_whole
from lib.work.jobs import Job, Kind
from lib.work.process import pack, revive
from lib.work.queue import Queue, server_queue

RUN, KEEP, ESTIMATE = "scratch", "scratch-keep", "scratch-estimate"
FOLDER = "scratch"  # in a project’s folder
# Points of the thin line between the epochs: a chart shows no more.
MOST_LIVE = 400
_STATE = "state.json"


@dataclass
class State:
    """How a training stands, or how it ended.

    Attributes:
        options: What it trains.
        history: Figures of each epoch, as `lib.training.curves` and `lib.charts.training` take them.
        live: Figures between them: "at" in epochs, "loss", "accuracy".
        stage: As in `TrainEvent`.
        done: Photos prepared.
        total: Of so many; or photos found.
        low: Seconds that it will take, at the fastest; None until the first steps were timed.
        high: The same, at the slowest.
        eta: Seconds left.
        notes: What a reader should know, in English.
        model: Id of the model made last, or None.
        end: "": it goes on, or its server was killed. "done", "cancelled", "failed".
        error: Why it failed.
    """

    options: TrainOptions
    history: list[dict[str, float]] = field(default_factory=list)
    live: list[dict[str, float]] = field(default_factory=list)
    stage: str = "start"
    done: int = 0
    total: int = 0
    low: float | None = None
    high: float | None = None
    eta: float | None = None
    notes: list[str] = field(default_factory=list)
    model: str | None = None
    end: str = ""
    error: Message | None = None

    def take(self, event: TrainEvent) -> None:
        """Learn what an event says."""
        self.stage = event.stage
        if event.total is not None:
            self.done, self.total = event.done or 0, event.total
        if event.low is not None:
            self.low, self.high = event.low, event.high
        if event.note is not None:
            self.notes.append(event.note)
        if event.eta is not None:
            self.eta = event.eta
        if event.val_loss is not None:
            row = event.to_dict()
            self.history = [*(old for old in self.history if old["epoch"] < row["epoch"]), row]
        elif event.step is not None and event.steps and event.loss is not None and event.accuracy is not None:
            point = {"at": event.step / event.steps, "loss": event.loss, "accuracy": event.accuracy}
            before = [old for old in self.live if old["at"] < point["at"]]
            self.live = [*before, point] if len(before) < MOST_LIVE else [*before[::2], point]

    def to_json(self) -> str:
        """Return all of it; `from_json` reads it back."""
        error = None if self.error is None else pack(AppError(self.error.text, **self.error.values))
        return json.dumps({**asdict(replace(self, error=None)), "options": self.options.to_json(), "error": error})

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Return the state that `to_json` wrote. Raises ValueError, TypeError or KeyError if it did not."""
        values = json.loads(text)
        error = values.pop("error")
        options = TrainOptions.from_json(values.pop("options"))
        return cls(options=options, error=None if error is None else revive(error).message, **values)


class Bench:
    """The one place at which an owner trains from scratch; any number of these objects may stand for it.

    Args:
        owner: Of the work in the queue.
        folder: Where the training leaves everything; made when it is needed, in a folder that is there.
        made: Told the id of a model as soon as it is in the store.
        queue: For the work; None for the server's.
    """

    def __init__(
        self,
        owner: str,
        folder: Path,
        made: Callable[[str], None] = lambda model: None,
        queue: Queue | None = None,
    ) -> None:
        self._owner, self._folder, self._tell = owner, folder, made
        self._queue = queue or server_queue()

    @property
    def job(self) -> Job | None:
        """The latest training of this server; its `subject` is its `State`."""
        return self._queue.get(RUN, self._owner)

    @property
    def keeping(self) -> Job | None:
        """The making of a model of the best so far, after a training was cancelled."""
        return self._queue.get(KEEP, self._owner)

    @property
    def estimate(self) -> Job | None:
        """The latest timing of a few steps."""
        return self._queue.get(ESTIMATE, self._owner)

    @property
    def state(self) -> State | None:
        """How the latest training stands or stood, of this server or an earlier one; None if there was none."""
        job = self.job
        if job is not None and isinstance(job.subject, State):
            return job.subject
        try:
            return State.from_json((self._folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, KeyError, AppError):  # none, or one of an earlier version
            return None

    @property
    def is_busy(self) -> bool:
        """Whether a training or the keeping of its best goes on or waits."""
        return any(job is not None and job.is_live for job in (self.job, self.keeping))

    @property
    def can_resume(self) -> bool:
        """Whether the latest training could be taken up again."""
        state = self.state
        return state is not None and not self.is_busy and state.end != "done" and has_left(state.options)

    def begin(self, options: TrainOptions) -> Job:
        """Begin a training, or let it wait in line; one that is left behind with equal options goes on.

        Args:
            options: What to train; where it works and what its model is called in the store is settled here.

        Raises:
            UsageError: The owner has too much work going.
        """
        last = self.state
        state = State(self._settled(options, last), model=None if last is None else last.model)
        if last is not None and last.options.run_key() == state.options.run_key():
            state.history, state.live = last.history, last.live
        job = Job(lambda job: self._train(job, state), kind=Kind.TRAINING, name=RUN, owner=self._owner, subject=state)
        return self._queue.submit(job)

    def resume(self) -> Job | None:
        """Take up the latest training where it was left; None if there is none."""
        state = self.state
        return None if state is None else self.begin(state.options)

    def cancel(self) -> None:
        """End the training now, and have a model made of the best it had come to, if there is anything."""
        job, state = self.job, self.state
        if job is None or state is None:
            return
        self._queue.cancel(job, self._owner)
        if has_left(state.options):
            self.keep(after=job)

    def keep(self, after: Job | None = None) -> None:
        """Have a model made of the best of the latest training, also of one that died with its server."""
        state = self.state
        if state is None:
            return

        def work(job: Job) -> TrainResult:
            if after is not None:
                after.wait()  # its process is being ended, which takes a moment
            result = keep_best(state.options, cancelled=job.cancelled)
            self._made(state, result)
            return result

        self._queue.submit(Job(work, kind=Kind.CONVERSION, name=KEEP, owner=self._owner))

    def time(self, options: TrainOptions) -> Job:
        """Time a few steps of such a training; what comes of it, `seconds` tells."""

        def work(job: Job) -> Measured:
            found = measure(options, cancelled=job.cancelled)
            with _LOCK:
                _PACES[_net(options)] = found.pace
            return found

        return self._queue.submit(Job(work, kind=Kind.FITTING, name=ESTIMATE, owner=self._owner))

    def forget(self) -> None:
        """End everything and remove what was left; finished models stay in the store."""
        for name in (RUN, KEEP, ESTIMATE):
            job = self._queue.get(name, self._owner)
            self._queue.drop(name, self._owner)
            if job is not None:
                job.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _settled(self, options: TrainOptions, last: State | None) -> TrainOptions:
        """Return the options with their places: the model made last is renewed."""
        model = None if last is None or last.model is None else data_folder() / "models" / last.model
        kept = model if model is not None and model.is_dir() else None
        return replace(options, work=self._folder, destination=kept)

    def _train(self, job: Job, state: State) -> TrainResult:
        while self.keeping is not None and not self.keeping.wait(0.1):  # it holds the place of the run
            if job.cancelled.is_set():
                raise Cancelled
        state.end, state.error = "", None

        def take(event: TrainEvent) -> None:
            state.take(event)
            if event.val_loss is not None or event.low is not None:
                self._save(state)

        try:
            self._begin_in_folder(state)
            result = train(state.options, on_event=take, cancelled=job.cancelled)
        except Cancelled:
            state.end = "cancelled"
            raise
        except AppError as error:
            state.end, state.error = "failed", error.message
            raise
        else:
            state.end = "done"
            self._made(state, result)
            return result
        finally:
            self._tidy(state)

    def _begin_in_folder(self, state: State) -> None:
        with _told(state):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._leave_only(state.options.run_key())
        self._save(state)

    def _tidy(self, state: State) -> None:
        """Remove the prepared crops, which are quickly made again, and write down how it ended, if the disk lets it."""
        for crops in self._folder.glob("views-*"):
            shutil.rmtree(crops, ignore_errors=True)
        with suppress(DownloadError):
            self._save(state)

    def _leave_only(self, run: str) -> None:
        """Remove what trainings with other options left."""
        for other in self._folder.iterdir():
            if other.is_dir() and other.name != run:
                shutil.rmtree(other, ignore_errors=True)

    def _made(self, state: State, result: TrainResult) -> None:
        state.model = result.model_id
        self._tell(result.model_id)
        self._save(state)

    def _save(self, state: State) -> None:
        """Write down how it stands. Raises DownloadError."""
        with _told(state), suppress(FileNotFoundError):  # the folder goes when its owner is deleted
            write_whole(self._folder / _STATE, state.to_json().encode())


@contextmanager
def _told(state: State) -> Iterator[None]:
    """Put what the disk refuses into a sentence, a DownloadError."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, state.options.name or _STATE) from error


_LOCK = threading.Lock()
_PACES: dict[tuple[str, int, int], Pace] = {}


def _net(options: TrainOptions) -> tuple[str, int, int]:
    return options.architecture, options.input_size, options.manner.batch


def seconds(options: TrainOptions, photos: int, held_out: int) -> tuple[float, float] | None:
    """Return the fewest and the most seconds that a training should take; None if its net was never timed here.

    Args:
        options: What to train.
        photos: To learn from.
        held_out: To look at after each epoch.
    """
    with _LOCK:
        pace = _PACES.get(_net(options))
    return None if pace is None else time_for(pace, options, photos, held_out)
