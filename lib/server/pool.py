"""The threads in which models look at photos, as many as there are cores, for all who bring photos by any way.

Everybody has a line, and the threads take one piece of work at a time, of the line that has had the least of their time
(`lib.server.turns`): one who brings five hundred photos keeps nobody waiting for more than the pieces at work. What
somebody waits for goes before jobs, which nobody watches; these get a tenth of the time even then.

What takes seconds in one piece has no place here, for a thread cannot be taken from it: a pool of one thread is there
for each kind of such work (`lib.server.workshop`, `lib.server.photos`).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, ParamSpec, TypeVar

from lib.errors import FullError
from lib.messages import N_
from lib.server import limits
from lib.server.metrics import METRICS
from lib.server.turns import Turns
from lib.work.cores import usable_cores

P = ParamSpec("P")
T = TypeVar("T")

_EXPECTED_S = 0.01  # what a piece is taken to cost until it is done
_LEAST_S, _MOST_S = 0.005, 0.25  # what one counts as: a first photo, for which the model is loaded, is no fault of hers


class Rank(StrEnum):
    """Who goes first."""

    PERSON = "person"  # somebody waits for it
    JOB = "job"  # an evaluation, a map of a hundred inferences, features to train with


_SHARES = {Rank.PERSON: 9, Rank.JOB: 1}
_BEHIND_S = {Rank.PERSON: 0.0, Rank.JOB: 0.1}  # a job that begins lets people go first


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of work: what is to be done, and since when it waits."""

    work: Callable[[], Any]
    since_s: float


_Waiting = OrderedDict["Future[Any]", _Piece]


class Pool:
    """Threads that do short work in turns; they begin when there is something to do, and stay.

    Args:
        workers: How many threads; None for one per core.
        most: How many pieces may wait in all.
        most_of_line: How many of one line.
        waited: Told of each piece that is begun: its rank, and how many seconds it waited.
        clock: Returns seconds; for tests.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        most: int = limits.WAITING,
        most_of_line: int = limits.WAITING_OF_LINE,
        waited: Callable[[str, float], None] = METRICS.waited,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.workers = workers or usable_cores()
        self._most, self._most_of_line, self._waited, self._clock = most, most_of_line, waited, clock
        self._lines: dict[Rank, dict[str, _Waiting]] = {rank: {} for rank in Rank}  # of those for whom something waits
        self._ranks: Turns[Rank] = Turns()
        self._owners: dict[Rank, Turns[str]] = {rank: Turns() for rank in Rank}
        self._count = dict.fromkeys(Rank, 0)  # of what waits
        self._at_work = dict.fromkeys(Rank, 0)
        self._changed = threading.Condition()
        self._idle = self._started = 0

    def line(self, owner: str, rank: Rank = Rank.PERSON) -> "Line":
        """Return somebody's line.

        Args:
            owner: Whose it is: a visit's id, a project's, "api:ADDRESS".
            rank: Before whom it goes.
        """
        return Line(self, owner, rank)

    def waiting(self, owner: str, rank: Rank = Rank.PERSON) -> int:
        """Return how much waits in a line."""
        with self._changed:
            return len(self._lines[rank].get(owner, ()))

    @property
    def lengths(self) -> Mapping[str, int]:
        """Return how much waits, by rank."""
        with self._changed:
            return {rank.value: count for rank, count in self._count.items()}

    def _add(self, rank: Rank, owner: str, work: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._changed:
            lines = self._lines[rank]
            if len(lines.get(owner, ())) >= self._most_of_line or sum(self._count.values()) >= self._most:
                raise FullError(N_("Too many photos are being sent at once. Try again in a moment."))
            if not lines:
                self._ranks.come(rank, _BEHIND_S[rank])
            if owner not in lines:
                lines[owner] = OrderedDict()
                self._owners[rank].come(owner)
            lines[owner][future] = _Piece(work, self._clock())
            self._count[rank] += 1
            if self._idle:
                self._changed.notify()
            elif self._started < self.workers:
                self._started += 1
                threading.Thread(target=self._serve, name=f"pool-{self._started}", daemon=True).start()
        future.add_done_callback(partial(self._leave, rank, owner))
        return future

    def _leave(self, rank: Rank, owner: str, future: "Future[Any]") -> None:
        """Take what was cancelled out of its line, with all that it holds."""
        with self._changed:
            if future in self._lines[rank].get(owner, ()):
                self._take(rank, owner, future)

    def _take(self, rank: Rank, owner: str, future: "Future[Any]") -> _Piece:
        line = self._lines[rank][owner]
        piece = line.pop(future)
        self._count[rank] -= 1
        if not line:
            del self._lines[rank][owner]
        return piece

    def _next(self) -> "tuple[Rank, str, Future[Any], _Piece]":
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: any(self._lines.values()))
            self._idle -= 1
            rank = self._ranks.next([each for each in Rank if self._lines[each]])
            owners, lines = self._owners[rank], self._lines[rank]
            owner = owners.next(lines)
            future = next(iter(lines[owner]))
            self._ranks.serve(rank, _EXPECTED_S / _SHARES[rank])
            owners.serve(owner, _EXPECTED_S)
            self._at_work[rank] += 1
            return rank, owner, future, self._take(rank, owner, future)

    def _serve(self) -> None:
        while True:
            self._do(*self._next())  # nothing of it is held while the next is waited for

    def _do(self, rank: Rank, owner: str, future: "Future[Any]", piece: _Piece) -> None:
        start_s = self._clock()
        self._waited(rank.value, start_s - piece.since_s)
        _run(future, piece.work)
        more_s = min(max(self._clock() - start_s, _LEAST_S), _MOST_S) - _EXPECTED_S
        with self._changed:
            self._ranks.charge(rank, more_s / _SHARES[rank])
            self._owners[rank].charge(owner, more_s)
            self._at_work[rank] -= 1
            if not self._at_work[rank] and not self._lines[rank]:
                self._owners[rank].rest()
            if not any(self._at_work.values()) and not any(self._lines.values()):
                self._ranks.rest()


def _run(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class Line(Executor):
    """One owner's line of a pool. It is nobody's to shut down: what was handed in is cancelled by its future."""

    def __init__(self, pool: Pool, owner: str, rank: Rank) -> None:
        self._pool, self._owner, self._rank = pool, owner, rank

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Add a piece of work at the end of the line.

        Raises:
            FullError: So much waits already, in this line or in all.
        """
        return self._pool._add(self._rank, self._owner, partial(work, *args, **kwargs))


POOL = Pool()
METRICS.watch("discern_waiting", "Pieces of work that wait for a thread.", lambda: POOL.lengths, "rank")
