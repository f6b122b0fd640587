"""The page Code: code for every target, its choices, in three languages."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from lib.embed import Target
from tests.pages.conftest import app, says

PAGE = "pages/embed.py"
GROUPS = {
    "web": ("script", "module"),
    "frameworks": ("npm", "vue", "react", "svelte"),
    "python": ("python-litert", "python-keras"),
    "android": ("android",),
    "ios": ("ios",),
}


def code(test: AppTest) -> str:
    """Return all code on the page."""
    assert not test.exception
    return "\n".join(block.value for block in test.code)


def text(test: AppTest) -> str:
    """Return all running text on the page, without Markdown's escapes."""
    return re.sub(r"\\(.)", r"\1", "\n".join(box.value for box in (*test.markdown, *test.caption)))


def aim(test: AppTest, target: Target) -> AppTest:
    """Ask for the code for another place."""
    group = next(name for name, targets in GROUPS.items() if target in targets)
    test.segmented_control[0].set_value(group).run()
    if len(GROUPS[group]) == 1:
        return test
    return test.segmented_control(key=f"embed-{group}-en").set_value(target).run()


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("starter", "starter"), ("starter-int8", "starter"), ("no-such-model", "efficientnet-lite0-int8")],
    ids=["its id", "an id of before", "unknown"],
)
def test_the_address_chooses_the_model(asked: str, chosen: str) -> None:
    test = app(PAGE, model=asked)
    assert test.selectbox[0].value == chosen
    assert not test.exception


def test_the_address_follows_the_choice() -> None:
    test = app(PAGE)
    test.selectbox[0].set_value("starter-scratch").run()
    assert test.query_params["model"] == "starter-scratch"


def test_short_code_is_there_before_any_photo() -> None:
    test = app(PAGE)
    assert test.title[0].value == "Use the model in your own page or app"
    assert test.selectbox[0].value == "efficientnet-lite0-int8"
    assert len(test.code[0].value.splitlines()) <= 15
    assert "<discern-classifier" in test.code[0].value
    assert [tab.label for tab in test.tabs] == ["index.html", "discern.js", "model.json"]
    assert not test.error


@pytest.mark.parametrize("target", Target)
def test_there_is_code_for(target: Target) -> None:
    test = aim(app(model="starter-scratch").switch_page(PAGE).run(), target)  # it has a Keras file
    assert len(code(test)) > 200
    assert "1. " in text(test)
    assert "3. " in text(test)
    assert "`" not in text(test)
    assert not test.error
    assert not test.warning


def test_complete_code_is_one_file() -> None:
    test = app(PAGE)
    test.toggle(key="embed-complete").set_value(True).run()
    assert not test.tabs
    assert "function judge(" in code(test)


def test_the_target_stands_in_the_address() -> None:
    test = app(PAGE)
    aim(test, Target.REACT)
    assert test.query_params["for"] == "frameworks"
    assert "useState" in test.code[0].value


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_page_and_code_speak_the_visitors_language(language: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert f'lang="{language}"' in code(test)
    assert test.title[0].value not in ("", "Use the model in your own page or app")


def test_without_the_scripts_the_page_says_so_and_offers_them() -> None:
    test = app(PAGE)
    assert "The scripts that run models in browsers are not on this computer yet" in text(test)
    assert any(button.label == "Download the scripts" for button in test.button)


def test_a_model_of_tfjs_has_its_plain_code_and_says_why_it_is_not_shown_at_work() -> None:
    test = app(PAGE)
    test.selectbox[0].set_value("tfjs-mobilenet-v1-0.25").run()
    assert "mobilenet.load(" in test.code[0].value
    assert len(test.code[0].value.splitlines()) <= 40
    assert [tab.label for tab in test.tabs][:2] == ["plain.html", "index.html"]
    assert "TF.js downloads this model from another site" in text(test)


def test_an_address_that_is_none_is_named_and_the_choice_stays_open() -> None:
    test = app(PAGE)
    test.selectbox(key="embed-weights-en").set_value("address").run()
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
