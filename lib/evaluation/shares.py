"""Shares, with the interval that tells how far chance may have moved them."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from lib.messages import N_, Message

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
INTERVALS = N_("In brackets: the 95% interval. 95 of 100 such intervals hold the true figure.")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95% interval.

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


def share(count: int, total: int) -> Share:
    """Return a share with Wilson's 95% score interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    Args:
        count: From 0 to `total`.
        total: At least 1.
    """
    middle = count + Z**2 / 2
    margin = Z * math.sqrt(count * (total - count) / total + Z**2 / 4)
    low, high = ((middle + sign * margin) / (total + Z**2) for sign in (-1, 1))
    return Share(count, total, low if count else 0.0, high if count < total else 1.0)


def share_or_none(count: int, total: int) -> Share | None:
    """Return `share`, or None of nothing."""
    return share(count, total) if total else None


def with_interval(share: Share | None) -> Message:
    """Return a share as people read it, with its interval: "83.1% (80.2–85.7%)"; a dash for nothing."""
    if share is None:
        return Message("–")
    value, low, high = (f"{100 * number:.1f}" for number in (share.value, share.low, share.high))
    return Message(N_("{value} ({low}–{high})"), {"value": f"{value}%", "low": low, "high": f"{high}%"})
