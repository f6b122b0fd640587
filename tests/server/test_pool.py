"""Who waits for a model: everybody in turn, whoever brought how much."""

import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, wait

import pytest

from lib.errors import FullError
from lib.server.pool import Pool, Rank
from lib.work.ordered import in_order


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Held:
    """A pool of which every thread is busy until it is let go."""

    def __init__(self, workers: int = 1) -> None:
        self.pool = Pool(workers)
        self._go = threading.Event()
        busy = threading.Semaphore(0)
        self._first = [self.pool.line("first").submit(self._hold, busy) for _ in range(workers)]
        for _ in range(workers):
            assert busy.acquire(timeout=10)

    def _hold(self, busy: threading.Semaphore) -> None:
        busy.release()
        assert self._go.wait(10)

    def let_go(self) -> None:
        self._go.set()


@pytest.fixture
def held() -> Iterator[Held]:
    one = Held()
    yield one
    one.let_go()


def test_a_latecomer_waits_for_one_photo_of_each_at_most(held: Held) -> None:
    done: list[str] = []

    def bring(owner: str, count: int) -> "list[Future[None]]":
        return [held.pool.line(owner).submit(done.append, owner) for _ in range(count)]

    brought = bring("many", 50) + bring("some", 3) + bring("late", 1)
    held.let_go()
    wait(brought, 10)
    assert done[:7] == ["many", "some", "late", "many", "some", "many", "some"]
    assert Counter(done) == {"many": 50, "some": 3, "late": 1}


def test_a_lines_work_is_done_in_its_order(held: Held) -> None:
    done: list[int] = []
    brought = [held.pool.line("one").submit(done.append, number) for number in range(100)]
    held.let_go()
    wait(brought, 10)
    assert done == list(range(100))


def test_all_threads_work_at_once_and_no_more_than_there_are() -> None:
    pool, together = Pool(3), threading.Barrier(3)
    brought = [pool.line(str(number)).submit(together.wait, 10) for number in range(6)]
    assert sorted(future.result(10) for future in brought) == [0, 0, 1, 1, 2, 2]
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("pool-")]) >= 3


def test_what_goes_wrong_is_its_owners_alone() -> None:
    line = Pool(1).line("one")

    def fail() -> None:
        raise KeyError("a bug")

    failed, ended, after = line.submit(fail), line.submit(exit), line.submit(int, "7")
    with pytest.raises(KeyError, match="a bug"):
        failed.result(10)
    with pytest.raises(SystemExit):
        ended.result(10)
    assert after.result(10) == 7, "the thread goes on"


def test_what_is_cancelled_leaves_the_line_with_all_that_it_holds(held: Held) -> None:
    class Photo:
        pass

    photo = Photo()
    gone = weakref.ref(photo)
    future = held.pool.line("one").submit(id, photo)
    stays = held.pool.line("one").submit(int)
    del photo
    assert held.pool.waiting("one") == 2
    assert future.cancel()
    assert gone() is None
    assert held.pool.waiting("one") == 1
    held.let_go()
    assert stays.result(10) == 0
    assert held.pool.waiting("one") == 0
    with pytest.raises(CancelledError):
        future.result()


def test_a_line_of_cancelled_work_costs_nobody_a_turn(held: Held) -> None:
    done: list[str] = []
    for _ in range(3):
        held.pool.line("goes").submit(done.append, "goes").cancel()
    last = held.pool.line("stays").submit(done.append, "stays")
    held.let_go()
    last.result(10)
    assert done == ["stays"]


def test_what_was_done_is_not_held_by_a_thread_that_waits() -> None:
    class Photo:
        pass

    photo = Photo()
    gone = weakref.ref(photo)
    pool = Pool(1)
    gc.collect()
    gc.disable()
    try:
        assert pool.line("one").submit(lambda it: None, photo).result(10) is None
        del photo
        pool.line("one").submit(int).result(10)  # the thread has come back for it
        assert gone() is None
    finally:
        gc.enable()


