"""Agreement and disagreement, worked out by hand."""

from collections.abc import Callable

import pytest

from lib.datasets.matching import Basis
from lib.evaluation.agreement import compare_all, compare_pair, sort_photos
from lib.evaluation.answers import Answers
from lib.model.imagenet import imagenet
from lib.verdict import Thresholds

Made = Callable[..., Answers]
FIRST = [[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.95, 0.05, 0.0]]
SECOND = [[0.8, 0.1, 0.1], [0.1, 0.9, 0.0], [0.1, 0.3, 0.6], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3]]


def pair(answers: Made) -> tuple[Answers, Answers]:
    return answers(FIRST, model="one"), answers(SECOND, model="two")


def test_agreement_is_the_share_of_equal_answers(answers: Made) -> None:
    found = compare_pair(*pair(answers))
    assert found.same.tolist() == [True, False, False, False, False]
    assert found.share is not None
    assert (found.share.count, found.share.total) == (1, 5)


def test_photos_are_sorted_by_what_the_models_make_of_them(answers: Made) -> None:
    models = pair(answers)
    gallery = sort_photos(models, [m.kinds(Thresholds()) for m in models], compare_all(models))
    # 1: 0.8 against 0.9; 2: 0.7 against 0.6, which has a rival; 4: 0.95 against 0.4, too weak. Nobody is sure of 3.
    assert [(d.photo, d.confidence) for d in gallery.disagreements] == [
        (1, pytest.approx(0.8)), (2, pytest.approx(0.6)), (4, pytest.approx(0.4)),
    ]  # fmt: skip
    assert [d.is_strong for d in gallery.disagreements] == [True, False, False]
    assert (gallery.agreements, gallery.all_ambiguous, gallery.not_comparable) == ((0,), (3,), ())


def test_of_three_models_the_surest_contradiction_counts(answers: Made) -> None:
    models = (
        answers([[0.9, 0.1]], model="one"), answers([[0.4, 0.6]], model="two"), answers([[0.2, 0.8]], model="three"),
    )  # fmt: skip
    gallery = sort_photos(models, [m.kinds(Thresholds()) for m in models], compare_all(models))
    assert [(d.photo, d.confidence) for d in gallery.disagreements] == [(0, pytest.approx(0.8))]


def test_who_alone_is_sure_of_what_the_others_do_not_know_does_not_agree_with_them(answers: Made) -> None:
    doubting = [answers([[0.4, 0.35, 0.25]], model=model) for model in ("one", "two")]
    models = (*doubting, answers([[0.9, 0.1]], model="three", labels=("x", "y")))
    gallery = sort_photos(models, [m.kinds(Thresholds()) for m in models], compare_all(models))
    assert (gallery.agreements, gallery.not_comparable) == ((), (0,))


def test_models_of_different_classes_are_compared_by_meaning(answers: Made) -> None:
    small = answers([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]], model="small", labels=("cat", "rose"))
    names = tuple(synonyms[0] for _, synonyms in imagenet())
    rows = [[0.0] * 1000 for _ in range(4)]
    for row, said in zip(rows, (281, 0, 0, 283), strict=True):  # tabby, tench, tench, Persian
        row[said] = 1.0
    large = answers(rows, model="large", labels=names)
    found = compare_pair(small, large)
    assert found.common.basis is Basis.MEANING
    assert found.same.tolist() == [True, False, False, False]
    assert found.comparable.tolist() == [True, True, False, True]
    gallery = sort_photos((small, large), [m.kinds(Thresholds()) for m in (small, large)], (found,))
    assert gallery.not_comparable == (2,)


def test_models_with_nothing_in_common_are_not_compared(answers: Made) -> None:
    found = compare_pair(answers(FIRST, model="one"), answers(FIRST, model="two", labels=("x", "y", "z")))
    assert (found.common.basis, found.share, found.comparable.any()) == (Basis.NONE, None, False)
