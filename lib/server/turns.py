"""Whose turn it is, so that everybody gets the same share of the time.

This is start-time fair queueing (Goyal, Vin and Cheng 1996, "Start-time Fair Queueing: A Scheduling Algorithm for
Integrated Services Packet Switching Networks"). Everybody has a place on a scale of time; whose place is lowest is
served, and what the serving took moves the place up. Two things follow. Who comes anew is placed where the serving
stands, and goes before all who have been served since they came: that is what fq_codel gives to new flows (RFC 8290,
section 4.2). And who comes back, as one does who sends the next photo when the last is answered, finds the old place as
long as that lies ahead: nobody gets more by bringing work bit by bit.
"""

import itertools
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Turns(Generic[K]):
    """The places of those who take turns; to be used by one thread at a time."""

    def __init__(self) -> None:
        self._now_s = 0.0  # where the serving stands
        self._places: dict[K, tuple[float, bool, int]] = {}  # place, whether it was served there, order of coming
        self._count = itertools.count()

    def come(self, key: K, behind_s: float = 0.0) -> None:
        """Give somebody a place who waits for nothing yet, so far behind where the serving stands."""
        new = self._now_s + behind_s
        at_s, served, _ = self._places.get(key, (new, False, 0))
        self._places[key] = (new, False, next(self._count)) if at_s <= new else (at_s, served, next(self._count))

    def next(self, waiting: Collection[K]) -> K:
        """Return whose turn it is of those who wait and have come; at least one."""
        return min(waiting, key=self._places.__getitem__)

    def serve(self, key: K, seconds: float) -> None:
        """Note that it is somebody's turn now, and how long that will take."""
        self._now_s = max(self._now_s, self._places[key][0])
        self.charge(key, seconds)

    def charge(self, key: K, seconds: float) -> None:
        """Note that somebody's turn takes longer, or less long, than was thought."""
        if key in self._places:
            at_s, _, order = self._places[key]
            self._places[key] = at_s + seconds, True, order

    def rest(self) -> None:
        """Forget everybody: nobody waits and nobody is served."""
        self._places.clear()
