"""How a connection begins where the server speaks TLS.

asyncio hands a connection over when hands are shaken, which it waits a minute for; so a thousand that say nothing shut
everybody out, and no one counts them. Here a connection is seen from its first moment, as one that waits for a request
(see `lib.server.connections`), and TLS begins with the first byte. Whoever says HTTP instead, having typed the address
without "https://", is led to it.
"""

import asyncio
import re
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable

from lib.server import limits

_HELLO = 22  # the first byte of TLS: a handshake record (RFC 8446, section 5.1)
_ASKED = re.compile(rb"[A-Z]+ (/[!-~]*) HTTP/1\.[01]\r\n(?:.*\r\n)*?host:[ \t]*([\w.:\[\]-]+)[ \t]*\r\n", re.IGNORECASE)
_MOST_BYTES = 8192  # of a request's head
_NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Knock(asyncio.Protocol):
    """A connection of which nothing is known yet.

    Args:
        factory: Returns what speaks HTTP.
        context: Certificate and key.

    Attributes:
        cycle: As uvicorn's protocols have it: no request.
    """

    cycle = None

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext) -> None:
        self._factory, self._context = factory, context
        self._transport: asyncio.Transport | None = None
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Go on with TLS, or lead there."""
        assert self._transport is not None
        if not self._said and data[0] == _HELLO:
            self._shake(self._transport, data)
            return
        self._said += data
        if b"\r\n\r\n" in self._said or len(self._said) > _MOST_BYTES:
            self._transport.write(led(self._said[:_MOST_BYTES]))
            self._transport.close()

    def _shake(self, transport: asyncio.Transport, data: bytes) -> None:
        tls = SSLProtocol(
            asyncio.get_running_loop(),
            self._factory(),
            self._context,
            None,  # type: ignore[arg-type]  # nobody waits for it
            server_side=True,
            ssl_handshake_timeout=round(limits.HEAD_S),
            ssl_shutdown_timeout=round(limits.HEAD_S),
        )
        transport.set_protocol(tls)
        tls.connection_made(transport)
        while data:
            room = memoryview(tls.get_buffer(len(data)))
            piece, data = data[: len(room)], data[len(room) :]
            room[: len(piece)] = piece
            tls.buffer_updated(len(piece))


def led(head: bytes) -> bytes:
    """Return the answer to a request without TLS: where it is to be asked again; not for ever, as that may change."""
    if (asked := _ASKED.match(head)) is None:
        return _NOT_UNDERSTOOD
    path, host = asked.groups()
    where = b"https://" + host + path
    return (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + where + b"\r\nCache-Control: no-store\r\n"
        b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    )


def innermost(protocol: asyncio.BaseProtocol) -> asyncio.BaseProtocol:
    """Return what speaks within TLS; where there is none, the protocol itself."""
    return protocol._app_protocol if isinstance(protocol, SSLProtocol) else protocol
