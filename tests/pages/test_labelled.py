"""The view of labelled photos under AppTest."""

import io
import zipfile
from pathlib import Path
from threading import Event
from unittest.mock import patch

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from lib.catalogue.store import Store
from tests.pages.conftest import html, run_until
from tests.pages.test_compare import compare, see
from tests.support.pictures import encode, plain
from tests.support.user_models import put

TWO = ("starter-scratch", "starter-xception")  # of the same twenty classes


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
    return "headline" in html(test)


def button(test: AppTest) -> Button:
    """Return the button that evaluates."""
    return next(found for found in test.button if found.label.startswith("Evaluate with"))


def test_labelled_photos_are_read_once_and_the_uploader_keeps_nothing() -> None:
    test = give(see(compare(*TWO), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png"))
    assert test.file_uploader[0].value is None
    assert test.expander[0].label == r"**a\.zip** · 2 photos · 2 classes"
    evaluate(test)
    assert "of 2 photos." in html(test)


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
    assert any("Katzen → cat · dogs → dog" in text.value for text in test.markdown)

    test.toggle(key="change-meanings").set_value(True).run()
    next(box for box in test.selectbox if box.label == "Katzen").set_value("panda")
    next(found for found in test.button if found.label == "Use these").click().run()
    assert '<th scope="row">Katzen</th><td>panda</td><td>panda</td>' in html(test)

    give(test, "b.zip", labelled("Katzen/3.png", "dog/4.png"))
    assert any("Katzen → panda" in text.value for text in test.markdown)


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


def test_one_model_is_enough_on_labelled_photos() -> None:
    test = give(see(compare("starter-scratch"), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png"))
    evaluate(test)
    assert any("at least two" in info.value for info in see(test, "side").info)


def test_a_count_is_kept_with_a_model_that_has_none(tmp_path: Path) -> None:
    put(tmp_path, "mine")
    zipped = labelled("red/1.png", "green/2.png", "_other/3.png")
    test = evaluate(give(see(compare("mine"), "labelled"), "a.zip", zipped))
    (keep,) = (found for found in test.button if found.label == "Keep")
    keep.click().run()
    assert any("Kept." in told.value for told in test.success)
    record = Store(tmp_path).find("mine").spec.track_record
    assert record is not None
    assert (record.photos, record.measured, record.is_unseen) == (2, "a.zip", False)


def test_a_model_that_brings_its_own_count_is_offered_none() -> None:
    test = evaluate(give(see(compare("starter-scratch"), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png")))
    assert not [found for found in test.button if found.label == "Keep"]
