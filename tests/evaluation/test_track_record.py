"""What answers come to for their reader, and how often they are right."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lib.datasets.matching import match
from lib.evaluation.answers import Answers, Scores
from lib.evaluation.track_record import tell
from lib.model.imagenet import imagenet
from lib.model.spec import Tally, TrackRecord
from lib.results import AnswerKind
from lib.verdict import Thresholds

Made = Callable[..., Answers]
# Of photos of a a b b c, of which the model does not know the last: clear, close and wrong, clear and wrong, clear.
ROWS = [[0.9, 0.1], [0.45, 0.55], [0.9, 0.1], [0.1, 0.9], [0.95, 0.05]]
LABELS = np.array([0, 0, 1, 1, 2])
MATCHING = match("abc", "ab", chosen={"c": None})


def scored(answers: Made, *values: float, is_hint: bool = False) -> Answers:
    return replace(answers(ROWS), scores=Scores("max-logit", np.array(values), 1.0, is_hint))


def test_without_groups_and_scores_answers_come_to_their_verdicts(answers: Made) -> None:
    told = tell(answers(ROWS), LABELS, MATCHING)
    assert [kind.value for kind in told.kinds] == ["clear", "close", "clear", "clear", "clear"]
    assert told.right.tolist() == [True, False, False, True, False]
    assert told.record("set", is_unseen=True) == TrackRecord(
        4, "set", True, {AnswerKind.CLEAR: Tally(3, 2), AnswerKind.CLOSE: Tally(1, 0)}
    )


def test_what_never_comes_up_is_missing_and_shares_are_of_the_judged(answers: Made) -> None:
    found = tell(answers(ROWS), LABELS, MATCHING).figures()
    assert list(found) == [AnswerKind.CLEAR, AnswerKind.CLOSE]
    assert (found[AnswerKind.CLEAR].share.count, found[AnswerKind.CLEAR].share.total) == (3, 4)


def test_unfamiliar_goes_before_every_verdict_and_is_right_where_the_nearest_class_is(answers: Made) -> None:
    told = tell(scored(answers, 0.5, 0.5, 2, 2, 0.1), LABELS, MATCHING)
    assert [kind.value for kind in told.kinds] == ["unfamiliar", "unfamiliar", "clear", "clear", "unfamiliar"]
    assert told.record("set", is_unseen=False).kinds == {
        AnswerKind.CLEAR: Tally(2, 1), AnswerKind.UNFAMILIAR: Tally(2, 1),
    }  # fmt: skip


def test_a_hint_goes_before_a_clear_class_alone(answers: Made) -> None:
    told = tell(scored(answers, 0.5, 0.5, 2, 2, 2, is_hint=True), LABELS, MATCHING)
    assert [kind.value for kind in told.kinds] == ["unfamiliar", "close", "clear", "clear", "clear"]


def test_the_thresholds_decide_the_verdicts(answers: Made) -> None:
    told = tell(answers(ROWS), LABELS, MATCHING, Thresholds(ratio=0.9))
    assert told.kinds[1] is AnswerKind.CLEAR


def test_where_no_class_stands_out_but_a_group_does_the_group_is_what_is_right_or_wrong() -> None:
    names = tuple(known[0] for _, known in imagenet())
    dogs, tench = (151, 152, 153, 154), 0  # Chihuahua, Japanese spaniel, Maltese dog, Pekinese
    rows = np.zeros((2, len(names)))
    rows[:, dogs] = 0.25
    matching = match([names[dogs[3]], names[tench]], names)
    told = tell(Answers("m", "M", names, names, rows), np.array([0, 1]), matching)
    assert told.kinds == (AnswerKind.GROUP,) * 2
    assert told.right.tolist() == [True, False]  # the class that comes first is wrong on both
