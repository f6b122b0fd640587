"""Bodies that no client of good will sends, sent to a server as `python -m lib serve` starts it.

Each gets its status, the next one is answered, and the log holds no traceback.
"""

import base64
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pillow_heif
import psutil
import pytest

from tests.api.conftest import BOUNDARY, form
from tests.support.pictures import RED, encode, plain
from tests.support.server import ROOT, free_port
from tests.support.user_models import put

CLASSIFY, HF, V2 = "/api/v1/classify?model=tiny", "/api/v1/hf/tiny", "/v2/models/tiny/infer"
RED_PNG = encode(plain(RED), "PNG")
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {"Content-Type": "application/json"}
GB = 2**30
pillow_heif.register_heif_opener()


@dataclass
class Api:
    """The server.

    Attributes:
        port: Where it listens.
        process: What serves.
        log: What it says on standard error.
    """

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def send(self, head: bytes, pieces: Iterable[bytes] = (), *, ends: bool = False, seconds: float = 10) -> list[int]:
        """Return the statuses of what is answered to the bytes of a request, or of several.

        Args:
            head: What is sent first.
            pieces: What is sent after it, until the server has had enough.
            ends: Whether the sender then says that nothing more comes.
            seconds: For how long an answer is waited for.
        """
        with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
            try:
                connection.sendall(head)
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:
                pass  # the answer came before all was sent
            if ends:
                connection.shutdown(socket.SHUT_WR)
            return _statuses(connection)

    def post(self, path: str, body: bytes, **headers: object) -> list[int]:
        """Return the status of what is answered to a body."""
        return self.send(request(path, {"Content-Length": len(body), **headers}) + body)


def request(path: str, headers: dict[str, object] | None = None, method: str = "POST", version: str = "1.1") -> bytes:
    named = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in named.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode()


def _statuses(connection: socket.socket) -> list[int]:
    """Read answers until the server closes."""
    came = b""
    try:
        while piece := connection.recv(65536):
            came += piece
    except ConnectionError:
        pass  # it closed while we were still sending, and what it said before was read
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", came)]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    put(home, "tiny")
    log = home / "log"
    process = subprocess.Popen(
        [sys.executable, "-m", "lib", "serve", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "DISCERN_HOME": str(home)},
        stderr=log.open("wb"),
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Api(port, process, log)
    process.terminate()
    process.wait(20)


@pytest.fixture(autouse=True)
def still_answers(api: Api) -> Iterator[None]:
    yield
    assert api.post(CLASSIFY, RED_PNG) == [200]
    assert "Traceback" not in api.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "kind"), [(CLASSIFY, {}), (CLASSIFY, FORM), (HF, {}), (HF, JSON), (V2, JSON)])
def test_ten_gigabytes_are_refused_before_they_come_and_who_sends_them_is_told(
    api: Api, path: str, kind: dict[str, object]
) -> None:
    head = request(path, {"Content-Length": 10 * GB, **kind})
    assert api.send(head) == [413]
    assert api.send(head, [bytes(65536)] * 200) == [413]


@pytest.mark.parametrize(("path", "kind"), [(CLASSIFY, {}), (V2, JSON)])
def test_a_body_without_end_is_ended(api: Api, path: str, kind: dict[str, object]) -> None:
    piece = b"100000\r\n" + bytes(2**20) + b"\r\n"
    before = psutil.Process(api.process.pid).memory_info().rss
    assert api.send(request(path, {"Transfer-Encoding": "chunked", **kind}), [piece] * 200) == [413]
    assert psutil.Process(api.process.pid).memory_info().rss - before < 200e6


@pytest.mark.parametrize(
    "headers",
    [{"Transfer-Encoding": "chunked"}, {"Content-Length": 64 * 2**20}, {"Transfer-Encoding": "chunked", **FORM}],
)
def test_who_stands_still_keeps_nobody_waiting(api: Api, headers: dict[str, object]) -> None:
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall(request(CLASSIFY, headers) + b"3\r\nabc\r\n")
        time.sleep(0.2)
        assert api.post(CLASSIFY, RED_PNG) == [200]


