"""Fixtures for all tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lib.catalogue.contract import ModelFolder, load
from lib.classifiers import open_classifier
from lib.classifiers.base import Classifier
from tests.support.chromium import browser

__all__ = ["browser"]

ROOT = Path(__file__).resolve().parents[1]
TINY_MODELS = ROOT / "tests" / "models"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photos and models that lies beside the repository and is no part of it."""
    folder = ROOT.parent / "shared"
    if not (folder / "photos").is_dir():
        pytest.skip("real photos and models are needed: there is no folder ../shared")
    return folder


@pytest.fixture(scope="session")
def tiny_model() -> Callable[[str], ModelFolder]:
    """Open one of the folders in tests/models: a model whose answer can be worked out by hand."""
    return lambda name: load(TINY_MODELS / name)


@pytest.fixture(scope="session")
def colours() -> Classifier:
    """A real LiteRT model that answers with a picture's mean red, green and blue."""
    return open_classifier(load(TINY_MODELS / "float32"), workers=2)
