"""The page of a phone in a room: what it says, what it weighs, and that nothing in it becomes markup."""

import json
import re

import pytest

from lib.i18n import LANGUAGES
from lib.ui import web
from lib.ui.room import phone

IMPORTED = re.compile(r'^import .* from "\./([\w.-]+)";$', re.MULTILINE)


def data(page: str) -> dict[str, object]:
    """Return what the page hands to its script."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def loaded(page: str) -> set[str]:
    """Return the files that a browser loads with a page, and with its scripts."""
    names = set(re.findall(r'(?:href|src)="/web/\w+/([\w.-]+)"', page))
    waiting = [name for name in names if name.endswith(".js")]
    while waiting:
        fresh = set(IMPORTED.findall(web.read(waiting.pop()))) - names
        names |= fresh
        waiting += fresh
    return names


def test_it_loads_plain_files_only_and_the_camera_when_it_is_asked_for() -> None:
    page = phone.page("en", "fox47")
    scripts = {"phone.js", "phone-room.js", "phone-photos.js", "text.js"}
    assert loaded(page) == {*phone.SHEETS, *scripts, "favicon.svg"}
    assert "://" not in page
    assert 'import("./phone-camera.js")' in web.read("phone.js")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_it_loads_is_light(language: str) -> None:
    page = phone.page(language, "fox47")
    assert len(page.encode()) + sum(len(web.served(name)) for name in loaded(page)) <= phone.MOST_BYTES


def test_its_style_is_no_other_pages() -> None:
    assert ".tabs" in web.read("phone.css")
    assert web.read("phone.css") not in web.style()
    assert web.read("answer.css") in web.style()


@pytest.mark.parametrize(
    ("language", "asks", "shows"),
    [
        ("en", "What is the code?", "It will not be sure"),
        ("ko", "코드를 입력하세요", "확신하지 못할 거예요"),
        ("ja", "コードを入力してください", "自信がないだろう"),
    ],
)
def test_it_speaks_the_readers_language(language: str, asks: str, shows: str) -> None:
    for code, words in ((None, asks), ("fox47", shows)):
        page = phone.page(language, code)
        assert f'<html lang="{language}">' in page
        assert words in page
        assert re.findall(r'<a href="\?lang=(\w+)"[^>]* aria-current', page) == [language]
    assert data(page)["language"] == language


def test_who_has_no_code_is_asked_for_it_by_a_form_that_needs_no_script() -> None:
    page = phone.page("ko", None, problem="<b>No & no</b>")
    assert '<form class="door" action="/r">' in page
    assert 'name="code"' in page
    assert '<input type="hidden" name="lang" value="ko">' in page
    assert "<script" not in page
    assert "&lt;b&gt;No &amp; no&lt;/b&gt;" in page


def test_the_script_is_told_the_code_and_sentences_whose_gaps_it_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    told = data(phone.page("en", "fox47"))
    assert (told["code"], told["say"]["have"]) == ("fox47", "{n} of {of} have guessed. The teacher shows the answer.")  # type: ignore[index]
    assert "<title>fox 47 – Discern</title>" in phone.page("en", "fox47")
    monkeypatch.setitem(phone._SAYS, "have", "</script><b>{n}")
    page = phone.page("en", "fox47")
    assert "</script><b>" not in page
    assert data(page)["say"]["have"] == "</script><b>{n}"  # type: ignore[index]


def test_what_is_in_comments_stays_here() -> None:
    own, sent = web.read("phone.js"), web.served("phone.js").decode()
    code = [line for line in own.splitlines() if not line.lstrip().startswith(("*", "/*"))]
    assert [line for line in sent.splitlines() if line] == [line for line in code if line]
    assert "@typedef" not in sent
