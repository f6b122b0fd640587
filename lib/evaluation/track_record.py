"""How often a model's answers are right, by what they come to for their reader: a verdict, a group, "unfamiliar"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lib.datasets.matching import Matching
from lib.evaluation import groups
from lib.evaluation.accuracy import find_hits
from lib.evaluation.answers import Answers, Bools, Ints
from lib.evaluation.verdicts import VerdictFigures, figures_of
from lib.model.spec import Tally, TrackRecord
from lib.results import AnswerKind, VerdictKind
from lib.verdict import Thresholds


@dataclass(frozen=True, eq=False)
class Told:
    """What a model's answers come to.

    Attributes:
        kinds: On each of N photos.
        verdicts: The verdict on each, whatever goes before it.
        right: Shape (N,): whether the group is right where that is the answer, else whether the likeliest class is.
        judged: Shape (N,): whether the model knows what the photo shows.
    """

    kinds: tuple[AnswerKind, ...]
    verdicts: tuple[VerdictKind, ...]
    right: Bools
    judged: Bools

    @property
    def photos(self) -> int:
        """Return how many photos are judged."""
        return int(self.judged.sum())

    def figures(self) -> Mapping[AnswerKind, VerdictFigures]:
        """Return share and accuracy of each kind that came up on a judged photo, in the order of `AnswerKind`."""
        given = np.array([kind.value for kind in self.kinds])
        all_of = {kind: figures_of(given == kind.value, self.right, self.judged) for kind in AnswerKind}
        return {kind: figures for kind, figures in all_of.items() if figures.share.count}

    def record(self, measured: str, *, is_unseen: bool) -> TrackRecord:
        """Return what is kept with the model; at least one photo must be judged.

        Args:
            measured: On which photos, in a few words.
            is_unseen: Whether the model certainly did not learn from them.
        """
        tallies = {
            kind: Tally(figures.accuracy.total, figures.accuracy.count)
            for kind, figures in self.figures().items()
            if figures.accuracy is not None
        }
        return TrackRecord(self.photos, measured, is_unseen, tallies)


def tell(
    answers: Answers, labels: Ints, matching: Matching, thresholds: Thresholds | None = None
) -> Told:  # fmt: skip
    """Return what a model's answers come to, and whether they are right; see `lib.verdict.answer_kind`.

    Args:
        answers: What it said of N photos. Where classes of one meaning are one, no group goes before a verdict.
        labels: Shape (N,), the class of each photo.
        matching: How the photos' classes relate to the model's.
        thresholds: Of the verdicts; None for the defaults.
    """
    thresholds = thresholds or Thresholds()
    hits = find_hits(answers, labels, matching.targets)
    verdicts = answers.kinds(thresholds)
    is_clear = np.array([not kind.is_ambiguous for kind in verdicts], dtype=np.bool_)
    kinds = [AnswerKind(kind) for kind in verdicts]
    right = hits.right
    if answers.columns is None and (found := groups.outstanding(answers, labels, matching, thresholds)) is not None:
        named = found[0] & ~is_clear
        kinds = _where(named, AnswerKind.GROUP, kinds)
        right = np.where(named, found[1], right)
    if answers.scores is not None:
        # A mere hint goes before a clear class alone.
        strange = answers.scores.unfamiliar & (is_clear | (not answers.scores.is_hint))
        kinds = _where(strange, AnswerKind.UNFAMILIAR, kinds)
        right = np.where(strange, hits.right, right)
    return Told(tuple(kinds), verdicts, np.asarray(right & hits.judged), hits.judged)


def _where(chosen: Bools, kind: AnswerKind, kinds: Sequence[AnswerKind]) -> list[AnswerKind]:
    return [kind if is_chosen else before for is_chosen, before in zip(chosen.tolist(), kinds, strict=True)]
