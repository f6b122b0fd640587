"""Choosing among models: by words, so every model needs words of its own; and models that went away meanwhile."""

from collections.abc import Callable

import pytest

from lib.errors import ModelFileError
from lib.model.spec import ModelFolder
from lib.ui.models.choice import distinct
from lib.ui.models.loaded import classifier
from lib.work.files import size_words


def test_models_of_one_name_are_told_apart_by_their_ids() -> None:
    names = {"a": "Mine", "b": "Mine", "c": "Other"}
    assert distinct(names) == {"a": "Mine (a)", "b": "Mine (b)", "c": "Other"}


def test_weights_that_were_removed_meanwhile_are_an_error_for_people(tiny_model: Callable[[str], ModelFolder]) -> None:
    folder = tiny_model("float32")
    missing = ModelFolder(folder.spec, folder.path / "gone")
    with pytest.raises(ModelFileError, match="could not be read"):
        classifier(missing)


@pytest.mark.parametrize(
    ("size", "words"), [(42_400, "42 kB"), (100_000, "0.1 MB"), (3_640_000, "3.6 MB"), (91_000_000, "91 MB")]
)
def test_sizes_are_never_nothing(size: int, words: str) -> None:
    assert size_words(size) == words
