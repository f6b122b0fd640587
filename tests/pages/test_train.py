"""The page Train: what is drawn around its component, which Chromium tests."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import app

PAGE = "pages/train.py"


def told(test: AppTest) -> dict[str, Any]:
    """Return what the page hands to its script."""
    assert not test.exception
    components = [element.proto for element in test.get("bidi_component")]
    found: dict[str, Any] = json.loads(next(c.json for c in components if c.component_name == "discern_train"))
    return found


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Train a model of your own"), ("ko", "나만의 모델 학습하기"), ("ja", "自分だけのモデルを学習")],
)
def test_the_script_speaks_the_visitors_language(language: str, title: str) -> None:
    assert told(app(PAGE, lang=language))["say"]["title"] == title
