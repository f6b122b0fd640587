"""Uploads are counted while they come in."""

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive, Scope, Send

from lib.errors import UsageError
from lib.server import limits
from lib.server.uploads import Uploads
from tests.support.asgi import Asked, Behind, ask, scope

MB = 2**20
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'


def put(app: Uploads, behind: Behind, pieces: Iterable[bytes], session: str = "s", **headers: str) -> Asked:
    sends: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    return ask(app, behind, scope(f"/_stcore/upload_file/{session}/f", method="PUT", **headers), sends)


def uploads(held: dict[str, int] | None = None, **limited: int) -> tuple[Uploads, Behind]:
    behind = Behind()
    return Uploads(behind, lambda: held or {}, **limited), behind


def test_a_photo_comes_in_whole() -> None:
    app, behind = uploads()
    assert put(app, behind, [HEAD, b"a" * 1000]).status == 200
    assert b"".join(event["body"] for event in behind.received) == HEAD + b"a" * 1000


@pytest.mark.parametrize(
    ("start", "megabytes", "status"),
    [(b"\xff\xd8", 63, 200), (b"\xff\xd8", 65, 413), (b"PK\x03\x04", 65, 200), (b"PK\x03\x04", 513, 413)],
)
def test_a_zip_may_be_larger_than_a_photo(start: bytes, megabytes: int, status: int) -> None:
    app, behind = uploads()
    piece = bytes(MB)
    answer = put(app, behind, [HEAD, start, *[piece] * megabytes])
    assert answer.status == status
    assert status == 200 or b"The file is larger than" in answer.body


def test_reading_stops_at_the_limit() -> None:
    app, behind = uploads()
    put(app, behind, [HEAD, *[bytes(MB)] * 100])
    assert sum(len(event["body"]) for event in behind.received) <= limits.PHOTO_BYTES + MB


def test_what_says_that_it_is_too_large_is_not_read_at_all() -> None:
    app, behind = uploads()
    answer = put(app, behind, [], content_length=str(600 * MB))
    assert (answer.status, answer.got_in) == (413, False)


def test_one_visitor_is_bounded_and_others_are_not_hindered() -> None:
    app, behind = uploads({"s": 10 * MB}, visit_bytes=11 * MB)
    full = put(app, behind, [bytes(MB), b"one more"])
    assert full.status == 413
    assert b"waiting to be read" in full.body
    assert put(app, behind, [bytes(MB)], session="other").status == 200
    assert put(app, behind, [bytes(MB)]).status == 200


def test_all_visitors_together_are_bounded() -> None:
    app, behind = uploads({"a": 10 * MB, "b": 10 * MB}, server_bytes=21 * MB)
    full = put(app, behind, [bytes(2 * MB)], session="c")
    assert full.status == 413
    assert b"The server is full" in full.body


def test_what_pages_took_meanwhile_no_longer_counts() -> None:
    held = {"s": 10 * MB}
    app, behind = uploads(held, visit_bytes=11 * MB)
    assert put(app, behind, [bytes(2 * MB)]).status == 413
    held.clear()
    assert put(app, behind, [bytes(2 * MB)]).status == 200


def test_what_comes_in_at_once_counts_together() -> None:
    held: dict[str, int] = {}
    refused = []

    async def behind(_scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = Uploads(behind, lambda: held, visit_bytes=5 * MB)

    async def one(file: int) -> None:
        pieces = iter([True, True, True, False])

        async def receive() -> Message:
            await asyncio.sleep(0)
            return {"type": "http.request", "body": bytes(MB // 2), "more_body": next(pieces)}

        async def send(message: Message) -> None:
            if message.get("status") == 413:
                refused.append(file)

        await app(scope(f"/_stcore/upload_file/s/{file}", method="PUT"), receive, send)

    async def all_at_once() -> None:
        await asyncio.gather(*(one(file) for file in range(4)))

    asyncio.run(all_at_once())
    assert 1 <= len(refused) < 4  # 8 MB wanted to come in, 5 may


def test_an_upload_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STALLED_S", 0.01)
    statuses = []

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        statuses.append(message.get("status"))

    asyncio.run(uploads()[0](scope("/_stcore/upload_file/s/f", method="PUT"), never, send))
    assert statuses[0] == 408


@pytest.mark.parametrize(
    "how", [{"method": "DELETE"}, {"method": "PUT", "path": "/api/v1/classify"}, {"kind": "websocket"}]
)
def test_other_requests_are_not_counted(how: dict[str, str]) -> None:
    app, behind = uploads({"s": 10 * MB}, visit_bytes=1)
    assert ask(app, behind, scope(**{"path": "/_stcore/upload_file/s/f", **how})).got_in


def test_the_owner_says_how_much_the_server_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_UPLOADS_MB", "100")
    assert limits.waiting_bytes() == 100 * MB
    monkeypatch.setenv("DISCERN_UPLOADS_MB", "much")
    with pytest.raises(UsageError, match="DISCERN_UPLOADS_MB is much"):
        limits.waiting_bytes()
