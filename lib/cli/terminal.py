"""What the commands share: exit codes, lines for a terminal, progress, common options."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lib.catalogue.store import Progress, Stage
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.verdict import FLOOR_RANGE, RATIO, RATIO_RANGE
from lib.work.progress import OnProgress

ALL_WELL, SOME_FAILED, WRONG_USAGE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141


# Joiners inside emoji and in some scripts; all other invisible characters are shown as escapes.
_JOINERS = "\u200c\u200d"


def complain(error: AppError, say: Translator) -> None:
    """Write an error's sentence to standard error."""
    print(printable(say.message(error.message)), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return `text` with line breaks, control characters and the like as escapes: one harmless line for a terminal."""
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode("ascii") for c in text)


Commands = argparse._SubParsersAction  # argparse's own name for what add_subparsers returns


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Add the two numbers of the verdict."""
    parser.add_argument(
        "--ratio",
        type=float,
        default=RATIO,
        help=f"from this share of the winner on a class is a rival, {span(RATIO_RANGE)} (default {RATIO})",
    )
    parser.add_argument(
        "--floor",
        type=float,
        help=f"below this probability the winner is too weak, {span(FLOOR_RANGE)} "
        "(default 0.5 for models of up to 20 classes, else 0.2)",
    )


def span(limits: tuple[float, float]) -> str:
    """Return two limits as the help shows them."""
    return f"{limits[0]} to {limits[1]}"


def not_writable(file: str, error: OSError) -> UsageError:
    """Put a failure to write `file` into one sentence."""
    return UsageError(N_("{file} could not be written: {reason}."), file=file, reason=error.strerror or error)


def size_words(size_bytes: int) -> str:
    """Return a file's size for people: "3.6 MB"; "42 kB" for the smallest."""
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes < 1e5 else f"{size_bytes / 1e6:.1f} MB"


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the rows of a table as lines, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


_STAGES = {
    Stage.WAITING: N_("waiting"),
    Stage.DOWNLOADING: N_("downloading"),
    Stage.VERIFYING: N_("verifying"),
    Stage.CONVERTING: N_("converting"),
    Stage.CHECKING: N_("checking"),
}


@contextmanager
def download_progress(model: str, say: Translator) -> Iterator[OnProgress]:
    """Yield what shows a download's progress: in place on a terminal, else one line a stage."""
    shown = None

    def show(progress: Progress) -> None:
        nonlocal shown
        line = f"{model}: {say(_STAGES[progress.stage])}"
        if sys.stderr.isatty():
            write_in_place(line + _megabytes(progress))
        elif progress.stage is not shown:
            print(line, file=sys.stderr, flush=True)
        shown = progress.stage

    try:
        yield show
    finally:
        if sys.stderr.isatty():
            write_in_place("")


def _megabytes(progress: Progress) -> str:
    if progress.stage is not Stage.DOWNLOADING:
        return ""
    total = "" if progress.total is None else f" / {progress.total / 1e6:.1f}"
    return f" {progress.done / 1e6:.1f}{total} MB"


@contextmanager
def steps_in_place() -> Iterator[Callable[[int, int], None]]:
    """Yield what shows how many steps of how many are done, in place, on standard error, if a person watches it."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    try:
        yield lambda done, total: write_in_place(f"{done} / {total}")
    finally:
        write_in_place("")


def write_in_place(line: str) -> None:
    """Replace the line the terminal's cursor is in."""
    print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
