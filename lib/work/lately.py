"""What takes a while to find, and stays the same for some seconds."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """Returns what was found lately; safe to use from several threads.

    Args:
        find: Finds it.
        seconds: For so long it is taken to be the same.
        clock: Returns seconds; for tests.
    """

    def __init__(self, find: Callable[[], T], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._find, self._seconds, self._clock = find, seconds, clock
        self._found: tuple[float, T] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        """Return it; whoever asks while it is looked for waits for the same."""
        with self._lock:
            if self._found is None or self._clock() - self._found[0] > self._seconds:
                self._found = self._clock(), self._find()
            return self._found[1]
