"""The page Embed under AppTest: no, good and bad input, in three languages."""

import pytest
from streamlit.testing.v1 import AppTest

from lib.embed import Target
from tests.pages.conftest import app, bring, cat, says

PAGE = "pages/embed.py"


def code(test: AppTest) -> str:
    """Return all code on the page."""
    assert not test.exception
    return "\n".join(block.value for block in test.code)


def aim(test: AppTest, target: Target) -> AppTest:
    """Ask for the code for another place."""
    return test.segmented_control(key="embed-target-en").set_value(target).run()


def test_the_code_is_there_before_any_photo() -> None:
    test = app(PAGE)
    assert test.selectbox[0].value == "efficientnet-lite0-int8"
    assert "<script" in code(test)
    assert not test.error


@pytest.mark.parametrize("target", Target)
def test_there_is_code_for(target: Target) -> None:
    test = aim(app(model="starter-scratch").switch_page(PAGE).run(), target)  # it has a Keras file
    assert len(code(test)) > 200
    assert not test.error
    assert not test.warning


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_page_and_code_speak_the_visitors_language(language: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert f'lang="{language}"' in code(test)
    assert test.title[0].value not in ("", "Put it on your web page")


def test_a_photo_from_classify_is_still_there() -> None:
    test = app()
    bring(test, cat())
    test.switch_page(PAGE).run()
    assert code(test)
    assert "Classify a photo first" not in says(test)


def test_an_address_that_is_none_is_named_and_the_choice_stays_open() -> None:
    test = app(PAGE)
    test.selectbox(key="embed-weights-3-en").set_value("address").run()
    assert "https://example.org/model/" in code(test)
    test.text_input(key="embed-address").set_value("javascript:alert(1)").run()
    assert "javascript:alert(1)" in says(test)
    assert not code(test)
    test.text_input(key="embed-address").set_value("https://example.com/m/").run()
    assert "https://example.com/m/" in code(test)


def test_the_model_last_classified_with_comes_first() -> None:
    test = app(model="starter-small").switch_page(PAGE).run()
    assert test.selectbox[0].value == "starter-small"
    assert code(test)


@pytest.mark.parametrize("model", ["mobilenet-v1-0.25-128-quant", "startr"])
def test_a_model_that_is_not_here_leaves_the_others(model: str) -> None:
    test = app(model=model).switch_page(PAGE).run()
    assert test.selectbox[0].value
    assert code(test)
