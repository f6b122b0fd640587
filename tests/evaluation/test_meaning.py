"""Classes that mean the same for the photos become one, worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from lib.datasets.matching import match
from lib.evaluation.accuracy import confuse, find_hits
from lib.evaluation.agreement import compare_pair
from lib.evaluation.answers import Answers
from lib.evaluation.calibration import calibration_error
from lib.evaluation.meaning import merge
from lib.verdict import Thresholds

Made = Callable[..., Answers]
PETS = ("tabby", "tench", "Persian", "beagle", "collie")
ANY_CAT = {"cat": ("tabby", "Persian"), "dog": ("beagle", "collie")}


def test_probabilities_of_breeds_are_added_up_where_the_first_stood(answers: Made) -> None:
    made = answers([[0.3, 0.35, 0.25, 0.06, 0.04]], labels=PETS)
    merged, meant = merge(made, match(["cat", "dog"], PETS, chosen=ANY_CAT), ("Cat", "Dog"))
    assert merged.labels == ("Cat", "tench", "Dog")
    assert merged.probabilities.tolist() == [[pytest.approx(0.55), 0.35, pytest.approx(0.1)]]
    assert meant.targets == ((0,), (2,))
    assert (merged.own_labels, merged.best.tolist(), merged.kinds(Thresholds())[0].value) == (PETS, [0], "close")


def test_hits_and_calibration_are_those_of_the_sums(answers: Made) -> None:
    made = answers([[0.3, 0.35, 0.25, 0.06, 0.04]], labels=PETS)
    merged, meant = merge(made, match(["cat", "dog"], PETS, chosen=ANY_CAT), ("Cat", "Dog"))
    hits = find_hits(merged, np.array([0]), meant.targets)
    assert hits.right.tolist() == [True]  # of single classes "tench" would come first
    assert calibration_error(merged.p1, hits.right) == pytest.approx(0.45)


def test_classes_that_all_mean_something_else_stay_as_they_are(answers: Made) -> None:
    made, matching = answers([[0.6, 0.4]]), match("ab", "ab")
    assert merge(made, matching, "ab") == (made, matching)


def test_a_narrow_and_a_wide_class_share_nothing_out_twice(answers: Made) -> None:
    made = answers([[0.0, 0.0, 0.0, 0.7, 0.3]], labels=PETS)
    chosen = {"dog": ("beagle", "collie"), "hound": "beagle"}
    merged, meant = merge(made, match(["dog", "hound"], PETS, chosen=chosen), ("dog", "hound"))
    assert merged.labels == PETS
    assert meant.targets == ((3, 4), (3,))


def test_folders_of_one_meaning_are_named_together(answers: Made) -> None:
    chosen = {"kitten": ("tabby", "Persian"), "cat": ("tabby", "Persian")}
    merged, _ = merge(
        answers([[0.2] * 5], labels=PETS), match(["cat", "kitten"], PETS, chosen=chosen), ("cat", "kitten")
    )
    assert merged.labels == ("cat / kitten", "tench", "beagle", "collie")


def test_merging_again_changes_nothing(answers: Made) -> None:
    once = merge(answers([[0.2] * 5], labels=PETS), match(["cat", "dog"], PETS, chosen=ANY_CAT), ("cat", "dog"))
    assert merge(*once, ("cat", "dog")) == once


def test_the_confusion_table_is_of_the_sums_too(answers: Made) -> None:
    made = answers([[0.3, 0.35, 0.25, 0.06, 0.04], [0.1, 0.1, 0.1, 0.4, 0.3]], labels=PETS)
    merged, meant = merge(made, match(["cat", "dog"], PETS, chosen=ANY_CAT), ("Cat", "Dog"))
    confusion = confuse(merged, np.array([0, 0]), meant, ("Cat", "Dog"))
    assert (confusion.names, confusion.counts.tolist()) == (("Cat", "Dog"), [[1, 1, 0], [0, 0, 0]])


def test_two_models_that_both_say_cat_agree_though_their_breeds_differ(answers: Made) -> None:
    matching = match(["cat", "dog"], PETS, chosen=ANY_CAT)
    rows = [[0.5, 0.0, 0.3, 0.2, 0.0]], [[0.3, 0.0, 0.5, 0.0, 0.2]]
    one, two = (answers(row, model=name, labels=PETS) for row, name in zip(rows, ("one", "two"), strict=True))
    assert compare_pair(one, two).same.tolist() == [False]
    assert compare_pair(*(merge(a, matching, ("cat", "dog"))[0] for a in (one, two))).same.tolist() == [True]


def test_a_sum_of_breeds_is_compared_with_a_model_that_knows_only_cats(answers: Made) -> None:
    small = answers([[0.9, 0.1]], model="small", labels=("tabby", "tench"))
    large = answers([[0.3, 0.35, 0.25, 0.06, 0.04]], model="large", labels=PETS)
    merged, _ = merge(large, match(["cat"], PETS, chosen={"cat": ("tabby", "Persian")}), ("tabby",))
    assert compare_pair(small, large).same.tolist() == [False]
    assert compare_pair(small, merged).same.tolist() == [True]
