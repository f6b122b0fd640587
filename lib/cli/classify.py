"""`classify`: say what photos show."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.classify.infer import TOP, Settings, conclude, infer_with_each
from lib.classify.opening import open_classifier
from lib.cli.many import Photos, add_scale, check_where_answers_go, open_kept
from lib.cli.terminal import (
    ALL_WELL,
    NOT_SAVED,
    SOME_FAILED,
    add_thresholds,
    add_whole_photo,
    complain,
    default_model,
    ended_by_sigterm,
    note,
    open_folders,
    put,
    steps_in_place,
    writing,
)
from lib.errors import DownloadError, UsageError
from lib.face.names import shortened
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.photos.ahead import read_ahead
from lib.photos.source import LeftOut, Source
from lib.reports.cells import encode
from lib.reports.classifications import csv_header, csv_row, line_of, to_json_line, to_object
from lib.reports.columns import to_objects
from lib.reports.kept import Kept
from lib.results import Answer, Failure, Outcome
from lib.verdict import Thresholds, explain, percent
from lib.work.progress import OnProgress, Progress
from lib.work.shards import Shard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `classify` to `parser`, and `run`."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a photo, a folder of photos, a tar archive, or the address of such: s3://bucket/folder, gs://…, file:///…",
    )
    parser.add_argument(
        "--model", action="append", metavar="ID", help=f"model to ask; may be repeated (default {DEFAULT_ID})"
    )
    parser.add_argument("--top", type=int, default=TOP, metavar="N", help=f"classes to list (default {TOP})")
    add_whole_photo(parser)
    add_thresholds(parser)
    parser.add_argument(
        "--familiar",
        type=float,
        metavar="SCORE",
        help="below this score a photo is unfamiliar, in the model's own units (default: its own threshold)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, as soon as it is known")
    form.add_argument("--csv", metavar="FILE", help="write a table to FILE; - for standard output")
    add_scale(parser)
    parser.set_defaults(run=_classify)


def _classify(arguments: argparse.Namespace, say: Translator) -> int:
    settings = Settings(arguments.top, Thresholds(arguments.ratio, arguments.floor), arguments.familiar)
    shard = Shard.parse(arguments.shard)
    check_where_answers_go(arguments)
    store = Store()
    folders = open_folders(
        store, arguments.model or [default_model(store, say)], say, whole_photo=arguments.whole_photo
    )
    if settings.familiar is not None:
        _check_that_one_can_say(folders)
    photos = Photos(arguments.paths, shard, lambda error: complain(error, say))
    run = _Run(arguments, say, settings, folders, shard, photos)
    try:
        with ended_by_sigterm():
            (_ask_ray if arguments.engine == "ray" else _ask_here)(run)
    except DownloadError as error:
        complain(error, say)
        return NOT_SAVED
    if photos.left_out != LeftOut():
        text = N_(
            "{archives} archives other than .tar, {links} links to folders or to nothing and {others} pipes or devices "
            "were left out."
        )
        note(say(text, **asdict(photos.left_out)))
    if arguments.out is not None:
        if run.elsewhere and run.done:
            text = N_(
                "{folder} held answers already, and none by the names of these photos. Photos are known by the path "
                "that is given: write it the same way each time."
            )
            note(say(text, folder=arguments.out))
        text = N_(
            "{folder}: {done} photos were looked at, {failed} of them failed; {before} were there already, {bad} of "
            "them failed."
        )
        counts = {"done": run.done, "failed": run.failed, "before": run.before, "bad": run.bad}
        note(say(text, folder=arguments.out, **counts))
    return SOME_FAILED if run.failed or run.bad or photos.missed else ALL_WELL


@dataclass
class _Run:
    """What is asked, and what has come of it.

    Attributes:
        done: How many photos were looked at.
        failed: How many of them at least one model did not answer.
        before: How many were left out because their answers were there.
        elsewhere: Whether the folder held answers, and none of them of these photos.
        bad: How many of those failed: in another part, which keeps them.
    """

    arguments: argparse.Namespace
    say: Translator
    settings: Settings
    folders: Sequence[ModelFolder]
    shard: Shard
    photos: Photos
    done: int = 0
    failed: int = 0
    before: int = 0
    bad: int = 0
    elsewhere: bool = False

    def wanted(self, kept: Kept | None) -> Iterator[Source]:
        """Yield the photos whose answers are not there yet."""
        if kept is not None and kept.again:
            text = N_("{folder}: {count} answers were failures; their photos are asked again.")
            note(self.say(text, folder=self.arguments.out, count=kept.again))
        for source in self.photos:
            if kept is not None and kept.holds(source.name):
                self.before += 1
                self.bad = kept.bad
            else:
                yield source
        self.elsewhere = kept is not None and kept.held > 0 and self.before == 0

    def advance(self, on_progress: OnProgress, *, photos: int, failed: int) -> None:
        """Count photos that were looked at, and say so."""
        self.done += photos
        self.failed += failed
        on_progress(Progress(done=self.before + self.done, total=self.photos.total))


def _ask_here(run: _Run) -> None:
    """Show what models say of photos."""
    classifiers = [open_classifier(folder) for folder in run.folders]
    labels = [folder.read_labels(run.say.language) for folder in run.folders]
    with _output(run) as (kept, show), _progress() as on_progress:
        photos = run.wanted(kept)
        for answers in infer_with_each(read_ahead(photos) if run.photos.are_far else photos, classifiers):
            run.advance(on_progress, photos=1, failed=any(isinstance(answer, Failure) for answer in answers))
            show(
                [
                    conclude(answer, names, run.settings) if isinstance(answer, Answer) else answer
                    for answer, names in zip(answers, labels, strict=True)
                ]
            )


def _ask_ray(run: _Run) -> None:
    """Do the same on the cores of Ray."""
    from lib.scale.data import classify

    kept = nullcontext() if run.arguments.out is None else open_kept(run.arguments, run.say, run.folders, run.shard)
    with kept as folder, _progress() as on_progress:
        photos = run.wanted(folder)
        answers = classify(
            photos,
            run.folders,
            run.settings,
            run.say.language,
            are_far=run.photos.are_far,
            actors=run.arguments.workers,
        )
        for table in answers:
            failed = {row["file"] for row in table.select(["file", "error"]).to_pylist() if row["error"] is not None}
            run.advance(on_progress, photos=table.num_rows // len(run.folders), failed=len(failed))
            if folder is None:
                print(*map(line_of, to_objects(table)), sep="\n", flush=True)
            else:
                folder.add_table(table)


def _check_that_one_can_say(folders: Sequence[ModelFolder]) -> None:
    """Raise a UsageError unless a single model is asked, which can say whether a photo is unfamiliar."""
    if len(folders) > 1:
        raise UsageError(N_("--familiar is for one model at a time: the scores of several cannot be compared."))
    if folders[0].spec.novelty is None:
        text = N_("{model} cannot say whether a photo is unfamiliar. Leave out --familiar.")
        raise UsageError(text, model=folders[0].spec.id)


Show = Callable[[Sequence[Outcome]], None]  # of all models, of one photo


@contextmanager
def _output(run: _Run) -> Iterator[tuple[Kept | None, Show]]:
    """Yield the folder of answers, if one was asked for, and what shows a photo's answers in the form asked for."""
    arguments, say, folders = run.arguments, run.say, run.folders
    if arguments.out is not None:
        with open_kept(arguments, say, folders, run.shard) as kept:
            yield kept, lambda outcomes: kept.add([to_object(outcome, say) for outcome in outcomes])
        return
    with _shown(arguments, say, several=len(folders) > 1) as show:
        yield None, lambda outcomes: _each(show, outcomes)


def _each(show: Callable[[Outcome], None], outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        show(outcome)


@contextmanager
def _shown(arguments: argparse.Namespace, say: Translator, *, several: bool) -> Iterator[Callable[[Outcome], None]]:
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
    with writing(file):
        stream = sys.stdout.buffer if file == "-" else Path(file).open("wb")  # noqa: SIM115 - closed below

    def write(text: str) -> None:
        with writing(file):
            stream.write(encode(text))
            stream.flush()

    with nullcontext() if file == "-" else stream:
        yield write


def _show_text(outcome: Outcome, say: Translator, *, several: bool) -> None:
    if isinstance(outcome, Failure):
        complain(outcome.error, say)
        return
    model, found = f" [{outcome.model}]" if several else "", shortened(outcome)
    lines = [f"{outcome.file}{model}: {say.message(explain(found.verdict, found.group, found.familiarity))}"]
    lines += [f"{percent(p.probability):>8}  {p.label}" for p in found.predictions]
    put(*lines)


def _progress() -> AbstractContextManager[OnProgress]:
    """Return what counts photos, unless the results go to the same terminal."""
    return nullcontext(lambda progress: None) if sys.stdout.isatty() else steps_in_place()
