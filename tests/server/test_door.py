"""Who may come in."""

import pytest

from lib.errors import UsageError
from lib.server.door import Door, Names
from tests.support.asgi import Asked, Behind, ask, scope

STREAM = "/_stcore/stream"
NAMES = Names.of(["127.0.0.1"], "")


def knock(names: Names = NAMES, path: str = "/", **how: str) -> Asked:
    behind = Behind()
    return ask(Door(behind, names), behind, scope(path, **how))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "localhost.", "[::1]:8501", "127.0.0.2:8501"],
)
def test_its_own_names_come_in(host: str, kind: str) -> None:
    assert knock(host=host, kind=kind).got_in


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1.x",
        "192.168.1.9:8501",
        "[::1",
        "localhost:port",
        "2130706433.example",
        "",
    ],
)
def test_a_foreign_host_is_refused_with_a_sentence(host: str, kind: str) -> None:
    answer = knock(host=host, origin=f"http://{host}" if host else "", kind=kind)
    assert (answer.status, answer.got_in) == (400, False)
    assert b"does not answer to the name" in answer.body


@pytest.mark.parametrize(("kind", "method"), [("http", "PUT"), ("http", "GET"), ("websocket", "GET")])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example:8501",
        "http://127.0.0.1:3000",
        "http://localhost",
        "file://",
        "x",
        "[:",
    ],
)
def test_a_foreign_page_is_refused_with_a_sentence(origin: str, kind: str, method: str) -> None:
    answer = knock(path=STREAM, origin=origin, kind=kind, method=method)
    assert (answer.status, answer.got_in) == (403, False)
    assert b"may not use this server" in answer.body


@pytest.mark.parametrize("origin", ["", "http://127.0.0.1:8501", "http://localhost:8501", "http://LocalHost:8501"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_its_own_pages_come_in(origin: str, kind: str) -> None:
    assert knock(path=STREAM, origin=origin, kind=kind).got_in


def test_streamlit_sees_an_origin_that_equals_the_host_so_that_it_asks_nobody() -> None:
    answer = knock(path=STREAM, origin="http://localhost:8501", kind="websocket")
    assert dict(answer.scopes[0]["headers"])[b"host"] == b"localhost:8501"


@pytest.mark.parametrize(
    ("scheme", "origin", "got_in"),
    [
        ("wss", "https://127.0.0.1:8501", True),
        ("wss", "http://127.0.0.1:8501", False),
        ("https", "http://127.0.0.1:8501", False),
        ("ws", "http://127.0.0.1:8501", True),
        ("ws", "https://127.0.0.1:8501", True),  # TLS ends at a proxy in front
    ],
)
def test_over_tls_no_page_without_it_comes_in(scheme: str, origin: str, got_in: bool) -> None:
    behind = Behind()
    kind = "websocket" if scheme.startswith("ws") else "http"
    asked = scope(STREAM, kind=kind, origin=origin, **({} if kind == "websocket" else {"method": "POST"}))
    assert ask(Door(behind, NAMES), behind, asked | {"scheme": scheme}).got_in is got_in


def test_a_frame_that_is_shut_off_may_load_but_not_act() -> None:
    assert knock(origin="null").got_in
    assert knock(origin="null", method="PUT").status == 403
    assert knock(origin="null", kind="websocket").status == 403


def test_the_address_at_which_a_visitor_reached_the_server_is_its_name() -> None:
    everywhere = Names.of(["0.0.0.0"], "")
    reached = {"here": "192.168.1.9", "host": "192.168.1.9:8501", "origin": "http://192.168.1.9:8501"}
    assert knock(everywhere, kind="websocket", **reached).got_in
    assert knock(everywhere, **{**reached, "here": "::ffff:192.168.1.9"}).got_in
    assert knock(everywhere, host="[fe80::1]:8501", here="fe80::1%eth0").got_in
    assert knock(everywhere, **{**reached, "here": "10.0.0.1"}).status == 400


def test_a_proxy_name_that_the_owner_listed_comes_in_whatever_the_proxy_does_to_the_host() -> None:
    names = Names.of(["127.0.0.1"], "lab.example.org, *.school.example")
    kept = knock(names, host="lab.example.org", origin="https://lab.example.org", kind="websocket")
    changed = knock(names, host="127.0.0.1:8501", origin="https://lab.example.org", kind="websocket")
    assert kept.got_in
    assert dict(changed.scopes[0]["headers"])[b"host"] == b"lab.example.org"
    assert knock(names, host="a.school.example").got_in
    assert knock(names, host="school.example.evil.example").status == 400


@pytest.mark.parametrize("given", ["https://lab.example.org", "lab.example.org:8501", "lab.example.org/lab"])
def test_a_listed_name_that_is_none_is_a_sentence(given: str) -> None:
    with pytest.raises(UsageError, match=r"in DISCERN_HOSTS is not a host name"):
        Names.of([], given)


@pytest.mark.parametrize(
    ("accepted", "start"),
    [("ko-KR,ko;q=0.9,en;q=0.8", "이 서버"), ("fr, ja;q=0.5", "この"), ("*", "This server"), ("", "This server")],
)
def test_the_sentence_is_in_the_language_of_the_browser(accepted: str, start: str) -> None:
    assert knock(host="evil.example", accept_language=accepted).body.decode().startswith(start)
