"""What `classify` needs for very many photos: found one by one, in parts, kept in a folder, gone on with."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.photos.finding import find
from lib.photos.source import Found, LeftOut, Source
from lib.photos.stores import is_address
from lib.reports.kept import Kept, Lines, Parts
from lib.work.shards import Shard

_FILES = frozenset({".json", ".jsonl", ".ndjson", ".parquet", ".csv"})


def add_scale(parser: argparse.ArgumentParser) -> None:
    """Add where answers are kept, and which photos are left out."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="keep the answers in the folder DIR, as Parquet files or, with --json, as JSON lines",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out the photos whose answers are in DIR already; those that failed are asked again",
    )
    parser.add_argument(
        "--shard", default="1/1", metavar="I/N", help="only the I-th of N parts of the photos: one for each machine"
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="who classifies: this process, or Ray (requirements-scale.txt), here or where RAY_ADDRESS says",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="with Ray: how many classify (default: one a core)")


def check_where_answers_go(arguments: argparse.Namespace) -> None:
    """Raise a UsageError for what cannot be done together."""
    out: Path | None = arguments.out
    if arguments.engine == "ray":
        from lib.scale.cluster import require_ray

        require_ray()
        if arguments.workers is not None:
            from lib.scale.data import check_before

            check_before(arguments.workers)
        if out is None and not arguments.json:
            raise UsageError(N_("--engine ray gives its answers with --json, or into a folder with --out."))
    elif arguments.workers is not None:
        raise UsageError(N_("--workers is for --engine ray: by itself this machine uses all its cores."))
    if out is None:
        if arguments.resume:
            raise UsageError(N_("--resume goes on with the answers in a folder. Name it with --out."))
        return
    if arguments.csv is not None:
        raise UsageError(N_("--out keeps answers as Parquet files or, with --json, as JSON lines. Leave out --csv."))
    if out.is_file() or out.suffix.lower() in _FILES:
        raise UsageError(N_("--out names a folder, in which files are made; {file} is none."), file=out)


def open_kept(arguments: argparse.Namespace, say: Translator, folders: Sequence[ModelFolder], shard: Shard) -> Kept:
    """Open the folder of answers that was asked for.

    Raises:
        UsageError: It holds answers already, to another question, another run is writing to it, or it cannot be
            written.
    """
    kind = Lines if arguments.json else Parts
    run = {
        "form": kind.suffix,
        "language": say.language,
        "models": ", ".join(f"{folder.spec.id} ({folder.digest()[:16]})" for folder in folders),
        **{name: getattr(arguments, name) for name in ("familiar", "floor", "ratio", "top", "whole_photo")},
    }
    return kind(arguments.out, run, shard, models=len(folders), resume=arguments.resume)


class Photos:
    """The photos of a shard, found anew each time they are asked for one after the other.

    Args:
        places: As for `lib.photos.finding.find`.
        shard: Which of them.
        tell: Called with an error of a place that holds no photo, or that cannot be listed.

    Attributes:
        missed: Whether there was such a place.
        left_out: What was not looked into when they were asked for.
        are_far: Whether any are in a store, where one waits for each.

    Raises:
        UsageError: There is no photo at all.
    """

    def __init__(self, places: Sequence[str], shard: Shard, tell: Callable[[UsageError], None]) -> None:
        self._places, self._shard, self._tell = places, shard, tell
        self.missed, self.left_out = False, LeftOut()
        self.are_far = any(map(is_address, places))
        empty = [place for place in places if next(find(place, _ignore), None) is None]
        nothing_in = [UsageError(N_("No photos were found in {folder}."), folder=place) for place in empty]
        if not any(is_address(place) or _may_be_there(place) for place in places if place not in empty):
            raise nothing_in[0] if empty else UsageError(N_("{file} does not exist."), file=Path(places[0]))
        for error in nothing_in:
            self._miss(error)

    def __iter__(self) -> Iterator[Source]:
        """Yield them, in the order of the places."""
        self.left_out = LeftOut()
        return (found.source for found in self._find(self._miss, self.left_out))

    @cached_property
    def total(self) -> int | None:
        """How many there are, for whoever watches; None where nobody does, or counting them takes long."""
        if not sys.stderr.isatty() or self.are_far:
            return None
        return sum(1 for _ in self._find(_ignore))

    def _find(self, tell: Callable[[UsageError], None], left_out: LeftOut | None = None) -> Iterator[Found]:
        for place in self._places:
            yield from (found for found in find(place, tell, left_out) if self._shard.takes(found.within))

    def _miss(self, error: UsageError) -> None:
        self.missed = True
        self._tell(error)


def _may_be_there(place: str) -> bool:
    try:
        os.stat(place)  # noqa: PTH116 - text that came from the command line
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # nobody may look, so reading it says why not
        return True
    return True


def _ignore(error: UsageError) -> None:
    """Say nothing: it is said when the photos are asked for."""
