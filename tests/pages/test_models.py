"""The page Models under AppTest: nothing, good and bad downloads, in three languages."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib.catalogue.store import State
from lib.ui import models
from tests.pages.conftest import app, press, run_until, says
from tests.support.mirror import Mirror, serve

PAGE = "pages/models.py"
MODEL = "mobilenet-v1-0.25-128-quant"
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
    entries = models.store().entries()
    assert len(entries) > 40
    ready = {entry.spec.id for entry in entries if entry.state is State.READY}
    assert "starter" in ready
    assert {key.removeprefix("use-") for key in keys(test) if key.startswith("use-")} == ready
    assert {key.removeprefix("fetch-") for key in keys(test) if key.startswith("fetch-")} == {
        entry.spec.id for entry in entries
    } - ready
    assert not mirror.asked


@pytest.mark.parametrize(("language", "title"), [("en", "Models"), ("ko", "모델"), ("ja", "モデル")])
def test_the_page_opens_in_every_language(language: str, title: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert not test.exception
    assert test.title[0].value == title
    assert ("Classify with it" in {button.label for button in test.button}) == (language == "en")


def test_a_model_is_taken_to_the_page_classify(bare: None) -> None:
    test = press_key(app(PAGE), "use-starter-small")
    assert test.title[0].value == "What does the model see?"
    assert test.query_params["model"] == "starter-small"


def test_a_download_that_fails_says_so_and_can_be_tried_again(mirror: Mirror, bare: None) -> None:
    test = fetch(app(PAGE))
    run_until(test, lambda: f"fetch-{MODEL}" in keys(test))
    assert FILE in says(test)
    assert mirror.asked[FILE] == 1
    run_until(fetch(test), lambda: f"fetch-{MODEL}" in keys(test))
    assert mirror.asked[FILE] == 2


def test_a_download_cancelled_in_the_middle_is_no_error_and_can_be_begun_again(mirror: Mirror, bare: None) -> None:
    mirror.files[FILE] = bytes(10**6)
    mirror.stalled.add(FILE)
    test = fetch(app(PAGE))
    run_until(test, lambda: f"cancel-{MODEL}" in keys(test) and mirror.asked[FILE] == 1)
    press(test, "Cancel")
    run_until(test, lambda: f"fetch-{MODEL}" in keys(test))
    assert FILE not in says(test)
    assert not test.error


def test_two_visitors_watch_one_download(mirror: Mirror, bare: None) -> None:
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
