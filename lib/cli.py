"""The command line: `python -m lib COMMAND`.

Results go to standard output, and with --json nothing but JSON; progress and complaints go to standard error.
Exit codes: 0 all well, 1 some input failed (the rest is done and reported), 2 wrong usage or unknown model,
130 interrupted, 141 the reader of standard output went away.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Entry, Progress, Stage, State, Store
from lib.classify.infer import TOP, Settings, conclude, infer_with_each
from lib.classify.opening import open_classifier
from lib.errors import AppError, ModelNotReadyError, UnknownModelError, UsageError
from lib.i18n import DEFAULT, LANGUAGES, Translator
from lib.messages import N_
from lib.photos.source import Source, find_photos
from lib.reports.cells import encode
from lib.reports.outcomes import csv_header, csv_row, to_json_line
from lib.results import Answer, Failure, Outcome
from lib.verdict import FLOOR_RANGE, RATIO, RATIO_RANGE, Thresholds, explain, percent
from lib.work.progress import OnProgress

ALL_WELL, SOME_FAILED, WRONG_USAGE, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141

# Joiners inside emoji and in some scripts; all other invisible characters are shown as escapes.
_JOINERS = "\u200c\u200d"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: The arguments after the program's name; None takes the process's own.

    Raises:
        SystemExit: From argparse, after --help (0) or a malformed command line (2).
    """
    _show_everything(sys.stdout)
    arguments = build_parser().parse_args(argv)
    say = Translator(arguments.lang)
    try:
        code: int = arguments.run(arguments, say)
        sys.stdout.flush()
    except (UsageError, UnknownModelError, ModelNotReadyError) as error:
        complain(error, say)
        if (hint := _HINTS.get(type(error))) is not None:
            print(printable(say(hint, **error.message.values)), file=sys.stderr)
        return WRONG_USAGE
    except AppError as error:
        complain(error, say)
        return SOME_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return READER_GONE
    return code


