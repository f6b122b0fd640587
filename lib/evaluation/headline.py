"""What came of an evaluation, in a sentence or two."""

from collections.abc import Sequence

from lib.evaluation.evaluate import Evaluation, ModelFigures
from lib.evaluation.significance import Difference
from lib.i18n import Translator
from lib.messages import N_


def headline(evaluation: Evaluation, say: Translator) -> str:
    """Return which model is best, how often it is right, and by how much it is better than the next."""
    best, *others = ranked(evaluation)
    told = say.plural(
        "{model} is right on {share} of {n} photo.",
        "{model} is right on {share} of {n} photos.",
        best.hits.photos,
        model=best.answers.name,
        share=_percent(best),
    )
    found = [(other, difference_of(evaluation, best, other)) for other in others]
    rivals = [(other, difference) for other, difference in found if difference is not None]
    return f"{told} {_beside(rivals, say)}" if rivals else told


def ranked(evaluation: Evaluation) -> list[ModelFigures]:
    """Return the models, the one that is right most often first."""
    return sorted(evaluation.models, key=lambda model: -model.top1.value)


def difference_of(evaluation: Evaluation, first: ModelFigures, second: ModelFigures) -> Difference | None:
    """Return whether `first` is better than `second`; None if no photo is judged for both."""
    ids = (first.answers.model, second.answers.model)
    for pair in evaluation.pairs:
        if (pair.agreement.first, pair.agreement.second) == ids:
            return pair.difference
        if (pair.agreement.second, pair.agreement.first) == ids:
            return pair.difference and pair.difference.reversed
    raise KeyError(ids)


def _beside(rivals: Sequence[tuple[ModelFigures, Difference]], say: Translator) -> str:
    """Return how the best model compares with the others, the best of these first."""
    other, difference = rivals[0]
    values = {"model": other.answers.name, "share": _percent(other), "points": f"{100 * abs(difference.gain):.1f}"}
    if not difference.only_first + difference.only_second:
        return say(N_("{model} is right and wrong on the same photos."), **values)
    if not difference.is_significant:
        return say(N_("{model} is right on {share}. The difference may be chance."), **values)
    if difference.gain < 0:  # they were judged on different photos
        return say(N_("On the photos that count for both, {model} is better by {points} points."), **values)
    if len(rivals) > 1 and all(one.is_significant and one.gain > 0 for _, one in rivals):
        return say(N_("It is better than all others. {model} comes next, {points} points behind."), **values)
    return say(N_("It is better than {model} by {points} points."), **values)


def _percent(model: ModelFigures) -> str:
    return f"{100 * model.top1.value:.1f}%"
