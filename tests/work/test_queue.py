"""Work is the server's: limited, in line, found again by its owner, and remembered when the server is killed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.errors import UsageError
from lib.work import queue as subject
from lib.work.jobs import Job, JobState, Kind
from lib.work.queue import MOST_OF_OWNER, Queue, server_queue

ROOT = Path(__file__).resolve().parents[2]
Begin = Callable[..., Job]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "jobs")
    yield queue
    running = queue.live()
    queue.cancel_all()
    assert all(job.wait(5) for job in running)


@pytest.fixture
def begin(queue: Queue) -> Begin:
    """Begin work that goes on until it is cancelled, or until `job.subject` is set."""

    def work(job: Job) -> str | None:
        while not job.cancelled.wait(0.01):
            if job.subject.is_set():  # type: ignore[attr-defined]
                return "done"
        return None

    def begin(kind: Kind, name: str = "work", owner: str = "ann", **more: object) -> Job:
        return submit(queue, work, kind=kind, name=name, owner=owner, subject=threading.Event(), **more)

    return begin


def submit(queue: Queue, work: Callable[[Job], object], *, is_shared: bool = False, **about: Any) -> Job:
    return queue.submit(Job(work, **about), is_shared=is_shared)


def finish(job: Job) -> None:
    job.subject.set()  # type: ignore[attr-defined]
    assert job.wait(5)


def soon(claim: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not claim() and time.monotonic() < until:
        time.sleep(0.005)
    return claim()


def is_running(job: Job) -> bool:
    return soon(lambda: job.state is JobState.RUNNING)


def test_nobody_starts_43_downloads_at_once(queue: Queue, begin: Begin) -> None:
    for number in range(MOST_OF_OWNER):
        begin(Kind.DOWNLOAD, f"model-{number}", is_shared=True)
    with pytest.raises(UsageError, match="5 tasks of this kind are already running"):
        begin(Kind.DOWNLOAD, "one more", is_shared=True)
    ben = begin(Kind.DOWNLOAD, "his", "ben", is_shared=True)
    states = [job.state for job in queue.live()]
    assert soon(lambda: [job.state for job in queue.live()].count(JobState.RUNNING) == 3), states
    assert queue.place(ben) == 1, "who asks for one does not wait for another's fourth and fifth"


def test_a_second_benchmark_waits_and_so_does_whatever_is_heavy(queue: Queue, begin: Begin) -> None:
    first, second = begin(Kind.BENCHMARK), begin(Kind.BENCHMARK, owner="ben")
    evaluation, looking = begin(Kind.EVALUATION, "evaluate"), begin(Kind.LOOKING, "looking", "cat")
    assert is_running(first)
    assert is_running(looking)
    assert [job.state for job in (second, evaluation)] == [JobState.WAITING] * 2
    assert [queue.place(job) for job in (first, second, evaluation)] == [0, 1, 2]
    finish(first)
    assert is_running(second)
    assert evaluation.state is JobState.WAITING
    finish(second)
    assert is_running(evaluation)


def test_a_benchmark_begins_when_heavy_work_has_ended_and_holds_up_what_came_later(begin: Begin) -> None:
    evaluation = begin(Kind.EVALUATION)
    benchmark, later = begin(Kind.BENCHMARK, "benchmark"), begin(Kind.EVALUATION, owner="ben")
    assert [job.state for job in (benchmark, later)] == [JobState.WAITING] * 2
    finish(evaluation)
    assert is_running(benchmark)
    assert later.state is JobState.WAITING


def test_nobody_waits_for_a_benchmark_that_waits_for_a_training(begin: Begin) -> None:
    assert is_running(begin(Kind.TRAINING, "train"))
    benchmark, evaluation = begin(Kind.BENCHMARK, "benchmark"), begin(Kind.EVALUATION, "evaluate")
    assert is_running(evaluation)
    assert benchmark.state is JobState.WAITING


def test_shared_work_is_done_once_and_ends_when_nobody_wants_it_any_more(queue: Queue, begin: Begin) -> None:
    job = begin(Kind.DOWNLOAD, "model", is_shared=True)
    assert begin(Kind.DOWNLOAD, "model", "ben", is_shared=True) is job
    assert queue.get("model") is job
    assert not queue.may_cancel(job, "ann")
    queue.cancel(job, "cat")
    queue.cancel(job, "ann")
    assert not job.is_stopping
    queue.cancel(job, "ben")
    assert job.wait(5)
    assert job.state is JobState.CANCELLED


def test_only_its_owner_cancels_and_finds_what_is_private(queue: Queue, begin: Begin) -> None:
    job = begin(Kind.TRAINING, "train")
    assert queue.get("train", "ann") is job
    assert queue.get("train", "ben") is None
    assert queue.get("train") is None
    queue.cancel(job, "ben")
    assert not job.is_stopping
    queue.cancel(job, "ann")
    assert job.wait(5)


def test_the_machines_owner_ends_what_others_want(queue: Queue, begin: Begin) -> None:
    shared = begin(Kind.DOWNLOAD, owner="ann", is_shared=True)
    assert begin(Kind.DOWNLOAD, owner="bob", is_shared=True) is shared
    queue.end(shared)
    assert shared.wait(5)
    assert shared.state is JobState.CANCELLED


def test_what_was_begun_under_a_name_ends_when_it_is_begun_anew(begin: Begin) -> None:
    first = begin(Kind.BENCHMARK)
    second = begin(Kind.BENCHMARK)
    assert first.wait(5)
    assert first.state is JobState.CANCELLED
    assert is_running(second)


def test_who_waits_in_line_can_leave_it_at_once(queue: Queue, begin: Begin) -> None:
    begin(Kind.TRAINING)
    second, third = begin(Kind.TRAINING, owner="ben"), begin(Kind.TRAINING, owner="cat")
    assert queue.place(third) == 2
    queue.cancel(second, "ben")
    assert second.state is JobState.CANCELLED
    assert queue.place(third) == 1


def test_everybody_gets_a_turn_before_anybody_gets_a_second(queue: Queue, begin: Begin) -> None:
    first, *others = [begin(Kind.TRAINING, f"{number}") for number in range(3)]
    ben, cat = begin(Kind.TRAINING, owner="ben"), begin(Kind.TRAINING, owner="cat")
    assert is_running(first)
    assert [queue.place(job) for job in (ben, cat, *others)] == [1, 2, 3, 4]
    finish(first)
    assert is_running(ben)
    dan, second = begin(Kind.TRAINING, owner="dan"), begin(Kind.TRAINING, "again", "ben")
    assert queue.live() == (ben, cat, others[0], dan, others[1], second), "who has waited longer is not overtaken"


def test_who_leaves_the_line_is_in_nobodys_way(queue: Queue, begin: Begin) -> None:
    begin(Kind.EVALUATION)
    benchmark, later = begin(Kind.BENCHMARK, "benchmark", "ben"), begin(Kind.EVALUATION, owner="cat")
    assert later.state is JobState.WAITING
    queue.cancel(benchmark, "ben")
    assert is_running(later)


def test_what_left_the_line_is_not_taken_up_by_another_server(queue: Queue, begin: Begin, tmp_path: Path) -> None:
    begin(Kind.TRAINING)
    queue.cancel(begin(Kind.TRAINING, "in line", "ben", details={}), "ben")
    assert [json.loads(file.read_text()) for file in (tmp_path / "jobs").glob("*.json")] == [[]]


def test_the_end_of_a_visit_ends_what_only_it_can_see(queue: Queue, begin: Begin) -> None:
    training, evaluation = begin(Kind.TRAINING, "train"), begin(Kind.EVALUATION, "evaluate")
    download = begin(Kind.DOWNLOAD, "model", is_shared=True)
    looking_of_other = begin(Kind.LOOKING, "looking", "ben")
    queue.leave("ann")
    assert evaluation.wait(5)
    assert queue.get("evaluate", "ann") is None
    assert not any(job.is_stopping for job in (training, download, looking_of_other))
    assert queue.may_cancel(training, "whoever comes back")


def test_who_wants_nothing_kept_ends_all_that_is_hers_alone(queue: Queue, begin: Begin) -> None:
    own = [begin(Kind.FITTING, "finish"), begin(Kind.TRAINING, "train"), begin(Kind.TRAINING, "waits")]
    shared = begin(Kind.DOWNLOAD, "model", is_shared=True)
    begin(Kind.DOWNLOAD, "model", "ben", is_shared=True)
    assert queue.drop_all("ann") == own
    assert all(job.wait(5) for job in own)
    assert [queue.get(job.name, "ann") for job in own] == [None] * 3
    assert not shared.is_stopping


def test_the_owner_of_the_machine_ends_everything(queue: Queue, begin: Begin) -> None:
    jobs = [begin(Kind.TRAINING, owner=owner) for owner in ("ann", "ben", "cat")]
    queue.cancel_all()
    assert all(job.wait(5) for job in jobs)
    assert {job.state for job in jobs} == {JobState.CANCELLED}


def test_what_has_ended_is_forgotten_after_a_while_unless_a_visit_holds_it(
    queue: Queue, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, shared = begin(Kind.EVALUATION, "mine"), begin(Kind.DOWNLOAD, "shared", is_shared=True)
    finish(mine)
    finish(shared)
    assert (queue.get("mine", "ann"), queue.get("shared")) == (mine, shared)
    monkeypatch.setattr(subject, "KEEP_S", -1.0)
    begin(Kind.LOOKING, "another")
    assert (queue.get("mine", "ann"), queue.get("shared")) == (mine, None)


def test_the_number_kept_is_bounded(queue: Queue, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_KEPT", 3)
    jobs = [begin(Kind.LOOKING, f"{number}", f"{number}") for number in range(6)]
    for job in jobs:
        finish(job)
    begin(Kind.LOOKING, "last")
    assert [queue.get(f"{number}", f"{number}") for number in range(6)] == [None, None, None, *jobs[3:]]


KILLED = """
import sys, time
from pathlib import Path
from lib.work.jobs import Job, Kind
from lib.work.queue import Queue
queue = Queue(Path(sys.argv[1]))
begin = lambda kind, name, details: queue.submit(
    Job(lambda job: time.sleep(60), kind=kind, name=name, owner="ann", details=details), is_shared=True)
