"""What browsers are told."""

import pytest

from lib.server.door import Door, Names
from lib.server.security_headers import Headers
from tests.support.asgi import Behind, ask, scope


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "evil.example"])
def test_every_answer_says_what_a_page_may_load_and_who_may_frame_it(host: str) -> None:
    behind = Behind()
    told = ask(Headers(Door(behind, Names())), behind, scope(host=host)).headers
    policy = dict(part.split(" ", 1) for part in told["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["default-src"] == policy["base-uri"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    allowed = dict(part.split("=", 1) for part in told["permissions-policy"].split(", "))
    assert allowed.pop("camera") == "(self)"
    assert set(allowed) >= {"microphone", "geolocation"}
    assert set(allowed.values()) == {"()"}
    assert "strict-transport-security" not in told, "no way past the warning of a class's certificate"
    assert (told["x-content-type-options"], told["referrer-policy"]) == ("nosniff", "same-origin")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/base/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_runs_in_the_server_is_nobodys_business(path: str) -> None:
    behind = Behind()
    answer = ask(Door(behind, Names()), behind, scope(path))
    assert (answer.status, answer.body, answer.got_in) == (404, b"There is nothing here.", False)
