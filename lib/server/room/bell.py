"""A bell: tasks wait for it, and any thread rings it."""

import asyncio
import threading
from collections.abc import Callable


class Bell:
    """Wakes all who wait, each in its own loop."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def ring(self) -> None:
        """Wake them."""
        with self._lock:
            waiting = list(self._waiting.items())
        for event, loop in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is there, and return whether it is.

        Args:
            is_there: Asked at once, and after each ring.
            seconds: How long at most.
        """
        event, loop = asyncio.Event(), asyncio.get_running_loop()
        end = loop.time() + seconds
        with self._lock:
            self._waiting[event] = loop
        try:
            while not is_there() and loop.time() < end:
                event.clear()
                if is_there():  # it came between the two
                    return True
                try:
                    await asyncio.wait_for(event.wait(), end - loop.time())
                except TimeoutError:
                    break
            return is_there()
        finally:
            with self._lock:
                del self._waiting[event]
