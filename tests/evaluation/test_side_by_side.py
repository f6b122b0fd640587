"""The same class in the same place for every model."""

import numpy as np

from lib.evaluation.agreement import Disagreement, Gallery
from lib.evaluation.side_by_side import Bond, Cell, align, bonds
from lib.results import VerdictKind


def test_classes_are_ordered_by_the_surest_model_and_added_up_by_meaning() -> None:
    rows = align(
        [np.array([0.1, 0.9]), np.array([0.3, 0.2, 0.5])],
        [("cat", "dog"), ("cat", "cat", "tench")],
        [("cat", "dog"), ("Siamese", "tabby", "tench")],
    )
    assert [row.name for row in rows] == ["dog", "cat", "tench"]
    assert rows[0].cells == (Cell(0.9, "dog"), None)
    assert rows[1].cells == (Cell(0.1, "cat"), Cell(0.5, None))
    assert rows[2].cells == (None, Cell(0.5, "tench"))


def test_only_the_likeliest_are_shown() -> None:
    assert [row.name for row in align([np.array([0.2, 0.5, 0.3])], ["abc"], ["abc"], rows=2)] == ["b", "c"]


def test_the_first_choice_of_every_model_is_shown_whatever_others_find_likelier() -> None:
    sure, unsure = np.array([0.4, 0.35, 0.25, 0.0]), np.array([0.3, 0.25, 0.22, 0.23])
    four = [sure, unsure, unsure[::-1].copy(), np.array([0.0, 0.1, 0.2, 0.7])]
    rows = align(four, ["abcd"] * 4, ["abcd"] * 4, rows=2)
    assert [row.name for row in rows] == ["d", "a"]
    lone = align([sure, np.array([0.1, 0.1, 0.1, 0.12])], ["abcd"] * 2, ["abcd"] * 2, rows=2)
    assert [row.name for row in lone] == ["a", "d"]


def test_photos_on_which_sure_models_contradict_each_other_come_first() -> None:
    clear, weak = VerdictKind.CLEAR, VerdictKind.WEAK
    gallery = Gallery(
        disagreements=(Disagreement(4, 0.9), Disagreement(0, 0.8, is_strong=True), Disagreement(5, 0.4)),
        all_ambiguous=(1,),
        agreements=(2,),
        not_comparable=(3,),
    )
    kinds = [[clear, weak, clear, clear, clear, clear], [clear, weak, clear, clear, weak, clear]]
    assert bonds(gallery, kinds) == {
        0: Bond.STRONG, 4: Bond.ONE, 5: Bond.DISAGREE, 1: Bond.UNSURE, 2: Bond.AGREE, 3: Bond.APART,
    }  # fmt: skip
    assert next(iter(bonds(gallery, kinds))) == 0
