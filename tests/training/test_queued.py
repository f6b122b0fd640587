"""A training in the server's queue: what a page sees of it, cancelling, keeping, taking up again, another server."""

import errno
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.errors import Cancelled, UsageError
from lib.training import queued
from lib.training.events import TrainEvent
from lib.training.launch import BEST, TrainResult
from lib.training.options import TrainOptions
from lib.training.queued import Bench
from lib.training.timing import Measured, Pace
from lib.work.jobs import JobState
from lib.work.queue import Queue

OPTIONS = TrainOptions(Path("/photos"), architecture="small", epochs=3, photos="these")
PATIENCE_S = 10.0


def epoch(number: int) -> TrainEvent:
    figures = {"loss": 0.5 / number, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7, "best_epoch": 1}
    return TrainEvent("fit", epoch=number, epochs=3, step=10 * number, steps=10, size=64, **figures)  # type: ignore[arg-type]


class Trainer:
    """Stands for the worker process: one epoch at once, the others when it is let go on."""

    def __init__(self) -> None:
        self.go_on, self.has_begun = threading.Event(), threading.Event()
        self.seen: list[TrainOptions] = []

    def train(
        self, options: TrainOptions, *, on_event: Callable[[TrainEvent], None], cancelled: threading.Event
    ) -> TrainResult:
        self.seen.append(options)
        assert options.work is not None
        run = options.work / options.run_key()
        run.mkdir(exist_ok=True)
        (options.work / "views-1").mkdir(exist_ok=True)
        on_event(epoch(1))
        (run / BEST).write_bytes(b"weights")
        self.has_begun.set()
        while not self.go_on.wait(0.01):
            if cancelled.is_set():
                raise Cancelled
        on_event(epoch(2))
        (run / BEST).unlink()
        return TrainResult("pets", options.work, 0.7, {}, (), ())

    def keep(self, options: TrainOptions, *, cancelled: threading.Event) -> TrainResult:
        assert options.work is not None
        return TrainResult("pets-best", options.work, 0.7, {}, (), ())


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Trainer]:
    one = Trainer()
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(queued, "train", one.train)
    monkeypatch.setattr(queued, "keep_best", one.keep)
    yield one
    one.go_on.set()


@pytest.fixture
def server(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "jobs")


def bench(server: Queue, tmp_path: Path, owner: str = "ann") -> Bench:
    return Bench(owner, tmp_path / owner, queue=server)


def test_any_browser_sees_the_curves_while_it_goes_on_and_the_model_afterwards(
    trainer: Trainer, server: Queue, tmp_path: Path
) -> None:
    job = bench(server, tmp_path).begin(OPTIONS)
    assert trainer.has_begun.wait(PATIENCE_S)
    another = bench(server, tmp_path)
    assert another.job is job
    assert another.state is not None
    assert [row["epoch"] for row in another.state.history] == [1]
    assert another.is_busy
    assert not another.can_resume
    trainer.go_on.set()
    assert job.wait(PATIENCE_S)
    assert (another.state.end, another.state.model) == ("done", "pets")
    assert not another.can_resume
    assert [path.name for path in (tmp_path / "ann").glob("views-*")] == [], "crops are the photos once more"


def test_cancelling_answers_at_once_and_keeps_the_best(trainer: Trainer, server: Queue, tmp_path: Path) -> None:
    mine = bench(server, tmp_path)
    job = mine.begin(OPTIONS)
    assert trainer.has_begun.wait(PATIENCE_S)
    mine.cancel()
    assert job.wait(2)
    assert job.state is JobState.CANCELLED
    assert mine.keeping is not None
    assert mine.keeping.wait(PATIENCE_S)
    assert mine.state is not None
    assert (mine.state.end, mine.state.model) == ("cancelled", "pets-best")
    assert mine.can_resume
    (tmp_path / "home" / "models" / "pets-best").mkdir(parents=True)
    again = mine.resume()
    assert again is not None
    trainer.go_on.set()
    assert again.wait(PATIENCE_S)
    first, second = trainer.seen
    assert first.run_key() == second.run_key(), "it goes on where it was"
    assert second.destination == tmp_path / "home" / "models" / "pets-best", "and renews what was kept"


