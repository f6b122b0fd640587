"""A model beside its smaller variant, worked out by hand."""

from collections.abc import Callable

from lib.evaluation.answers import Answers
from lib.evaluation.shift import change_between, compare_variants, explain_change
from lib.verdict import Thresholds

Made = Callable[..., Answers]


def test_what_changed_is_counted_and_the_largest_shift_comes_first(answers: Made) -> None:
    before = answers([[0.9, 0.1, 0], [0.6, 0.4, 0], [0.55, 0.45, 0], [0.7, 0.2, 0.1]], model="float")
    after = answers([[0.9, 0.1, 0], [0.68, 0.32, 0], [0.45, 0.55, 0], [0.2, 0.5, 0.3]], model="int8")
    change = compare_variants(before, after, Thresholds())
    # Photo 1 turns from close to clear; 2 and 3 change their answer, and 3 turns from clear to close.
    assert (change.changed_answers.count, change.changed_verdicts.count) == (2, 2)
    assert [shift.photo for shift in change.largest] == [3, 2, 1, 0]
    first = change.largest[0]
    assert (first.index, first.before, first.after) == (0, 0.7, 0.2)
    assert str(explain_change(change, "Float", "Int8")) == (
        "On 4 photos, Int8 and Float give a different answer 2 times and a different verdict 2 times. The largest "
        "change in a probability: 70% to 20%."
    )


def test_a_model_beside_itself_has_not_changed(answers: Made) -> None:
    same = answers([[0.9, 0.1], [0.6, 0.4]])
    change = compare_variants(same, same, Thresholds())
    assert (change.changed_answers.count, change.changed_verdicts.count) == (0, 0)
    assert change.largest[0].before == change.largest[0].after


def test_models_of_other_classes_are_no_variants(answers: Made) -> None:
    assert change_between(answers([[0.9, 0.1]]), answers([[0.9, 0.1]], labels=("x", "y")), Thresholds()) is None
