"""What a browser gets first."""

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Router

from lib.server.first_page import FirstPage, Room
from tests.support.asgi import Behind, ask, scope

TEMPLATE = Path(__file__).resolve().parents[2] / "lib" / "ui" / "web" / "first_page.html"
ROOMS = (
    Room("", "Classify", "See what the model sees, and how sure it is."),
    Room("compare", "Compare", "Compare models"),
)
PAGE = FirstPage(
    TEMPLATE.read_text("utf-8"),
    ROOMS,
    scripts="<script src=a.js></script>",
    style="a > b {}",
    icon="/i.svg",
    streamlits={"</script>": "Models"},
)


def get(path: str, query: str = "", accepts: str = "") -> str:
    """Return what a browser gets."""
    asked = scope(path, accept_language=accepts) | {"query_string": query.encode()}
    answer = ask(Router(PAGE.routes()), Behind(), asked)
    assert (answer.status, answer.headers["vary"], answer.headers["cache-control"]) == (
        200,
        "Accept-Language",
        "no-cache",
    )
    return answer.body.decode()


@pytest.mark.parametrize(
    ("path", "query", "accepts", "language", "title", "headline"),
    [
        ("/", "", "", "en", "Classify – Discern", "See what the model sees, and how sure it is."),
        ("/compare", "", "ko-KR,en;q=0.5", "ko", "비교 – Discern", "모델 비교"),
        ("/compare", "lang=ja", "ko-KR,en;q=0.5", "ja", "比較 – Discern", "モデルの比較"),
        ("/", "lang=xx", "ja", "ja", "分類 – Discern", "モデルに何が見え、どれだけ自信があるかを見てみよう。"),
        ("/compare", "", "fr,ko;q=0.9", "en", "Compare – Discern", "Compare models"),  # Streamlit asks the first one
    ],
)
def test_language_title_and_headline_are_the_visitors(
    path: str, query: str, accepts: str, language: str, title: str, headline: str
) -> None:
    page = get(path, query, accepts)
    assert f'<html lang="{language}">' in page
    assert f"<title>{title}</title>" in page
    assert f"<p>{headline}</p>" in page
    assert re.findall(r'data-speak="(\w+)" aria-current', page) == [language]


def test_the_room_is_marked_and_links_keep_a_language_that_was_asked_for() -> None:
    assert re.findall(r'href="(\S+)" .*aria-current="page"', get("/compare")) == ["/compare"]
    links = re.findall(r'href="(/[^"]*)" data-go', get("/", "lang=ko"))
    assert links == ["/?lang=ko", "/?lang=ko", "/compare?lang=ko"]


def test_style_and_scripts_stay_as_they_are_and_words_cannot_end_their_script() -> None:
    page = get("/")
    assert "<style>a > b {}</style>" in page
    assert "<script src=a.js></script>" in page
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', page)
    assert found is not None
    words = json.loads(found[1])
    assert words["streamlits"] == [["</script>", "Models", "모델", "モデル"]]
    assert words["said"]["ja"]["compare"] == "比較"


def test_nothing_of_the_address_comes_back() -> None:
    assert "<img" not in get("/", 'lang="><img>')
