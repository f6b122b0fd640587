"""The page Compare under AppTest."""

import io
import zipfile
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from tests.pages.conftest import app, cat, html, run_until, sample, upload
from tests.support.pictures import encode, plain
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
    test.segmented_control(key="show-en").set_value(view).run()
    assert not test.exception
    return test


def test_a_thousand_things_and_twenty_stand_side_by_side_unless_others_are_chosen() -> None:
    assert app(PAGE).multiselect[0].value == ["efficientnet-lite0-int8", "starter"]


def test_one_model_is_not_enough() -> None:
    test = compare("starter-scratch")
    assert "at least two" in test.info[0].value


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
    assert any("say the same of" in text.value for text in test.markdown)


def test_an_address_names_each_model_once_and_says_which_are_not_here() -> None:
    test = app(models="starter-scratch,starter-scratch,startr,mobilenet-v1-0.25-128-quant").switch_page(PAGE).run()
    assert not test.exception
    assert test.multiselect[0].value == ["starter-scratch"]
    unknown, absent = (error.value for error in test.run().error)
    assert "“startr”" in unknown
    assert "is not on this machine yet" in absent
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


def labelled(*names: str) -> bytes:
    """Return a zip of a cat, once for each name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for index, name in enumerate(names):
            packed.writestr(name, encode(plain((10 * index, 90, 200), 40 + index), "PNG"))
    return buffer.getvalue()


def give(test: AppTest, name: str, content: bytes) -> AppTest:
    """Drop a zip file on the view of labelled photos."""
    test.file_uploader[0].set_value((name, content, "application/zip")).run()
    assert not test.exception
    return test


def evaluate(test: AppTest) -> AppTest:
    """Press the button, and wait for the figures."""
    button(test).click().run()
    run_until(test, lambda: has_figures(test))
    return test


def has_figures(test: AppTest) -> bool:
    """Whether an evaluation is shown."""
    return any("How often" in heading.value for heading in test.subheader)


def button(test: AppTest) -> Button:
    """Return the button that evaluates."""
    return next(found for found in test.button if found.label.startswith("Evaluate with"))


def test_labelled_photos_are_read_once_and_the_uploader_keeps_nothing() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png"))
    assert test.file_uploader[0].value is None
    assert any(r"a\.zip: **2** photos" in text.value for text in test.markdown)
    evaluate(test)


def test_other_photos_under_the_same_name_are_evaluated_anew() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png"))
    evaluate(test)
    give(test, "a.zip", labelled("dog/1.png", "cat/2.png"))
    assert not has_figures(test)
    assert button(test)


def test_what_was_cancelled_can_be_begun_again() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png"))

    def wait(*given: object, cancelled: Event, **others: object) -> None:
        cancelled.wait(20)

    with patch("lib.ui.compare.labelled.evaluate", wait):
        button(test).click().run()
        next(found for found in test.button if found.label == "Cancel").click().run()
        test.run()
    assert any("Cancelled" in info.value for info in test.info)
    evaluate(test)


def test_a_zip_that_is_none_is_named_until_another_comes() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", b"no zip")
    assert "is not a zip file" in test.run().error[0].value
    give(test, "b.zip", labelled("cat/1.png", "dog/2.png"))
    assert not test.error
    assert button(test)


def test_nothing_far_fetched_is_chosen_beforehand_and_what_folders_mean_can_be_changed_at_any_time() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", labelled("Katzen/1.png", "dogs/2.png"))
    assert "At least one model has no class with these names" in test.warning[0].value
    katzen, dogs = (test.selectbox[0], test.selectbox[1])
    assert (katzen.label, katzen.value, dogs.label, dogs.value) == ("Katzen", "", "dogs", "dog")
    katzen.set_value("cat")
    next(found for found in test.button if found.label == "Use these").click().run()
    assert not test.warning
    assert button(test)
    assert '<th scope="row">Katzen</th><td>cat</td><td>cat</td>' in html(test)

    test.toggle(key="change-meanings").set_value(True).run()
    next(box for box in test.selectbox if box.label == "Katzen").set_value("panda")
    next(found for found in test.button if found.label == "Use these").click().run()
    assert '<th scope="row">Katzen</th><td>panda</td><td>panda</td>' in html(test)

    give(test, "b.zip", labelled("Katzen/3.png", "dog/4.png"))
    assert '<th scope="row">Katzen</th><td>panda</td>' in html(test)


def test_classes_that_nobody_answers_for_are_left_out_with_one_click() -> None:
    names = [f"unknown {number}" for number in range(12)]
    test = give(
        see(compare(*TWO), "labelled"),
        "a.zip",
        labelled("cat/1.png", *(f"{n}/1.png" for n in names)),
    )
    assert len(test.selectbox) == 8
    next(found for found in test.button if found.label == "Leave the open ones out").click().run()
    assert not test.exception
    assert button(test)
