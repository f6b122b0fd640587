"""The threads in which models look at photos, as many as there are cores, for all visitors together.

Every visitor has a line. The threads take one piece of work of each line in turn: who was served goes to the back, so
that one who brings five hundred photos keeps nobody waiting for more than one of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from lib.work.cores import usable_cores

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """Threads that do short work in turns; they begin when there is something to do, and stay.

    Args:
        workers: How many threads; None for one per core.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or usable_cores()
        # Lines of those for whom something waits, the next to be served first; of each, the work in its order.
        self._lines: OrderedDict[str, OrderedDict[Future[Any], Callable[[], Any]]] = OrderedDict()
        self._changed = threading.Condition()
        self._idle = self._started = 0

    def line(self, owner: str) -> "Line":
        """Return the line of one visitor."""
        return Line(self, owner)

    def waiting(self, owner: str) -> int:
        """Return how much waits in a line."""
        with self._changed:
            return len(self._lines.get(owner, ()))

    def _add(self, owner: str, work: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._changed:
            self._lines.setdefault(owner, OrderedDict())[future] = work
            if self._idle:
                self._changed.notify()
            elif self._started < self.workers:
                self._started += 1
                threading.Thread(target=self._serve, name=f"pool-{self._started}", daemon=True).start()
        future.add_done_callback(partial(self._leave, owner))
        return future

    def _leave(self, owner: str, future: "Future[Any]") -> None:
        """Take what was cancelled out of its line, with all that it holds."""
        with self._changed:
            line = self._lines.get(owner, OrderedDict())
            if line.pop(future, None) is not None and not line:
                del self._lines[owner]

    def _next(self) -> "tuple[Future[Any], Callable[[], Any]]":
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._lines)
            self._idle -= 1
            owner, line = self._lines.popitem(last=False)
            future, work = line.popitem(last=False)
            if line:
                self._lines[owner] = line  # at the back
        return future, work

    def _serve(self) -> None:
        while True:
            _do(*self._next())  # nothing of it is held while the next is waited for


def _do(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class Line(Executor):
    """One visitor's line of a pool. It is nobody's to shut down: what was handed in is cancelled by its future."""

    def __init__(self, pool: Pool, owner: str) -> None:
        self._pool, self._owner = pool, owner

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Add a piece of work at the end of the line."""
        return self._pool._add(self._owner, partial(work, *args, **kwargs))


POOL = Pool()
