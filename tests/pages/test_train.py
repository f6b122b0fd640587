"""The page Train: what is drawn around its component, which Chromium tests."""

from functools import partial

import pytest

from lib.server.workshop import server_workshop
from lib.ui.train.current import Browser
from tests.pages.conftest import app, handed, html, press

PAGE = "pages/train.py"
told = partial(handed, component="train")


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Train a model of your own"), ("ko", "나만의 모델 학습하기"), ("ja", "自分だけのモデルを学習")],
)
def test_the_script_speaks_the_visitors_language(language: str, title: str) -> None:
    assert told(app(PAGE, lang=language))["say"]["title"] == title


def test_a_link_from_another_device_is_handed_to_the_script() -> None:
    assert told(app(PAGE))["asked"] == ""
    assert told(app(PAGE, project="another"))["asked"] == "another"


def test_who_has_nothing_is_not_asked_to_delete_it() -> None:
    test = app(PAGE)
    assert "Delete my data" not in [button.label for button in test.button]


def test_all_projects_of_a_browser_are_deleted_when_it_is_meant_and_the_script_hears_of_it() -> None:
    ids = [server_workshop().begin("").id for _ in range(2)]
    test = app(PAGE)
    test.session_state["train_browser"] = Browser(known=ids)
    test.run()
    press(press(test, "Delete my data"), "Cancel")
    assert server_workshop().find(ids[0]) is not None
    press(press(test, "Delete my data"), "Delete all")
    test.session_state["train_browser"].left.result(20)
    test.run()
    assert html(test).count("<td>0</td>") == 4
    assert [server_workshop().find(one) for one in ids] == [None, None]
    assert (told(test)["deleted"], told(test)["known"]) == (ids, "")
