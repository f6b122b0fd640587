"""Top-1, top-5, confusion, precision and recall, worked out by hand."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support

from lib.datasets.matching import match
from lib.evaluation.accuracy import (
    Confusion,
    balanced_accuracy,
    confuse,
    figures_per_class,
    find_hits,
    macro_f1,
    mistakes,
    most_confused,
    narrowed,
    top5,
)
from lib.evaluation.answers import Answers

Made = Callable[..., Answers]
# Photos of a a b b c; answered a b b b a.
ROWS = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.9, 0.0], [0.3, 0.4, 0.3], [0.5, 0.1, 0.4]]
LABELS = np.array([0, 0, 1, 1, 2])


def confused(answers: Made) -> Confusion:
    return confuse(answers(ROWS), LABELS, match("abc", "abc"), ("A", "B", "C"))


def test_right_is_whose_likeliest_class_is_the_photos(answers: Made) -> None:
    hits = find_hits(answers(ROWS), LABELS, ((0,), (1,), (2,)))
    assert hits.right.tolist() == [True, False, True, True, False]
    assert (hits.top1.count, hits.top1.total) == (3, 5)


def test_of_equally_likely_classes_the_lower_is_the_answer(answers: Made) -> None:
    assert find_hits(answers([[0.5, 0.5]]), np.array([1]), ((0,), (1,))).right.tolist() == [False]


def test_any_of_several_targets_is_right(answers: Made) -> None:
    hits = find_hits(answers(ROWS), np.zeros(5, np.int64), ((0, 1),))
    assert hits.right.all()


def test_photos_of_a_class_the_model_lacks_are_not_judged(answers: Made) -> None:
    hits = find_hits(answers(ROWS), LABELS, ((0,), (1,), ()))
    assert hits.judged.tolist() == [True, True, True, True, False]
    assert (hits.top1.count, hits.top1.total) == (3, 4)


def test_top_5_looks_among_the_five_likeliest_of_at_least_six_classes(answers: Made) -> None:
    made = answers([[0.3, 0.2, 0.2, 0.1, 0.1, 0.1], [0.3, 0.2, 0.2, 0.1, 0.1, 0.1]])
    hits = find_hits(made, np.array([4, 5]), [(i,) for i in range(6)])
    assert hits.in_top5.tolist() == [True, False]  # of equals the lower comes first
    assert top5(made, hits) is not None
    five = answers([[0.2] * 5])
    assert top5(five, find_hits(five, np.array([0]), [(i,) for i in range(5)])) is None


def test_confusion_counts_true_class_by_answer(answers: Made) -> None:
    confusion = confused(answers)
    assert confusion.counts.tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0]]
    assert confusion.names == ("A", "B", "C")


def test_behind_each_cell_are_its_photos(answers: Made) -> None:
    confusion = confused(answers)
    assert confusion.photos(0, 1) == (1,)
    assert confusion.photos(1, 1) == (2, 3)
    assert confusion.photos(2, 0) == (4,)
    assert confusion.photos(2, 2) == ()


def test_answers_outside_the_photos_classes_are_something_else(answers: Made) -> None:
    confusion = confuse(answers(ROWS), np.array([0, 0, 0, 0, 0]), match("a", "abc"), ("A",))
    assert confusion.counts.tolist() == [[2, 3]]
    assert confusion.photos(0, 1) == (1, 2, 3)


def test_photos_of_a_class_the_model_lacks_are_in_no_cell(answers: Made) -> None:
    confusion = confuse(answers(ROWS), LABELS, match("abc", "abc", chosen={"c": None}), ("A", "B", "C"))
    assert confusion.counts.tolist() == [[1, 1, 0], [0, 2, 0]]
    assert confusion.true.tolist() == [0, 0, 1, 1, -1]
    assert confusion.answered.tolist() == [0, 1, 1, 1, -1]


def test_classes_that_mean_the_same_to_the_model_are_one(answers: Made) -> None:
    matching = match(["tabby", "Persian cat", "b"], "abc", chosen={"tabby": "a", "Persian cat": "a"})
    confusion = confuse(answers(ROWS), LABELS, matching, ("tabby", "Persian cat", "B"))
    assert confusion.names == ("a", "B")
    # Photos 0, 1 tabby and 2, 3 Persian: answered a b b b; photo 4, B: answered a.
    assert confusion.counts.tolist() == [[1, 3, 0], [1, 0, 0]]


def test_an_answer_that_counts_for_two_classes_counts_for_the_photos_own(answers: Made) -> None:
    matching = match(["x", "y"], "abc", chosen={"x": ("a", "b"), "y": ("b", "c")})
    confusion = confuse(answers([[0, 1, 0], [0, 1, 0]]), np.array([0, 1]), matching, ("x", "y"))
    assert confusion.counts.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_precision_and_recall(answers: Made) -> None:
    figures = figures_per_class(confused(answers))
    assert [(f.name, f.photos) for f in figures] == [("A", 2), ("B", 2), ("C", 1)]
    assert [f.recall and (f.recall.count, f.recall.total) for f in figures] == [(1, 2), (2, 2), (0, 1)]
    assert [f.precision and (f.precision.count, f.precision.total) for f in figures] == [(1, 2), (2, 3), None]


def test_precision_and_recall_are_scikit_learns(answers: Made) -> None:
    rng = np.random.default_rng(1)
    made = answers(rng.dirichlet([0.5] * 4, 200))
    labels = rng.integers(0, 4, 200)
    figures = figures_per_class(confuse(made, labels, match("abcd", "abcd"), "abcd"))
    precision, recall, _, support = precision_recall_fscore_support(labels, made.best)
    assert [f.precision.value for f in figures if f.precision] == pytest.approx(precision)
    assert [f.recall.value for f in figures if f.recall] == pytest.approx(recall)
    assert [f.photos for f in figures] == support.tolist()


def test_measures_that_count_every_class_the_same_are_scikit_learns(answers: Made) -> None:
    rng = np.random.default_rng(2)
    made = answers(rng.dirichlet([0.5] * 4, 200))
    labels = rng.choice(4, 200, p=[0.7, 0.1, 0.1, 0.1])
    figures = figures_per_class(confuse(made, labels, match("abcd", "abcd"), "abcd"))
    assert balanced_accuracy(figures) == pytest.approx(balanced_accuracy_score(labels, made.best))
    assert macro_f1(figures) == pytest.approx(f1_score(labels, made.best, average="macro"))


def test_a_class_never_named_counts_as_nothing_in_f1(answers: Made) -> None:
    # A: 1 of 2 found, named twice: 2 · 1 / 4. B: 2 of 2, named three times: 2 · 2 / 5. C: never.
    assert macro_f1(figures_per_class(confused(answers))) == pytest.approx((2 / 4 + 4 / 5 + 0) / 3)


def test_mistakes_are_listed_with_what_was_answered_the_most_frequent_first(answers: Made) -> None:
    made = answers([*ROWS, [0.2, 0.7, 0.1]])  # one more a, answered b
    found = mistakes(confuse(made, np.array([0, 0, 1, 1, 2, 0]), match("abc", "abc"), ("A", "B", "C")), made)
    assert [(m.true, m.answered, m.photos, m.total) for m in found] == [("A", "B", (1, 5), 3), ("C", "A", (4,), 1)]


def test_a_mistake_outside_the_photos_classes_has_its_own_name(answers: Made) -> None:
    found = mistakes(confuse(answers(ROWS), np.zeros(5, np.int64), match("a", "abc"), ("A",)), answers(ROWS))
    assert [(m.true, m.answered, len(m.photos)) for m in found] == [("A", "b", 3)]


def table(true: Sequence[int], answered: Sequence[int], classes: int) -> Confusion:
    counts = np.zeros((classes, classes + 1), np.int64)
    for a, b in zip(true, answered, strict=True):
        if a >= 0:
            counts[a, b] += 1
    return Confusion(tuple(f"c{i}" for i in range(classes)), np.array(true), np.array(answered), counts)


def test_of_many_classes_those_with_most_mistakes_are_shown() -> None:
    counts = np.zeros((40, 41), np.int64)
    np.fill_diagonal(counts, 5)
    counts[7, 9] = 4
    counts[33, 40] = 2
    shown = most_confused(
        Confusion(tuple(map(str, range(40))), np.zeros(0, np.int64), np.zeros(0, np.int64), counts), 3
    )
    assert shown == (7, 9, 33)


def test_no_photo_of_a_class_that_is_chosen_is_missing_from_its_table() -> None:
    # c0 → c3, c3 → c0, c0 → c1 (hidden), c3 → something else, c2 right, unknown class
    folded = narrowed(table([0, 3, 0, 3, 2, -1], [3, 0, 1, 4, 2, -1], 4), [0, 3])
    assert (folded.names, folded.counts.tolist()) == (("c0", "c3"), [[0, 1, 1], [1, 0, 1]])
    assert [folded.photos(0, 2), folded.photos(1, 2), folded.photos(0, 1)] == [(2,), (3,), (0,)]
    assert folded.photos(-1, -1) == (4, 5)


def test_a_table_of_few_classes_is_shown_whole() -> None:
    whole = table([0, 1], [0, 1], 2)
    assert most_confused(whole, 30) == (0, 1)
    assert narrowed(whole, [0, 1]).counts.tolist() == whole.counts.tolist()
