"""A project's model while its photos come in: every change is in its answers within a second.

Each photo is looked at once, by a few pieces of work at a time in the line that is given, so that whoever shares it is
never behind more than these. The head is fitted anew at most twice a second, and never for more than half of the time,
by whoever fits for all projects in turn; what changes meanwhile is in the next fit, and the last change always is.

Two paces: a quick one, which learns as was chosen last, and a study, which tries every way of looking that the settings
leave open. It takes seconds, so it comes when nothing has changed for a while, and waits for nobody's line.

Where a project keeps features only, each photo is looked at in every way that its settings can come to ask for, and its
file is deleted as soon as all of that is on the disk.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lib.classify.infer import conclude
from lib.errors import AppError, ModelOutputError, PhotoError
from lib.messages import Message
from lib.projects.project import Kept, Klass, Project, Settings
from lib.projects.result import Result
from lib.projects.shelf import Keeper, Shelf, Sized
from lib.results import Answer, Classification, Familiarity

GAP_S = 0.5  # from one fit's beginning to the next's, at least
CALM_S = 2.0  # where nothing changes for so long, there is time for a study
MOST_STUDIED = 400  # photos, to choose how to learn
AT_ONCE = 2  # photos of one project that are being read, or wait for it in the line
MOST_DROPPED = 32  # photos whose deletion is written down in one go
AGAIN_S = 5.0  # what could not learn tries again then
MOST_LIVE, UNUSED_S = 64, 600.0  # projects whose models are in memory, and for how long one that nobody uses stays
NEAREST = 3

R = TypeVar("R", bound=Sized)


@dataclass(frozen=True, slots=True)
class Seen(Generic[R]):
    """A photo as a backbone sees it.

    Attributes:
        rows: Its features.
        size_wh: Width and height of the upright photo in the file.
    """

    rows: R
    size_wh: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lesson(Generic[R]):
    """What a head is to be fitted to.

    Attributes:
        photos: N photos.
        rows: Their features.
        labels: N positions of classes, from 0, each of them at least once.
        classes: C classes, at least two.
        groups: N numbers: photos of the same number are nearly the same, and stay together when photos are left out.
        settings: What the project's owner chose.
    """

    photos: Sequence[Kept]
    rows: Sequence[R]
    labels: Sequence[int]
    classes: Sequence[Klass]
    groups: Sequence[int]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a device needs to see by itself.

    Attributes:
        model: Id of the model whose last map it is.
        look: "whole" or "square": what the model is shown of a photo.
        depth: How many means the map has.
        parts: Of how many parts of the map they are wanted, beside those of the whole: 1 for no other, or 4.
    """

    model: str
    look: str
    depth: int
    parts: int


class Head(Protocol):
    """What was fitted; see `lib.training.heads`."""

    def probabilities(self, rows: Any, /) -> NDArray[np.float64]:
        """Return shape (C,), sum 1."""

    def familiarity(self, rows: Any, /) -> Familiarity | None:
        """Return how like all that was learned from a photo is; None where too few photos tell."""


H = TypeVar("H", bound=Head)


@dataclass(frozen=True, slots=True)
class Fit(Generic[H]):
    """What a lesson came to.

    Attributes:
        head: The head.
        result: How good it is; None where there are too few photos to tell.
        notes: What was chosen and why, a sentence each.
    """

    head: H
    result: Result | None
    notes: tuple[Message, ...] = ()


