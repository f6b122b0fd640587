"""The photos behind a figure: those it got wrong, those of a verdict, of a class, of about the same confidence."""

from collections.abc import Sequence

import numpy as np

from lib.evaluation.answers import Bools
from lib.evaluation.calibration import BINS, Bin, bin_of
from lib.evaluation.evaluate import ModelFigures
from lib.results import AnswerKind

Photos = tuple[int, ...]


def wrong(model: ModelFigures) -> Photos:
    """Return the positions of the photos that a model named wrongly, the surest first."""
    return _listed(model, _wrong(model))


def wrong_and_sure(model: ModelFigures) -> Photos:
    """Return those of them with a clear verdict."""
    return _listed(model, _wrong(model) & _given(model, AnswerKind.CLEAR))


def only_right(first: ModelFigures, second: ModelFigures) -> Photos:
    """Return the photos that the first of two models got right and the second wrong, its surest mistakes first."""
    return _listed(second, first.hits.right & _wrong(second))


def of_kind(model: ModelFigures, kind: AnswerKind) -> Photos:
    """Return the judged photos whose answer comes to `kind`, the wrong ones first."""
    return _listed(model, model.hits.judged & _given(model, kind))


def surest_of(model: ModelFigures, photos: Sequence[int]) -> Photos:
    """Return some of the photos, those with a clear answer first, of these the surest."""
    is_clear = _given(model, AnswerKind.CLEAR)
    return tuple(sorted(photos, key=lambda photo: (not is_clear[photo], -model.answers.p1[photo])))


def of_class(model: ModelFigures, index: int) -> Photos:
    """Return the photos of a class of the confusion matrix, the wrong ones first."""
    return _listed(model, model.confusion.true == index)


def taken_for(model: ModelFigures, index: int) -> Photos:
    """Return the photos that were named as a class of the confusion matrix, the wrong ones first."""
    return _listed(model, model.confusion.answered == index)


def in_bin(model: ModelFigures, members: Bin) -> Photos:
    """Return the judged photos in a bin of the reliability diagram, the wrong ones first."""
    return _listed(model, model.hits.judged & (bin_of(model.answers.p1) == round(members.low * BINS)))


def _wrong(model: ModelFigures) -> Bools:
    return model.hits.judged & ~model.hits.right


def _given(model: ModelFigures, kind: AnswerKind) -> Bools:
    return np.array([given is kind for given in model.told.kinds], dtype=np.bool_)


def _listed(model: ModelFigures, members: Bools) -> Photos:
    """Return the positions of the members: the wrong ones first, of these the surest."""
    positions = np.flatnonzero(members)
    order = np.lexsort((-model.answers.p1[positions], model.hits.right[positions]))
    return tuple(positions[order].tolist())
