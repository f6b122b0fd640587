"""Visits outlive a reload, not neglect."""

import pytest

from lib.visits import KEEP_S, Visits
from lib.work.jobs import Job


class Clock:
    """A clock that stands still until told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_has_the_id_gets_the_visit_back() -> None:
    visits = Visits()
    visit = visits.begin()
    visit.album.add("a.png", b"a")
    assert visits.get(visit.id) is visit
    assert visits.get("guessed") is None


def test_ids_cannot_be_guessed() -> None:
    visits = Visits()
    ids = {visits.begin().id for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 32


def test_a_visit_that_nobody_shows_is_forgotten_and_its_work_stopped() -> None:
    clock = Clock()
    visits = Visits(clock)
    visit, other = visits.begin(), visits.begin()
    visit.jobs["x"] = job = Job(lambda job: job.cancelled.wait(10))
    clock.now = KEEP_S - 1
    visits.keep(other)
    clock.now = KEEP_S + 1
    assert visits.get(visit.id) is None
    assert visits.get(other.id) is other
    assert job.wait(5)


def test_the_oldest_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.visits.MOST", 2)
    visits = Visits()
    first, second, third = (visits.begin() for _ in range(3))
    assert [visits.get(v.id) for v in (first, second, third)] == [None, second, third]


def test_the_last_visitor_is_forgotten_without_another_coming() -> None:
    clock = Clock()
    visits = Visits(clock)
    visit = visits.begin()
    visit.jobs["x"] = job = Job(lambda job: job.cancelled.wait(10))
    clock.now = KEEP_S + 1
    visits.forget_old()
    assert job.wait(5), "forgetting a visit ends its work"


def test_a_visit_that_was_replaced_takes_nobodys_place() -> None:
    visits = Visits()
    kept, replaced = visits.begin(), visits.begin()
    visits.drop(replaced)
    assert visits.get(replaced.id) is None
    assert visits.get(kept.id) is kept
