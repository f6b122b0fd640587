"""A data folder full of models that cannot be used: every page opens, says what is wrong, and works with the others."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import app, bring, cat
from tests.support.models_page import Browser
from tests.support.user_models import spoil

PAGES = [None, "pages/compare.py", "pages/embed.py", "pages/models.py"]


@pytest.fixture
def spoilt(tmp_path: Path, own_home: None) -> list[str]:
    """Spoil the data folder, and return the names of the models that cannot be used."""
    return spoil(tmp_path)


def warnings(test: AppTest) -> list[str]:
    return [warning.value for warning in test.warning]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(spoilt: list[str], page: str | None) -> None:
    test = app(page)
    assert not test.exception
    assert len(test.main) > 1


def test_the_page_models_says_what_is_wrong_with_each(spoilt: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser.instead_of_components(monkeypatch)
    test = app("pages/models.py", model="sound")
    told = [text.replace("\\", "") for text in warnings(test)]
    assert len(told) == len(spoilt)
    for name in spoilt:
        assert any(name in text for text in told), name
    assert browser.has("use", "sound")


@pytest.mark.parametrize("name", ["garbage", "killing", "few-labels"])
def test_a_link_to_a_model_that_cannot_be_used_says_why(spoilt: list[str], name: str) -> None:
    test = app(model=name)
    assert not test.exception
    assert name in test.error[0].value.replace("\\", "")


@pytest.mark.parametrize("wanted", ["nothing-like-it", "mobilenet-v1-0.25-128-quant"])
def test_a_visitor_is_told_of_no_command(wanted: str) -> None:
    test = app(model=wanted)
    shown = " ".join(error.value for error in test.error)
    assert "python" not in shown
    assert wanted == "mobilenet-v1-0.25-128-quant" or "The Models page shows all models" in shown


def test_a_photo_is_classified_with_the_sound_one(spoilt: list[str]) -> None:
    (card,) = bring(app(model="sound"), cat())
    assert 'data-verdict="' in card["answer"]


def test_compare_offers_the_sound_models_alone(spoilt: list[str]) -> None:
    test = app(models="starter-small,sound,garbage").switch_page("pages/compare.py").run()
    assert not test.exception
    assert test.multiselect[0].value == ["starter-small", "sound"]
    assert "garbage" in test.error[0].value
    assert not set(test.multiselect[0].options) & {"garbage", "killing"}


def test_compare_leaves_a_model_out_that_went_bad_meanwhile(own_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from lib.errors import ModelFileError
    from lib.ui.compare import choose

    true = choose.variants

    def fail(folder: choose.ModelFolder, **others: Path) -> tuple[choose.Variant, ...]:
        if folder.spec.id == "starter-xception":
            raise ModelFileError("The weights of starter-xception were changed.")
        return true(folder, **others)

    monkeypatch.setattr(choose, "variants", fail)
    test = app("pages/compare.py")
    assert not test.exception
    assert warnings(test) == ["The weights of starter\\-xception were changed\\."]
    assert "starter-xception" not in test.multiselect[0].options
