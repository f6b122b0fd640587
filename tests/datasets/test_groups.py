"""The everyday groups: complete, disjoint, and of the classes they say."""

from collections import Counter

import numpy as np
import pytest

from lib.datasets.groups import groups_of, positions, table
from lib.i18n import LANGUAGES, Translator
from lib.model.imagenet import imagenet

LABELS = tuple(", ".join(names) for _, names in imagenet())
ENTRIES = [*table()["group"], table()["rest"], *table()["word"]]


def test_every_class_is_in_exactly_one_group() -> None:
    parts = [*table()["group"], table()["rest"]]
    listed = [index for part in parts for index in positions(part["classes"])]
    assert sorted(listed) == list(range(1000))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.get("en", entry.get("names", "rest"))))
def test_position_wordnet_id_and_name_agree(entry: dict[str, list[str]]) -> None:
    for end in (end for span in entry["classes"] for end in span.split(" … ")):
        index, wnid, name = end.split(maxsplit=2)
        known_wnid, names = imagenet()[int(index)]
        assert (wnid, name) == (known_wnid, names[0])


def test_a_group_has_several_classes() -> None:
    assert all(len(list(positions(group["classes"]))) > 1 for group in table()["group"])


def test_spans_take_in_both_ends() -> None:
    spans = ["281 n02123045 tabby … 283 n02123394 Persian cat", "285 n02124075 Egyptian cat"]
    assert list(positions(spans)) == [281, 282, 283, 285]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_groups_have_the_same_name(language: str) -> None:
    groups, say = groups_of(LABELS), Translator(language)
    assert groups is not None
    names = [say.word(name) for name in groups.names]
    assert all(names)
    assert max(Counter(names).values()) == 1
    assert {say.word(phrase) for phrase in groups.phrases} == set(names) or language == "en"


def test_korean_and_japanese_are_written_in_their_letters() -> None:
    for group in table()["group"]:
        assert all("가" <= letter <= "힣" or letter in ", " for letter in group["ko"])
        assert all(letter == "、" or letter >= "ぁ" for letter in group["ja"])


@pytest.mark.parametrize(
    ("index", "name"),
    [(0, "fish"), (151, "dog"), (268, "dog"), (281, "cat"), (404, "aircraft"), (836, "glasses"), (948, "fruit or nut")],
)
def test_the_group_of(index: int, name: str) -> None:
    groups = groups_of(LABELS)
    assert groups is not None
    assert groups.names[groups.of_class[index]].text == name


def test_what_no_word_holds_is_in_the_rest() -> None:
    groups = groups_of(LABELS)
    assert groups is not None
    assert groups.of_class[971] == len(groups.names)  # bubble


def test_a_groups_probability_is_the_sum_of_its_classes() -> None:
    groups = groups_of(LABELS)
    assert groups is not None
    probabilities = np.random.default_rng(0).dirichlet(np.full(1000, 0.1))
    sums = groups.sums(probabilities)
    assert sums.shape == (len(groups.names) + 1,)
    for number, group in enumerate(table()["group"]):
        assert sums[number] == pytest.approx(sum(probabilities[index] for index in positions(group["classes"])))


def test_other_classes_than_imagenets_have_no_groups() -> None:
    assert groups_of(("cat", "dog")) is None
    assert groups_of(LABELS[::-1]) is None
