"""Is one model better than another, or may it be chance: McNemar's exact test, and Holm's correction of several."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib.evaluation.shares import CONFIDENCE, Z
from lib.messages import N_, Message
from lib.verdict import spoken_percent


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on the same photos.

    Attributes:
        photos: How many photos both were judged on.
        only_first: How many only the first named rightly.
        only_second: How many only the second did.
        p_value: Of McNemar's exact test: how likely a split at least as uneven is among the photos that only one of
            them named rightly, if each model were as likely as the other to be the one.
        pairs: How many pairs of models are compared in one go.
        corrected: `p_value`, Holm's correction for so many pairs applied.
    """

    photos: int
    only_first: int
    only_second: int
    p_value: float
    pairs: int
    corrected: float

    @property
    def gain(self) -> float:
        """Return by how much more often the first is right than the second, in [-1, 1]."""
        return (self.only_first - self.only_second) / self.photos

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of `gain`, Wald's with one photo added to either side.

        Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on
        paired data", J. Educ. Behav. Stat. 37, 479-488.
        """
        n = self.photos + 2
        first, second = (self.only_first + 1) / n, (self.only_second + 1) / n
        margin = Z * math.sqrt((first + second - (first - second) ** 2) / n)
        return max(-1.0, first - second - margin), min(1.0, first - second + margin)

    @property
    def reversed(self) -> "Difference":
        """Return the same with the second model first."""
        return replace(self, only_first=self.only_second, only_second=self.only_first)

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would find any such difference, among all pairs, in less than 5% of cases."""
        return self.corrected < 1 - CONFIDENCE


def mcnemar(photos: int, only_first: int, only_second: int) -> Difference:
    """Return McNemar's exact test of one pair (McNemar 1947, Psychometrika 12, 153-157; two-sided and binomial)."""
    fewer, n = min(only_first, only_second), only_first + only_second
    term = math.comb(n, fewer) / 2**n  # whole numbers up to here: right to the last digit, however large n
    tail = 0.0
    for k in range(fewer, -1, -1):
        tail += term
        term *= k / (n - k + 1)
    p_value = min(1.0, 2 * tail)
    return Difference(photos, only_first, only_second, p_value, 1, p_value)


def correct(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return the differences with Holm's correction: of several true nothings, one looks like something too easily.

    Holm 1979, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6, 65-70: the smallest of m
    values counts m times, the next m - 1 times, …, and none less than the one before. So the chance that any pair of
    equally good models is called different stays below 5%.
    """
    found = list(differences)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(found)), key=lambda i: found[i].p_value)):
        least = max(least, min(1.0, (len(found) - rank) * found[index].p_value))
        found[index] = replace(found[index], pairs=len(found), corrected=least)
    return tuple(found)


def explain_difference(difference: Difference, first: str, second: str) -> Message:
    """Return the test in plain words.

    Args:
        difference: What was found.
        first: Name of the first model.
        second: Name of the second.
    """
    a, b = difference.only_first, difference.only_second
    if not a + b:
        text = N_("{first} and {second} got exactly the same photos right and wrong (all {photos}).")
        return Message(text, {"first": first, "second": second, "photos": difference.photos})
    if b > a:
        first, second, a, b = second, first, b, a
    if difference.is_significant:
        text = N_(
            "On photos like these, {first} is better than {second}. Of {photos} photos, only {first} was right on {a}, "
            "only {second} on {b}. {chance}"
        )
    else:
        text = N_(
            "Of {photos} photos, only {first} was right on {a}, only {second} on {b}. This may be chance. {chance}"
        )
    values = {"first": first, "second": second, "photos": difference.photos, "a": a, "b": b}
    return Message(text, {**values, "chance": _explain_chance(difference)})


def gain_words(difference: Difference) -> Message:
    """Return by how much the first model is better: "+41.0 points (+36.2 to +45.6)"."""
    gain, low, high = (_signed(100 * value) for value in (difference.gain, *difference.interval))
    return Message(N_("{gain} points ({low} to {high})"), {"gain": gain, "low": low, "high": high})


def chance_words(difference: Difference) -> Message:
    """Return in words how likely chance alone makes such a difference, all pairs that are compared counted in."""
    for below, words in _CHANCES:
        if difference.corrected < below:
            return Message(words)
    return Message(N_("may be chance"))


_CHANCES = (
    (0.001, N_("almost surely not chance")),
    (0.01, N_("hardly chance")),
    (1 - CONFIDENCE, N_("probably not chance")),
)


def _signed(points: float) -> str:
    """Return points with their sign, a minus as it is printed; none before a zero."""
    return f"{points:+.1f}".replace("-", "−") if round(points, 1) else "0.0"


def _explain_chance(difference: Difference) -> Message:
    values = {"chance": spoken_percent(difference.p_value)}
    if difference.pairs == 1:
        text = N_("If both were equally good, a difference this large would occur in {chance} of comparisons.")
        return Message(text, values)
    text = N_(
        "If both were equally good, a difference this large would occur in {chance} of comparisons. As {pairs} pairs "
        "are compared here, this counts as {corrected} (Holm's correction)."
    )
    return Message(text, {**values, "pairs": difference.pairs, "corrected": spoken_percent(difference.corrected)})