_HINTS: dict[type[AppError], str] = {
    UnknownModelError: N_("`python -m lib models` lists those there are."),
    ModelNotReadyError: N_("`python -m lib fetch {model}` downloads it."),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets `run`, a function of the arguments and the language."""
    parser = argparse.ArgumentParser("python -m lib", description="Image classification that says when it is not sure.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        _add_classify, _add_models, _add_fetch, _add_train, _add_benchmark, _add_export, _add_evaluate, _add_embed,
    ):  # fmt: skip
        add(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--lang", choices=LANGUAGES, default=DEFAULT, help=f"language of the messages (default {DEFAULT})"
        )
    return parser


def complain(error: AppError, say: Translator) -> None:
    """Write an error's sentence to standard error."""
    print(printable(say.message(error.message)), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return `text` with line breaks, control characters and the like as escapes: one harmless line for a terminal."""
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode("ascii") for c in text)


Commands = argparse._SubParsersAction  # argparse's own name for what add_subparsers returns


def _add_classify(commands: "Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("classify", help="say what photos show", allow_abbrev=False)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument(
        "--model", action="append", metavar="ID", help=f"model to ask; may be repeated (default {DEFAULT_ID})"
    )
    parser.add_argument("--top", type=int, default=TOP, metavar="N", help=f"classes to list (default {TOP})")
    add_thresholds(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, as soon as it is known")
    form.add_argument("--csv", metavar="FILE", help="write a table to FILE; - for standard output")
    parser.set_defaults(run=_classify)


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


def _classify(arguments: argparse.Namespace, say: Translator) -> int:
    settings = Settings(arguments.top, Thresholds(arguments.ratio, arguments.floor))
    store = Store()
    folders = [store.open_folder(model) for model in dict.fromkeys(arguments.model or [DEFAULT_ID])]
    sources, nothing_in = _find_all(arguments.paths)
    classifiers = [open_classifier(folder) for folder in folders]
    labels = [folder.read_labels(say.language) for folder in folders]
    failed = bool(nothing_in)
    for error in nothing_in:
        complain(error, say)
    with _output(arguments, say, several=len(folders) > 1) as show, _progress(len(sources)) as advance:
        for answers in infer_with_each(sources, classifiers):
            advance()
            for answer, names in zip(answers, labels, strict=True):
                show(conclude(answer, names, settings) if isinstance(answer, Answer) else answer)
                failed |= isinstance(answer, Failure)
    return SOME_FAILED if failed else ALL_WELL


def _find_all(paths: Iterable[Path]) -> tuple[list[Source], list[UsageError]]:
    """Return the photos of all paths, in order, and a complaint for each folder that holds none.

    Raises:
        UsageError: There is no photo at all.
    """
    sources: list[Source] = []
    empty: list[UsageError] = []
    exists = False
    for path in paths:
        found = find_photos(path)
        exists |= path.exists() and bool(found)
        sources += found
        if not found:
            empty.append(UsageError(N_("No photos were found in {folder}."), folder=path))
    if not exists:
        raise empty[0] if empty else UsageError(N_("{file} does not exist."), file=sources[0].name)
    return sources, empty


Show = Callable[[Outcome], None]


@contextmanager
def _output(arguments: argparse.Namespace, say: Translator, *, several: bool) -> Iterator[Show]:
    """Yield what shows an outcome in the form that was asked for."""
    if arguments.json:
        yield lambda outcome: print(to_json_line(outcome, say), flush=True)
    elif arguments.csv is None:
        yield lambda outcome: _show_text(outcome, say, several=several)
    else:
        with _table(arguments.csv) as write:
            write(csv_header(arguments.top))
            yield lambda outcome: write(csv_row(outcome, say, top=arguments.top))


@contextmanager
def _table(file: str) -> Iterator[Callable[[str], None]]:
    """Open `file`, or standard output for "-", and yield what writes text to it at once, as UTF-8.

    Raises:
        UsageError: The file cannot be written, now or later.
    """
    try:
        stream = sys.stdout.buffer if file == "-" else Path(file).open("wb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise not_writable(file, error) from error

    def write(text: str) -> None:
        try:
            stream.write(encode(text))
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise not_writable(file, error) from error

    with nullcontext() if file == "-" else stream:
        yield write


def not_writable(file: str, error: OSError) -> UsageError:
    """Put a failure to write `file` into one sentence."""
    return UsageError(N_("{file} could not be written: {reason}."), file=file, reason=error.strerror or error)


def _show_text(outcome: Outcome, say: Translator, *, several: bool) -> None:
    if isinstance(outcome, Failure):
        complain(outcome.error, say)
        return
    model = f" [{outcome.model}]" if several else ""
    lines = [f"{outcome.file}{model}: {say.message(explain(outcome.verdict))}"]
    lines += [f"{percent(p.probability):>9}  {p.label}" for p in outcome.predictions]
    print("\n".join(map(printable, lines)), flush=True)


def _add_models(commands: "Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("models", help="list the models there are", allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="a list of objects")
    parser.set_defaults(run=_models)


def _models(arguments: argparse.Namespace, say: Translator) -> int:
    store = Store()
    entries = store.entries()
    if arguments.json:
        print(json.dumps([_entry_object(entry) for entry in entries]))
    else:
        states = {State.READY: say(N_("ready")), State.DOWNLOADABLE: say(N_("downloadable"))}
        for row in columns([_entry_row(entry, states[entry.state]) for entry in entries]):
            print(printable(row))
    for problem in store.problems():
        complain(problem, say)
    return ALL_WELL


def _entry_object(entry: Entry) -> dict[str, object]:
    spec, published = entry.spec, entry.spec.published
    return {
        "id": spec.id,
        "name": spec.name,
        "family": spec.family,
        "state": entry.state.value,
        "bytes": entry.size_bytes,
        "classes": spec.output.classes,
        "licence": spec.licence,
        "published": published and {"top1": published.top1, "top5": published.top5, "source": published.source},
    }


def _entry_row(entry: Entry, state: str) -> tuple[str, ...]:
    published = entry.spec.published
    shares = [share for share in (published.top1, published.top5) if share is not None] if published else []
    size = "" if entry.size_bytes is None else size_words(entry.size_bytes)
    figures = " / ".join(f"{share * 100:.1f} %" for share in shares)
    return (entry.spec.id, entry.spec.family, state, size, figures, entry.spec.name)


def size_words(size_bytes: int) -> str:
    """Return a file's size for people: "3.6 MB"; "42 kB" for the smallest."""
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes < 1e5 else f"{size_bytes / 1e6:.1f} MB"


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield the rows of a table as lines, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _add_fetch(commands: "Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("fetch", help="download models", allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("ids", nargs="*", default=[], metavar="ID", help="a model of the list that `models` prints")
    what.add_argument("--all", action="store_true", help="every model that is not here yet")
    parser.set_defaults(run=_fetch)


def _fetch(arguments: argparse.Namespace, say: Translator) -> int:
    store = Store()
    wanted = [entry.spec.id for entry in store.entries() if entry.state is State.DOWNLOADABLE]
    if not arguments.all:
        wanted = [store.find(model).spec.id for model in dict.fromkeys(arguments.ids)]
    failed = False
    for model in wanted:
        try:
            with download_progress(model, say) as on_progress:
                report = store.fetch(model, on_progress=on_progress)
            print(printable(say.message(report.message)), flush=True)
        except UnknownModelError:
            raise
        except AppError as error:
            complain(error, say)
            failed = True
    return SOME_FAILED if failed else ALL_WELL


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


def _add_train(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.training import command

    parser = commands.add_parser("train", help="train a model on a folder of photos", allow_abbrev=False)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _add_benchmark(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib import cli_benchmark

    cli_benchmark.add_benchmark(commands)


def _add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib import cli_benchmark

    cli_benchmark.add_export(commands)


def _add_evaluate(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib import cli_evaluate

    cli_evaluate.add_evaluate(commands)


def _add_embed(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib import cli_embed

    cli_embed.add_embed(commands)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Yield what counts a photo, on standard error, if a person watches that and the results go elsewhere."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda: None
        return
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        write_in_place(f"{done} / {total}")

    try:
        yield advance
    finally:
        write_in_place("")


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


def _show_everything(stream: object) -> None:
    """Write characters that a terminal's encoding lacks as escapes instead of failing on them."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
