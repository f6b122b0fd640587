"""What everyday groups add, counted by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from lib.datasets.matching import match
from lib.evaluation.answers import Answers
from lib.evaluation.groups import GroupFigures, explain_groups, figures
from lib.model.imagenet import imagenet
from lib.verdict import Thresholds

LABELS = tuple(names[0] for _, names in imagenet())
COLLIE, BORDER_COLLIE, TABBY, PERSIAN, BUBBLE = 231, 232, 281, 283, 971
Made = Callable[..., Answers]


def rows(*photos: dict[int, float]) -> list[list[float]]:
    found = np.zeros((len(photos), 1000))
    for row, shares in zip(found, photos, strict=True):
        row[list(shares)] = list(shares.values())
    return found.tolist()


def judged(answers: Made, classes: list[str], labels: list[int], *photos: dict[int, float]) -> GroupFigures | None:
    matching = match(classes, LABELS)
    known = np.array([bool(matching.targets[label]) for label in labels])
    return figures(answers(rows(*photos), labels=LABELS), np.array(labels), matching, known, Thresholds())


def test_groups_are_counted_where_a_class_stands_out_and_where_none_does(answers: Made) -> None:
    found = judged(
        answers,
        ["dog", "cat"],
        [0, 0, 1, 1, 0],
        {COLLIE: 0.9, TABBY: 0.1},  # a class and its group
        {COLLIE: 0.5, BORDER_COLLIE: 0.5},  # only the group, right
        {COLLIE: 0.5, BORDER_COLLIE: 0.5},  # only the group, wrong
        {COLLIE: 0.5, PERSIAN: 0.5},  # neither
        {BUBBLE: 0.4, 844: 0.4, COLLIE: 0.2},  # the rest leads, which has no name
    )
    assert found is not None
    assert (found.clear.count, found.clear.total) == (3, 5)
    assert found.right is not None
    assert (found.right.count, found.right.total) == (2, 3)
    assert (found.unsure.count, found.unsure.total) == (4, 5)
    assert found.unsure_clear is not None
    assert (found.unsure_clear.count, found.unsure_clear.total) == (2, 4)
    assert found.unsure_right is not None
    assert (found.unsure_right.count, found.unsure_right.total) == (1, 2)
    assert str(explain_groups("m", found)) == (
        "m: on 4 photos no class stands out. On 2 of them a group such as “dog” does, and 1 of these "
        "groups are right (50%)."
    )


def test_photos_of_a_class_that_the_model_lacks_are_left_out(answers: Made) -> None:
    found = judged(answers, ["dog", "rose"], [0, 1], {COLLIE: 0.9}, {COLLIE: 0.9})
    assert found is not None
    assert (found.clear.total, found.unsure.count) == (1, 0)
    assert (found.unsure_clear, found.unsure_right) == (None, None)
    assert explain_groups("m", found) is None


def test_a_narrow_class_is_right_by_its_group(answers: Made) -> None:
    found = judged(answers, ["Persian cat"], [0], {TABBY: 0.5, PERSIAN: 0.5})
    assert found is not None
    assert found.unsure_right is not None
    assert found.unsure_right.count == 1


@pytest.mark.parametrize("labels", [("cat", "dog"), LABELS[::-1]])
def test_a_model_without_groups_has_no_figures(answers: Made, labels: tuple[str, ...]) -> None:
    made = answers([[1.0 / len(labels)] * len(labels)], labels=labels)
    assert figures(made, np.array([0]), match(labels, labels), np.array([True]), Thresholds()) is None
