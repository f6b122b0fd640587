"""The same class in the same place for every model."""

import numpy as np

from lib.evaluation.side_by_side import Cell, align


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
