"""An axis of shares, as far as the data go."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25)
_MOST_STEPS = 7


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from one round share to another.

    Attributes:
        low: Where it begins, in [0, 1).
        high: Where it ends.
        ticks: What is written at it, both ends included.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @staticmethod
    def around(shares: Iterable[float]) -> "Scale":
        """Return the shortest axis of few steps that holds some shares, at least one."""
        found = list(shares)
        least, most = min(found), max(found)
        step = next(step for step in _STEPS if most - least <= _MOST_STEPS * step or step == _STEPS[-1])
        first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
        if first == last:  # one share, and a round one
            first, last = (first - 1, last) if last * step >= 1 else (first, last + 1)
        ticks = tuple(round(step * k, 2) for k in range(first, last + 1))
        return Scale(ticks[0], ticks[-1], ticks)

    def at(self, share: float) -> str:
        """Return where a share stands, in percent of the axis."""
        return f"{100 * (share - self.low) / (self.high - self.low):.2f}"