def test_results_come_in_order_through_a_line(held: Held) -> None:
    squares: Callable[[int], int] = lambda number: number * number  # noqa: E731
    results = in_order(squares, range(100), workers=1, line=held.pool.line("one"))
    held.let_go()
    assert list(results) == [number * number for number in range(100)]


def test_who_stops_listening_leaves_nothing_in_the_line(held: Held) -> None:
    results = in_order(int, ["1"] * 1000, workers=1, line=held.pool.line("one"))
    threading.Timer(0.2, held.let_go).start()
    assert next(results) == 1
    results.close()  # type: ignore[attr-defined]
    assert held.pool.waiting("one") == 0


def test_people_go_before_jobs_which_get_a_tenth(held: Held) -> None:
    done: list[Rank] = []
    jobs = [held.pool.line("a", Rank.JOB).submit(done.append, Rank.JOB) for _ in range(50)]
    people = [held.pool.line(owner).submit(done.append, Rank.PERSON) for owner in "ab" for _ in range(150)]
    assert held.pool.lengths == {"person": 300, "job": 50}
    assert (held.pool.waiting("a"), held.pool.waiting("a", Rank.JOB)) == (150, 50)
    held.let_go()
    wait([*people, *jobs], 10)
    assert held.pool.lengths == {"person": 0, "job": 0}
    # A piece counts as 5 ms at least, so people have 900 ms before the first job, and then nine times as much as jobs.
    assert done.index(Rank.JOB) == pytest.approx(180, abs=3)
    last = max(place for place, rank in enumerate(done) if rank is Rank.PERSON)
    assert done[:last].count(Rank.JOB) == pytest.approx(120 / 9, abs=2)


def test_what_takes_long_counts_for_more() -> None:
    """Who brings slow photos gets as much of the time as who brings quick ones, not as many turns."""
    clock, done = Clock(), []
    pool = Pool(1, clock=clock)
    go = threading.Event()
    pool.line("first").submit(go.wait, 10)

    def look(whose: str, seconds: float) -> None:
        clock.now += seconds
        done.append(whose)

    brought = [pool.line("slow").submit(look, "slow", 0.1) for _ in range(50)]
    brought += [pool.line("quick").submit(look, "quick", 0.02) for _ in range(50)]
    go.set()
    wait(brought, 10)
    assert done[:48].count("slow") == pytest.approx(8, abs=1)


def test_beyond_the_limits_nothing_more_waits() -> None:
    pool, go = Pool(1, most=4, most_of_line=2), threading.Event()
    first = pool.line("first").submit(go.wait, 10)
    while not first.running():
        time.sleep(0.001)
    waiting = [pool.line("one").submit(int), pool.line("one").submit(int), pool.line("two").submit(int)]
    with pytest.raises(FullError):
        pool.line("one").submit(int)
    assert waiting[0].cancel()
    waiting.append(pool.line("one").submit(int))
    waiting.append(pool.line("one", Rank.JOB).submit(int))
    with pytest.raises(FullError):
        pool.line("three").submit(int)
    go.set()
    assert [future.result(10) for future in waiting[1:]] == [0] * 4
    assert pool.line("three").submit(int).result(10) == 0


def test_how_long_each_piece_waited_is_told() -> None:
    clock, told = Clock(), []
    pool, go = Pool(1, clock=clock, waited=lambda rank, seconds: told.append((rank, seconds))), threading.Event()
    first = pool.line("first").submit(go.wait, 10)
    while not first.running():
        time.sleep(0.001)
    second = pool.line("one", Rank.JOB).submit(int)
    clock.now = 3.0
    go.set()
    second.result(10)
    assert told == [("person", 0.0), ("job", 3.0)]


def test_many_threads_bring_and_cancel() -> None:
    pool = Pool(4)
    done: list[int] = []

    def bring(owner: int) -> None:
        futures = [pool.line(str(owner)).submit(done.append, owner) for _ in range(200)]
        cancelled = sum(future.cancel() for future in futures[::3])
        wait([future for future in futures if not future.cancelled()], 20)
        assert done.count(owner) == 200 - cancelled

    threads = [threading.Thread(target=bring, args=(owner,)) for owner in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(pool.waiting(str(owner)) == 0 for owner in range(6))
