"""Connections that only wait do not shut anybody out."""

import asyncio
import logging
import socket
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from lib.server import limits
from lib.server.connections import Connections, raise_open_files, watched


class Wire(asyncio.Transport):
    """A connection without a network: `work` begins a request, `rest` ends it, `upgrade` makes it a WebSocket."""

    def __init__(self, address: str = "10.0.0.1") -> None:
        super().__init__({"peername": (address, 1)})
        self.closed = False
        self.protocol: Any = SimpleNamespace(cycle=None)

    def work(self) -> None:
        self.protocol.cycle = SimpleNamespace(response_complete=False)

    def rest(self) -> None:
        self.protocol.cycle.response_complete = True

    def upgrade(self) -> None:
        self.protocol = SimpleNamespace()

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(limit: int = 100, per_address: int = 100) -> tuple[Connections, Clock]:
    clock = Clock()
    return Connections(limit, per_address, clock), clock


def test_a_head_that_does_not_come_is_waited_for_some_seconds() -> None:
    connections, clock = opened()
    wire = Wire()
    connections.admit(wire)
    clock.now += limits.HEAD_S
    connections.sweep()
    assert not wire.closed
    clock.now += 1
    connections.sweep()
    assert wire.closed


def test_a_request_at_work_and_a_websocket_are_left_alone() -> None:
    connections, clock = opened()
    at_work, websocket = Wire(), Wire()
    connections.admit(at_work)
    connections.admit(websocket)
    at_work.work()
    websocket.upgrade()
    clock.now += 1000
    connections.sweep()
    assert not at_work.closed
    assert not websocket.closed


def test_the_time_to_wait_begins_anew_with_each_request() -> None:
    connections, clock = opened()
    wire = Wire()
    connections.admit(wire)
    for _ in range(5):  # requests too short to be seen at work
        clock.now += limits.HEAD_S - 1
        wire.work()
        wire.rest()
        connections.sweep()
    assert not wire.closed
    clock.now += limits.HEAD_S + 1
    connections.sweep()
    assert wire.closed


def test_a_newcomer_takes_the_place_of_who_has_waited_longest() -> None:
    connections, clock = opened(limit=3)
    wires = [Wire() for _ in range(3)]
    for wire in wires:
        connections.admit(wire)
        clock.now += 1
    wires[0].work()
    newcomer = Wire("10.0.0.2")
    assert connections.admit(newcomer)
    assert [wire.closed for wire in wires] == [False, True, False]


def test_one_address_gets_no_more_than_its_share_and_others_still_come_in() -> None:
    connections, _ = opened(limit=10, per_address=5)
    for _ in range(5):
        busy = Wire()
        assert connections.admit(busy)
        busy.work()
    refused = Wire()
    assert not connections.admit(refused)
    assert refused.closed
    assert connections.admit(Wire("10.0.0.2"))


def test_a_flood_from_one_address_does_not_cost_others_their_connections() -> None:
    connections, _ = opened(limit=100, per_address=50)
    neighbour = Wire("10.0.0.2")
    connections.admit(neighbour)
    flood = [Wire() for _ in range(1000)]
    assert all(connections.admit(wire) for wire in flood)
    assert sum(not wire.closed for wire in flood) <= 50
    assert not neighbour.closed


def test_what_was_closed_no_longer_counts() -> None:
    connections, _ = opened(limit=2)
    for _ in range(5):
        wire = Wire()
        assert connections.admit(wire)
        wire.work()
        wire.closed = True


def test_open_connections_are_counted() -> None:
    connections, _ = opened()
    wires = [Wire(), Wire()]
    assert all(connections.admit(wire) for wire in wires)
    assert connections.count == 2
    wires[0].abort()
    assert connections.count == 1


def test_a_refused_connection_is_not_told_to_the_server() -> None:
    connections, _ = opened(limit=0)
    told = []

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            told.append(transport)

    connections.protocol(Protocol).connection_made(Wire())
    assert not told
    admitting, _ = opened()
    wire = Wire()
    admitting.protocol(Protocol).connection_made(wire)
    assert told == [wire]


def test_a_flood_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    connections, clock = opened(limit=2)
    loop = asyncio.new_event_loop()
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            connections.admit(Wire())
            connections.unusual(loop, {"message": "socket.accept() out of system resource"})
            clock.now += 0.5
            connections.sweep()
    loop.close()
    assert len(caplog.records) == 1


def test_websockets_that_were_turned_away_are_one_line_too(caplog: pytest.LogCaptureFixture) -> None:
    uvicorn = logging.getLogger("uvicorn.error")

    async def story() -> None:
        connections, _ = opened()
        async with watched(connections):
            for _ in range(50):
                uvicorn.error("ASGI callable returned without completing handshake.")
            uvicorn.error("a bug")
            connections.sweep()
        uvicorn.error("after")

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    told = [record.getMessage() for record in caplog.records]
    assert told == ["a bug", "0 connections are open; since the last such line: {'turned away': 50}", "after"]


def test_other_troubles_of_the_loop_are_reported_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    opened()[0].unusual(loop, {"message": "a bug"})
    loop.close()
    assert "a bug" in caplog.text


def test_a_class_behind_one_address_comes_in_where_a_thousand_files_may_be_open() -> None:
    in_all, of_one = limits.connections(1024)
    assert of_one >= 30 * 7  # six requests at once and a WebSocket each
    assert in_all + limits.BACKLOG < 1024


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_of_open_files_is_raised_as_far_as_it_may() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        assert raise_open_files() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert raise_open_files() >= min(limits.OPEN_FILES, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_small_answers_are_not_held_back() -> None:
    connections, _ = opened()
    with socket.socket() as wire_end:
        wire = Wire()
        wire._extra["socket"] = wire_end  # type: ignore[attr-defined]
        assert connections.admit(wire)
        assert wire_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
