"""What the commands share: exit codes, lines for a terminal, progress, common options."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.verdict import FLOOR_RANGE, RATIO, RATIO_RANGE
from lib.work.files import is_full
from lib.work.progress import OnProgress, Progress, Stage

ALL_WELL, SOME_FAILED, WRONG_USAGE, INTERRUPTED, READER_GONE, TERMINATED = 0, 1, 2, 130, 141, 143
NOT_SAVED = 74  # EX_IOERR of sysexits.h

# Joiners inside emoji and in some scripts; all other invisible characters are shown as escapes.
_JOINERS = "\u200c\u200d"


def put(*lines: str) -> None:
    """Write lines to standard output, at once."""
    print("\n".join(map(printable, lines)), flush=True)


def note(line: str) -> None:
    """Write a line to standard error, at once."""
    print(printable(line), file=sys.stderr, flush=True)


def complain(error: AppError, say: Translator) -> None:
    """Write an error's sentence to standard error."""
    note(say.message(error.message))


class Terminated(KeyboardInterrupt):
    """A scheduler asked for the end, as Ctrl-C does."""


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C would, so that what is done is saved; a second one does not disturb that.

    Raises:
        Terminated: It came.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one is told of signals
        yield
        return

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def printable(text: str) -> str:
    """Return `text` with line breaks, control characters and the like as escapes: one harmless line for a terminal."""
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode("ascii") for c in text)


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Add the two numbers of the verdict."""
    parser.add_argument(
        "--ratio",
        type=float,
        default=RATIO,
        help=f"from this share of the winner on a class is a rival, {_span(RATIO_RANGE)} (default {RATIO})",
    )
    parser.add_argument(
        "--floor",
        type=float,
        help=f"below this probability the winner is too weak, {_span(FLOOR_RANGE)} "
        "(default 0.5 for models of up to 20 classes, else 0.2)",
    )


def add_whole_photo(parser: argparse.ArgumentParser) -> None:
    """Add what models look at."""
    parser.add_argument(
        "--whole-photo",
        action="store_true",
        help="show models the whole of each photo, squashed into their shape, not only the part that is theirs",
    )


def default_model(store: Store, say: Translator) -> str:
    """Return the model that is asked where nobody chose; say so where it takes another one's place."""
    chosen = store.default_id()
    if (problem := store.find(DEFAULT_ID).problem) is not None:
        complain(problem, say)
        note(say(N_("For now “{model}” answers."), model=chosen))
    return chosen


def open_folders(store: Store, models: Iterable[str], say: Translator, *, whole_photo: bool) -> list[ModelFolder]:
    """Return the folders of models, each once; those that are shown more of a photo than their part say so by name.

    Raises:
        UnknownModelError: There is no such model.
        ModelNotReadyError: It is not on this machine yet.
        ModelFileError: It cannot be used.
    """
    folders = store.open_folders(models)
    return [_shown_all(folder, say) if whole_photo else folder for folder in folders]


def _shown_all(folder: ModelFolder, say: Translator) -> ModelFolder:
    whole = folder.looking_as(folder.spec.input.looking_at_all())
    if whole == folder:
        return folder
    name = say(N_("{model} (whole photos)"), model=folder.spec.name)
    return replace(whole, spec=replace(whole.spec, name=name))


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]} to {limits[1]}"


@contextmanager
def writing(file: Path | str) -> Iterator[None]:
    """Turn a failure to write `file` into a UsageError; that nobody reads a pipe any more is no such failure."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if is_full(error):
            raise UsageError(N_("The disk is full: {file} could not be saved."), file=file) from error
        text = N_("{file} could not be saved: {reason}.")
        raise UsageError(text, file=file, reason=error.strerror or error) from error


def put_table(rows: list[tuple[str, ...]]) -> None:
    """Write a table to standard output, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        put("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


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
            _replace_line(line + _megabytes(progress))
        elif progress.stage is not shown:
            note(line)
        shown = progress.stage

    with _own_line():
        yield show


def _megabytes(progress: Progress) -> str:
    if progress.stage is not Stage.DOWNLOADING:
        return ""
    total = "" if progress.total is None else f" / {progress.total / 1e6:.1f}"
    return f" {progress.done / 1e6:.1f}{total} MB"


@contextmanager
def steps_in_place() -> Iterator[OnProgress]:
    """Yield what shows how many steps of how many are done, in place, on standard error, if a person watches it."""
    with _own_line():
        yield lambda steps: _replace_line(_steps(steps)) if sys.stderr.isatty() else None


def _steps(steps: Progress) -> str:
    return f"{steps.done}" if steps.total is None else f"{steps.done} / {steps.total}"


@contextmanager
def _own_line() -> Iterator[None]:
    """Leave the line the terminal's cursor is in empty, however the block ends."""
    try:
        yield
    finally:
        if sys.stderr.isatty():
            _replace_line("")


def _replace_line(line: str) -> None:
    print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