class Learner(Keeper[R], Protocol[R, H]):
    """What reads photos and learns from them, with one backbone and a project's settings."""

    def pinned(self, head: H | None) -> "Learner[R, H]":
        """Return one that chooses nothing, but learns quickly: as this head did, None for the simplest."""

    def read(self, data: bytes, name: str, before: R | None = None) -> R:
        """Look at a photo's file, and return what is known of it then.

        Args:
            data: The file.
            name: What its owner calls it.
            before: What is known of it already.

        Raises:
            PhotoError: It cannot be decoded.
            ModelOutputError: It has no features.
        """

    @property
    def needs(self) -> object:
        """Return what has to be known of each photo; equal where that is the same."""

    def lacks(self, rows: R) -> bool:
        """Return whether some of that is missing."""

    def settled(self, folder: Path, digest: str) -> int:
        """Return how many bytes of what is known of a photo are on the disk for good; 0 unless all of it is."""

    def see(self, data: bytes, name: str, head: H) -> Seen[R]:
        """Look at a photo's file as one head needs it; raises as `read`."""

    def eyes(self, head: H) -> Eyes | None:
        """Return what a device needs to see by itself as this head wants it; None where it cannot."""

    def given(self, numbers: NDArray[np.float32], head: H) -> Seen[R]:
        """Return what a device saw by itself, as one head needs it.

        Args:
            numbers: The means of the last map, in one row; behind them those of its quarters, if the head wants them.
            head: The head.

        Raises:
            UsageError: They are as many as another head wants, or none at all.
        """

    def fit(self, lesson: Lesson[R]) -> Fit[H]:
        """Learn from photos of which nothing is lacking."""

    def direction(self, rows: R, head: H | None) -> NDArray[np.float16]:
        """Return what a photo looks like, shape (D,), length 1: the more alike two are, the larger their product."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned(Generic[R, H]):
    """What is known of a project.

    Attributes:
        version: Of the project whose photos these are.
        classes: Those that have photos, in the order of the head's answers.
        photos: N photos, those that were learned from.
        directions: Of these, shape (N, D); see `Learner.direction`.
        fit: The head; None with fewer than two classes.
        learner: What read the photos.
        of: Equal where the same would be learned.
    """

    version: int
    classes: tuple[Klass, ...]
    photos: tuple[Kept, ...]
    directions: NDArray[np.float16]
    fit: Fit[H] | None
    learner: Learner[R, H]
    of: object


@dataclass(frozen=True, slots=True)
class Look:
    """What the newest head says of a photo.

    Attributes:
        found: The answer.
        near: Ids of the photos it learned from that are most alike, the likest first.
    """

    found: Classification
    near: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Where a project's work is done, each among other projects'.

    Attributes:
        reading: Photos are looked at, one after the other.
        fitting: Heads are fitted.
        studying: What takes seconds, and nobody waits for.
    """

    reading: Executor
    fitting: Executor
    studying: Executor


