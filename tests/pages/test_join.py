"""What the host of a class sees and may do, and what its visitors see instead."""

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.catalogue.store import Store
from lib.server.host import COOKIE, HOST, NotHostError
from lib.server.visits import VISITS
from lib.ui.classroom import where
from lib.ui.models import download
from lib.work.jobs import Job, JobState, Kind
from lib.work.queue import server_queue
from tests.pages.conftest import app
from tests.support.models_page import Browser
from tests.support.user_models import put

PAGE, KEY = "pages/join.py", "k" * 32
DOWNLOADABLE = "mobilenet-v1-0.25-128-quant"


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make it a class, and return the visitor's cookies; to be changed."""
    held: dict[str, str] = {}
    monkeypatch.setattr(HOST, "key", KEY)
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: held))
    monkeypatch.setattr(where, "is_class", lambda: True)
    monkeypatch.setattr(where, "for_others", lambda: ("https://192.168.1.5:8501", "https://10.0.0.7:8501"))
    return held


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Stand in for the browser's side of the page Models."""
    return Browser.instead_of_components(monkeypatch)


def text(test: AppTest) -> str:
    """Return all text on the page, without marks."""
    assert not test.exception
    parts = [element.proto.body for element in test.get("html")] + [each.value for each in test.caption]
    return re.sub(r"\\(.)", r"\1", re.sub(r"<[^>]*>", " ", "\n".join(parts)))


def test_for_one_machine_the_page_says_how_a_class_begins() -> None:
    told = text(app(PAGE))
    assert "Only this computer can open the app now." in told
    assert "make class" in told


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Point your phone’s camera here"), ("ko", "휴대전화 카메라로 여기를"), ("ja", "スマートフォンのカメラを")],
)
def test_the_host_shows_code_and_address(cookies: dict[str, str], language: str, title: str) -> None:
    cookies[COOKIE] = KEY
    test = app(PAGE, lang=language)
    told = text(test)
    assert title in told
    assert re.sub(r"\s", "", told).count("https://192.168.1.5:8501") == 2
    assert "https://192.168.1.5:8501/r" in told
    assert "https://10.0.0.7:8501" in told
    assert any('src="data:image/svg+xml;base64,' in element.proto.body for element in test.get("html"))
    assert KEY not in told


def test_a_visitor_is_told_whose_page_it_is_and_sees_no_address(cookies: dict[str, str]) -> None:
    told = text(app(PAGE))
    assert "This page is the teacher’s." in told
    assert "8501" not in told


def test_without_a_network_the_host_is_told_what_to_do(
    cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies[COOKIE] = KEY
    monkeypatch.setattr(where, "for_others", lambda: ())
    assert "is on no network yet" in text(app(PAGE))


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_visitor_sees_no_button_that_is_the_hosts_on_the_page_models(
    cookies: dict[str, str], browser: Browser, key: str
) -> None:
    cookies[COOKIE] = key
    put(Store().data, "mine")
    test = app("pages/models.py", show="all", model=DOWNLOADABLE)
    assert "In a class only the teacher can download models." in browser.text
    assert 'data-do="get"' not in browser.html
    assert 'data-do="use"' in browser.html
    assert not test.get("file_uploader")
    assert "In a class only the teacher can add models." in text(test)
    app("pages/models.py", model="mine")
    assert "In a class only the teacher can delete models." in browser.text
    assert 'data-do="delete"' not in browser.html


def test_what_a_visitors_browser_makes_up_is_refused(cookies: dict[str, str], browser: Browser) -> None:
    put(Store().data, "mine")
    test = app("pages/models.py")
    for what, model in (("delete", "mine"), ("get", DOWNLOADABLE)):
        browser.pressed.append({"do": what, "model": model})
        test.run()
        assert not test.exception
        assert "In a class only the teacher can do this." in browser.text
    assert Store().find("mine").folder is not None
    assert server_queue().get(f"fetch-{DOWNLOADABLE}") is None
    with pytest.raises(NotHostError):
        download.start(DOWNLOADABLE)


def test_the_host_may_delete(cookies: dict[str, str], browser: Browser) -> None:
    cookies[COOKIE] = KEY
    put(Store().data, "mine")
    browser.press(app("pages/models.py", model="mine"), "delete", "mine")
    assert "mine" not in {entry.spec.id for entry in Store().entries()}


def test_a_visitor_who_asks_for_a_model_that_is_not_here_sees_why_it_stays_away(cookies: dict[str, str]) -> None:
    test = app(model=DOWNLOADABLE)
    assert "In a class only the teacher can download models." in text(test)
    assert not [button for button in test.button if button.label.startswith("Download")]


@pytest.mark.parametrize(
    ("page", "query", "told", "label"),  # what is told begins with "In a class only the teacher can"
    [
        ("pages/compare.py", {"show": "speed"}, "measure: it needs", "Measure"),
        ("pages/compare.py", {"models": "starter,starter-small-int8"}, "make it.", "Make it"),
        ("pages/embed.py", {}, "download them.", "Download the scripts"),
    ],
)
def test_what_is_shared_or_takes_the_whole_computer_is_the_hosts(
    cookies: dict[str, str], page: str, query: dict[str, str], told: str, label: str
) -> None:
    told = f"In a class only the teacher can {told}"
    visitors = app(page, **query)
    assert told in text(visitors)
    assert label not in [button.label for button in visitors.button]
    cookies[COOKIE] = KEY
    hosts = app(page, **query)
    assert told not in text(hosts)
    assert label in [button.label for button in hosts.button]


def long(job: Job) -> None:
    """Work until it is cancelled, half a minute at most."""
    job.cancelled.wait(30)


def test_the_host_sees_what_goes_on_and_ends_it(cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    cookies[COOKIE] = KEY
    job = server_queue().submit(Job(long, kind=Kind.TRAINING, name="t", owner="a pupil"))
    test = app(PAGE)
    assert "in memory" in text(test)
    assert [bar.proto.text for bar in test.get("progress")] == ["Training from scratch: at work"]
    (stop,) = (button for button in test.button if button.label == "Stop")
    cookies.clear()  # what a page of before may still press
    stop.click().run()
    assert job.is_live
    cookies[COOKIE] = KEY
    test = app(PAGE)
    next(button for button in test.button if button.label == "Stop").click().run()
    assert job.wait(5)
    assert job.state is JobState.CANCELLED


def test_work_that_nobody_waits_for_any_more_is_the_hosts_to_cancel(cookies: dict[str, str]) -> None:
    name = "variant starter-small-int8"
    job = server_queue().submit(Job(long, kind=Kind.CONVERSION, name=name, owner="gone"), is_shared=True)
    server_queue().leave("gone")
    seen = {}
    for key in ("", KEY):
        cookies[COOKIE] = key
        test = app("pages/compare.py", models="starter,starter-small-int8")
        assert test.get("progress")
        seen[key] = [button.label for button in test.button if button.label == "Cancel"]
    server_queue().end(job)
    assert seen == {"": [], KEY: ["Cancel"]}


def test_the_host_lets_the_server_forget_everybodys_photos_when_that_is_meant(cookies: dict[str, str]) -> None:
    cookies[COOKIE] = KEY
    pupil = VISITS.begin()
    pupil.album.add("a.png", b"photo")
    test = app(PAGE)
    test.button(key="forget-ask").click().run()
    assert "The server forgets every photo" in test.warning[0].value
    test.button(key="forget-not").click().run()
    assert pupil.album.photos
    test.button(key="forget-ask").click().run()
    test.button(key="forget").click().run()
    assert not test.exception
    assert not pupil.album.photos
    assert not test.warning
