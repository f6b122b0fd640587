"""What a browser gets first."""

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Router

from lib.server.first_page import FirstPage, Room
from lib.server.host import HOST
from tests.support.asgi import Behind, ask, scope

TEMPLATE = Path(__file__).resolve().parents[2] / "lib" / "ui" / "web" / "first_page.html"
ROOMS = (
    Room("", "Classify", "See what the model sees, and how sure it is."),
    Room("compare", "Compare"),
)
PAGE = FirstPage(
    TEMPLATE.read_text("utf-8"),
    ROOMS,
    Room("join", "Join"),
    Room("photos", "Where do my photos go?"),
    scripts="<script src=a.js></script>",
    style="a > b {}",
    icon="/i.svg",
    streamlits={"</script>": "Models", "Select {n} matches": "Choose all {n}"},
)


def get(path: str, query: str = "", accepts: str = "") -> str:
    """Return what a browser gets."""
    asked = scope(path, accept_language=accepts) | {"query_string": query.encode()}
    answer = ask(Router(PAGE.routes()), Behind(), asked)
    assert (answer.status, answer.headers["vary"], answer.headers["cache-control"]) == (
        200,
        "Accept-Language, Cookie",
        "no-cache",
    )
    return answer.body.decode()


@pytest.mark.parametrize(
    ("path", "query", "accepts", "language", "title", "promise"),
    [
        ("/", "", "", "en", "Classify – Discern", "See what the model sees, and how sure it is."),
        ("/compare", "", "ko-KR,en;q=0.5", "ko", "비교 – Discern", ""),
        ("/compare", "lang=ja", "ko-KR,en;q=0.5", "ja", "比較 – Discern", ""),
        ("/", "lang=xx", "ja", "ja", "分類 – Discern", "モデルには何に見え、どれだけ自信があるかを見てみましょう。"),
        ("/compare", "", "fr,ko;q=0.9", "en", "Compare – Discern", ""),  # Streamlit asks the first one
    ],
)
def test_language_title_and_promise_are_the_visitors(
    path: str, query: str, accepts: str, language: str, title: str, promise: str
) -> None:
    page = get(path, query, accepts)
    assert f'<html lang="{language}">' in page
    assert f"<title>{title}</title>" in page
    assert re.search(r'<div class="splash" aria-hidden="true">(.*)</div>', page)[1] == (promise and f"<p>{promise}</p>")  # type: ignore[index]
    assert re.findall(r'data-speak="(\w+)" aria-current', page) == [language]


def test_the_room_is_marked_and_links_keep_a_language_that_was_asked_for() -> None:
    assert re.findall(r'href="(\S+)" .*aria-current="page"', get("/compare")) == ["/compare"]
    links = re.findall(r'href="(/[^"]*)" data-go', get("/", "lang=ko"))
    assert links == ["/?lang=ko", "/?lang=ko", "/compare?lang=ko", "/join?lang=ko", "/photos?lang=ko"]


def test_style_and_scripts_stay_as_they_are_and_words_cannot_end_their_script() -> None:
    page = get("/")
    assert "<style>a > b {}</style>" in page
    assert "<script src=a.js></script>" in page
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', page)
    assert found is not None
    words = json.loads(found[1])
    assert words["streamlits"] == [
        ["</script>", "Models", "모델", "モデル"],
        ["Select {n} matches", "Choose all {n}", "{n}개 모두 선택", "{n} 件すべて選ぶ"],
    ]
    assert words["said"]["ja"]["compare"] == "比較"


def test_nothing_of_the_address_comes_back() -> None:
    assert "<img" not in get("/", 'lang="><img>')


@pytest.mark.parametrize(("cookie", "is_seen"), [("discern-host=key", True), ("discern-host=no", False), ("", False)])
def test_the_hosts_own_room_is_shown_to_the_host_alone(
    monkeypatch: pytest.MonkeyPatch, cookie: str, is_seen: bool
) -> None:
    monkeypatch.setattr(HOST, "key", "key")
    page = ask(Router(PAGE.routes()), Behind(), scope("/", cookie=cookie)).body.decode()
    link = re.search(r'<a class="hosts"[^>]*>', page)
    assert link is not None
    assert (" hidden" not in link[0]) is is_seen
