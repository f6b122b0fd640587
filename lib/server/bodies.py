"""Photos on their way in: how many bytes of them are in memory at once, in all and of each visit.

A request whose photo finds no room is not read: it waits on the visitor's side of the network, for a while.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal


class Bodies:
    """The room for bodies that are being read, or wait for their turn in memory; to be used in one event loop.

    Args:
        server_bytes: How many bytes there may be.
        visit_bytes: How many of one visit.
    """

    def __init__(
        self, server_bytes: int = limits.BODIES_BYTES, visit_bytes: int = limits.BODIES_BYTES_OF_VISIT
    ) -> None:
        self._server_bytes, self._visit_bytes = server_bytes, visit_bytes
        self._held: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], tuple[str, int]] = {}  # visit and bytes, in the order of coming

    @asynccontextmanager
    async def room(self, visit: str, size: int) -> AsyncIterator[None]:
        """Wait for room for so many bytes of a visit, and hold it.

        Raises:
            Refusal: There is none for `limits.BODIES_WAIT_S`, or too many requests of the visit wait already.
        """
        size = max(size, limits.LEAST_BODY_BYTES)
        if sum(other == visit for other, _ in self._waiting.values()) >= limits.BODIES_WAITING_OF_VISIT:
            raise _full()
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = visit, size
        self._let_in()
        try:
            await _come(turn)
            yield
        finally:
            if self._waiting.pop(turn, None) is None:  # it was let in
                self._held = +(self._held - Counter({visit: size}))
            self._let_in()

    def _let_in(self) -> None:
        """Give room in the order of coming; who is kept out by her own photos alone is passed by."""
        free = self._server_bytes - self._held.total()
        for turn, (visit, size) in list(self._waiting.items()):
            if size > free:
                return
            if self._held[visit] + size <= self._visit_bytes:
                del self._waiting[turn]
                self._held[visit] += size
                free -= size
                if not turn.done():
                    turn.set_result(None)


async def _come(turn: asyncio.Future[None]) -> None:
    try:
        async with asyncio.timeout(limits.BODIES_WAIT_S):
            await turn
    except TimeoutError:
        raise _full() from None


def _full() -> Refusal:
    return Refusal(429, N_("Too many photos are being sent at once. Try again in a moment."))


class Body:
    """The body of a request, a photo.

    Args:
        request: The request, of which nothing was read.

    Attributes:
        size: How many bytes it says that it has; the most a photo may have, where it does not say.

    Raises:
        Refusal: It is larger than a photo may be.
    """

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._is_begun = False
        told = request.headers.get("content-length", "" if "transfer-encoding" in request.headers else "0")
        self.size = int(told) if told.isdecimal() else limits.PHOTO_BYTES
        _check(self.size)

    async def read(self) -> bytes:
        """Return it.

        Raises:
            Refusal: It is larger than a photo may be, or nothing of it came for `limits.STALLED_S`.
            ClientDisconnect: Its sender went away.
        """
        pieces = [piece async for piece in self._pieces()]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pass_over(self) -> None:
        """Let it come and drop it, if nothing was read: a browser listens when it has sent what it has to send."""
        if not self._is_begun:
            with suppress(Refusal):
                async for _ in self._pieces():
                    pass

    async def _pieces(self) -> AsyncIterator[bytes]:
        self._is_begun = True
        size, more = 0, True
        while more:
            event = await self._next()
            if event["type"] == "http.disconnect":
                raise ClientDisconnect
            size += len(event.get("body", b""))
            _check(size)
            yield event.get("body", b"")
            more = event.get("more_body", False)

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(limits.STALLED_S):
                return await self._receive()
        except TimeoutError:
            sentence = N_("The upload stopped for {seconds} seconds. Try again.")
            raise Refusal(408, sentence, seconds=round(limits.STALLED_S)) from None


def _check(size: int) -> None:
    if size > limits.PHOTO_BYTES:
        raise Refusal(413, N_("The photo is larger than {limit} MB."), limit=limits.PHOTO_BYTES // 2**20)
