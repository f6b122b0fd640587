"""Photos on their way in: how many bytes of them are in memory at once, in all and of each visit.

A request whose photo finds no room is not read: it waits on the visitor's side of the network, for a while.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from lib.errors import UsageError
from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal

_JSON_BYTES = 2**16


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
    async def room_for(self, visit: str, body: "Body", most: int | None = None) -> AsyncIterator[None]:
        """Wait for room for a body of a visit, and hold it: where it does not say its size, for what has come of it.

        Args:
            visit: Whose it is.
            body: The body.
            most: How many bytes of it are in memory at once; None for all.

        Raises:
            Refusal: As `room`; reading the body raises one, too, where it has grown and there is no more room.
        """
        if body.is_told:
            async with self.room(visit, body.size if most is None else min(body.size, most)):
                yield
            return
        async with self.room(visit, 0) as held:
            body.tell(lambda come: self._grow(held, come if most is None else min(come, most)))
            yield

    @asynccontextmanager
    async def room(self, visit: str, size: int) -> AsyncIterator["_Held"]:
        """Wait for room for so many bytes of a visit, and hold it.

        Raises:
            Refusal: There is none for `limits.BODIES_WAIT_S`, or too many requests of the visit wait already.
        """
        size = max(size, limits.LEAST_BODY_BYTES)
        held = _Held(visit, size)
        if sum(other == visit for other, _ in self._waiting.values()) >= limits.BODIES_WAITING_OF_VISIT:
            raise _full()
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = visit, size
        self._let_in()
        try:
            await _come(turn)
            yield held
        finally:
            if self._waiting.pop(turn, None) is None:  # it was let in
                self._held = +(self._held - Counter({visit: held.size}))
            self._let_in()

    def _grow(self, held: "_Held", size: int) -> None:
        """Hold room for more; nobody waits who holds some, since two could wait for each other."""
        if (more := size - held.size) <= 0:
            return
        is_full = self._held.total() + more > self._server_bytes
        if is_full or self._held[held.visit] + more > self._visit_bytes:
            raise _full()
        self._held[held.visit] += more
        held.size = size

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


@dataclass(slots=True)
class _Held:
    """Room that is held: whose, and how many bytes."""

    visit: str
    size: int


async def _come(turn: asyncio.Future[None]) -> None:
    try:
        async with asyncio.timeout(limits.BODIES_WAIT_S):
            await turn
    except TimeoutError:
        raise _full() from None


def _full() -> Refusal:
    return Refusal(429, N_("Too many photos are being sent at once. Try again in a moment."))


class Body:
    """The body of a request: a photo, or where it is said a file that holds many.

    Args:
        request: The request, of which nothing was read.
        most: How many bytes it may have.
        too_large: What is said of one that has more: a sentence with {limit}, in megabytes.

    Attributes:
        size: How many bytes it says that it has; the most it may have, where it does not say.
        is_told: Whether it says.

    Raises:
        Refusal: It is larger than it may be.
    """

    def __init__(self, request: Request, most: int = limits.PHOTO_BYTES, too_large: str = "") -> None:
        self._too_large = too_large
        self._receive = request.receive
        self._is_begun = False
        self._first: bytes | None = None
        self._has_more = True
        self._come, self._waited_s = 0, 0.0
        self._tell: Callable[[int], None] = lambda _: None
        self._most = most
        # With both headers it comes in pieces, whatever its length is said to be (RFC 9112, 6.3).
        told = "" if "transfer-encoding" in request.headers else request.headers.get("content-length", "0")
        self.is_told = told.isdecimal()
        self.size = int(told) if self.is_told else most
        self._check(self.size)

    def tell(self, whom: Callable[[int], None]) -> None:
        """Let somebody know after each piece how many bytes have come; what is raised there ends the reading."""
        self._tell = whom

    async def begin(self) -> bytes:
        """Return how it begins, so that one can tell what it is.

        Raises:
            Refusal: As `read`.
            ClientDisconnect: As `read`.
        """
        if self._first is None:
            self._first = await self._next()
        return self._first

    def limit(self, most: int) -> None:
        """Let it have so many bytes and no more.

        Raises:
            Refusal: It says that it has more.
        """
        self._most, self.size = most, self.size if self.is_told else most
        self._check(self.size)

    async def read(self) -> bytes:
        """Return it.

        Raises:
            Refusal: It is larger than it may be, or it comes too slowly: `limits.STALLED_S` behind the least rate.
            ClientDisconnect: Its sender went away.
        """
        pieces = [piece async for piece in self.pieces()]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def save(self, file: BinaryIO) -> None:
        """Write it to a file as it comes; raises as `read`."""
        async for piece in self.pieces():
            await run_in_threadpool(file.write, piece)

    async def pass_over(self) -> None:
        """Let it come and drop it, if nothing was read: a browser listens when it has sent what it has to send."""
        if not self._is_begun:
            with suppress(Refusal):
                async for _ in self.pieces():
                    pass

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield it as it comes; raises as `read`."""
        self._is_begun = True
        piece = await self.begin()
        size = len(piece)
        self._check(size)
        yield piece
        while self._has_more:
            piece = await self._next()
            size += len(piece)
            self._check(size)
            yield piece

    async def _next(self) -> bytes:
        began = time.monotonic()
        patience = limits.STALLED_S + min(0.0, self._come / limits.LEAST_BYTES_PER_S - self._waited_s)
        try:
            async with asyncio.timeout(patience):
                event = await self._receive()
        except TimeoutError:
            if patience < limits.STALLED_S / 2:
                raise Refusal(408, N_("The upload came too slowly. Try again.")) from None
            sentence = N_("The upload stopped for {seconds} seconds. Try again.")
            raise Refusal(408, sentence, seconds=round(limits.STALLED_S)) from None
        if event["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = bytes(event.get("body", b""))
        self._has_more = event.get("more_body", False)
        self._waited_s += time.monotonic() - began
        self._come += len(piece)
        if self._come <= self._most:  # else that is what is said
            self._tell(self._come)
        return piece

    def _check(self, size: int) -> None:
        if size <= self._most:
            return
        is_photo = self._most == limits.PHOTO_BYTES
        usual = N_("The photo is larger than {limit} MB.") if is_photo else N_("The file is larger than {limit} MB.")
        raise Refusal(413, self._too_large or usual, limit=self._most // 2**20)


async def read_object(request: Request, *names: str) -> dict[str, Any]:
    """Return the small JSON object of a request.

    Raises:
        UsageError: It is none, or says something else than these.
        Refusal, ClientDisconnect: As `Body.read`.
    """
    body = await Body(request, _JSON_BYTES).read()
    try:
        told = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not told.keys() <= set(names):
        raise UsageError(N_("The request must be a JSON object with {names} and nothing else."), names=", ".join(names))
    return told
