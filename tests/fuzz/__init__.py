"""Damaged files by the thousand: each is answered or refused in a sentence, whatever was done to it.

A module beside this one names a kind of file: `run(count, seed)` tries that many and returns a `Report`.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from lib.errors import AppError

SECONDS = 10
"""A file that takes longer has hung."""

Trial = Callable[[bytes], bool]
"""Tries one file: whether it was answered. Raises an AppError for a refusal, anything else where that is wrong."""


@dataclass(slots=True)
class Report:
    """What became of the files.

    Attributes:
        kind: Of the files.
        seed: They can be made again from it.
        outcomes: How many were "answered" and "refused".
        cpu_s: Most processor time that one took, in seconds.
        grown_mb: By how much the process that tried them grew at most.
        wrong: What must not be, one line each: a death, a hang, another exception, a lost neighbour.
    """

    kind: str
    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0
    grown_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        tried = self.outcomes.total() + len(self.wrong)
        return (
            f"{self.kind}, seed {self.seed}: {tried} tried, {self.outcomes['answered']} answered, "
            f"{self.outcomes['refused']} refused, {len(self.wrong)} wrong; worst {self.cpu_s:.2f} s of CPU, "
            f"{self.grown_mb:.0f} MB"
        )


def try_all(kind: str, seed: int, trial: Trial, files: Iterable[bytes]) -> Report:
    """Try each file in a child process, which is replaced when it dies or hangs.

    Args:
        kind: For the report.
        seed: For the report.
        trial: A function of a module's top level.
        files: Made as they are needed.
    """
    report, child = Report(kind, seed), _Child(trial)
    for number, data in enumerate(files):
        outcome, cpu_s, grown_mb = child.ask(data)
        report.cpu_s, report.grown_mb = max(report.cpu_s, cpu_s), max(report.grown_mb, grown_mb)
        if outcome in ("answered", "refused"):
            report.outcomes[outcome] += 1
        else:
            report.wrong.append(f"file {number}: {outcome}")
    child.end()
    return report


class _Child:
    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._start()

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(theirs, self._trial), daemon=True)
        self._process.start()
        theirs.close()
        assert self._ours.recv() == "ready"

    def ask(self, data: bytes) -> tuple[str, float, float]:
        """Return what became of a file, seconds of CPU, and megabytes by which the process has grown."""
        try:
            self._ours.send(data)
            if self._ours.poll(SECONDS):
                answer: tuple[str, float, float] = self._ours.recv()
                return answer
            outcome = f"hung for {SECONDS} s"
        except (EOFError, OSError):
            self._process.join()
            outcome = f"died with exit code {self._process.exitcode}"
        self.end()
        self._start()
        return outcome, 0.0, 0.0

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._ours.close()


def _work(theirs: Connection, trial: Trial) -> None:
    import resource
    import sys

    unit = 2**20 if sys.platform == "darwin" else 2**10

    def grown() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

    theirs.send("ready")
    before = 0.0
    while True:
        data = theirs.recv()
        before = before or grown()
        start = time.process_time()
        try:
            outcome = "answered" if trial(data) else "refused"
        except AppError:
            outcome = "refused"
        except BaseException as error:
            outcome = f"raised {error!r}"
        theirs.send((outcome, time.process_time() - start, grown() - before))