def test_another_server_finds_what_was_left(trainer: Trainer, server: Queue, tmp_path: Path) -> None:
    mine = bench(server, tmp_path)
    job = mine.begin(OPTIONS)
    assert trainer.has_begun.wait(PATIENCE_S)
    later = bench(Queue(tmp_path / "other-jobs"), tmp_path)  # as after the first was killed
    assert later.job is None
    assert later.state is not None
    assert (later.state.end, [row["epoch"] for row in later.state.history]) == ("", [1])
    assert later.can_resume
    server.cancel(job, "ann")
    assert job.wait(PATIENCE_S)


def test_one_after_the_other_each_in_its_place(trainer: Trainer, server: Queue, tmp_path: Path) -> None:
    first, second = bench(server, tmp_path).begin(OPTIONS), bench(server, tmp_path, "ben").begin(OPTIONS)
    assert trainer.has_begun.wait(PATIENCE_S)
    assert second.state is JobState.WAITING
    assert server.place(second) == 1
    waiting = bench(server, tmp_path, "ben")
    waiting.cancel()
    assert second.wait(PATIENCE_S)
    assert waiting.keeping is None, "there is nothing to keep"
    trainer.go_on.set()
    assert first.wait(PATIENCE_S)


def test_other_options_leave_no_checkpoint_of_the_earlier_ones(trainer: Trainer, server: Queue, tmp_path: Path) -> None:
    mine = bench(server, tmp_path)
    (tmp_path / "ann" / "an-earlier-run").mkdir(parents=True)
    job = mine.begin(OPTIONS)
    assert trainer.has_begun.wait(PATIENCE_S)
    assert not (tmp_path / "ann" / "an-earlier-run").exists()
    mine.forget()
    assert job.wait(PATIENCE_S)
    assert not (tmp_path / "ann").exists()
    assert (mine.job, mine.state) == (None, None)


def test_why_it_failed_is_remembered(
    trainer: Trainer, server: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **more: object) -> TrainResult:
        raise UsageError("{folder} is neither a folder nor a zip file.", folder="photos")

    monkeypatch.setattr(queued, "train", fail)
    job = bench(server, tmp_path).begin(OPTIONS)
    assert job.wait(PATIENCE_S)
    state = bench(Queue(tmp_path / "other-jobs"), tmp_path).state
    assert state is not None
    assert (state.end, str(state.error)) == ("failed", "photos is neither a folder nor a zip file.")


def test_a_full_disk_is_why_it_failed(
    trainer: Trainer, server: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(target: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "full", str(target))

    monkeypatch.setattr(queued, "write_whole", refuse)
    mine = bench(server, tmp_path)
    job = mine.begin(replace(OPTIONS, name="Pets"))
    assert job.wait(PATIENCE_S)
    assert mine.state is not None
    assert (mine.state.end, str(mine.state.error)) == ("failed", "The disk is full: Pets could not be saved.")
    assert str(job.error) == str(mine.state.error)


def test_a_net_is_timed_once_for_all(
    trainer: Trainer, server: Queue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[TrainOptions] = []

    def measure(options: TrainOptions, **more: Any) -> Measured:
        calls.append(options)
        return Measured(Pace((1.0, 1.0), 0.0), 100, 10)

    monkeypatch.setattr(queued, "measure", measure)
    monkeypatch.setattr(queued, "_PACES", {})
    steady = TrainOptions(Path("/photos"), architecture="small", batch=10, epochs=3, progressive=False, photos="these")
    assert queued.seconds(steady, 100, 0) is None
    assert bench(server, tmp_path).time(steady).wait(PATIENCE_S)
    # 10 steps an epoch, 3 epochs; twice the photos, twice the steps.
    assert [queued.seconds(steady, photos, 0) for photos in (100, 200)] == [(30.0, 37.5), (60.0, 75.0)]
    assert len(calls) == 1


def test_a_state_that_is_no_state_counts_as_none(server: Queue, tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    for content in (
        "",
        "[]",
        json.dumps({"options": '{"colour": 1}', "error": None}),
        json.dumps({"error": None, "options": 3}),
    ):
        (tmp_path / "ann" / "state.json").write_text(content)
        assert bench(server, tmp_path).state is None
