"""What the server remembers of each visitor: photos, answers and running work; in memory only.

A browser that loads the page anew is a new session to the server. A visit outlives that: the tab keeps its random id,
and who has the id gets the visit back. Half an hour after the page was closed a visit is forgotten at the latest; much
earlier where closed pages hold much memory.
"""

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Choice
from lib.errors import AppError, FullError
from lib.lessons.bench import Memo
from lib.lessons.progress import Progress
from lib.messages import N_
from lib.server import limits
from lib.server.album import Album
from lib.work.queue import server_queue


@dataclass(eq=False)
class Visit:
    """One visitor's photos; her work is in the server's queue, under the visit's id.

    Attributes:
        id: Random; who knows it can see the photos.
        album: The photos; bounded by the space for the visit.
        paused: Photos up to this id wait until they are asked for again (see `lib.ui.looking`).
        known: The labelled photos that were read last, on the page Compare.
        known_bytes: What these hold.
        problem: Why what was brought last could not be read instead.
        choices: What names of classes mean, as the visitor decided.
        kept: What was worked out for a page, by name, with what it depends on (see `lib.ui.visit.kept`).
        lessons: What was done on the page Learn.
        lesson_memo: What was worked out there of the visitor's own photos.
        sessions: The browser's sessions that show it: one, or several if a tab was loaded anew or duplicated.
        seen: When one of them was last open.
    """

    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    album: Album = field(default_factory=Album)
    paused: int = 0
    known: LabelledPhotos | None = None
    known_bytes: int = 0
    problem: AppError | None = None
    choices: dict[str, Choice] = field(default_factory=dict)
    kept: dict[str, tuple[object, Any]] = field(default_factory=dict)
    lessons: Progress = field(default_factory=Progress)
    lesson_memo: Memo = field(default_factory=lambda: Memo(limits.LESSON_BYTES))
    sessions: set[str] = field(default_factory=set)
    seen: float = 0.0

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes, with what its work came to."""
        results = [*server_queue().results_of(self.id), *(value for _, value in self.kept.values())]
        held = self.album.held_bytes + self.known_bytes + self.lesson_memo.held_bytes
        return held + sum(map(_held_bytes, results))

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be lost with it."""
        has_any = bool(self.album.photos or self.lessons.seen) or self.known is not None
        return not has_any and not server_queue().has_work_of(self.id)

    def end(self) -> None:
        """Forget everything, whoever may still hold the visit itself; work goes on only if it is for others, too."""
        server_queue().leave(self.id)
        self.album.clear()
        self.known, self.known_bytes, self.problem = None, 0, None
        self.choices.clear()
        self.kept.clear()
        self.lessons.clear()
        self.lesson_memo.clear()


def _held_bytes(result: object) -> int:
    """Return how much memory a result takes: a file's bytes, or what it says itself."""
    return len(result) if isinstance(result, bytes) else int(getattr(result, "held_bytes", 0))


@dataclass
class Space:
    """The bytes that a visit may still take.

    Attributes:
        of_visit: What is left for it.
        take_of_all: Takes so many of what is left for all, and returns whether they were left.
    """

    of_visit: int
    take_of_all: Callable[[int], bool]

    def take(self, count: int) -> None:
        """Take `count` bytes.

        Raises:
            FullError: So many are not left.
        """
        if count > self.of_visit:
            raise FullError(
                N_("Each visitor can keep {size} MB here, and this would be more. Remove some photos first."),
                size=limits.VISIT_BYTES // limits.MB,
            )
        if not self.take_of_all(count):
            raise FullError(N_("This computer has no space for more photos right now. Try again in a few minutes."))
        self.of_visit -= count


