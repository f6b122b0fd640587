"""ImageNet's classes in three languages."""

import unicodedata
from collections import Counter

import numpy as np
import pytest

from lib.classify.infer import conclude
from lib.datasets.groups import groups_of
from lib.datasets.matching import How, match
from lib.model.imagenet import MODELS, imagenet, in_language, is_imagenet
from lib.results import Answer

ENGLISH = tuple(names[0] for _, names in imagenet())


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_every_class_has_a_name_of_its_own_in_every_language(language: str) -> None:
    lines = (MODELS / f"imagenet-names.{language}.txt").read_text(encoding="utf-8").splitlines()
    assert [line[:10] for line in lines] == [f"{wnid} " for wnid, _ in imagenet()]
    names = in_language(ENGLISH, language)
    assert [line[10:] for line in lines] == list(names)
    assert [name for name, often in Counter(names).items() if often > 1] == []
    assert all(name == unicodedata.normalize("NFC", name).strip() != "" for name in names)
    assert is_imagenet(names)


def test_other_classes_and_other_languages_stay_as_they_are() -> None:
    assert in_language(("cat", "dog"), "ko") == ("cat", "dog")
    assert in_language(ENGLISH, "en") == ENGLISH
    assert in_language(ENGLISH, "fr") == ENGLISH


def test_some_names_that_are_easily_confused() -> None:
    korean, japanese = (in_language(ENGLISH, language) for language in ("ko", "ja"))
    at = {wnid: index for index, (wnid, _) in enumerate(imagenet())}
    bird, machine = at["n02012849"], at["n03126707"]  # both are a "crane"
    assert (korean[bird], korean[machine]) == ("두루미", "크레인")
    assert (japanese[bird], japanese[machine]) == ("ツル", "クレーン")
    assert japanese[at["n02328150"]] == "アンゴラウサギ"  # of the Angoras the rabbit


@pytest.mark.parametrize(("language", "collie", "dog"), [("ko", "보더 콜리", "개"), ("ja", "ボーダー・コリー", "犬")])
def test_groups_and_folders_know_the_translated_names(language: str, collie: str, dog: str) -> None:
    labels = in_language(ENGLISH, language)
    groups = groups_of(labels)
    assert groups is not None
    probabilities = np.zeros(1000)
    probabilities[[231, 232]] = 0.5  # collie, Border collie
    found = conclude(Answer("a.jpg", "m", probabilities, (1, 1), 0.0), labels)
    assert found.group is not None
    matching = match([collie, dog, "dog"], labels)
    assert matching.targets[0] == (232,)
    assert matching.targets[1] == matching.targets[2]
    assert matching.how[1:] == (How.MEANING, How.MEANING)
