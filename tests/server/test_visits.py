"""Visits outlive a reload, not neglect."""

import gc
from dataclasses import dataclass

import pytest

from lib.errors import FullError
from lib.server.album import Photo
from lib.server.limits import CLOSED_BYTES, GRACE_S, KEEP_S, MOST_EMPTY
from lib.server.visits import Visit, Visits
from lib.work.jobs import Job, Kind
from lib.work.queue import server_queue


def begin(visit: Visit, kind: Kind) -> Job:
    """Begin work of a visit that goes on until it is cancelled, ten seconds at most."""
    return server_queue().submit(Job(lambda job: job.cancelled.wait(10), kind=kind, name=f"a {kind}", owner=visit.id))


class Clock:
    """A clock that stands still until told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_photo(visits: Visits, size: int = 1) -> Visit:
    """Begin a visit and bring a photo of so many bytes."""
    visit = visits.begin()
    visit.album.add("a.png", bytes(size))
    return visit


def test_who_has_the_id_gets_the_visit_back() -> None:
    visits = Visits()
    visit = with_photo(visits)
    assert visits.get(visit.id) is visit
    assert visits.get("guessed") is None


def test_a_host_lets_everybody_go_on_with_nothing() -> None:
    visits = Visits()
    ann, bob = with_photo(visits), with_photo(visits)
    job = begin(ann, Kind.EVALUATION)
    visits.empty()
    assert (ann.album.photos, bob.album.photos, visits.held_bytes) == ([], [], 0)
    assert visits.get(ann.id) is ann
    assert job.wait(5)


def test_a_visit_counts_as_open_while_a_page_shows_it() -> None:
    visits = Visits()
    visits.is_open = {"ann's", "ann's other"}.__contains__
    ann, bob = visits.begin(), visits.begin()
    for session in ("ann's", "ann's other"):
        visits.keep(ann, session)
    visits.keep(bob, "bob's")
    assert (visits.count, visits.open_count) == (2, 1)


def test_what_all_visits_hold_is_added_up() -> None:
    visits = Visits()
    for size in (1000, 20):
        with_photo(visits, size)
    assert (visits.count, visits.held_bytes) == (2, 1020)


def test_ids_cannot_be_guessed() -> None:
    visits = Visits()
    ids = {visits.begin().id for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 32


def test_a_visit_that_nobody_shows_is_forgotten_and_its_work_stopped() -> None:
    clock = Clock()
    visits = Visits(clock)
    visit, other = visits.begin(), visits.begin()
    job = begin(visit, Kind.LOOKING)
    clock.now = KEEP_S - 1
    visits.keep(other)
    assert visits.get(visit.id) is visit
    clock.now = KEEP_S + 1
    assert visits.get(visit.id) is None
    assert visits.get(other.id) is other
    assert job.wait(5)


def test_a_visit_that_ended_holds_no_photo_whoever_holds_the_visit() -> None:
    clock = Clock()
    visits = Visits(clock)
    visit = visits.begin()
    visit.album.add("secret.png", b"a photo")
    visit.choices["Katze"] = "cat"
    clock.now = KEEP_S + 1
    visits.sweep()
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Photo) and one.name == "secret.png"]
    assert visit.held_bytes == 0
    assert visit.is_empty
    assert not visit.choices


def test_a_page_that_stays_open_keeps_its_visit_however_long_nobody_touches_it() -> None:
    clock = Clock()
    visits = Visits(clock)
    visits.is_open = {"open"}.__contains__
    opened, closed = with_photo(visits), with_photo(visits)
    visits.keep(opened, "open")
    visits.keep(closed, "closed")
    for clock.now in range(0, int(3 * KEEP_S), 60):
        visits.sweep()
    assert visits.get(opened.id) is opened
    assert visits.get(closed.id) is None


def test_closed_pages_hold_little_memory_together() -> None:
    clock = Clock()
    visits = Visits(clock)
    visits.is_open = {"open"}.__contains__
    opened = with_photo(visits, CLOSED_BYTES)
    visits.keep(opened, "open")
    closed = []
    for clock.now in range(4):
        closed.append(with_photo(visits, CLOSED_BYTES // 2))
    clock.now = GRACE_S - 1
    visits.sweep()
    assert all(visits.get(visit.id) for visit in closed), "a page that is loaded anew finds everything"
    clock.now = GRACE_S + 10
    visits.sweep()
    assert [visits.get(visit.id) is not None for visit in closed] == [False, False, True, True]
    assert visits.get(opened.id) is opened


def test_page_loads_of_others_take_nobodys_photos() -> None:
    visits = Visits()
    mine = with_photo(visits)
    job = begin(mine, Kind.EVALUATION)
    loads = [visits.begin() for _ in range(3 * MOST_EMPTY)]
    assert visits.get(mine.id) is mine
    assert len(mine.album.photos) == 1
    assert not job.is_stopping
    server_queue().leave(mine.id)
    assert [visits.get(visit.id) is not None for visit in loads].count(True) == MOST_EMPTY


def test_a_visit_that_was_replaced_takes_nobodys_place() -> None:
    visits = Visits()
    kept, replaced = visits.begin(), visits.begin()
    visits.drop(replaced)
    assert visits.get(replaced.id) is None
    assert visits.get(kept.id) is kept


# Space ------------------------------------------------------------------------------------------------------------


def test_one_visitor_may_not_fill_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.VISIT_BYTES", 100)
    visits = Visits()
    space = visits.space(with_photo(visits, 60))
    space.take(30)
    with pytest.raises(FullError, match="Each visitor can keep"):
        space.take(20)
    space.take(10)
    visits.space(visits.begin()).take(100)


def test_all_visitors_together_may_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.SERVER_BYTES", 100)
    visits = Visits()
    first = with_photo(visits, 80)
    with pytest.raises(FullError, match="no space for more photos right now"):
        visits.space(visits.begin()).take(30)
    first.album.clear()
    visits.space(visits.begin()).take(30)


def test_closed_pages_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.SERVER_BYTES", 100)
    clock = Clock()
    visits = Visits(clock)
    gone = with_photo(visits, 80)
    clock.now = GRACE_S + 1
    visits.space(visits.begin()).take(90)
    assert visits.get(gone.id) is None


def test_labelled_photos_count() -> None:
    visit = Visit(known_bytes=70)
    visit.album.add("a.png", bytes(7))
    assert visit.held_bytes == 77


@dataclass
class Result:
    held_bytes: int


def test_what_work_came_to_counts_and_what_pages_worked_out() -> None:
    visit = Visit()
    for name, result in (("file", bytes(70)), ("figures", Result(7)), ("nothing", None)):
        job = Job(lambda _, it=result: it, kind=Kind.PACKING, name=name, owner=visit.id)  # type: ignore[misc]
        assert server_queue().submit(job).wait(5)
    visit.kept["compared"] = ("its photos", Result(700))
    assert visit.held_bytes == 777
    visit.end()
    assert visit.held_bytes == 0


def test_the_end_of_a_visit_stops_no_training() -> None:
    visits = Visits()
    visit = visits.begin()
    training = begin(visit, Kind.TRAINING)
    visits.drop(visit)
    assert not training.is_stopping
    server_queue().cancel(training, "another")
    assert training.wait(5)
