"""The server's work: what goes on, what waits in line, whose it is, and what another server could take up again.

Work belongs to the server, not to the page that asked for it. A visitor finds hers again by its name; work that several
ask for (the download of a model) is done once, for all of them. Each kind of work has a limit, beyond which it waits.
"""

import json
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.errors import UsageError
from lib.messages import N_
from lib.work.files import data_folder, write_whole
from lib.work.jobs import Job, Kind
from lib.work.locks import claim, left_behind

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOG = logging.getLogger(__name__)
# What one visitor may have going or waiting of one kind.
MOST_OF_OWNER = 5
# Jobs that have ended and belong to nobody in particular are remembered for so long, and so many of all.
KEEP_S = 30 * 60.0
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """How work of one kind is treated.

    Attributes:
        most: How many go on at once.
        is_heavy: Whether it would spoil a measurement of speed.
        is_kept: Whether it leaves something for everybody, and so goes on when the visit that asked for it ends.
    """

    most: int
    is_heavy: bool
    is_kept: bool


RULES = {
    Kind.LOOKING: Rule(1000, is_heavy=False, is_kept=False),  # short, and all visitors' photos share the interpreters
    Kind.DOWNLOAD: Rule(3, is_heavy=False, is_kept=True),
    Kind.READING: Rule(1, is_heavy=False, is_kept=False),  # zips made to cost much cost no more than one
    Kind.PACKING: Rule(2, is_heavy=False, is_kept=False),
    Kind.CONVERSION: Rule(2, is_heavy=True, is_kept=True),
    Kind.EVALUATION: Rule(2, is_heavy=True, is_kept=False),
    Kind.BENCHMARK: Rule(1, is_heavy=True, is_kept=False),
    Kind.TRAINING: Rule(1, is_heavy=True, is_kept=True),
    Kind.FITTING: Rule(2, is_heavy=True, is_kept=True),  # a head on features: a second, never behind a training
    Kind.IMPORT: Rule(1, is_heavy=True, is_kept=False),  # its visitor has yet to say what the file does not
}


@dataclass(frozen=True, slots=True)
class Record:
    """Work as it is written on disk: a server that was killed in the middle of it leaves this."""

    kind: str
    name: str
    details: Mapping[str, Any]


