"""Who the host is."""

import asyncio
import os
from pathlib import Path

import pytest
from starlette.requests import Request

from lib.server.host import COOKIE, Entrance, Guesses, Host, NotHostError, is_for_all, kept_key
from tests.support.asgi import Asked, Behind, ask, scope

KEY = "k" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def knock(address: str, host: Host | None = None, scheme: str = "https", **how: str) -> Asked:
    behind = Behind()
    return ask(Entrance(behind, host or Host(KEY)), behind, scope(address, **how) | {"scheme": scheme})


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wait no time, and return for how long it would have been."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", False),
        ("127.1.2.3", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.1.9", True),
        ("lab.example.org", True),
        (None, True),
        ("", True),
    ],
)
def test_a_server_that_others_reach_is_for_all(address: str | None, expected: bool) -> None:
    assert is_for_all(address) is expected


def test_where_this_machine_alone_is_served_everybody_is_the_host() -> None:
    assert Host().knows_cookies({})
    Host().require(Request(scope()))


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [({COOKIE: KEY}, True), ({}, False), ({COOKIE: ""}, False), ({COOKIE: KEY + "k"}, False), ({COOKIE: "ü"}, False)],
)
def test_else_the_host_has_the_key(cookies: dict[str, str], expected: bool) -> None:
    assert Host(KEY).knows_cookies(cookies) is expected


def test_a_request_without_the_key_is_refused_with_a_sentence() -> None:
    Host(KEY).require(Request(scope(cookie=f"{COOKIE}={KEY}")))
    with pytest.raises(NotHostError, match="only the teacher") as refused:
        Host(KEY).require(Request(scope(cookie=f"{COOKIE}=other")))
    assert (refused.value.status, refused.value.code) == (403, "not-host")


def test_the_key_leaves_the_address_and_becomes_a_cookie_that_no_script_reads() -> None:
    answer = knock(f"/join?lang=ko&host={KEY}&model=a%20b")
    assert (answer.status, answer.headers["location"], answer.got_in) == (303, "/join?lang=ko&model=a+b", False)
    parts = answer.headers["set-cookie"].lower().split("; ")
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}={KEY}; ")
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= set(parts)
    assert answer.headers["cache-control"] == "no-store"


def test_without_tls_the_cookie_is_sent_back_without_it() -> None:
    assert "secure" not in knock(f"/?host={KEY}", scheme="http").headers["set-cookie"].lower()


def test_nobody_is_led_to_another_site() -> None:
    assert knock(f"//evil.example/?host={KEY}").headers["location"] == "/evil.example/"


def test_other_requests_pass(waits: list[float]) -> None:
    assert knock("/?lang=ko").got_in
    assert knock(f"/?host={KEY}", Host()).got_in  # nobody needs a key
    assert knock(f"/_stcore/stream?host={KEY}", kind="websocket").got_in
    assert waits == []


def test_an_invitation_makes_a_host_once() -> None:
    host, behind = Host(KEY), Behind()
    entrance, invited = Entrance(behind, host), host.invite()
    assert invited != KEY
    first, second = (ask(entrance, behind, scope(f"/?host={invited}")) for _ in range(2))
    assert (first.status, second.status) == (303, 403)
    assert f"{COOKIE}={KEY};" in first.headers["set-cookie"]
    assert "set-cookie" not in second.headers
    assert not host.admits("")


def test_of_many_invitations_the_oldest_goes() -> None:
    host = Host(KEY)
    invited = [host.invite() for _ in range(21)]
    assert [host.admits(each) for each in invited] == [False, *[True] * 20]


def test_wrong_keys_wait_longer_and_longer_and_get_no_cookie(waits: list[float]) -> None:
    behind = Behind()
    entrance = Entrance(behind, Host(KEY))
    answers = [ask(entrance, behind, scope("/?host=guess")) for _ in range(4)]
    assert waits == [0.25, 0.5, 1.0, 2.0]
    assert {answer.status for answer in answers} == {403}
    assert all("set-cookie" not in answer.headers and not answer.got_in for answer in answers)
    assert b"makes nobody a host" in answers[0].body
    assert ask(entrance, behind, scope(f"/?host={KEY}")).status == 303  # the right one never waits
    assert len(waits) == 4


def test_one_address_does_not_slow_another_and_all_is_forgotten_in_time() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    assert [guesses.wait_s("a") for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    assert guesses.wait_s("b") == 0.25
    clock.now += 601
    assert guesses.wait_s("a") == 0.25


def test_guesses_take_bounded_memory() -> None:
    guesses = Guesses()
    for number in range(3000):
        guesses.wait_s(str(number))
    assert len(guesses._of) == 1000


def test_a_server_started_anew_keeps_its_host(tmp_path: Path) -> None:
    key = kept_key(tmp_path)
    assert len(key) == 32
    assert kept_key(tmp_path) == key
    assert kept_key(tmp_path / "other") != key


@pytest.mark.parametrize("damage", [b"", b"short", b"k" * 32 + b"\n", b"\xff" * 32])
def test_a_damaged_key_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    kept_key(tmp_path)
    (tmp_path / "class" / "host.key").write_bytes(damage)
    key = kept_key(tmp_path)
    assert len(key) == 32
    assert key.encode() != damage


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps others out by the folder's owner.")
def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    kept_key(tmp_path)
    assert (tmp_path / "class").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "class" / "host.key").stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_kept_there_is_a_key_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "class").write_text("a file in the way")
    assert len(kept_key(tmp_path)) == 32
    assert kept_key(tmp_path) != kept_key(tmp_path)
