"""How well a model knows what it does not know, on photos that somebody says show none of its things.

Such a score often tells where a photo comes from (the camera, the light, the collection), not what is new in it: so
each source of such photos has figures of its own, and known things from elsewhere stand beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.datasets.matching import How, Matching
from lib.datasets.others import within
from lib.evaluation.answers import Answers, Bools, Floats, Ints
from lib.evaluation.novelty import auroc, fpr
from lib.evaluation.shares import Share, share, share_or_none
from lib.evaluation.track_record import Told
from lib.evaluation.verdicts import FEWEST_FOR_PERCENT
from lib.messages import N_, Message
from lib.model.imagenet import is_imagenet
from lib.results import AnswerKind
from lib.verdict import spoken_percent

BASELINE = "probability"  # the score of a model that has none of its own


@dataclass(frozen=True, slots=True)
class Against:
    """What becomes of the photos of one source of unknown things.

    Attributes:
        source: Its name; "" for photos in no folder of their own, or for all sources together.
        auroc: How often a known photo scores above one of these: 0.5 is chance, 1 is perfect.
        fpr: How many of these score like known ones, where 95% of the known ones do ("FPR at 95% TPR"), in [0, 1].
        clear: How many have a class that stands out, whatever the score says.
        still_clear: How many are clear and not called unfamiliar.
        auroc_from_elsewhere: As `auroc`, against the known photos from elsewhere; None without any.
        photos: Their positions.
    """

    source: str
    auroc: float
    fpr: float
    clear: Share
    still_clear: Share
    auroc_from_elsewhere: float | None
    photos: tuple[int, ...]

    @property
    def is_few(self) -> bool:
        """Whether they are too few for more than to be counted."""
        return len(self.photos) < FEWEST_FOR_PERCENT


@dataclass(frozen=True, slots=True)
class UnknownFigures:
    """How well a model tells known photos from others.

    Attributes:
        score: By what: "max-logit", "class-mean", or "probability", the largest one, for want of anything better.
        is_hint: Whether it is only hinted at that a photo is unfamiliar.
        together: All photos of unknown things.
        sources: The same by source, where there are several.
        flagged: How many of the known photos are called unfamiliar.
        flagged_elsewhere: How many of the known photos from elsewhere are; None without any.
    """

    score: str
    is_hint: bool
    together: Against
    sources: tuple[Against, ...]
    flagged: Share
    flagged_elsewhere: Share | None

    @property
    def rows(self) -> tuple[Against, ...]:
        """Return all photos together, then each source where there are several."""
        return (self.together, *self.sources)

    @property
    def has_own_score(self) -> bool:
        """Whether the model has a score of its own."""
        return self.score != BASELINE


def figures(answers: Answers, told: Told, labels: Ints, matching: Matching) -> UnknownFigures | None:
    """Return the figures; None without photos of unknown things.

    Args:
        answers: What a model said of N photos, at least one of which it knows.
        told: What that comes to.
        labels: Shape (N,), the class of each photo.
        matching: How the photos' classes relate to the model's.
    """
    other, elsewhere = (_of(how, labels, matching) for how in (How.OTHER, How.ELSEWHERE))
    if not other.any():
        return None
    values = score_of(answers)
    known, abroad = values[told.judged], values[elsewhere]
    strange = np.array([kind is AnswerKind.UNFAMILIAR for kind in told.kinds])
    is_clear = np.array([not kind.is_ambiguous for kind in told.verdicts])

    def against(source: str, members: Bools) -> Against:
        count = int(members.sum())
        return Against(
            source,
            auroc(known, values[members]),
            fpr(known, values[members]),
            share(int((members & is_clear).sum()), count),
            share(int((members & is_clear & ~strange).sum()), count),
            auroc(abroad, values[members]) if len(abroad) else None,
            tuple(np.flatnonzero(members).tolist()),
        )

    sources = np.unique(labels[other]).tolist()
    return UnknownFigures(
        BASELINE if answers.scores is None else answers.scores.method,
        answers.scores is not None and answers.scores.is_hint,
        against(within(matching.classes[sources[0]]) if len(sources) == 1 else "", other),
        tuple(against(within(matching.classes[index]), labels == index) for index in sources) if sources[1:] else (),
        share(int((strange & told.judged).sum()), told.photos),
        share_or_none(int((strange & elsewhere).sum()), int(elsewhere.sum())),
    )


def _of(how: How, labels: Ints, matching: Matching) -> Bools:
    """Return which photos are of the classes that were matched so, shape (N,)."""
    return np.array([found is how for found in matching.how], dtype=np.bool_)[labels]


def explain(model: str, found: UnknownFigures) -> tuple[Message, ...]:
    """Return in a few sentences how well a model knows what it does not know."""
    all_of, values = found.together, {"model": model, "photos": len(found.together.photos)}
    text = N_("{model}: other things that still get a clear answer: {clear} of {photos}.")
    told = [Message(text, {**values, "clear": all_of.still_clear.count})]
    if not all_of.is_few:
        shares = {"share": spoken_percent(all_of.auroc), "passed": spoken_percent(all_of.fpr)}
        text = N_(
            "Shown one of them and one it knows, it finds the known one more familiar {share} of the time (AUROC). If "
            "95% of the known photos may pass, {passed} of the others pass as well (FPR at 95%)."
        )
        told.append(Message(text, shares))
    if not found.has_own_score:
        told.append(Message(BY_PROBABILITY))
    if found.flagged_elsewhere is not None and found.has_own_score:
        text = N_("Known things from elsewhere that are called unfamiliar: {count} of {n}.")
        told.append(Message(text, {"n": found.flagged_elsewhere.total, "count": found.flagged_elsewhere.count}))
    return tuple(told)


BY_PROBABILITY = N_(
    "It has no sense of its own for the unfamiliar, so this goes by the largest probability (1 − p1, the baseline)."
)
ONE_SOURCE = N_(
    "All photos of other things are from one source. A model may tell the source (camera, light, collection) and not "
    "the thing. Put other sources into folders within _other, and known things from there into _elsewhere/CLASS."
)
WHAT_IT_IS = N_(
    "The photos in the folder _other show none of the things that the models know. They do not count as right or wrong."
)


MANY_AND_FEW = N_(
    "One of these models knows a thousand things. What is other to the rest may be known to it, and its figures are "
    "worse for that."
)


def notes(every: Sequence[UnknownFigures | None], labels: Sequence[tuple[str, ...]]) -> tuple[Message, ...]:
    """Return what a reader should know about the figures of several models on the same photos.

    Args:
        every: The figures of each.
        labels: Its own labels, as its maker gives them.
    """
    found = [figures for figures in every if figures is not None]
    if not found:
        return ()
    has_one = not any(figures.sources or figures.flagged_elsewhere for figures in found)
    mixed = len({is_imagenet(own) for own in labels}) > 1
    texts = [WHAT_IT_IS, *([ONE_SOURCE] if has_one else []), *([MANY_AND_FEW] if mixed else [])]
    return tuple(map(Message, texts))


def score_of(answers: Answers) -> Floats:
    """Return how familiar each photo is to a model, shape (N,): by its own score, or else its largest probability."""
    return answers.p1 if answers.scores is None else answers.scores.values