class Queue:
    """The work of one server; safe to use from several threads.

    Args:
        folder: Where to write down what could be taken up again.
    """

    def __init__(self, folder: Path) -> None:
        self._latest: dict[tuple[str, str], Job] = {}
        self._line: list[Job] = []
        self._running: list[Job] = []
        self._lock = threading.RLock()
        self._records = _Records(folder)

    def submit(self, job: Job, *, is_shared: bool = False) -> Job:
        """Begin a job, or let it wait in line; return it, or the one that was joined.

        Shared work of this name that goes on already is joined; a visitor's own is cancelled for the new.

        Args:
            job: A new one, of one owner.
            is_shared: Whether it is the same for whoever asks.

        Raises:
            UsageError: The owner has enough of this kind going.
        """
        (owner,) = job.owners
        key = ("" if is_shared else owner, job.name)
        with self._lock:
            earlier = self._latest.get(key)
            if earlier is not None and earlier.is_live and not earlier.is_stopping:
                if is_shared:
                    earlier.owners |= {owner}
                    return earlier
                self._end(earlier)
            self._refuse_more(job.kind, owner)
            self._forget_ended()
            self._latest[key] = job
            self._line.append(job)
            self._records.resumed(job.name)
            self._start_waiting()
        return job

    def get(self, name: str, owner: str = "") -> Job | None:
        """Return the latest work of this name, live or ended: the owner's, or without one the shared work."""
        return self._latest.get((owner, name))

    def live(self) -> tuple[Job, ...]:
        """Return all work that goes on, then what waits, in the order of its turns."""
        with self._lock:
            return (*self._running, *self._line)

    def place(self, job: Job) -> int:
        """Return which in line it is, from 1, among those that wait for the same; 0 if it does not wait."""
        with self._lock:
            if job not in self._line:
                return 0
            return 1 + sum(self._compete(other, job) for other in self._line[: self._line.index(job)])

    def may_cancel(self, job: Job, owner: str) -> bool:
        """Whether the work is this visitor's alone; work whose visits have all ended is anybody's."""
        return job.owners <= {owner}

    def cancel(self, job: Job, owner: str) -> None:
        """Take back one visitor's wish for the work; it ends if nobody else wants it."""
        with self._lock:
            if self.may_cancel(job, owner):
                self._end(job)
            else:
                job.owners -= {owner}

    def end(self, job: Job) -> None:
        """End work, whoever wants it; for the owner of the machine."""
        self._end(job)

    def cancel_all(self) -> None:
        """End everything; for the owner of the machine."""
        with self._lock:
            jobs = self.live()
            for job in jobs:  # all of them first, so that none begins because another ends
                job.cancelled.set()
            for job in jobs:
                self._end(job)

    def leave(self, owner: str) -> None:
        """Let the work of a visit that has ended go on if it leaves something for others, and end it otherwise."""
        with self._lock:
            for key, job in list(self._latest.items()):
                if owner in job.owners:
                    job.owners -= {owner}
                    if not job.owners and not RULES[job.kind].is_kept:
                        self._end(job)
                        del self._latest[key]

    def drop(self, name: str, owner: str) -> None:
        """Cancel and forget an owner's work of this name."""
        with self._lock:
            if (job := self._latest.pop((owner, name), None)) is not None:
                self._end(job)

    def drop_all(self, owner: str) -> list[Job]:
        """Cancel and forget all that is this owner's alone, even what would leave something; return it."""
        with self._lock:
            own = {key: job for key, job in self._latest.items() if job.owners == {owner}}
            for key, job in own.items():
                del self._latest[key]
                self._end(job)
            return list(own.values())

    def has_work_of(self, owner: str) -> bool:
        """Whether anything of this owner goes on, or is remembered."""
        with self._lock:
            return any(owner in job.owners for job in self._latest.values())

    def results_of(self, owner: str) -> list[object]:
        """Return what work of this owner alone has come to."""
        with self._lock:
            return [job.result for job in self._latest.values() if job.owners == {owner}]

    def interrupted(self) -> tuple[Record, ...]:
        """Return the work that a server was killed in the middle of, and that nobody has taken up since."""
        return self._records.interrupted

    def _refuse_more(self, kind: Kind, owner: str) -> None:
        going = sum(job.kind is kind and owner in job.owners and not job.is_stopping for job in self.live())
        if going >= MOST_OF_OWNER:
            raise UsageError(
                N_("{n} tasks of this kind are already running or waiting. Wait until one ends, or cancel one."),
                n=going,
            )

    def _forget_ended(self) -> None:
        """Drop what has ended: after a while what no visit holds on to, and the oldest of too many."""
        ended = [(key, job) for key, job in self._latest.items() if not job.is_live]
        surplus = len(self._latest) - MOST_KEPT
        for number, (key, job) in enumerate(ended):
            is_old = job.ended_s is not None and time.monotonic() - job.ended_s > KEEP_S
            if number < surplus or (is_old and (not key[0] or not job.owners)):
                del self._latest[key]

    def _end(self, job: Job) -> None:
        with self._lock:
            job.cancelled.set()
            if job in self._line:
                self._line.remove(job)
                job.run()  # which ends at once
                self._start_waiting()  # it may have been in the way of others

    def _start_waiting(self) -> None:
        """Start whatever may start now."""
        self._take_turns()
        for job in list(self._line):
            if self._may_start(job):
                self._line.remove(job)
                self._running.append(job)
                threading.Thread(target=self._run, args=(job,), name=job.name, daemon=True).start()
        self._records.save([*self._running, *self._line])

    def _take_turns(self) -> None:
        """Order the line: whoever has fewer of a kind going or in front comes first, then who asked first."""
        ahead = Counter((job.kind, owner) for job in self._running for owner in job.owners)
        turns: dict[Job, int] = {}
        for job in self._line:
            turns[job] = min((ahead[job.kind, owner] for owner in job.owners), default=0)
            ahead.update((job.kind, owner) for owner in job.owners)
        self._line.sort(key=turns.__getitem__)

    def _may_start(self, job: Job) -> bool:
        running = [other.kind for other in self._running]
        if running.count(job.kind) >= RULES[job.kind].most:
            return False
        if not RULES[job.kind].is_heavy:
            return True
        if job.kind is Kind.BENCHMARK:
            return not any(RULES[kind].is_heavy for kind in running)
        ahead = [other.kind for other in self._line[: self._line.index(job)]]
        # A waiting benchmark gets its turn, but nobody waits with it for the days that a training may take.
        return Kind.BENCHMARK not in running and (Kind.BENCHMARK not in ahead or Kind.TRAINING in running)

    def _compete(self, one: Job, other: Job) -> bool:
        is_benchmark = Kind.BENCHMARK in (one.kind, other.kind)
        return one.kind is other.kind or (is_benchmark and RULES[one.kind].is_heavy and RULES[other.kind].is_heavy)

    def _run(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._lock:
                self._running.remove(job)
                self._start_waiting()


class _Records:
    """What goes on in this server, in one file, written anew at each change; the lock beside it tells that it lives.

    Args:
        folder: Of the files of all servers on this data folder, those that were killed included.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{secrets.token_hex(8)}.json"
        self._held: BaseFileLock | None = None
        self._written: list[dict[str, Any]] = []
        self.interrupted: tuple[Record, ...] = ()
        for lock in left_behind(folder):
            left = lock.with_suffix(".json")
            self.interrupted += tuple(_read(left))
            self.save(())
            left.unlink(missing_ok=True)

    def resumed(self, name: str) -> None:
        """Note that interrupted work of this name was begun anew."""
        self.interrupted = tuple(record for record in self.interrupted if record.name != name)

    def save(self, jobs: Iterable[Job]) -> None:
        """Write down the jobs that another server could take up again, and what was interrupted earlier."""
        records = [Record(job.kind, job.name, job.details) for job in jobs if job.details is not None]
        tables = [asdict(record) for record in (*records, *self.interrupted)]
        if tables == self._written:
            return
        try:
            self._held = self._held or claim(self._path.with_suffix(".lock"))
            write_whole(self._path, json.dumps(tables).encode())
        except OSError as error:  # the work itself will say so
            _LOG.warning("What goes on could not be written down: %s", error)
        self._written = tables


def _read(path: Path) -> list[Record]:
    try:
        return [Record(**table) for table in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        _LOG.warning("%s could not be read: %s", path, error)
        return []


_queues: dict[Path, Queue] = {}
_making = threading.Lock()


def server_queue() -> Queue:
    """Return the one queue of this server, which works for the data folder."""
    data = data_folder()
    with _making:
        if data not in _queues:
            _queues[data] = Queue(data / "jobs")
        return _queues[data]
