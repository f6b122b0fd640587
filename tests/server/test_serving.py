"""The door of the real server, as it is started for one machine's network, and for a class over TLS."""

import contextlib
import http.client
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from lib.server import addresses
from lib.server.connections import raise_open_files
from lib.server.limits import HEAD_S, SWEEP_S
from tests.support.server import UNCHECKED, Server, start_class, start_server

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
)


class World(http.server.ThreadingHTTPServer):
    """Stands for everything outside: notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Noting)
        self.asked: list[str] = []


class _Noting(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, World)
        self.server.asked.append(self.path)
        self.send_error(502)

    do_CONNECT = do_GET  # noqa: N815 - http.server calls it so

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module", params=["plain", "class"])
def server(world: World, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    proxy = f"http://127.0.0.1:{world.server_address[1]}"
    outside = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "127.0.0.1"}
    if request.param == "class":
        running = start_class(home, log=home / "log", **outside)
    else:
        running = start_server(home, log=home / "log", STREAMLIT_SERVER_ADDRESS="0.0.0.0", **outside)
    yield running
    running.process.terminate()
    running.process.wait(20)


def is_secure(server: Server) -> bool:
    return server.url.startswith("https")


def place(server: Server) -> str:
    """Return its address and port."""
    return server.url.partition("://")[2]


def connected(server: Server) -> socket.socket:
    """Return a connection on which it can be spoken to, hands shaken."""
    host, port = place(server).split(":")
    wire = socket.create_connection((host, int(port)), timeout=10)
    return UNCHECKED.wrap_socket(wire) if is_secure(server) else wire


def opened(request: str | urllib.request.Request) -> http.client.HTTPResponse:
    """Return an answer. Raises HTTPError."""
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=10, context=UNCHECKED)
    return answer


def stream(server: Server, **headers: str) -> int:
    """Return the status of an attempt to begin a session."""
    try:
        with connect(
            f"{server.url.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={**headers},
            ssl=UNCHECKED if is_secure(server) else None,
            proxy=None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def raw(server: Server, request: bytes) -> bytes:
    """Return the first bytes that the server answers."""
    with connected(server) as wire:
        wire.sendall(request)
        return wire.recv(4096)


class Visitor:
    """A browser tab as far as the server sees it: a session, and a place to upload to."""

    def __init__(self, server: Server) -> None:
        with opened(f"{server.url}/_stcore/health") as answer:
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.server, self.cookie, self.token = server, cookie, cookie.partition("=")[2]
        self.socket = connect(
            f"{server.url.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=server.url,  # type: ignore[arg-type]
            max_size=None,
            ssl=UNCHECKED if is_secure(server) else None,
            proxy=None,
        )
        self.socket.send(BackMsg(rerun_script={}).SerializeToString())
        self.session = ""
        while not self.session:
            message = ForwardMsg.FromString(self.socket.recv(timeout=30))
            self.session = message.new_session.initialize.session_id

    def put(self, size: int, file: str = "f", start: bytes = b"\xff\xd8") -> tuple[int, str]:
        """Return the status and the answer of an upload."""
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'
        if is_secure(self.server):
            wire = http.client.HTTPSConnection(place(self.server), timeout=60, context=UNCHECKED)
        else:
            wire = http.client.HTTPConnection(place(self.server), timeout=60)
        wire.request(
            "PUT",
            f"/_stcore/upload_file/{self.session}/{file}",
            head + start.ljust(size, b"x") + b"\r\n--x--\r\n",
            {"Content-Type": "multipart/form-data; boundary=x", "Cookie": self.cookie, "X-Xsrftoken": self.token},
        )
        answer = wire.getresponse()
        with contextlib.closing(wire):
            return answer.status, answer.read().decode()


def test_a_server_for_a_whole_class_asks_nobody_outside_as_it_starts(server: Server, world: World) -> None:
    assert server.is_healthy()
    assert world.asked == []


def test_a_foreign_page_gets_no_session_and_nobody_outside_is_asked(server: Server, world: World) -> None:
    assert stream(server, Origin=server.url) == 101
    before = server.log.stat().st_size if server.log is not None else 0
    for _ in range(20):
        assert stream(server, Origin="http://evil.example") == 403
    assert world.asked == []
    assert server.log is not None
    assert server.log.stat().st_size - before < 200, "each of them writes a line"


def test_a_foreign_name_gets_neither_page_nor_session(server: Server) -> None:
    foreign = f"evil.example:{server.url.rsplit(':')[-1]}"
    request = urllib.request.Request(server.url, headers={"Host": foreign})
    with pytest.raises(urllib.error.HTTPError) as refused:
        opened(request)
    assert refused.value.code == 400
    scheme = server.url.partition(":")[0]
    head = f"GET /_stcore/stream HTTP/1.1\r\nHost: {foreign}\r\nOrigin: {scheme}://{foreign}\r\n{UPGRADE}\r\n\r\n"
    assert raw(server, head.encode()).startswith(b"HTTP/1.1 400")
    assert raw(server, head.replace(foreign, place(server)).encode()).startswith(b"HTTP/1.1 101")


def test_what_is_no_message_ends_one_connection_and_writes_no_traceback(server: Server) -> None:
    visitor, other = Visitor(server), Visitor(server)
    visitor.socket.send("hello")
    with contextlib.suppress(ConnectionClosedError):
        list(visitor.socket)  # all that it says before it ends the connection
    assert visitor.socket.close_code == 1003
    other.socket.send(BackMsg(clear_cache=True).SerializeToString())
    assert other.put(1000)[0] == 204
    assert server.log is not None
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_runs_in_the_server_is_closed(server: Server, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        opened(server.url + path)
    assert refused.value.code == 404
    assert refused.value.headers["Content-Security-Policy"]


def test_every_answer_has_an_id_and_the_figures_are_shown(server: Server) -> None:
    with opened(server.url) as page:
        assert len(page.headers["X-Request-ID"]) == 16
    asked = urllib.request.Request(f"{server.url}/metrics", headers={"X-Request-ID": "mine"})
    with opened(asked) as figures:
        assert figures.headers["X-Request-ID"] == "mine"
        text = figures.read().decode()
    for name in ("discern_visits", "discern_held_bytes", "discern_connections", "process_resident_memory_bytes"):
        assert f"\n{name} " in text
    assert 'discern_waiting{rank="job"} 0.0' in text


def test_a_line_a_request_where_it_is_wanted(tmp_path: Path) -> None:
    server = start_server(tmp_path, log=tmp_path / "log", DISCERN_LOG="json")
    try:
        for address in ("/metrics", "/visits/nobody/answers?model=starter", "/_stcore/health"):
            with contextlib.suppress(urllib.error.HTTPError):
                opened(server.url + address).close()
        lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
        assert [(line["route"], line["status"]) for line in lines] == [
            ("/metrics", 200),
            ("/visits/{visit}/answers", 404),
        ]
    finally:
        server.process.terminate()
        server.process.wait(20)


def test_a_name_that_is_none_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception):
        start_server(tmp_path, log=tmp_path / "log", DISCERN_HOSTS="https://lab.example.org")
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "https://lab.example.org in DISCERN_HOSTS is not a host name." in log
    assert "Traceback" not in log


def test_uploads_that_no_page_takes_are_bounded_and_go_with_the_visitor(tmp_path: Path) -> None:
    short = {"DISCERN_UPLOADS_MB": "100", "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1"}
    server = start_server(tmp_path, log=tmp_path / "log", **short)
    try:
        visitor, other = Visitor(server), Visitor(server)
        assert visitor.put(65 * 2**20)[0] == 413
        assert visitor.put(60 * 2**20)[0] == 204
        status, sentence = visitor.put(60 * 2**20, "another")
        assert (status, sentence) == (413, "The server is full right now. Try again in a minute.")
        assert other.put(60 * 2**20)[0] == 413
        visitor.socket.close()
        deadline = time.monotonic() + 1 + 3 * SWEEP_S
        while other.put(60 * 2**20)[0] != 204:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        server.process.terminate()
        server.process.wait(20)


HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # how TLS begins


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("start", "begin"),
    [
        pytest.param(start_server, b"", id="nothing said"),
        pytest.param(start_server, b"GET / HTTP/1.1\r\nX-", id="half a request"),
        pytest.param(start_class, b"", id="nothing said to a class"),
        pytest.param(start_class, HELLO, id="hands half shaken"),
        pytest.param(start_class, b"GET / HTTP/1.1\r\nX-", id="half a request without TLS"),
    ],
)
def test_a_thousand_idle_connections_shut_nobody_out_and_fill_no_log(
    tmp_path: Path, start: Callable[..., Server], begin: bytes
) -> None:
    if raise_open_files() < 1200:
        pytest.skip("This test may not open 1,100 connections itself.")
    server = start(tmp_path, log=tmp_path / "log", open_files=1024)
    before = (tmp_path / "log").stat().st_size
    port = int(server.url.rsplit(":")[-1])
    idle: list[socket.socket] = []
    try:
        for _ in range(1100):
            idle.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            with contextlib.suppress(ConnectionError):  # it had to make room already
                idle[-1].sendall(begin)
        visitor = Visitor(server)
        assert visitor.put(1000)[0] == 204
        assert (tmp_path / "log").stat().st_size - before < 2000
    finally:
        for connection in idle:
            connection.close()
        server.process.terminate()
        server.process.wait(20)


def test_who_waits_too_long_is_closed_and_an_open_page_is_not(server: Server) -> None:
    host, port = place(server).split(":")
    visitor = Visitor(server)
    silent, shaken = socket.create_connection((host, int(port)), timeout=2 * HEAD_S), connected(server)
    shaken.settimeout(2 * HEAD_S)
    with silent, shaken:
        for wire in (silent, shaken):
            with contextlib.suppress(ConnectionResetError):
                assert wire.recv(1) == b""
    visitor.socket.send(BackMsg(rerun_script={}).SerializeToString())
    assert visitor.socket.recv(timeout=10)


@pytest.mark.parametrize("server", ["class"], indirect=True)
def test_who_types_an_address_without_https_is_led_there(server: Server) -> None:
    wire = http.client.HTTPConnection(place(server), timeout=10)
    with contextlib.closing(wire):
        wire.request("GET", "/models?lang=ko")
        answer = wire.getresponse()
        assert (answer.status, answer.headers["Location"]) == (307, f"{server.url}/models?lang=ko")
    with opened(f"http://{place(server)}/models") as page:
        assert page.url == f"{server.url}/models"


def test_the_address_in_the_network_is_a_name_of_the_server_and_that_of_another_machine_is_not(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    for address in addresses.lan():
        there = f"{server.url.partition(':')[0]}://{address}:{port}"
        with opened(f"{there}/_stcore/health") as answer:
            assert answer.read() == b"ok"
    another = urllib.request.Request(f"{server.url}/", headers={"Host": f"198.51.100.9:{port}"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        opened(another)
    assert refused.value.code == 400


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Where a browser is found differs by system.")
def test_it_opens_a_browser_and_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text(f"#!/bin/sh\necho $1 > {tmp_path}/opened\n", encoding="utf-8")
    opener.chmod(0o755)
    log, path = tmp_path / "log", f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    server = start_server(tmp_path, log=log, headless=False, PATH=path, DISPLAY=":0")
    deadline = time.monotonic() + 10
    while not (tmp_path / "opened").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    server.process.send_signal(signal.SIGINT)
    server.process.wait(20)
    assert (tmp_path / "opened").read_text(encoding="utf-8").strip() == server.url
    assert "Traceback" not in log.read_text(encoding="utf-8")
