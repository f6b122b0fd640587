"""One job: counted, cancelled, and honest about what went wrong."""

import threading

import pytest

from lib.errors import Cancelled, DatasetError
from lib.work.jobs import Job, JobState


def test_progress_is_counted_and_the_end_is_seen() -> None:
    job = Job(lambda job: [job.advance() for _ in range(3)], total=4)
    assert (job.state, job.is_live) == (JobState.WAITING, True)
    job.run()
    assert job.wait(0)
    assert (job.state, job.progress.done, job.progress.fraction) == (JobState.DONE, 3, 0.75)


def test_what_the_work_returns_is_its_result() -> None:
    job = Job(lambda _: 42)
    job.run()
    assert job.result == 42


def test_cancel_ends_the_work_and_keeps_what_is_done() -> None:
    begun = threading.Event()

    def work(job: Job) -> None:
        job.advance()
        begun.set()
        job.cancelled.wait(5)

    job = Job(work, total=9)
    threading.Thread(target=job.run).start()
    assert begun.wait(5)
    assert job.is_live
    job.cancelled.set()
    assert job.wait(5)
    assert (job.state, job.progress.done, job.error) == (JobState.CANCELLED, 1, None)


@pytest.mark.parametrize("error", [Cancelled(), DatasetError("The reading was given up.")])
def test_an_error_of_work_that_was_cancelled_is_no_failure(error: Exception) -> None:
    def work(job: Job) -> None:
        job.cancelled.set()
        raise error

    job = Job(work)
    job.run()
    assert (job.state, job.error) == (JobState.CANCELLED, None)


def test_what_was_finished_before_the_cancel_was_seen_is_a_result() -> None:
    def work(job: Job) -> str:
        job.cancelled.set()
        return "whole"

    job = Job(work)
    job.run()
    assert (job.state, job.result) == (JobState.DONE, "whole")


def test_a_job_cancelled_before_its_turn_never_begins() -> None:
    job = Job(lambda _: pytest.fail("it began"))
    job.cancelled.set()
    job.run()
    assert job.state is JobState.CANCELLED


def test_an_app_error_is_kept_for_the_page() -> None:
    def work(_: Job) -> None:
        raise DatasetError("{folder} is empty.", folder="x")

    job = Job(work)
    job.run()
    assert job.state is JobState.FAILED
    assert str(job.error) == "x is empty."
    job.check()


def test_a_bug_stays_loud() -> None:
    job = Job(lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        job.run()
    assert job.state is JobState.FAILED
    assert job.error is None
    with pytest.raises(ZeroDivisionError):
        job.check()
    job.check()  # it was heard


def test_the_share_of_an_unknown_total_is_unknown() -> None:
    job = Job(lambda job: job.advance())
    job.run()
    assert job.progress.fraction is None
