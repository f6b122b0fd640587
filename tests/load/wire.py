"""Plain HTTP over connections that are kept; as little as loads need, so that who asks takes little of the cores."""

import asyncio
import re
import time
from dataclasses import dataclass
from types import TracebackType

from tests.support.server import Server

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_COOKIE = re.compile(rb"(?i)\r\nset-cookie: *([^=;\r]+)=([^;\r]*)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")


class NotAnsweredError(Exception):
    """A request did not go well; the text says with which status, and what was said."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer.

    Attributes:
        body: Its body.
        seconds: From the first byte of the request to the last of the answer.
        at_s: When it was there, on `time.monotonic`.
    """

    body: bytes
    seconds: float
    at_s: float


class Wire:
    """One connection to the server, with cookies as a browser keeps them; opened within `async with`."""

    def __init__(self, server: Server) -> None:
        self._host = server.url.removeprefix("http://")
        self.cookies: dict[str, str] = {}

    async def __aenter__(self) -> "Wire":
        await self._open()
        return self

    async def _open(self) -> None:
        name, port = self._host.split(":")
        self._reader, self._writer = await asyncio.open_connection(name, int(port))

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._writer.close()

    async def ask(
        self, method: str, address: str, body: bytes = b"", kind: str = "application/octet-stream"
    ) -> Answered:
        """Return what is answered.

        Raises:
            NotAnsweredError: The status is not one of 200 to 299.
        """
        start = time.monotonic()
        if self._reader.at_eof():  # the server closes what is silent
            self._writer.close()
            await self._open()
        head = f"{method} {address} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head += f"Cookie: {cookies}\r\n" if cookies else ""
        self._writer.write(f"{head}Content-Type: {kind}\r\n\r\n".encode())
        self._writer.write(body)
        await self._writer.drain()
        told = await self._reader.readuntil(b"\r\n\r\n")
        self.cookies |= {name.decode(): value.decode() for name, value in _COOKIE.findall(told)}
        size = _LENGTH.search(told)
        is_chunked = size is None and _CHUNKED.search(told) is not None
        answer = await self._chunks() if is_chunked else await self._reader.readexactly(int(size[1]) if size else 0)
        if not told[9:12].startswith(b"2"):
            raise NotAnsweredError(f"{method} {address.partition('?')[0]}: {told[9:12].decode()} {answer[:300]!r}")
        end = time.monotonic()
        return Answered(answer, end - start, end)

    async def _chunks(self) -> bytes:
        """Return a body whose length is not known when it begins (RFC 9112, section 7.1)."""
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return body
