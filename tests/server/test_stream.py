"""What a page may say over its WebSocket."""

import asyncio

import pytest
from starlette.types import Message
from streamlit.proto.BackMsg_pb2 import BackMsg

from lib.server import limits
from lib.server.stream import WANTED, Stream
from lib.ui.internals import kind_of_message
from tests.support.asgi import Asked, Behind, ask, scope

RERUN = BackMsg(rerun_script={}).SerializeToString()


def say(*frames: Message) -> tuple[Asked, list[bytes | None]]:
    """Return what came back, and the messages that reached Streamlit."""
    behind = Behind()
    app = Stream(behind, kind_of_message)
    answer = ask(app, behind, scope("/_stcore/stream", kind="websocket"), frames)
    return answer, [event["bytes"] for event in behind.received if event["type"] == "websocket.receive"]


def frame(data: bytes) -> Message:
    return {"type": "websocket.receive", "bytes": data}


@pytest.mark.parametrize(
    "message",
    [
        {"rerun_script": {"query_string": "k=3"}},
        {"stop_script": True},
        {"app_heartbeat": True},
        {"file_urls_request": {"request_id": "1", "file_names": ["a.jpg"], "session_id": "s"}},
        {"backend_operation_request": {"request_id": "1", "deferred_file": {"file_id": "f"}}},
    ],
    ids=lambda message: next(iter(message)),
)
def test_what_pages_say_gets_through_unchanged(message: dict[str, object]) -> None:
    data = BackMsg(**message).SerializeToString()
    assert say(frame(RERUN), frame(data))[1] == [RERUN, data]


@pytest.mark.parametrize(
    "message",
    [
        {"clear_cache": True},
        {"set_run_on_save": True},
        {"load_git_info": True},
        {"debug_shutdown_runtime": True},
        {"debug_disconnect_websocket": True},
        {"backend_operation_request": {"request_id": "1", "install_skills": {}}},
        {"backend_operation_request": {"request_id": "1", "dismiss_skills_nudge": {}}},
    ],
    ids=lambda message: next(iter(message.values() if "backend" in next(iter(message)) else message)),
)
def test_what_pages_never_say_is_dropped_and_the_rest_gets_through(message: dict[str, object]) -> None:
    data = BackMsg(**message).SerializeToString()
    answer, through = say(frame(data), frame(RERUN))
    assert (answer.status, through) == (101, [RERUN])


def test_a_message_within_a_message_does_not_hide_another() -> None:
    clear = BackMsg(clear_cache=True).SerializeToString()
    assert say(frame(RERUN + clear))[1] == []  # the last one counts, for Streamlit too


@pytest.mark.parametrize(
    "message",
    [{"type": "websocket.receive", "text": "hello"}, frame(b"\xff\xff"), frame(b"")],
    ids=["text", "nonsense", "nothing"],
)
def test_what_is_no_message_ends_the_connection(message: Message) -> None:
    answer, through = say(message, frame(RERUN))
    assert (answer.headers["close"], through) == ("1003", [])


def silence(subprotocols: list[str]) -> list[Message]:
    """Return what a connection that says nothing for a fifth of a second is told."""
    sent: list[Message] = []
    said = iter([{"type": "websocket.connect"}])

    async def silent() -> Message:
        for message in said:
            return message
        await asyncio.sleep(0.2)
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: Message) -> None:
        sent.append(message)

    page = {**scope("/_stcore/stream", kind="websocket"), "subprotocols": subprotocols}
    asyncio.run(Stream(Behind(), kind_of_message)(page, silent, send))
    return sent


def test_a_connection_that_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.01)
    assert silence(["streamlit", "token"])[-1] == {"type": "websocket.close", "code": 1008}


def test_a_page_that_comes_back_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEAD_S", 0.01)
    assert {"type": "websocket.close", "code": 1008} not in silence(["streamlit", "token", "session"])


def test_all_that_is_let_through_is_known_to_this_version_of_streamlit() -> None:
    operation = BackMsg.DESCRIPTOR.fields_by_name["backend_operation_request"].message_type
    assert {*BackMsg.DESCRIPTOR.fields_by_name, *operation.fields_by_name} >= WANTED
