"""What the server remembers of each visitor: photos, answers and running work; in memory only.

A browser that loads the page anew is a new session to the server. A visit outlives that: the tab keeps its random id,
and who has the id gets the visit back. A visit that nobody has shown for a while is forgotten.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lib.album import Album
from lib.work.jobs import Job

KEEP_S = 30 * 60
MOST = 200


@dataclass
class Visit:
    """One visitor's photos and work.

    Attributes:
        id: Random; who knows it can see the photos.
        album: The photos.
        jobs: Work that goes on or was done, by name.
        kept: Whatever else belongs to this visit, by name.
        paused: Photos up to this id wait until they are asked for again (see `lib.ui.looking`).
        seen: When a page last asked for it.
    """

    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    album: Album = field(default_factory=Album)
    jobs: dict[str, Job] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict)
    paused: int = 0
    seen: float = 0.0

    def end(self) -> None:
        """Stop all work that is still going on."""
        for job in self.jobs.values():
            job.cancel()


class Visits:
    """All visits of this server; safe to use from several threads.

    Args:
        clock: Returns seconds; for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._visits: dict[str, Visit] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def begin(self) -> Visit:
        """Return a new visit."""
        visit = Visit()
        self.keep(visit)
        return visit

    def get(self, visit_id: str) -> Visit | None:
        """Return the visit with this id, or None if there is none or it was forgotten."""
        with self._lock:
            self._forget_old()
            return self._visits.get(visit_id)

    def keep(self, visit: Visit) -> None:
        """Note that `visit` is being shown now; the oldest go when there are too many."""
        with self._lock:
            visit.seen = self._clock()
            self._visits.pop(visit.id, None)
            self._visits[visit.id] = visit
            self._forget_old()

    def drop(self, visit: Visit) -> None:
        """Forget a visit at once."""
        with self._lock:
            self._visits.pop(visit.id, None)
        visit.end()

    def forget_old(self) -> None:
        """Forget what nobody has shown for long; to be called now and then, as the last visitor is nobody's cue."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        """Drop what nobody has shown for long; the order of the dictionary is that of showing."""
        oldest = self._clock() - KEEP_S
        for visit in list(self._visits.values()):
            if visit.seen >= oldest and len(self._visits) <= MOST:
                break
            del self._visits[visit.id]
            visit.end()