class Live(Generic[R, H]):
    """The model of one project; safe to use from several threads.

    Args:
        project: The project.
        learners: Returns what reads its photos; raises ModelError where that cannot be.
        shelf: Where features are kept.
        lines: Where the work is done.
        clock: Returns seconds; for tests.

    Attributes:
        project: The project.
        turns: How often what it knows has changed.
        learned: What it knows; None as long as it knows nothing.
        notes: What was chosen for the project's photos and why, a sentence each.
        problem: Why it cannot learn.
        used_s: When it was last asked for something.
    """

    def __init__(
        self,
        project: Project,
        learners: Callable[[Settings], Learner[R, H]],
        shelf: Shelf[R],
        lines: Lines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.project = project
        self.turns = 0
        self.learned: Learned[R, H] | None = None
        self.notes: tuple[Message, ...] = ()
        self.problem: AppError | None = None
        self.used_s = clock()
        self._learners, self._shelf, self._lines, self._clock = learners, shelf, lines, clock
        self._chosen: H | None = None  # as this one was learned, the next ones are
        self._studied: object = None  # of what that was chosen
        self._listed = -1  # version of the project that was looked through last
        self._known: set[tuple[str, str, object]] = (
            set()
        )  # photos whose features are there: for which backbone and needs
        self._missing: OrderedDict[str, Kept] = OrderedDict()  # photos to be read, by digest
        self._reading: dict[Future[None], str] = {}
        self._slow: set[Future[None]] = set()  # fits and studies
        self._is_to_fit = self._is_fitting = self._is_studying = self._is_closed = False
        self._learner: Learner[R, H] | None = None
        # What photos are looked at with, the learner or one that needs more, and of which settings it is.
        self._reader: tuple[Learner[R, H], Settings] | None = None
        self._settled: dict[str, int] = {}  # bytes that are kept of photos whose files can go, by digest
        self._due_s = self._since_s = self._tried_s = 0.0  # of the next fit; of the last, or of the first photo since
        self._timers: dict[str, threading.Timer] = {}
        self._lock = threading.RLock()
        self._has_rest = threading.Condition(self._lock)

    @property
    def is_current(self) -> bool:
        """Whether it knows the photos as they are now."""
        with self._lock:
            if self._is_reading or self._is_to_fit or self._is_fitting or self.learned is None:
                return False
            return self.learned.version == self._listed == self.project.version

    @property
    def is_dropping(self) -> bool:
        """Whether it reads photos whose files it deletes then."""
        return self._is_reading and bool(self.project.manifest.to_drop)

    @property
    def is_behind(self) -> bool:
        """Whether `update` has something to begin."""
        is_stuck = self.problem is not None and self._clock() - self._tried_s > AGAIN_S
        return self._listed != self.project.version or is_stuck

    def update(self) -> None:
        """Begin what the project's changes ask for; to be called after each, and done at once where there is none."""
        self.used_s = self._clock()
        if self.is_behind:
            self._look_through()

    def close(self) -> None:
        """Stop, and let go of everything; nothing is written into the project's folder afterwards."""
        with self._lock:
            self._is_closed = True
            self._missing.clear()
            for timer in self._timers.values():
                timer.cancel()
            for future in (*self._reading, *self._slow):
                future.cancel()
            self._has_rest.wait_for(lambda: not self._reading and not self._slow)
            self.learned = None
        self._shelf.forget(self.project.folder)

    def look(self, data: bytes, name: str) -> Look | None:
        """Let the newest head look at a photo, in this thread; None while there is nothing to tell apart.

        Raises:
            PhotoError: It cannot be decoded.
            ModelOutputError: It has no features.
        """
        return self._look(name, lambda learner, head: learner.see(data, name, head))

    def look_at_numbers(self, numbers: NDArray[np.float32], name: str) -> Look | None:
        """Let the newest head look at what a device saw of a photo by itself; see `Learner.given`.

        Raises:
            UsageError: These are not the numbers that it needs.
        """
        return self._look(name, lambda learner, head: learner.given(numbers, head))

    def _look(self, name: str, show: "Callable[[Learner[R, H], H], Seen[R]]") -> Look | None:
        self.used_s, learned = self._clock(), self.learned
        if learned is None or learned.fit is None:
            return None
        head, start = learned.fit.head, time.perf_counter()
        seen = show(learned.learner, head)
        milliseconds = (time.perf_counter() - start) * 1e3
        probabilities, familiarity = head.probabilities(seen.rows), head.familiarity(seen.rows)
        answer = Answer(name, self.project.id, probabilities, seen.size_wh, milliseconds, familiarity)
        names = {klass.id: klass.name for klass in self.project.classes}
        labels = tuple(names.get(klass.id, klass.name) for klass in learned.classes)
        alike = learned.directions.astype(np.float32) @ learned.learner.direction(seen.rows, head).astype(np.float32)
        nearest = np.argsort(-alike, kind="stable")[:NEAREST]
        return Look(conclude(answer, labels), tuple(learned.photos[i].id for i in nearest))

    @property
    def _is_reading(self) -> bool:
        return bool(self._missing or self._reading)

    def _look_through(self) -> None:
        """Look through the project for photos that have to be read, and begin with it."""
        version, now = self.project.version, self._clock()
        self._tried_s = now
        settings, usable = self.project.settings, self.project.manifest.usable
        try:
            learner = reader = self._learners(settings).pinned(self._chosen)
            if not settings.keeps_photos:
                reader = self._learners(replace(settings, look="auto", pooling="auto", mirror="auto"))
        except AppError as error:
            self._stop(error, version)
            return
        to_drop = {photo.digest for photo in self.project.manifest.to_drop}
        with self._lock:
            if not _reads_alike(self._reader, reader):
                self._settled = {}  # what is kept of these photos is another network's
            self._learner, self._reader = learner, (reader, settings)
            self._listed, self.problem = version, None
            self._since_s = self._since_s if self._is_reading else now
            busy = set(self._reading.values())
            self._missing = OrderedDict(
                (photo.digest, photo)
                for photo in (*usable, *self.project.manifest.to_drop)
                if photo.digest not in busy and (photo.digest in to_drop or _known(reader, photo) not in self._known)
            )
            self._is_to_fit = True
            self._go_on()

    def _stop(self, problem: AppError, version: int) -> None:
        with self._lock:
            self._listed, self.problem = version, problem
            self._missing.clear()
            self._is_to_fit = False
            self.turns += 1

    def _go_on(self) -> None:
        """Hand in what is to be done next."""
        while self._missing and len(self._reading) < AT_ONCE and not self._is_closed:
            digest, photo = self._missing.popitem(last=False)
            future = self._lines.reading.submit(self._read, photo)
            self._reading[future] = digest
            future.add_done_callback(self._has_read)
        if self._is_closed or self._is_fitting:
            return
        if not self._is_to_fit:
            self._wake("study", CALM_S)
            return
        due_s = max(self._due_s, self._since_s + GAP_S) if self._is_reading else self._due_s
        if due_s > self._clock():
            self._wake("fit", due_s - self._clock())
            return
        self._is_to_fit, self._is_fitting = False, True
        self._begin(self._lines.fitting, self._fit, self._has_fitted)

    def _wake(self, why: str, seconds: float) -> None:
        """Go on after a while: a fit is due then, or, where nothing changes until then, a study."""
        for timer in self._timers.values():
            timer.cancel()
        timer = threading.Timer(seconds, self._wakes, (why,))
        timer.daemon = True
        self._timers[why] = timer
        timer.start()

    def _wakes(self, why: str) -> None:
        with self._lock:
            if why == "fit":
                self._go_on()
            elif self._is_calm():
                self._is_studying = True
                self._begin(self._lines.studying, self._study, self._has_studied)

    def _begin(self, line: Executor, work: Callable[[], None], then: "Callable[[Future[None]], None]") -> None:
        future = line.submit(work)
        self._slow.add(future)
        future.add_done_callback(then)

    def _is_calm(self) -> bool:
        learned = self.learned
        is_free = not self._is_closed and not self._is_studying and self.is_current
        return is_free and learned is not None and learned.fit is not None and self._studied != learned.of

    def _read(self, photo: Kept) -> None:
        """See to it that a photo's features are there, and its file no longer if they are all that is to be kept."""
        if self._reader is None or self._is_closed:
            return
        (reader, settings), rows = self._reader, None
        try:
            rows = self._rows_of(reader, photo)
        except (PhotoError, ModelOutputError) as error:
            if not photo.is_broken:
                self.project.set_aside(photo, error.message)
        if settings.keeps_photos:
            return
        size = None if photo.is_dropped else self._settle(photo, rows, reader)
        with self._lock:
            if size is not None and _reads_alike(self._reader, reader):
                self._settled[photo.digest] = size
            if self._missing and len(self._settled) < MOST_DROPPED:
                return
            sizes, self._settled = self._settled, {}
        if sizes:
            self.project.drop(sizes, settings.backbone)

    def _settle(self, photo: Kept, rows: R | None, reader: Learner[R, H]) -> int | None:
        """Return how many bytes are kept of a photo whose file can go; None where the disk does not take them."""
        folder = self.project.folder
        if rows is None:
            return 0
        if not (size := reader.settled(folder, photo.digest)):
            reader.save(folder, photo.digest, rows)  # they were in memory alone
            size = reader.settled(folder, photo.digest)
        return size or None

    def rows(self, photo: Kept) -> NDArray[np.float16] | None:
        """Return what a photo looks like, see `Learner.direction`, read from it if need be; None where nothing can.

        Raises:
            PhotoError: It cannot be decoded, or is gone.
            ModelOutputError: It has no features.
        """
        learned = self.learned
        if self._reader is None:
            return None
        head, reader = None if learned is None or learned.fit is None else learned.fit.head, self._reader[0]
        return reader.direction(self._rows_of(reader, photo), head)

    def _rows_of(self, reader: Learner[R, H], photo: Kept) -> R:
        """Return a photo's features, read from it where they are not there."""
        folder = self.project.folder
        rows = self._shelf.get(folder, photo.digest, reader)
        if rows is None or reader.lacks(rows):
            rows = reader.read(self.project.read(photo), photo.name, rows)
            self._shelf.put(folder, photo.digest, rows, reader)
        with self._lock:
            self._known.add(_known(reader, photo))
        return rows

    def _has_read(self, future: "Future[None]") -> None:
        with self._lock:
            del self._reading[future]
            self._is_to_fit = True
            self._has_rest.notify_all()
            self._go_on()
        self._check(future)

    def _fit(self) -> None:
        """Learn from the photos whose features are there, unless more were before that are still to be read."""
        start, version, learner = self._clock(), self.project.version, self._learner
        if learner is None or self._reader is None:
            return
        photos, rows = self._known_rows(self._reader[0])
        before = self.learned
        of = self._of(learner, photos)
        if before is not None and before.of == of:
            learned = replace(before, version=version, photos=photos)
        elif before is not None and self._is_reading and len(photos) < len(before.photos):
            learned = before
        else:
            learned = self._learn(learner, version, photos, rows)
        with self._lock:
            self._due_s = start + max(GAP_S, 2 * (self._clock() - start))
            self.learned = None if self._is_closed else learned
            self.turns += 1

    def _known_rows(self, reader: Learner[R, H]) -> tuple[tuple[Kept, ...], list[R]]:
        """Return the photos whose features are there, and these; what is gone is read again."""
        found = []
        for photo in self.project.manifest.usable:
            known = _known(reader, photo)
            if known not in self._known:
                continue
            rows = self._shelf.get(self.project.folder, photo.digest, reader)
            if rows is not None and not reader.lacks(rows):
                found.append((photo, rows))
                continue
            with self._lock:
                self._known.discard(known)
                self._missing[photo.digest] = photo
        return tuple(photo for photo, _ in found), [rows for _, rows in found]

    def _of(self, learner: Learner[R, H], photos: Sequence[Kept]) -> object:
        return learner.key, self.project.settings, tuple((photo.digest, photo.klass) for photo in photos)

    def _learn(
        self, learner: Learner[R, H], version: int, photos: tuple[Kept, ...], rows: Sequence[R]
    ) -> Learned[R, H]:
        """Fit a head."""
        present = {photo.klass for photo in photos}
        classes = tuple(klass for klass in self.project.classes if klass.id in present)
        fit = None
        if len(classes) > 1:
            place = {klass.id: position for position, klass in enumerate(classes)}
            labels = [place[photo.klass] for photo in photos if photo.klass is not None]
            fit = learner.fit(Lesson(photos, rows, labels, classes, self._groups(photos), self.project.settings))
        head = None if fit is None else fit.head
        directions = np.array([learner.direction(each, head) for each in rows], np.float16)
        return Learned(version, classes, photos, directions, fit, learner, self._of(learner, photos))

    def _groups(self, photos: Sequence[Kept]) -> list[int]:
        """Return a number for each photo, the same for those that are nearly the same."""
        together = {photo: number for number, group in enumerate(self.project.groups(), 1) for photo in group}
        return [together.get(photo.id, -photo.id) for photo in photos]

    def _has_fitted(self, future: "Future[None]") -> None:
        with self._lock:
            self._is_fitting = False
            self._since_s = self._clock()
            self._rests(future)
            self._go_on()
        self._check(future)

    def _study(self) -> None:
        """Choose how this project's photos are learned best, as long as nothing of it changes."""
        version, settings = self.project.version, self.project.settings
        learner = self._learners(settings)
        reader = learner if settings.keeps_photos or self._reader is None else self._reader[0]
        everything = self.project.manifest.usable
        photos = tuple(everything[:: -(-len(everything) // MOST_STUDIED)])
        rows = []
        for photo in photos:
            if self._is_closed or self.project.version != version:
                return
            rows.append(self._rows_of(reader, photo))
        learned = self._learn(learner, version, photos, rows)
        if learned.fit is None:
            return
        with self._lock:
            self._chosen, self.notes = learned.fit.head, learned.fit.notes
            self._studied = self._of(learner, everything)
            is_all = len(photos) == len(everything) and self.project.version == version
            if is_all and not self._is_closed:
                self.learned = learned
            elif self.learned is not None:
                self.learned = replace(self.learned, of=None)  # the same photos are learned otherwise now
            self.turns += 1
        if not is_all:
            self._look_through()

    def _has_studied(self, future: "Future[None]") -> None:
        with self._lock:
            self._is_studying = False
            self._rests(future)
        self._check(future)

    def _rests(self, future: "Future[None]") -> None:
        self._slow.discard(future)
        self._has_rest.notify_all()

    def _check(self, future: "Future[None]") -> None:
        """Note why it cannot go on; a bug is raised, which the future's thread writes to the log."""
        if future.cancelled():
            return
        try:
            future.result()
        except AppError as error:
            self._stop(error, self._listed)


def _reads_alike(one: tuple[Learner[Any, Any], Settings] | None, other: Learner[Any, Any]) -> bool:
    """Whether the same would be known of a photo."""
    return one is not None and (one[0].key, one[0].needs) == (other.key, other.needs)


def _known(learner: Learner[Any, Any], photo: Kept) -> tuple[str, str, object]:
    return photo.digest, learner.key, learner.needs


class Lives(Generic[R, H]):
    """The live models of a server; safe to use from several threads.

    Args:
        begin: Returns the one of a project.
        clock: Returns seconds; for tests.
    """

    def __init__(self, begin: Callable[[Project], Live[R, H]], clock: Callable[[], float] = time.monotonic) -> None:
        self._begin, self._clock = begin, clock
        self._lives: OrderedDict[str, Live[R, H]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many are in memory."""
        return len(self._lives)

    def __contains__(self, project_id: str) -> bool:
        """Whether the one of a project is in memory."""
        return project_id in self._lives

    def get(self, project: Project) -> Live[R, H]:
        """Return a project's live model; where there are too many, the one that was used longest ago goes."""
        dropped = []
        with self._lock:
            if project.id not in self._lives:
                self._lives[project.id] = self._begin(project)
            live = self._lives[project.id]
            live.used_s = self._clock()
            self._lives.move_to_end(project.id)
            while len(self._lives) > MOST_LIVE:
                dropped.append(self._lives.popitem(last=False)[1])
        for other in dropped:
            other.close()
        return live

    def drop(self, project_id: str) -> None:
        """Let go of a project's live model."""
        with self._lock:
            live = self._lives.pop(project_id, None)
        if live is not None:
            live.close()

    def sweep(self) -> None:
        """Let go of those that nobody has used for `UNUSED_S`, and that have no photo to delete."""
        for project_id, live in list(self._lives.items()):
            if self._clock() - live.used_s > UNUSED_S and not live.is_dropping:
                self.drop(project_id)
