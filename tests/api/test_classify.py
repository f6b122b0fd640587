"""`POST /api/v1/classify`: one photo, many photos, and what is neither."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from starlette.types import Message

from lib.classify.infer import Settings, conclude, infer
from lib.i18n import Translator
from lib.photos.source import Source
from lib.reports.classifications import to_object
from lib.results import Answer
from lib.server import limits
from lib.server.models import Models, labels
from tests.api.conftest import BOUNDARY, Api, Form, form, lines, problem
from tests.support import asgi
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain

CLASSIFY = "classify?model=tiny-float32"
RED_PNG, GREEN_PNG, BLUE_PNG = (encode(plain(colour), "PNG") for colour in (RED, GREEN, BLUE))
KIND = f"multipart/form-data; boundary={BOUNDARY}"


def test_a_photo_as_the_body_gets_the_object_of_the_command_line(api: Api, models: Models) -> None:
    answer = api.ask("POST", f"{CLASSIFY}&name=r.png&top=2&lang=ko", RED_PNG, content_type="image/png")
    model = models.find("tiny-float32")
    said = infer(Source.of_bytes(RED_PNG, "r.png"), models.classifier(model))
    assert isinstance(said, Answer)
    expected = to_object(conclude(said, labels(model, "ko"), Settings(top=2)), Translator("ko"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == json.loads(json.dumps(expected))
    assert answer.headers["cache-control"] == "no-store"


def test_one_photo_in_a_form_is_answered_like_one_in_the_body(api: Api) -> None:
    alone = api.ask("POST", f"{CLASSIFY}&name=r.png", RED_PNG)
    assert json.loads(api.post(CLASSIFY, [("file", "r.png", RED_PNG)]).body) == json.loads(alone.body)


def test_many_photos_get_a_line_each_in_their_order_and_a_bad_one_costs_the_others_nothing(api: Api) -> None:
    photos: Form = [("file", f"{n}.png", (RED_PNG, GREEN_PNG, BLUE_PNG)[n % 3]) for n in range(40)]
    photos[7] = ("file", "no photo.txt", b"hello")
    found = lines(api.post(CLASSIFY, photos))
    assert [one["file"] for one in found] == [name for _, name, _ in photos]
    assert [one["predictions"][0]["label"] for one in found if "error" not in one][:4] == [
        "red",
        "green",
        "blue",
        "red",
    ]
    assert "no photo.txt" in found[7]["error"]
    assert set(found[7]) == {"file", "model", "error"}


def test_one_photo_is_a_line_for_who_wants_lines(api: Api) -> None:
    (one,) = lines(api.post(CLASSIFY, [("file", "r.png", RED_PNG)], accept="application/x-ndjson"))
    assert one["verdict"] == "clear"
    (bad,) = lines(api.post(CLASSIFY, [("file", "x", b"x")], accept="application/x-ndjson"))
    assert "error" in bad


def test_names_of_files_come_back_as_they_were(api: Api) -> None:
    names = ["고양이.png", "猫 2.png", 'a\\"b.png', "<b>.png", "folder/x.png"]
    found = lines(api.post(CLASSIFY, [("file", name, RED_PNG) for name in names]))
    assert [one["file"] for one in found] == ["고양이.png", "猫 2.png", 'a"b.png', "<b>.png", "folder/x.png"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        (CLASSIFY, b"", {}, (422, "usage")),
        (CLASSIFY, b"hello", {}, (422, "photo")),
        (CLASSIFY, b"{}", {"content_type": "application/json"}, (415, "media-type")),
        (CLASSIFY, RED_PNG, {"content_type": "text/plain"}, (415, "media-type")),
        ("classify?model=nix", RED_PNG, {}, (404, "model-unknown")),
        ("classify?model=tiny-int8&model=tiny-uint8", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&top=0", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&top=many", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&top=101", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&whole=yes", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&ratio=2", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&familiar=nan", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&tpo=3", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&top=3&top=3", RED_PNG, {}, (422, "usage")),
        (f"{CLASSIFY}&lang=xx", RED_PNG, {}, (422, "usage")),
        (CLASSIFY, RED_PNG, {"content_encoding": "gzip"}, (415, "media-type")),
        (CLASSIFY, form([]), {"content_type": KIND, "content_encoding": "gzip"}, (415, "media-type")),
        (CLASSIFY, b"", {"content_length": str(10 * 2**30)}, (413, "too-large")),
        (CLASSIFY, b"", {"content_length": str(10 * 2**30), "content_type": KIND}, (413, "too-large")),
        (CLASSIFY, form([]), {"content_type": KIND}, (422, "usage")),
        (CLASSIFY, form([("photo", "r.png", RED_PNG)]), {"content_type": KIND}, (422, "usage")),
        (CLASSIFY, form([("file", "r.png", RED_PNG)])[:-9], {"content_type": KIND}, (422, "usage")),
        (CLASSIFY, b"no parts at all", {"content_type": KIND}, (422, "usage")),
        (CLASSIFY, b"", {"content_type": "multipart/form-data"}, (422, "usage")),
        (CLASSIFY, b"", {"content_type": f"multipart/form-data; boundary={'x' * 300}"}, (422, "usage")),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(
    api: Api, path: str, body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert problem(api.ask("POST", path, body, **headers)) == expected


def test_a_mistyped_parameter_is_named_beside_those_there_are(api: Api) -> None:
    told = json.loads(api.ask("POST", f"{CLASSIFY}&tpo=3", RED_PNG).body)["detail"]
    assert "“tpo”" in told
    assert "model, whole, lang, top, ratio, floor, familiar, name" in told


def test_without_a_model_the_default_answers(api: Api, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.store, "default_id", lambda: "tiny-int8")
    for query in ("", "?model=", "?model=&lang=ko-KR"):
        assert json.loads(api.ask("POST", f"classify{query}", RED_PNG).body)["model"] == "tiny-int8"


def test_what_came_before_a_field_of_another_name_is_answered(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BEGIN_BYTES", 100)
    body = form([*(("file", f"{n}.png", RED_PNG) for n in range(6)), ("top", "", b"3")])
    cut = len(form([("file", f"{n}.png", RED_PNG) for n in range(3)])) - 20
    seen: list[tuple[int, bytes]] = []
    asyncio.run(stream(api, [body[:cut], body[cut:]], seen, after=0.05))
    *found, last = [json.loads(line) for _, line in seen if line]
    assert [one["verdict"] for one in found] == ["clear"] * 6
    assert "“top”" in last["error"]


def test_ten_thousand_parts_are_too_many(api: Api) -> None:
    assert problem(api.post(CLASSIFY, [("file", "x", b"")] * 10_000)) == (413, "too-large")


def test_a_photo_that_is_too_large_is_a_line_beside_the_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PHOTO_BYTES", 1000)
    large = encode(noise(40, 40), "PNG")
    found = lines(
        api.post(CLASSIFY, [("file", "r.png", RED_PNG), ("file", "large.png", large), ("file", "b.png", BLUE_PNG)])
    )
    assert ["error" in one for one in found] == [False, True, False]
    assert "large.png" in found[1]["error"]


def test_a_body_that_stands_still_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STALLED_S", 0.05)

    async def ask(body: bytes, **headers: str) -> asgi.Asked:
        begun: list[Message] = [{"type": "http.request", "body": body, "more_body": True}]
        scope = asgi.scope(f"/api/v1/{CLASSIFY}", method="POST", **headers)
        answer, sent = asgi.Asked(), iter(begun)

        async def receive() -> Message:
            for message in sent:
                return message
            return await asyncio.Future()

        async def send(message: Message) -> None:
            answer.status = message.get("status", answer.status)
            answer.body += message.get("body", b"")
            answer.headers |= {name.decode(): value.decode() for name, value in message.get("headers", ())}

        await api.app(scope, receive, send)
        return answer

    assert problem(asyncio.run(ask(RED_PNG[:9], content_length="1000"))) == (408, "too-slow")
    assert problem(asyncio.run(ask(form([("file", "r", RED_PNG)])[:-9], content_length="1000", content_type=KIND))) == (
        408,
        "too-slow",
    )


def test_a_body_that_drips_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STALLED_S", 0.2)

    async def ask() -> tuple[int, bytes]:
        status, body = 0, b""

        async def receive() -> Message:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Message) -> None:
            nonlocal status, body
            status, body = message.get("status", status), body + message.get("body", b"")

        await api.app(asgi.scope(f"/api/v1/{CLASSIFY}", method="POST", content_length="9999"), receive, send)
        return status, body

    status, body = asyncio.run(asyncio.wait_for(ask(), 5))
    assert (status, json.loads(body)["detail"]) == (408, "The upload came too slowly. Try again.")


async def stream(api: Api, pieces: list[bytes], seen: list[tuple[int, bytes]], after: float = 0.0) -> None:
    """Send a form in pieces, and note what comes back, and how many pieces were read by then."""
    read = 0

    async def receive() -> Message:
        nonlocal read
        if read == len(pieces):
            return await asyncio.Future()
        await asyncio.sleep(after)
        read += 1
        return {"type": "http.request", "body": pieces[read - 1], "more_body": read < len(pieces)}

    async def send(message: Message) -> None:
        seen.append((read, message.get("body", b"")))

    await api.app(asgi.scope(f"/api/v1/{CLASSIFY}", method="POST", content_type=KIND), receive, send)


def test_lines_come_before_all_is_sent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BEGIN_BYTES", 1000)
    body = form([("file", f"{n}.png", encode(noise(64, 64), "PNG")) for n in range(100)])
    seen: list[tuple[int, bytes]] = []
    asyncio.run(stream(api, [body[at : at + 4096] for at in range(0, len(body), 4096)], seen))
    came = [read for read, line in seen if line]
    assert len(came) == 100
    assert came[0] < len(body) / 4096 / 2


def test_photos_are_read_no_faster_than_they_are_looked_at(api: Api, held: threading.Event) -> None:
    pieces = [form([("file", "r.png", RED_PNG)])[:-14]] * 100
    seen: list[tuple[int, bytes]] = []

    async def ask() -> int:
        asking = asyncio.create_task(stream(api, pieces, seen))
        await asyncio.sleep(0.2)
        waiting = api.pool.waiting("api:127.0.0.1")
        held.set()
        asking.cancel()
        return waiting

    assert asyncio.run(ask()) == limits.AHEAD_EACH * api.pool.workers


def test_what_breaks_off_after_answers_began_ends_with_a_line_that_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BEGIN_BYTES", 100)
    seen: list[tuple[int, bytes]] = []
    body = form([("file", f"{n}.png", RED_PNG) for n in range(4)])[:-20]
    asyncio.run(stream(api, [body, b""], seen, after=0.05))
    *found, last = [json.loads(line) for _, line in seen if line]
    assert [one["verdict"] for one in found] == ["clear"] * 3
    assert last["code"] == "usage"


@pytest.fixture
def held(api: Api) -> Iterator[threading.Event]:
    """All threads of the pool are busy until this is set."""
    go, busy = threading.Event(), threading.Barrier(api.pool.workers + 1)

    def hold() -> None:
        busy.wait(5)
        go.wait(5)

    others = [api.pool.line("other").submit(hold) for _ in range(api.pool.workers)]
    busy.wait(5)
    yield go
    go.set()
    for other in others:
        other.result(5)


@pytest.mark.parametrize("kind", ["image/png", KIND])
def test_who_goes_away_leaves_the_line(api: Api, held: threading.Event, kind: str) -> None:
    body = RED_PNG if kind == "image/png" else form([("file", "r.png", RED_PNG), ("file", "b.png", BLUE_PNG)])

    async def ask() -> None:
        events = iter([{"type": "http.request", "body": body}, {"type": "http.disconnect"}])

        async def receive() -> Message:
            await asyncio.sleep(0.01)
            return next(events)

        async def send(_message: Message) -> None:
            pass

        scope = asgi.scope(f"/api/v1/{CLASSIFY}", method="POST", content_type=kind)
        await asyncio.wait_for(api.app(scope, receive, send), 5)

    asyncio.run(ask())
    assert not held.is_set()
    assert api.pool.waiting("api:127.0.0.1") == 0
