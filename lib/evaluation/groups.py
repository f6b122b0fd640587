"""How much the everyday groups are worth: how often one stands out, and how often it is right."""

from dataclasses import dataclass

import numpy as np

from lib.datasets.groups import groups_of
from lib.datasets.matching import Matching
from lib.evaluation.answers import Answers, Bools, Floats, Ints, ambiguous
from lib.evaluation.meaning import membership
from lib.evaluation.shares import Share, share, share_or_none
from lib.messages import N_, Message
from lib.verdict import FLOOR_GROUPS, Groups, Thresholds, percent


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What the everyday groups of a model add to its verdicts; see `lib.verdict.judge_groups`.

    Attributes:
        clear: Of how many of the judged photos a group stands out, whatever the verdict on the classes.
        right: How many of these groups are right: one of a class that the photo's own means. None without any.
        unsure: Of how many of the judged photos no class stands out.
        unsure_clear: Of how many of the unsure a group does, which is then the answer.
        unsure_right: How many of these answers are right.
    """

    clear: Share
    right: Share | None
    unsure: Share
    unsure_clear: Share | None
    unsure_right: Share | None


def figures(
    own: Answers, labels: Ints, matching: Matching, judged: Bools, thresholds: Thresholds
) -> GroupFigures | None:
    """Return the figures; None for a model without groups.

    Args:
        own: What it said of N photos, in its own classes.
        labels: Shape (N,), the class of each photo.
        matching: How the photos' classes relate to its own.
        judged: Shape (N,): whether it knows the photo's class; of at least one.
        thresholds: Of the verdicts.
    """
    found = outstanding(own, labels, matching, thresholds)
    if found is None:
        return None
    clear, right = found
    clear = clear & judged
    unsure = ambiguous(own.kinds(thresholds)) & judged
    return GroupFigures(
        clear=share(int(clear.sum()), int(judged.sum())),
        right=share_or_none(int((clear & right).sum()), int(clear.sum())),
        unsure=share(int(unsure.sum()), int(judged.sum())),
        unsure_clear=share_or_none(int((unsure & clear).sum()), int(unsure.sum())),
        unsure_right=share_or_none(int((unsure & clear & right).sum()), int((unsure & clear).sum())),
    )


def outstanding(
    own: Answers, labels: Ints, matching: Matching, thresholds: Thresholds
) -> tuple[Bools, Bools] | None:  # fmt: skip
    """Return on which photos a group stands out, and on which the leading one is right; None for no groups.

    Args:
        own: See `figures`.
        labels: See `figures`.
        matching: See `figures`.
        thresholds: See `figures`.
    """
    groups = groups_of(own.own_labels)
    if groups is None:
        return None
    leader, clear = _leaders(own.probabilities, groups, thresholds)
    means = membership([groups.of_class[list(own)].tolist() for own in matching.targets], len(groups.names) + 1)
    return clear, means[labels, leader]


def _leaders(probabilities: Floats, groups: Groups, thresholds: Thresholds) -> tuple[Ints, Bools]:
    """Return the group that leads on each photo, and whether it stands out; the rest never does."""
    sums = np.array([groups.sums(row) for row in probabilities])
    p2, p1 = np.partition(sums, -2, axis=1)[:, -2:].T
    leader: Ints = sums.argmax(axis=1)
    return leader, (p2 < thresholds.ratio * p1) & (p1 >= FLOOR_GROUPS) & (leader < len(groups.names))


def explain_groups(model: str, figures: GroupFigures) -> Message | None:
    """Return in one sentence what the groups add where no class stands out; None if they add nothing."""
    if figures.unsure_clear is None or figures.unsure_right is None:
        return None
    text = N_(
        "{model}: on {unsure} photos no class stands out. On {count} of them a group such as “dog” does, and "
        "{right} of these groups are right ({percent})."
    )
    clear, right = figures.unsure_clear, figures.unsure_right
    values = {"count": clear.count, "unsure": clear.total, "right": right.count, "percent": percent(right.value)}
    return Message(text, {"model": model, **values})