class Visits:
    """All visits of this server; safe to use from several threads.

    Args:
        clock: Returns seconds; for tests.

    Attributes:
        is_open: Whether a session, by id, is connected to a browser.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_open: Callable[[str], bool] = lambda session: False
        self._visits: dict[str, Visit] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._left, self._counted_s = 0, -math.inf  # what all may still take, as it was counted last, and when

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self._visits)

    @property
    def open_count(self) -> int:
        """Return how many are shown by a page that is open."""
        with self._lock:
            return sum(any(map(self.is_open, visit.sessions)) for visit in self._visits.values())

    @property
    def held_bytes(self) -> int:
        """Return how much memory all of them take."""
        with self._lock:
            visits = list(self._visits.values())
        return sum(visit.held_bytes for visit in visits)

    def begin(self) -> Visit:
        """Return a new visit; where there are too many without anything in them, the oldest of those goes."""
        visit = Visit()
        self.keep(visit)
        with self._lock:
            empty = [other for other in self._visits.values() if other.is_empty]
            for other in empty[: -limits.MOST_EMPTY]:
                self._end(other)
        return visit

    def get(self, visit_id: str) -> Visit | None:
        """Return the visit with this id, or None if there is none or it was forgotten."""
        with self._lock:
            self._forget()
            return self._visits.get(visit_id)

    def find(self, visit_id: str) -> Visit | None:
        """Return the visit with this id, as being shown now: by a page whose session is known already, or by none."""
        with self._lock:
            visit = self._visits.get(visit_id)
            if visit is not None:
                visit.seen = self._clock()
        return visit

    def keep(self, visit: Visit, session: str | None = None) -> None:
        """Note that `visit` is being shown now, in `session`."""
        with self._lock:
            visit.seen = self._clock()
            if session is not None:
                visit.sessions.add(session)
            self._visits[visit.id] = visit

    def drop(self, visit: Visit) -> None:
        """Forget a visit at once."""
        with self._lock:
            self._end(visit)

    def empty(self) -> None:
        """Forget at once what all visits hold; their pages go on with nothing."""
        with self._lock:
            for visit in self._visits.values():
                visit.end()

    def space(self, visit: Visit) -> Space:
        """Return what `visit` may still take; visits whose page is closed make room where it is short.

        What all hold is counted anew now and then only, and before anybody is refused: with thirty visitors who send
        photos it would be half of what a request costs.
        """
        with self._lock:
            if self._clock() - self._counted_s > limits.COUNT_AGAIN_S:
                self._count_left()
        return Space(limits.VISIT_BYTES - visit.held_bytes, self._take)

    def _take(self, count: int) -> bool:
        with self._lock:
            if count > self._left:
                self._count_left()
            has_room = count <= self._left
            self._left -= count if has_room else 0
            return has_room

    def _count_left(self) -> None:
        self._note_open()
        self._counted_s = self._clock()
        self._left = limits.SERVER_BYTES - sum(other.held_bytes for other in self._visits.values())
        for other in self._closed(limits.GRACE_S):
            if self._left >= limits.VISIT_BYTES:
                break
            self._left += other.held_bytes
            self._end(other)

    def sweep(self) -> None:
        """Forget what is due; to be called now and then, as the last visitor's going is nobody's cue."""
        with self._lock:
            self._forget()
            visits = list(self._visits.values())
        for visit in visits:
            visit.album.forget_removed(limits.UNDO_S)

    def _forget(self) -> None:
        self._note_open()
        for visit in self._closed(limits.KEEP_S):
            self._end(visit)
        closed = self._closed(limits.GRACE_S)
        held = [visit.held_bytes for visit in closed]
        for position, visit in enumerate(closed):
            if sum(held[position:]) > limits.CLOSED_BYTES:
                self._end(visit)

    def _note_open(self) -> None:
        for visit in self._visits.values():
            if still := set(filter(self.is_open, visit.sessions)):
                visit.sessions, visit.seen = still, self._clock()

    def _closed(self, seconds: float) -> list[Visit]:
        """Return the visits that no open page has shown for so long, the longest closed first."""
        since = self._clock() - seconds
        return sorted((v for v in self._visits.values() if v.seen < since), key=lambda visit: visit.seen)

    def _end(self, visit: Visit) -> None:
        self._visits.pop(visit.id, None)
        visit.end()


# In a module: what lies in a cache of Streamlit's, any browser can clear.
VISITS = Visits()
