"""Every answer carries an id, and the log says what was asked without saying whose it was."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Message

from lib.errors import UsageError
from lib.server.exchange import route
from lib.server.tracing import Tracing, logs_requests, request_id
from tests.support.asgi import Behind, answered, ask, scope


async def well(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(f"{request_id()} {request.state.request_id}")


async def not_ours(request: Request) -> Response:
    return await well(request)


async def badly(_request: Request) -> Response:
    raise UsageError("No.")


async def wrong(_request: Request) -> Response:
    raise KeyError("a bug")


ROUTES = [
    Route("/visits/{visit}/photos/{photo:int}", well, methods=["POST"]),
    route("GET", "/visits/{visit}/answers", badly),
    Mount("/v2", routes=[Route("/wrong", wrong)]),
]


def app(*, logs: bool = False) -> Tracing:
    ticks = iter(range(1000))
    inner = Starlette(routes=[*ROUTES, Route("/static/{name}", not_ours)])
    return Tracing(inner, ROUTES, logs=logs, clock=lambda: next(ticks) / 4)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What is written down; filled as it is."""
    log, found = logging.getLogger("discern.requests"), []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    before = log.level, log.propagate, log.handlers
    log.handlers, log.propagate = [Keeps()], False
    log.setLevel(logging.INFO)
    yield found
    log.level, log.propagate, log.handlers = before


@pytest.mark.parametrize("given", ["abc-1.2_Z", "a" * 64])
def test_a_short_word_is_taken_as_the_id(given: str) -> None:
    answer = asyncio.run(answered(app(), scope("/static/a", x_request_id=given)))
    assert answer.headers["x-request-id"] == given
    assert answer.body.decode() == f"{given} {given}"


@pytest.mark.parametrize("given", ["", "a" * 65, "two words", 'quo"te', "line\nbreak", "ü"])
def test_anything_else_is_replaced(given: str) -> None:
    asked = scope("/static/a")
    asked["headers"].append((b"x-request-id", given.encode()))
    answers = [asyncio.run(answered(app(), asked)).headers["x-request-id"] for _ in range(2)]
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in answers)
    assert answers[0] != answers[1]


def test_a_problem_names_the_request() -> None:
    answer = asyncio.run(answered(app(), scope("/visits/SECRET/answers", x_request_id="mine")))
    assert answer.status == 422
    assert json.loads(answer.body)["request_id"] == "mine" == answer.headers["x-request-id"]
    assert request_id() is None


def test_a_line_says_what_came_of_a_request_and_not_whose_it_was(lines: list[str]) -> None:
    sends: list[Message] = [{"type": "http.request", "body": b"x" * 1000, "more_body": True}]
    asked = scope("/visits/SECRET/photos/7?name=grandma.jpg", method="POST", x_request_id="mine")
    asyncio.run(answered(app(logs=True), asked, sends))
    assert len(lines) == 1
    told = json.loads(lines[0])
    assert told.pop("time").endswith("Z")
    assert told == {
        "request_id": "mine",
        "door": "page",
        "method": "POST",
        "route": "/visits/{visit}/photos/{photo:int}",
        "status": 200,
        "ms": 250.0,
        "bytes_in": 1000,
    }
    assert "SECRET" not in lines[0]
    assert "grandma" not in lines[0]


def test_what_is_not_our_own_is_not_written_down(lines: list[str]) -> None:
    for address in ("/static/a", "/visits/a/unknown"):
        asyncio.run(answered(app(logs=True), scope(address)))
    asyncio.run(answered(app(), scope("/visits/a/answers")))
    assert lines == []


def test_a_bug_is_answered_with_the_id_written_down_and_stays_loud(lines: list[str]) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(event: Message) -> None:
        sent.append(event)

    with pytest.raises(KeyError, match="a bug"):
        asyncio.run(app(logs=True)(scope("/v2/wrong", x_request_id="mine"), receive, send))
    assert sent[0]["status"] == 500
    assert (b"x-request-id", b"mine") in sent[0]["headers"]
    told = json.loads(lines[0])
    assert (told["route"], told["status"], told["door"]) == ("/v2/wrong", 500, "oip")


def test_a_websocket_has_an_id_too() -> None:
    behind = Behind()
    assert ask(Tracing(behind), behind, scope("/_stcore/stream", kind="websocket", x_request_id="mine")).status == 101
    assert behind.scopes[0]["state"]["request_id"] == "mine"


@pytest.mark.parametrize(("given", "logs"), [("", False), ("json", True)])
def test_the_setting_says_whether_there_is_a_log(monkeypatch: pytest.MonkeyPatch, given: str, logs: bool) -> None:
    monkeypatch.setenv("DISCERN_LOG", given)
    assert logs_requests() is logs


def test_another_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_LOG", "xml")
    with pytest.raises(UsageError, match="DISCERN_LOG is xml"):
        logs_requests()
