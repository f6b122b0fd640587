"""The same work on many things at once, whose results are wanted one by one, in the order of the things."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import TypeVar

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")

# Handed out per worker: enough to keep all of them busy while the reader of the results is held up.
AHEAD = 8


def in_order(
    work: Callable[[I], R],
    items: Iterable[I],
    *,
    workers: int,
    cancelled: threading.Event | None = None,
    line: Executor | None = None,
) -> Iterator[R]:
    """Yield what `work` makes of each item, in their order and as soon as it is known.

    Args:
        work: Called in several threads at once.
        items: May be endless; read in the reader's thread, as needed.
        workers: How many are worked on at once; no more than `AHEAD` times as many wait.
        cancelled: Once set, no further item is begun; the iterator ends after those that were.
        line: Where the work is done, among others'; None for threads of its own.
    """
    stop = cancelled or threading.Event()
    waiting: deque[Future[tuple[R] | None]] = deque()
    pool = line or ThreadPoolExecutor(workers, thread_name_prefix="ordered")

    def begin(item: I) -> tuple[R] | None:
        return None if stop.is_set() else (work(item),)

    try:
        for item in items:
            if stop.is_set():
                break
            waiting.append(pool.submit(begin, item))
            while len(waiting) > AHEAD * workers or (waiting and waiting[0].done()):
                if (done := waiting.popleft().result()) is None:
                    return
                yield done[0]
        while waiting and (done := waiting.popleft().result()) is not None:
            yield done[0]
    finally:
        wait([future for future in waiting if not future.cancel()])
        if line is None:
            pool.shutdown()
