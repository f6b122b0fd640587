"""The page Compare under AppTest."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import app, cat, html, sample, upload

PAGE = "pages/compare.py"


def compare(*models: str) -> AppTest:
    """Open the page with models chosen."""
    test = app(PAGE)
    test.multiselect[0].set_value(list(models)).run()
    assert not test.exception
    return test


def see(test: AppTest, view: str) -> AppTest:
    """Open one of the page's views."""
    test.segmented_control(key="view-en").set_value(view).run()
    assert not test.exception
    return test


def test_one_model_is_not_enough() -> None:
    test = compare("starter")
    assert "at least two" in test.info[0].value


def test_two_models_stand_side_by_side() -> None:
    test = upload(compare("starter", "starter-small"), cat(), sample("china.jpg", "temple.jpg"))
    page = html(test)
    assert page.count('class="model"') >= 2
    assert "disagree" in page


def test_a_bad_photo_is_named_once() -> None:
    test = upload(compare("starter", "starter-small"), cat(), ("text.jpg", b"not a photo", "image/jpeg"))
    assert html(test).count("text.jpg is not a photo.") == 1


def test_a_model_and_its_8_bit_variant_show_what_quantisation_changed() -> None:
    test = upload(compare("starter", "starter-int8"), cat(), sample("china.jpg", "temple.jpg"))
    assert any("say the same of" in text.value for text in test.markdown)


@pytest.mark.parametrize("view", ["labelled", "speed"])
def test_every_view_opens_without_anything(view: str) -> None:
    see(compare("starter", "starter-small"), view)


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_page_opens_in_every_language(language: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert not test.exception
    assert test.title[0].value not in ("", "Compare models")
