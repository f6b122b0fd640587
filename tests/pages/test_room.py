"""The page Room: what is drawn around its component, which Chromium tests."""

from functools import partial

import pytest
import streamlit as st

from lib.server.host import COOKIE, HOST
from lib.ui.classroom import where
from tests.pages.conftest import app, handed, html

PAGE, KEY = "pages/room.py", "k" * 32
told = partial(handed, component="room")


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make it a class, and return the visitor's cookies; to be changed."""
    held: dict[str, str] = {}
    monkeypatch.setattr(HOST, "key", KEY)
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: held))
    monkeypatch.setattr(where, "is_class", lambda: True)
    return held


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "All phones, one screen"), ("ko", "모두의 휴대전화, 하나의 화면"), ("ja", "みんなのスマホ、一つの画面")],
)
def test_the_script_gets_words_and_the_models_that_are_ready(language: str, title: str) -> None:
    page = told(app(PAGE, lang=language))
    assert page["say"]["title"] == title
    assert page["models"]
    assert page["isClass"] is False
    assert page["train"] == f"/train?lang={language}&project="


@pytest.mark.parametrize(("asked", "room"), [("Ab_9-x", "Ab_9-x"), ("../x", ""), ("a" * 65, ""), ("é", "")])
def test_the_address_names_a_room(asked: str, room: str) -> None:
    assert told(app(PAGE, room=asked))["room"] == room


def test_a_visitor_of_a_class_is_shown_where_phones_join(cookies: dict[str, str]) -> None:
    page = app(PAGE, lang="en")
    assert 'href="/r?lang=en"' in html(page)
    assert "Only the teacher opens a room." in html(page)
    assert not [c for c in page.get("bidi_component") if c.proto.component_name == "discern_room"]
    cookies[COOKIE] = KEY
    assert told(app(PAGE))["isClass"] is True


@pytest.mark.parametrize(("language", "title"), [("en", "Ninety minutes"), ("ko", "90분"), ("ja", "90 分")])
def test_the_plan_for_ninety_minutes_is_drawn_where_it_is_asked_for(language: str, title: str) -> None:
    opened = app(PAGE, lang=language)
    assert told(opened)["links"][0]["href"] == f"/room?view=plan&lang={language}"
    opened.query_params["view"] = "plan"
    page = handed(opened.run(), component="plan")
    assert title in page["say"]["title"]
    assert page["html"].count("<section") == 6
    assert page["room"] == f"/room?lang={language}"
