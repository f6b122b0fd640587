"""Background jobs: counted, cancelled, and honest about what went wrong."""

import threading

import pytest

from lib.errors import DatasetError
from lib.work.jobs import Job, JobState

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def test_progress_is_counted_and_the_end_is_seen() -> None:
    job = Job(lambda job: [job.advance() for _ in range(3)], total=4)
    assert job.wait(5)
    assert (job.state, job.done, job.share) == (JobState.DONE, 3, 0.75)


def test_what_the_work_returns_is_its_result() -> None:
    job = Job(lambda _: 42)
    assert job.wait(5)
    assert job.result == 42


def test_cancel_ends_the_work_and_keeps_what_is_done() -> None:
    begun = threading.Event()

    def work(job: Job) -> None:
        job.advance()
        begun.set()
        job.cancelled.wait(5)

    job = Job(work, total=9)
    assert begun.wait(5)
    assert job.is_live
    job.cancel()
    assert job.wait(5)
    assert (job.state, job.done) == (JobState.CANCELLED, 1)


def test_an_app_error_is_kept_for_the_page() -> None:
    def work(_: Job) -> None:
        raise DatasetError("{folder} is empty.", folder="x")

    job = Job(work)
    assert job.wait(5)
    assert job.state is JobState.FAILED
    assert str(job.error) == "x is empty."
    job.check()


def test_a_bug_stays_loud() -> None:
    job = Job(lambda _: 1 / 0)
    assert job.wait(5)
    assert job.state is JobState.FAILED
    assert job.error is None
    with pytest.raises(ZeroDivisionError):
        job.check()
    job.check()  # it was heard


def test_the_share_of_an_unknown_total_is_nothing() -> None:
    job = Job(lambda job: job.advance())
    assert job.wait(5)
    assert job.share == 0.0
