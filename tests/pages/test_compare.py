"""The page Compare under AppTest."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import app, cat, html, sample, upload
from tests.support.user_models import TINY, put

PAGE = "pages/compare.py"
TWO = ("starter-scratch", "starter-xception")  # of the same twenty classes


def compare(*models: str) -> AppTest:
    """Open the page with models chosen."""
    test = app(models=",".join(models)).switch_page(PAGE).run()
    assert not test.exception
    return test


def see(test: AppTest, view: str) -> AppTest:
    """Open one of the page's views."""
    test.segmented_control[0].set_value(view).run()
    assert not test.exception
    return test


def test_a_thousand_things_and_twenty_stand_side_by_side_unless_others_are_chosen() -> None:
    assert app(PAGE).multiselect[0].value == ["efficientnet-lite0-int8", "starter"]


def test_one_model_is_not_enough() -> None:
    test = compare("starter-scratch")
    assert "at least two" in test.info[0].value


def test_a_page_without_photos_offers_six_samples_to_press() -> None:
    test = compare("starter-scratch", "starter-small")
    samples = [button for button in test.button if button.label.startswith("![](/samples/")]
    assert len(samples) == 6
    samples[0].click().run()
    assert pills(test)[0] == "**1** photo"
    assert not [button for button in test.button if button.label.startswith("![](/samples/")]


def test_the_address_says_that_whole_photos_are_seen_only_once_a_visitor_asked_for_it() -> None:
    test = upload(compare("efficientnet-lite0-int8", "starter"), cat())
    assert "view" not in test.query_params
    test.button("whole-photo").click().run()
    assert "view" in test.query_params
    assert test.button("whole-photo").label == "Back to their own parts"
    del test.query_params["view"]  # Back
    test.run()
    assert "view" not in test.query_params
    assert test.button("whole-photo").label == "Let all see the whole photo"


def test_two_models_stand_side_by_side() -> None:
    test = upload(compare("starter-scratch", "starter-small"), cat(), sample("china.jpg", "temple.jpg"))
    assert html(test).count("data-verdict") == html(test).count("data-bars") == 4
    assert pills(test)[0] == "**2** photos"


def pills(test: AppTest) -> list[str]:
    """Return the groups of photos that can be chosen."""
    return list(test.pills[0].options)


def test_a_bad_photo_is_named_once() -> None:
    test = upload(compare("starter-scratch", "starter-small"), cat(), ("text.jpg", b"not a photo", "image/jpeg"))
    assert html(test).count('class="cell all fail"') == 1
    assert pills(test)[-1] == "**1** failed"


def test_a_model_and_its_8_bit_variant_show_what_quantisation_changed(tmp_path: Path) -> None:
    put(tmp_path, "float32")
    with (put(tmp_path, "int8", TINY / "int8") / "model.toml").open("a", encoding="utf-8") as card:
        card.write('[source]\nmade_from = "float32"\n')
    test = upload(compare("float32", "int8"), cat(), sample("china.jpg", "temple.jpg"))
    assert any("agree on" in text.value for text in test.markdown)


def test_an_address_names_each_model_once_and_says_which_are_not_here() -> None:
    test = app(models="starter-scratch,starter-scratch,startr,mobilenet-v1-0.25-128-quant").switch_page(PAGE).run()
    assert not test.exception
    assert test.multiselect[0].value == ["starter-scratch"]
    unknown, absent = (error.value for error in test.run().error)
    assert "“startr”" in unknown
    assert "is not on this computer yet" in absent
    test.multiselect[0].set_value(["starter-scratch", "starter-xception"]).run()
    assert not test.error


def test_an_address_of_old_names_a_model_by_its_new_one() -> None:
    test = app(models="starter,starter-int8,starter-small").switch_page(PAGE).run()
    assert test.multiselect[0].value == ["starter", "starter-small"]
    assert app(model="starter-int8").selectbox[0].value == "starter"


@pytest.mark.parametrize("view", ["labelled", "speed"])
def test_every_view_opens_without_anything(view: str) -> None:
    see(compare("starter-scratch", "starter-small"), view)


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_page_opens_in_every_language(language: str) -> None:
    test = app(lang=language).switch_page(PAGE).run()
    assert not test.exception
    assert "Compare models" not in html(test)
    assert '<h1 class="unseen">' in html(test)
