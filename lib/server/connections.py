"""How many connections are open, and how long one may wait for a request.

uvicorn waits for ever for the head of a request, and asyncio writes a traceback for every connection that it has no
file number left for; so a thousand idle connections shut everybody out. Here the connections that wait are counted,
closed after some seconds, and make room for new ones when there are too many. One with a request at work, or with a
WebSocket, is left alone.

This reaches into asyncio (`create_server` of the running loop, before uvicorn calls it; what lies within TLS) and into
uvicorn (the attribute `cycle` of its HTTP protocols, the request at work); `tests/server/test_serving.py` and
`tests/server/test_class.py` tell when an update changes them.
"""

import asyncio
import logging
import math
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from lib.server import limits
from lib.server.handshake import Knock, innermost

_LOG, _UVICORN = logging.getLogger(__name__), logging.getLogger("uvicorn.error")
_NO_FILES = "socket.accept() out of system resource"  # how asyncio says that it could not accept a connection
_NO_SOCKET = "ASGI callable returned without completing handshake."  # uvicorn, of each WebSocket answered with HTTP
_WEBSOCKET = object()


@dataclass(slots=True)
class _Connection:
    """An open connection.

    Attributes:
        address: The peer's.
        waits_since: When it began to wait for a request, on the clock; None while one is at work, or a WebSocket.
        request: The last one that was seen, or None before the first.
    """

    address: str
    waits_since: float | None
    request: object = None


class Connections:
    """The open connections of a server.

    Args:
        limit: How many there may be.
        per_address: How many of one peer's address.
        clock: Returns seconds.
    """

    def __init__(self, limit: int, per_address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._per_address, self._clock = limit, per_address, clock
        self._open: dict[asyncio.Transport, _Connection] = {}
        self._of: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._told = -math.inf

    @property
    def count(self) -> int:
        """Return how many are open."""
        return sum(not transport.is_closing() for transport in self._open)

    def admit(self, transport: asyncio.Transport) -> bool:
        """Count a new connection; or close it, when there are too many and none of them only waits."""
        address = str((transport.get_extra_info("peername") or ("",))[0])
        for whose in (address, None):
            if self._is_full(whose):
                self._make_room(whose)
            if self._is_full(whose):
                self._events["refused"] += 1
                transport.set_protocol(asyncio.Protocol())
                transport.abort()
                return False
        _send_at_once(transport)
        self._open[transport] = _Connection(address, self._clock())
        self._of[address] += 1
        return True

    def sweep(self) -> None:
        """Close what has waited too long; say in one line what happened since the last one."""
        now = self._clock()
        for since, transport in self._waiting():
            if now - since > limits.HEAD_S:
                self._close(transport)
        if self._events and now - self._told >= limits.LOG_EVERY_S:
            _LOG.warning("%d connections are open; since the last such line: %s", len(self._open), dict(self._events))
            self._events.clear()
            self._told = now

    def _is_full(self, address: str | None) -> bool:
        return len(self._open) >= self._limit if address is None else self._of[address] >= self._per_address

    def _make_room(self, address: str | None) -> None:
        """Close those that have waited longest: an eighth of all at once, so that a flood does not cost a look each."""
        waiting = self._waiting(address)
        if self._is_full(address):
            for _, transport in waiting[: len(self._open) // 8 + 1]:
                self._close(transport)

    def _waiting(self, address: str | None = None) -> list[tuple[float, asyncio.Transport]]:
        """Return since when which connections wait for a request, longest first."""
        self._look()
        waiting = [
            (known.waits_since, transport)
            for transport, known in self._open.items()
            if known.waits_since is not None and address in (None, known.address)
        ]
        return sorted(waiting, key=lambda it: it[0])

    def _look(self) -> None:
        """Note which connections wait, and forget those that were closed."""
        for transport, known in list(self._open.items()):
            if transport.is_closing():
                self._forget(transport)
                continue
            request = getattr(innermost(transport.get_protocol()), "cycle", _WEBSOCKET)
            if request is not None and not getattr(request, "response_complete", False):
                known.waits_since = None
            elif known.waits_since is None or request is not known.request:
                known.waits_since = self._clock()
            known.request = request

    def _close(self, transport: asyncio.Transport) -> None:
        self._events["closed while waiting for a request"] += 1
        self._forget(transport)
        transport.abort()

    def _forget(self, transport: asyncio.Transport) -> None:
        address = self._open.pop(transport).address
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    def protocol(self, factory: Callable[[], asyncio.BaseProtocol]) -> asyncio.BaseProtocol:
        """Return a protocol of `factory` that is told of its connection only if that is admitted."""
        protocol: Any = factory()

        def connection_made(transport: asyncio.Transport) -> None:
            del protocol.connection_made  # from here on it is the class's own
            if self.admit(transport):
                protocol.connection_made(transport)

        protocol.connection_made = connection_made
        return protocol  # type: ignore[no-any-return]

    def unusual(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle for the loop what nobody awaits: count a lack of file numbers, report anything else as usual."""
        if context.get("message") == _NO_FILES:
            self._events["not accepted for lack of file numbers"] += 1
        else:
            loop.default_exception_handler(context)

    def is_usual(self, record: logging.LogRecord) -> bool:
        """Whether a line of uvicorn's is to be written; of WebSockets that were turned away it writes one each."""
        if record.msg != _NO_SOCKET:
            return True
        self._events["turned away"] += 1
        return False


@asynccontextmanager
async def watched(connections: Connections) -> AsyncIterator[None]:
    """Watch over the connections of every server that the running loop opens from now on."""
    loop: Any = asyncio.get_running_loop()
    create_server = loop.create_server

    async def create_watched(factory: Callable[[], asyncio.BaseProtocol], *args: Any, **options: Any) -> asyncio.Server:
        options["backlog"] = limits.BACKLOG
        if (context := options.pop("ssl", None)) is not None:
            factory = partial(Knock, factory, context)
        return await create_server(partial(connections.protocol, factory), *args, **options)  # type: ignore[no-any-return]

    async def sweep() -> None:
        while True:
            await asyncio.sleep(1)
            connections.sweep()

    loop.create_server = create_watched
    loop.set_exception_handler(connections.unusual)
    _UVICORN.addFilter(connections.is_usual)
    sweeping = asyncio.create_task(sweep())
    yield
    sweeping.cancel()
    _UVICORN.removeFilter(connections.is_usual)


def _send_at_once(transport: asyncio.Transport) -> None:
    """Keep the system from holding small pieces back until the last one was acknowledged, which takes 40 ms.

    asyncio does so by itself, but not where the server was handed a socket that does not say TCP in so many words.
    """
    socket_ = transport.get_extra_info("socket")
    if socket_ is not None and socket_.family in (socket.AF_INET, socket.AF_INET6):
        socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def raise_open_files() -> int:
    """Let this process open more files, as far as the system allows it without asking, and return how many it may."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit for sockets
        return limits.OPEN_FILES
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (limits.OPEN_FILES if limit == resource.RLIM_INFINITY else limit for limit in allowed)
    wanted = max(soft, min(limits.OPEN_FILES, hard))
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, allowed[1]))
    return wanted
