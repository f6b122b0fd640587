"""What may be kept in memory as long as there is room: the things that were used last, up to so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """A mapping that lets go of what was used longest ago; safe to use from several threads.

    Args:
        most_bytes: What all values may take together; the newest stays, whatever it takes.
        size: Returns what a value takes.
    """

    def __init__(self, most_bytes: int, size: Callable[[V], int]) -> None:
        self._most_bytes, self._size = most_bytes, size
        self._held: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        self.held_bytes = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)

    def get(self, key: K) -> V | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value in place of the one before."""
        with self._lock:
            self._drop(key)
            self._held[key] = value
            self.held_bytes += self._size(value)
            while self.held_bytes > self._most_bytes and len(self._held) > 1:
                self._drop(next(iter(self._held)))

    def forget(self, is_due: Callable[[K], bool]) -> None:
        """Let go of all that is kept under such keys."""
        with self._lock:
            for key in list(filter(is_due, self._held)):
                self._drop(key)

    def _drop(self, key: K) -> None:
        if key in self._held:
            self.held_bytes -= self._size(self._held.pop(key))
