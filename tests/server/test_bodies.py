"""Photos on their way in take only so much memory."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from lib.server.bodies import Bodies, Body
from lib.server.refusal import Refusal

MB = 2**20


class Door:
    """Requests that wait for room, and those that have it."""

    def __init__(self, **bytes_: int) -> None:
        self.bodies = Bodies(**bytes_)
        self.inside: list[str] = []
        self._tasks: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    async def come(self, name: str, size: int, visit: str | None = None) -> None:
        """Let a request come, and all that can happen happen."""
        leave = asyncio.Event()

        async def stay() -> None:
            async with self.bodies.room(visit or name, size):
                self.inside.append(name)
                await leave.wait()
            self.inside.remove(name)

        self._tasks[name] = asyncio.create_task(stay()), leave
        await asyncio.sleep(0.01)

    async def go(self, name: str) -> None:
        task, leave = self._tasks[name]
        leave.set()
        await task
        await asyncio.sleep(0.01)

    async def cancel(self, name: str) -> None:
        task, _ = self._tasks[name]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.01)

    def error(self, name: str) -> BaseException | None:
        return self._tasks[name][0].exception()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_who_finds_no_room_waits_until_there_is() -> None:
    async def story() -> None:
        door = Door(server_bytes=10 * MB, visit_bytes=10 * MB)
        await door.come("a", 6 * MB)
        await door.come("b", 6 * MB)
        await door.come("c", 1 * MB)
        assert door.inside == ["a"], "who came first is first, however large"
        await door.go("a")
        assert door.inside == ["b", "c"]

    run(story())


def test_who_fills_her_own_room_keeps_nobody_out() -> None:
    async def story() -> None:
        door = Door(server_bytes=10 * MB, visit_bytes=3 * MB)
        await door.come("a1", 2 * MB, "a")
        await door.come("a2", 2 * MB, "a")
        await door.come("b", 2 * MB)
        assert door.inside == ["a1", "b"]
        await door.go("a1")
        assert door.inside == ["b", "a2"]

    run(story())


def test_who_goes_away_makes_room_whether_inside_or_not() -> None:
    async def story() -> None:
        door = Door(server_bytes=3 * MB, visit_bytes=3 * MB)
        for name in ("a", "b", "c"):
            await door.come(name, 2 * MB)
        await door.cancel("b")
        await door.cancel("a")
        assert door.inside[-1] == "c"
        await door.go("c")
        await door.come("d", 3 * MB)
        assert door.inside[-1] == "d"

    run(story())


def test_who_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.BODIES_WAIT_S", 0.02)

    async def story() -> None:
        door = Door(server_bytes=MB, visit_bytes=MB)
        await door.come("a", MB)
        await door.come("b", MB)
        await asyncio.sleep(0.05)
        error = door.error("b")
        assert isinstance(error, Refusal)
        assert error.status == 429
        await door.go("a")
        await door.come("c", MB)
        assert door.inside == ["c"], "who was sent away holds nothing"

    run(story())


def test_not_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.BODIES_WAITING_OF_VISIT", 1)

    async def story() -> None:
        door = Door(server_bytes=MB, visit_bytes=MB)
        await door.come("a", MB)
        await door.come("b1", MB, "b")
        await door.come("b2", MB, "b")
        await door.come("c", MB)
        assert isinstance(door.error("b2"), Refusal)
        await door.go("a")
        assert door.inside == ["b1"]

    run(story())


def test_many_empty_ones_count_as_something() -> None:
    async def story() -> None:
        door = Door(server_bytes=MB, visit_bytes=MB)
        for number in range(20):
            await door.come(str(number), 0)
        assert len(door.inside) == 16

    run(story())


class Sender:
    """A browser that sends pieces, and hangs when it has none left."""

    def __init__(self, *pieces: bytes, **headers: str) -> None:
        self._left = list(pieces)
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "headers": raw}
        self.request = Request(scope, self._receive)

    async def _receive(self) -> dict[str, Any]:
        piece = self._left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._left)}


def test_a_body_in_pieces_is_as_large_as_it_may_be_whatever_it_says() -> None:
    headers = [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]
    assert Body(Request({"type": "http", "headers": headers}), 1000).size == 1000


def test_a_body_that_does_not_say_its_size_holds_room_for_what_has_come() -> None:
    coming = iter([bytes(2 * MB), bytes(5 * MB), bytes(2 * MB)])

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": next(coming), "more_body": True}

    async def story() -> None:
        bodies = Bodies(server_bytes=10 * MB, visit_bytes=8 * MB)
        request = Request({"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}, receive)
        body = Body(request, 64 * MB)
        async with asyncio.timeout(1), bodies.room_for("a", body):
            read = body.pieces()
            await anext(read)
            async with bodies.room("a", 6 * MB), bodies.room("b", 2 * MB):  # all but the 2 MB that have come
                with pytest.raises(Refusal, match="Too many photos"):
                    await anext(read)
        async with asyncio.timeout(1), bodies.room("a", 8 * MB), bodies.room("b", 2 * MB):
            pass  # all of it is free again

    run(story())


def test_what_a_body_is_can_be_told_before_it_is_read() -> None:
    async def story() -> None:
        body = Body(Sender(b"PK\3\4", b"rest", transfer_encoding="chunked").request, most=10)
        assert await body.begin() == b"PK\3\4"
        assert await body.begin() == b"PK\3\4"
        assert await body.read() == b"PK\3\4rest"

    run(story())


def test_a_body_is_written_to_a_file_as_it_comes(tmp_path: Path) -> None:
    async def story() -> None:
        with (tmp_path / "file").open("wb") as file:
            await Body(Sender(b"one", b"two", content_length="6").request).save(file)
        assert (tmp_path / "file").read_bytes() == b"onetwo"

    run(story())


def test_a_body_may_turn_out_to_be_larger_than_its_kind_allows() -> None:
    async def story() -> None:
        told = Body(Sender(content_length="9").request, most=10)
        with pytest.raises(Refusal, match="larger"):
            told.limit(8)
        untold = Body(Sender(b"12345", b"6789", transfer_encoding="chunked").request, most=10)
        untold.limit(8)
        assert untold.size == 8
        with pytest.raises(Refusal, match="larger"):
            await untold.read()

    run(story())
