"""How a connection to a class begins."""

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from pathlib import Path
from typing import Any

import pytest

from lib.server.certificate import ready
from lib.server.handshake import Knock, innermost, led


class Said(asyncio.Protocol):
    """What speaks within TLS: says back what it hears, in capitals."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data.upper())


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    pem = ready(tmp_path, [], [])
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem, pem)
    return made


def test_tls_goes_on_as_ever(context: ssl.SSLContext, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "tls.pem"))

    async def talk() -> tuple[bytes, bytes]:
        knocks: list[Knock] = []
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: knocks.append(Knock(Said, context)) or knocks[-1], "127.0.0.1", 0)  # type: ignore[func-returns-value]
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("localhost", port, ssl=trusting)
        writer.write(b"hello")
        first = await reader.readexactly(5)
        writer.write(b"x" * 300_000)
        second = await reader.readexactly(300_000)
        transport = knocks[0]._transport
        assert transport is not None
        assert isinstance(transport.get_protocol(), SSLProtocol)
        assert isinstance(innermost(transport.get_protocol()), Said)
        writer.close()
        server.close()
        return first, second

    assert asyncio.run(talk()) == (b"HELLO", b"X" * 300_000)


def test_before_a_word_is_said_it_waits_for_a_request(context: ssl.SSLContext) -> None:
    knock = Knock(Said, context)
    assert innermost(knock) is knock
    assert knock.cycle is None


@pytest.mark.parametrize(
    ("head", "where"),
    [
        (b"GET / HTTP/1.1\r\nHost: 192.168.1.5:8501\r\n\r\n", b"https://192.168.1.5:8501/"),
        (b"GET /join?lang=ko HTTP/1.1\r\nAccept: */*\r\nhost:lab.local:8501 \r\n\r\n", b"https://lab.local:8501/join?lang=ko"),
        (b"HEAD / HTTP/1.0\r\nHost: [fd00::2]:8501\r\n\r\n", b"https://[fd00::2]:8501/"),
        (b"GET //evil.example HTTP/1.1\r\nHost: a\r\n\r\n", b"https://a//evil.example"),
    ],
)  # fmt: skip
def test_who_speaks_http_is_led_to_tls(head: bytes, where: bytes) -> None:
    answer = led(head)
    assert answer.startswith(b"HTTP/1.1 307 ")
    assert b"\r\nLocation: " + where + b"\r\n" in answer


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rSet-Cookie: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000,
    ],
)
def test_what_is_no_request_is_led_nowhere(head: bytes) -> None:
    assert led(head).startswith(b"HTTP/1.1 400 ")
    assert b"Location" not in led(head)
