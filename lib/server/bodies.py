"""Photos on their way in: how many bytes of them are in memory at once, in all and of each visit.

A request whose photo finds no room is not read: it waits on the visitor's side of the network, for a while.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal


class Bodies:
    """The bodies that are being read, or wait for their turn in memory; to be used in one event loop.

    Args:
        server_bytes: How many bytes there may be.
        visit_bytes: How many of one visit.
    """

    def __init__(
        self, server_bytes: int = limits.BODIES_BYTES, visit_bytes: int = limits.BODIES_BYTES_OF_VISIT
    ) -> None:
        self._server_bytes, self._visit_bytes = server_bytes, visit_bytes
        self._held: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def room(self, visit: str, size: int) -> AsyncIterator[None]:
        """Wait for room for so many bytes of a visit, and hold it.

        Raises:
            Refusal: There is none for `limits.BODIES_WAIT_S`, or too many requests of the visit wait already.
        """
        size = max(size, limits.LEAST_BODY_BYTES)
        if self._waiting[visit] >= limits.BODIES_WAITING_OF_VISIT:
            raise _full()
        self._waiting[visit] += 1
        try:
            async with asyncio.timeout(limits.BODIES_WAIT_S), self._freed:
                await self._freed.wait_for(lambda: self._fits(visit, size))
                self._held[visit] += size
        except TimeoutError:
            raise _full() from None
        finally:
            self._waiting = +(self._waiting - Counter([visit]))
        try:
            yield
        finally:
            self._held = +(self._held - Counter({visit: size}))
            async with self._freed:
                self._freed.notify_all()

    def _fits(self, visit: str, size: int) -> bool:
        return self._held[visit] + size <= self._visit_bytes and self._held.total() + size <= self._server_bytes


def announced(scope: Scope) -> int:
    """Return how many bytes a request says that its body has; the most a photo may have, where it does not say.

    Raises:
        Refusal: It is larger than a photo may be.
    """
    headers = Headers(scope=scope)
    size = headers.get("content-length", "0" if "transfer-encoding" not in headers else "")
    if not size.isdecimal():
        return limits.PHOTO_BYTES
    _check(int(size))
    return int(size)


async def read(receive: Receive) -> bytes:
    """Return the body of a request.

    Raises:
        Refusal: It is larger than a photo may be, or nothing of it came for `limits.STALLED_S`.
        ClientDisconnect: Its sender went away.
    """
    pieces: list[bytes] = []
    size, more = 0, True
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(limits.STALLED_S) as patience:
            while more:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise ClientDisconnect
                pieces.append(event.get("body", b""))
                size += len(pieces[-1])
                _check(size)
                more = event.get("more_body", False)
                patience.reschedule(clock() + limits.STALLED_S)
    except TimeoutError:
        sentence = N_("Nothing of the upload arrived for {seconds} seconds. Try again.")
        raise Refusal(408, sentence, seconds=round(limits.STALLED_S)) from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _check(size: int) -> None:
    if size > limits.PHOTO_BYTES:
        sentence = N_("The photo is larger than {limit} MB.")
        raise Refusal(413, sentence, limit=limits.PHOTO_BYTES // 2**20)


def _full() -> Refusal:
    return Refusal(429, N_("Too many photos are on their way at once. Try again in a moment."))
