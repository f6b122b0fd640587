"""The page Classify under AppTest: with no, good and bad photos, in three languages."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import TINY_MODELS
from tests.pages.conftest import app, cat, html, press, run_until, sample, says, upload
from tests.support.pictures import BLUE, RED, encode, plain


def test_an_empty_page_says_how_to_begin() -> None:
    test = app()
    assert not test.exception
    assert "Bring a photo" in test.info[0].value
    assert len(test.get("vega_lite_chart")) == 2, "the two worked examples"


def test_a_photo_gets_a_verdict_and_bars_from_the_model_of_a_thousand_classes() -> None:
    test = upload(app(), cat())
    assert test.selectbox[0].value == "efficientnet-lite0-int8"
    assert not test.query_params, "what nobody chose does not stand in the address"
    assert 'data-verdict="' in html(test)
    assert len(test.image) >= 1


def test_a_bad_photo_costs_nobody_else() -> None:
    good = cat()
    cut = ("cut.png", good[1][:5000], "image/png")
    test = upload(app(), good, cut, ("text.jpg", b"not a photo", "image/jpeg"))
    page = html(test)
    assert page.count("data-verdict=") == 1
    assert "cut.png is cut off: it ends before the picture does." in page
    assert "text.jpg is not a photo." in page
    assert "✕ 2 failed" in page


def test_a_name_is_shown_as_text() -> None:
    name = "\"><script>alert('x')</script>😀.png"
    test = upload(app(), (name, encode(plain(RED, 64, 48), "PNG"), "image/png"))
    assert "<script>" not in html(test)
    assert "&lt;script&gt;" in html(test)


def test_the_thresholds_change_the_verdict() -> None:
    test = upload(app(model="starter-scratch"), sample("coffee.png", "coffee.png"))
    test.slider(key="floor20").set_value(0.95).run()
    assert 'data-verdict="clear"' not in html(test)
    test.slider(key="floor20").set_value(0.05).run()
    test.slider(key="ratio").set_value(0.9).run()
    assert 'data-verdict="clear"' in html(test)


def test_settings_come_from_the_address() -> None:
    test = app(k="3", ratio="0.3")
    assert test.slider(key="k").value == 3
    assert test.slider(key="ratio").value == 0.3
    upload(test, cat())
    chart = test.get("vega_lite_chart")[0]
    assert chart.proto.spec.count('"row"') >= 3


def test_without_its_package_the_model_from_nothing_takes_its_place_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "models")
    monkeypatch.setattr("lib.catalogue.packaged.find", lambda model: None)
    test = upload(app(), cat())
    assert test.selectbox[0].value == "starter-scratch"
    assert "data-verdict=" in html(test)
    for sentence in (
        "is not installed",
        "pip install efficientnet-lite0",
        "For now “Discern starter (from nothing)” answers.",
    ):
        assert sentence in says(test)
    for page in ("compare", "embed", "models"):
        test.switch_page(f"pages/{page}.py").run()
        assert not test.exception
        assert not test.error
    assert "For now" not in says(app(model="starter-small"))


def test_an_unknown_model_is_named_with_its_neighbours() -> None:
    test = app(model="startr")
    assert not test.exception
    assert "startr" in test.error[0].value
    assert "starter" in test.error[0].value


def test_a_model_that_is_not_here_offers_its_download_and_downloads_nothing() -> None:
    test = app(model="mobilenet-v1-0.25-128-quant")
    assert not test.exception
    assert any(button.label.startswith("Download") for button in test.button)


def test_samples_are_one_click_away() -> None:
    test = app()
    next(button for button in test.button if button.label == "A cat").click().run()
    test.run()
    assert "data-verdict=" in html(test)


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "What does the model see?"), ("ko", "모델은 무엇을 볼까요?"), ("ja", "モデルには何が見える?")],
)
def test_every_language_has_the_whole_page(language: str, title: str) -> None:
    test = upload(app(lang=language), cat(), ("text.jpg", b"not a photo", "image/jpeg"))
    assert test.title[0].value == title
    assert "data-verdict=" in html(test)


def test_results_are_there_after_another_page() -> None:
    test = upload(app(), cat())
    test.switch_page("pages/models.py").run()
    assert not test.exception
    test.switch_page("pages/classify.py").run()
    assert "data-verdict=" in html(test)


def test_removing_a_photo_takes_its_card_away() -> None:
    test = upload(app(), cat(), ("red.png", encode(plain(RED, 64, 48), "PNG"), "image/png"))
    assert html(test).count("data-verdict=") == 2
    next(button for button in test.button if button.key == "remove-1").click().run()
    assert html(test).count("data-verdict=") == 1


def test_many_photos_come_in_pages_and_can_be_filtered() -> None:
    red = encode(plain(RED, 64, 48), "PNG")
    files = [(f"{n:02}.png", red, "image/png") for n in range(14)] + [("bad.png", b"x", "image/png")]
    test = upload(app(), *files)
    assert html(test).count('class="file"') == 12
    test.get("pagination")[0].set_value(2).run()
    assert html(test).count('class="file"') == 3
    test.segmented_control(key="show-en").set_value("failed").run()
    assert html(test).count('class="file"') == 1
    assert "bad.png" in html(test)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_is_loud_once_and_the_page_can_be_used_again() -> None:
    test = upload(app(), cat())
    with patch("lib.classify.infer.open_with_size", side_effect=AssertionError("a bug")):
        test.file_uploader[0].set_value([("red.png", encode(plain(RED, 64, 48), "PNG"), "image/png")]).run()
        runs = [bool(test.run().exception) for _ in range(4)]
    assert runs.count(True) == 1
    assert html(test).count("data-verdict=") == 1
    assert any("1 photo was not looked at" in warning.value for warning in test.warning)


@pytest.fixture
def looks_at_the_middle(tmp_path: Path) -> None:
    """Put a model called "mine" into the data folder, which sees the middle of a photo, three by two."""
    folder = tmp_path / "models" / "mine"
    shutil.copytree(TINY_MODELS / "float32", folder)
    card = (folder / "model.toml").read_text("utf-8")
    card = card.replace('id = "float32"', 'id = "mine"').replace('resize = "squash"', 'resize = "square"')
    (folder / "model.toml").write_text(card, "utf-8")


def wide() -> tuple[str, bytes, str]:
    """Return a photo of which the middle is blue, and all of it for the most part red."""
    photo = plain(RED, 1500, 300)
    photo.paste(BLUE, (590, 0, 910, 300))
    return "wide.png", encode(photo, "PNG"), "image/png"


def picture(test: AppTest) -> Any:
    """Return the first picture of a photo; those of the samples have no words of their own."""
    return next(image for element in test.image for image in element.proto.imgs if image.alt)


def captions(test: AppTest) -> str:
    return " ".join(caption.value for caption in test.caption)


@pytest.mark.usefixtures("looks_at_the_middle")
def test_one_click_shows_the_whole_photo_and_another_the_part_again() -> None:
    test = upload(app(model="mine"), wide())
    assert "The model sees the part inside the frame." in captions(test)
    framed = picture(test)
    assert "The model sees the part inside the frame." in framed.alt
    assert "blue, " in html(test)
    assert "view" not in test.query_params
    press(test, "Let it see the whole photo")
    run_until(test, lambda: "red, " in html(test))
    assert test.query_params["view"] == "whole"
    assert "The model sees the whole photo" in captions(test)
    assert picture(test).url != framed.url
    test.switch_page("pages/models.py").run()
    test.switch_page("pages/classify.py").run()
    assert "red, " in html(test)
    assert test.query_params["view"] == "whole"
    press(test, "Back to its own part")
    assert "blue, " in html(test), "that answer was kept"
    assert "view" not in test.query_params


@pytest.mark.usefixtures("looks_at_the_middle")
def test_the_address_shows_whole_photos() -> None:
    test = upload(app(model="mine", view="whole"), wide())
    assert "red, " in html(test)
    test.selectbox[0].set_value("starter-scratch").run()
    run_until(test, lambda: "data-verdict=" in html(test))
    assert "view" not in test.query_params, "the choice is each model's own"
    assert "whole photo" not in captions(test), "it sees all by itself"


@pytest.mark.usefixtures("looks_at_the_middle")
def test_a_photo_of_the_inputs_own_shape_has_no_frame() -> None:
    test = upload(app(model="mine"), ("red.png", encode(plain(RED, 96, 64), "PNG"), "image/png"))
    assert "The model sees the photo without its edges." in captions(test)
    assert "frame" not in picture(test).alt
