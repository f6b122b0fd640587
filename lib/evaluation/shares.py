"""Shares with what they may really be, and whether two models really differ."""

from dataclasses import dataclass
from functools import lru_cache

from lib.messages import N_, Message
from lib.verdict import percent

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval.

    Attributes:
        count: How many of them.
        total: Of how many, at least 1.
        low: Lower end of the interval, in [0, 1].
        high: Upper end.
    """

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Return the share, in [0, 1]."""
        return self.count / self.total


@lru_cache(maxsize=8192)
def share(count: int, total: int) -> Share:
    """Return a share with Wilson's 95 % score interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    Args:
        count: From 0 to `total`.
        total: At least 1.
    """
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, total, float(interval.low), float(interval.high))


def share_or_none(count: int, total: int) -> Share | None:
    """Return `share`, or None of nothing."""
    return share(count, total) if total else None


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on the same photos.

    Attributes:
        photos: How many photos both were judged on.
        only_first: How many only the first named rightly.
        only_second: How many only the second did.
        p_value: Of McNemar's exact test: how likely a split at least as uneven is among the photos that only one of
            them named rightly, if each model were as likely as the other to be the one.
    """

    photos: int
    only_first: int
    only_second: int
    p_value: float

    @property
    def is_significant(self) -> bool:
        """Whether chance would make such a difference in less than 5 % of cases."""
        return self.p_value < 1 - CONFIDENCE


def mcnemar(photos: int, only_first: int, only_second: int) -> Difference:
    """Return McNemar's exact test (McNemar 1947, Psychometrika 12, 153-157; the two-sided binomial form)."""
    from scipy.stats import binomtest

    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return Difference(photos, only_first, only_second, p_value)


def explain_difference(difference: Difference, first: str, second: str) -> Message:
    """Return the test in plain words.

    Args:
        difference: What was found.
        first: Name of the first model.
        second: Name of the second.
    """
    values: dict[str, object] = {
        "first": first,
        "second": second,
        "photos": difference.photos,
        "a": difference.only_first,
        "b": difference.only_second,
        "chance": percent(difference.p_value),
    }
    if not difference.only_first + difference.only_second:
        return Message(N_("{first} and {second} are right and wrong on the same photos, all {photos} of them."), values)
    if not difference.is_significant:
        text = N_(
            "Of {photos} photos, only {first} is right on {a} and only {second} on {b}. That may well be chance: of "
            "two equally good models one comes out ahead by as much in {chance} of such comparisons."
        )
    elif difference.only_first > difference.only_second:
        text = N_(
            "{first} is really better than {second} on photos like these: of {photos}, only {first} is right on {a}, "
            "and only {second} on {b}. Chance alone would produce such a difference in {chance} of such comparisons."
        )
    else:
        text = N_(
            "{second} is really better than {first} on photos like these: of {photos}, only {second} is right on {b}, "
            "and only {first} on {a}. Chance alone would produce such a difference in {chance} of such comparisons."
        )
    return Message(text, values)