begin(Kind.TRAINING, "train-1", {"options": "{}"})
begin(Kind.TRAINING, "train-2", {"options": "in line"})
begin(Kind.BENCHMARK, "benchmark", None)
print("begun", flush=True)
time.sleep(60)
"""


def test_what_a_killed_server_was_at_can_be_taken_up_by_the_next_and_only_once(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    server = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "begun\n"
    assert Queue(folder).interrupted() == (), "it lives"
    server.kill()
    server.wait()
    server.stdout.close()
    after = Queue(folder)
    assert [(r.kind, r.name, r.details) for r in after.interrupted()] == [
        ("training", "train-1", {"options": "{}"}),
        ("training", "train-2", {"options": "in line"}),
    ]
    assert Queue(folder).interrupted() == (), "the other server has it"
    job = submit(after, lambda _: None, kind=Kind.TRAINING, name="train-1", owner="ben", is_shared=True, details={})
    assert job.wait(5)
    assert [record.name for record in after.interrupted()] == ["train-2"]
    assert soon(lambda: [r["name"] for f in folder.glob("*.json") for r in json.loads(f.read_text())] == ["train-2"])


def test_a_damaged_record_stops_no_server(tmp_path: Path) -> None:
    for name, text in (("a", "{"), ("b", "[1]"), ("c", '[{"kind": "training"}]')):
        (tmp_path / f"{name}.json").write_text(text)
        (tmp_path / f"{name}.lock").touch()
    assert Queue(tmp_path).interrupted() == ()
    assert [path.suffix for path in tmp_path.iterdir() if path.stem in "abc"] == []


def test_a_folder_that_cannot_be_written_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("in the way")
    queue = Queue(tmp_path / "jobs")
    job = submit(queue, lambda _: 7, kind=Kind.DOWNLOAD, name="x", owner="ann", details={"model": "x"})
    assert job.wait(5)
    assert job.result == 7


def test_all_pages_of_a_server_share_one_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    assert server_queue() is server_queue()


def test_many_at_once_keep_within_the_limit(queue: Queue) -> None:
    going, most, lock = 0, 0, threading.Lock()

    def work(_: Job) -> bool:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        time.sleep(0.005)
        with lock:
            going -= 1
        return True

    def ask(owner: str) -> None:
        for number in range(3):
            submit(queue, work, kind=Kind.EVALUATION, name=f"{number}", owner=owner)

    threads = [threading.Thread(target=ask, args=(f"{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(job.wait(5) for job in queue.live())
    assert most == 2