def test_what_is_cut_off_holds_nothing_up(api: Api) -> None:
    for kind, body in (({}, RED_PNG), (FORM, form([("file", "a.png", RED_PNG)])), (JSON, b'{"inputs": [')):
        path = V2 if kind is JSON else CLASSIFY
        assert api.send(request(path, {"Content-Length": 5000, **kind}) + body[:50], ends=True) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-Length": "-5"}, [400]),
        ({"Content-Length": "abc"}, [400]),
        ({"Content-Length": "9" * 5000}, [400]),
        ({"Content-Length": "9" * 19}, [413]),
        ({"Content-Length": "10\r\nContent-Length: 20"}, [400]),
        ({"Content-Length": len(RED_PNG) // 2}, [422]),  # cut off there; what follows is no request
        ({"Content-Length": "0"}, [422]),
        ({}, [422]),
        ({"X-Long": "a" * 200_000, "Content-Length": 0}, [400]),
        ({f"X-{n}": "a" * 100 for n in range(3000)}, [400]),
        ({"Transfer-Encoding": "chunked"}, [400]),
    ],
)
def test_lengths_and_headers(api: Api, headers: dict[str, object], expected: list[int]) -> None:
    assert api.send(request(CLASSIFY, headers) + RED_PNG) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{CLASSIFY}&name={'a' * 2**20}", 400),
        (f"{CLASSIFY}&name={'a' * 60_000}", 200),
        (f"{CLASSIFY}&name=%00%ff%ed%a0%80%0d%0a", 200),
        (f"{CLASSIFY}&floor=nan", 422),
        (f"{CLASSIFY}&ratio=NaN", 422),
        (f"{CLASSIFY}&familiar=-inf", 422),
        (f"{CLASSIFY}&top={'9' * 5000}", 422),
        ("/api/v1/classify?model=%00", 404),
        ("/api/v1/hf/..%2f..%2fetc%2fpasswd", 404),
        (f"/v2/models/{'a' * 5000}/infer", 404),
    ],
)
def test_addresses(api: Api, path: str, expected: int) -> None:
    assert api.post(path, RED_PNG) == [expected]


def _bomb(side: int) -> bytes:
    """Return a PNG of ten thousand bytes that says it has `side` pixels a side, and holds ten million bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (_bomb(60_000), "image/png", 422),
        (_bomb(7_001), "image/png", 422),
        (encode(plain(RED), "AVIF"), "image/avif", 200),
        (encode(plain(RED), "HEIF"), "image/heic", 200),
        (RED_PNG, "image/jpeg", 200),  # what it is counts, not what it is called
        (RED_PNG, "text/plain", 415),
        (RED_PNG, "application/json", 415),
        (RED_PNG, "multipart/form-data", 422),
        (RED_PNG, 'multipart/form-data; boundary="\xe9', 422),
        (b"x" * 3_000_000, FORM["Content-Type"], 422),
        (form([("file", "a" * 2_000_000, RED_PNG)]), FORM["Content-Type"], 422),
        (form([("file", "a\0.png", RED_PNG)]), FORM["Content-Type"], 200),
        (form([("file", "", b""), ("file", '../<b>"고양이', RED_PNG)]), FORM["Content-Type"], 200),
        (form([("file", "x", b"")] * 10_000), FORM["Content-Type"], 413),
    ],
)  # fmt: skip
def test_kinds_and_photos(api: Api, body: bytes, kind: str, expected: int) -> None:
    assert api.post(CLASSIFY, body, **{"Content-Type": kind}) == [expected]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (HF, b"[" * 1_000_000, 422),
        (V2, b'{"inputs":' * 200_000, 413),
        (V2, b"[" + b"0," * 15_000_000 + b"0]", 413),
        (V2, b"9" * 1_000_000, 422),
        (V2, b'{"id": "\\ud800"}', 422),
        (HF, b'{"inputs": "@@@@====ab"}', 422),
        (HF, b'{"inputs": "\\ud800", "parameters": {"\\udfff": 1}}', 422),
        (HF, json.dumps({"inputs": base64.b64encode(_bomb(60_000)).decode()}).encode(), 422),
        (V2, b'{"inputs": [{"name": "tensor", "datatype": "FP32", "shape": [2147483647, 4, 6, 3], "data": []}]}', 413),
        (V2, b'{"inputs": [{"name": "photos", "datatype": "BYTES", "shape": [4294967296], "data": []}]}', 422),
    ],
)
def test_json(api: Api, path: str, body: bytes, expected: int) -> None:
    assert api.post(path, body, **JSON) == [expected]


def test_old_and_odd_ways_to_ask(api: Api) -> None:
    whole = {"Content-Length": len(RED_PNG)}
    assert api.send(request(CLASSIFY, whole, version="1.0") + RED_PNG) == [200]
    assert api.send(request(CLASSIFY, {**whole, "Expect": "100-continue"}), [RED_PNG]) in ([100, 200], [200])
    assert api.send(request(CLASSIFY, {"Content-Length": 10 * GB, "Expect": "100-continue"})) == [413]
    assert api.send(request("/api/v1/models", method="HEAD")) == [200]
    assert api.send(request(CLASSIFY, method="HEAD")) == [405]
    assert api.send(request(V2, method="OPTIONS")) == [204]
    assert api.send(request(CLASSIFY, method="BREW")) == [405]
    assert api.send(b"\x16\x03\x01 no HTTP at all\r\n\r\n") == [400]
    kept = request(CLASSIFY, {**whole, "Connection": "keep-alive"}) + RED_PNG
    refused = request(CLASSIFY, {"Content-Length": 2, "Content-Type": "text/plain", "Connection": "keep-alive"}) + b"hi"
    assert api.send(kept + refused + kept + request("/healthz", method="GET")) == [200, 415, 200, 200]
