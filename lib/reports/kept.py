"""The answers of a long run, kept in a folder: a run that was ended, however that was, goes on where it ended.

    _run.json                          what was asked of the photos; answers to another question do not go beside them
    part-000000.parquet …              answers (`lib.reports.columns`), each file whole or not there
    answers.ndjson                     or the lines of `classify --json`; a last line that was cut off is dropped

Photos that failed are asked again: what is read when a run goes on are the answers, and each file of its own that holds
failures is first replaced, as a whole, by one without them. A run that is killed then has too few rows, never two of a
photo. Failures of other parts, which another run may be writing, stay and are counted.

With shards the names hold which one it is, part-2-of-5-000000.parquet, and all of them share a folder. The names begin
so that what reads a folder of Parquet files (pandas, pyarrow, DuckDB, Spark) passes over the others.
"""

import hashlib
import json
import re
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from lib.errors import UsageError
from lib.messages import N_, Message
from lib.reports.cells import as_text
from lib.reports.classifications import line_of
from lib.reports.columns import Object, schema, to_objects, to_table
from lib.work.files import disk_error, read_small, whole, write_whole
from lib.work.locks import claim
from lib.work.shards import Shard

if TYPE_CHECKING:
    import pyarrow as pa

RUN = "_run.json"
# What a run that is killed does over again at most: photos, or seconds of a slow model.
PART_PHOTOS, PART_S = 1000, 60.0
_PROBE_BYTES = 2**16


class Kept(ABC):
    """The answers in a folder, and where further ones go; a context that saves what is not saved yet at its end.

    Args:
        folder: Made if it is not there.
        run: What is asked of the photos: JSON values by what they are called.
        shard: Which part of the photos this run is for.
        models: How many are asked, and so how many rows or lines each photo has.
        resume: Whether to go on where another run of the same part ended.

    Attributes:
        again: How many rows of photos that had failed were taken out, so that these are asked again.
        held: How many rows there were when the run began, but those.
        bad: How many of the photos that were there so far, by `holds`, failed.

    Raises:
        UsageError: The folder holds this part already and `resume` was not asked for, another run is writing it, what
            it holds are answers to another question, or it cannot be written.
        DownloadError: By every other method: it cannot be written any more.
    """

    stem: str
    suffix: str

    def __init__(
        self, folder: Path, run: Mapping[str, object], shard: Shard, *, models: int = 1, resume: bool = False
    ) -> None:
        self._folder, self._models = folder, models
        self._own = "-".join(filter(None, (self.stem, str(shard))))
        self.again = self.bad = 0
        with _beginning(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _probe(folder)
            lock = claim(folder / f".{self._own}.lock")
        if lock is None:
            raise UsageError(N_("Another run is writing to {folder}. Wait until it ends."), folder=folder)
        self._lock = lock
        try:
            self._begin(run, shard, resume=resume)
        except BaseException:
            lock.release()
            raise

    def _begin(self, run: Mapping[str, object], shard: Shard, *, resume: bool) -> None:
        with _beginning(self._folder):
            _agree(self._folder, run)
            there = sorted(self._folder.glob(f"{self.stem}*{self.suffix}"))
            own = [path for path in there if self._is_own(path.name)]
            if own and not resume:
                text = N_("{folder} holds answers already. Go on with --resume, or choose another folder.")
                raise UsageError(text, folder=self._folder)
            for left in self._folder.glob(f".{self.stem}*{self.suffix}-*"):
                if self._is_own(left.name[1:].rpartition("-")[0]):  # by a run that was killed
                    left.unlink(missing_ok=True)
            self.again = sum(self._drop_failed(path) for path in own)
            own = [path for path in own if path.exists()]
            there = [path for path in there if path.exists()]
            # Another one of the same number of parts has no photo of this one.
            others = re.compile(rf"{self.stem}-\d+-of-{shard.count}(?!\d)")
            may_hold = [path for path in there if path in own or not others.match(path.name)]
            self._rows: Counter[bytes] = Counter()
            self._bad: set[bytes] = set()
            for file, failed in (row for path in may_hold for row in self._files_in(path)):
                digest = _digest(file)
                self._rows[digest] += 1
                if failed:
                    self._bad.add(digest)
            self.held = self._rows.total()
            self._go_on_after(own)

    def _is_own(self, name: str) -> bool:
        return re.fullmatch(rf"{self._own}(-\d{{6,}})?{self.suffix}", name) is not None

    def holds(self, name: str) -> bool:
        """Whether the answers about a photo are here already; asked once for each photo of this name."""
        digest = _digest(name)
        if self._rows[digest] < self._models:
            return False
        self._rows[digest] -= self._models
        self.bad += digest in self._bad
        return True

    @abstractmethod
    def add(self, objects: Sequence[Object]) -> None:
        """Keep the answers of all models about a photo, objects of `to_object`."""

    @abstractmethod
    def add_table(self, table: "pa.Table") -> None:
        """Keep the answers about many photos, rows of `lib.reports.columns`."""

    @abstractmethod
    def _files_in(self, path: Path) -> Iterator[tuple[str, bool]]:
        """Yield the photo of each row in a file that is there, and whether the row tells of a failure."""

    @abstractmethod
    def _drop_failed(self, path: Path) -> int:
        """Replace a file by one without the photos that failed, and return how many rows tell of a failure."""

    @abstractmethod
    def _go_on_after(self, own: Sequence[Path]) -> None:
        """Get ready to write after the files of this part that are there."""

    @abstractmethod
    def _save(self) -> None:
        """Save what is not saved yet."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Save what is not saved yet, also when the run was interrupted, and let others write."""
        try:
            self._save()
        finally:
            self._lock.release()


class Parts(Kept):
    """Answers in Parquet files of a thousand photos each."""

    stem, suffix = "part", ".parquet"

    def _go_on_after(self, own: Sequence[Path]) -> None:
        self._number = 1 + max((int(path.stem.rpartition("-")[2]) for path in own), default=-1)
        self._objects: list[Object] = []
        self._tables: list[pa.Table] = []
        self._photos, self._since = 0, time.monotonic()

    def _files_in(self, path: Path) -> Iterator[tuple[str, bool]]:
        table = _read(path, ["file", "error"])
        for name, error in zip(*table.columns, strict=True):
            yield name.as_py(), error.is_valid

    def _drop_failed(self, path: Path) -> int:
        import pyarrow.parquet as pq

        failed = [name for name, failed in self._files_in(path) if failed]
        if failed:
            rows = _read(path)
            gone = set(failed)
            rows = rows.filter([name not in gone for name in rows.column("file").to_pylist()])
            if rows.num_rows:
                with whole(path) as temporary:
                    pq.write_table(rows, temporary, compression="zstd")
            else:
                path.unlink()
        return len(failed)

    def add(self, objects: Sequence[Object]) -> None:
        """Keep the answers of all models about a photo."""
        self._objects += objects
        self._count(1)

    def add_table(self, table: "pa.Table") -> None:
        """Keep the answers about many photos."""
        self._tables.append(table.cast(schema()))
        self._count(table.num_rows // self._models)

    def _count(self, photos: int) -> None:
        self._photos += photos
        if self._photos >= PART_PHOTOS or time.monotonic() - self._since > PART_S:
            self._save()

    def _save(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._photos:
            rows = pa.concat_tables([*self._tables, to_table(self._objects)])
            target = self._folder / f"{self._own}-{self._number:06}{self.suffix}"
            with _saving(target), whole(target) as temporary:
                pq.write_table(rows, temporary, compression="zstd")
            # Only now, and in this order: who interrupts this writes the same file again, or has nothing left to write.
            self._objects, self._tables, self._photos = [], [], 0
            self._number += 1
        self._since = time.monotonic()


class Lines(Kept):
    """Answers as JSON lines, each written as soon as it is known."""

    stem, suffix = "answers", ".ndjson"

    def _go_on_after(self, own: Sequence[Path]) -> None:
        self._path = self._folder / f"{self._own}{self.suffix}"
        self._file: BinaryIO = self._path.open("r+b" if own else "x+b")
        if own:
            self._file.truncate(self._whole_bytes())
        self._file.seek(0, 2)

    def _whole_bytes(self) -> int:
        """Return how many bytes the lines of photos take of which all models' answers are there."""
        kept = read = 0
        for number, line in enumerate(self._file, start=1):
            read += len(line)
            if line.endswith(b"\n") and number % self._models == 0:
                kept = read
        return kept

    def _files_in(self, path: Path) -> Iterator[tuple[str, bool]]:
        for lines in self._photos_in(path):
            yield from (_file_of(line, path, number) for number, line in lines)

    def _photos_in(self, path: Path) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the lines of each photo, numbered from 1, all models' answers; what was cut off is left out."""
        waiting: list[tuple[int, bytes]] = []
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.endswith(b"\n"):
                    waiting.append((number, line))
                if len(waiting) == self._models:
                    yield waiting
                    waiting = []

    def _drop_failed(self, path: Path) -> int:
        count = sum(failed for _, failed in self._files_in(path))
        if count:
            with whole(path) as temporary, temporary.open("wb") as file:
                for lines in self._photos_in(path):
                    if not any(_file_of(line, path, number)[1] for number, line in lines):
                        file.writelines(line for _, line in lines)
        return count

    def add(self, objects: Sequence[Object]) -> None:
        """Keep the answers of all models about a photo."""
        with _saving(self._path):
            self._file.write("".join(f"{line_of(each)}\n" for each in objects).encode("ascii"))
            self._file.flush()

    def add_table(self, table: "pa.Table") -> None:
        """Keep the answers about many photos."""
        self.add(list(to_objects(table)))

    def _save(self) -> None:
        with _saving(self._path):  # what could not be written is tried once more
            self._file.close()


def _read(path: Path, columns: list[str] | None = None) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=columns)
    except pa.ArrowException as error:
        text = N_("{file} is damaged or holds no answers. Move it away, and its photos are asked again.")
        raise UsageError(text, file=path) from error


def _file_of(line: bytes, path: Path, number: int) -> tuple[str, bool]:
    """Return the photo that a line is about, and whether it tells of a failure."""
    try:
        row = json.loads(line)
        return str(row["file"]), "error" in row
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(N_("Line {number} of {file} is no answer."), number=number, file=path) from error


def _digest(name: str) -> bytes:
    """Return what a name is remembered by: a million of them take 100 MB."""
    return hashlib.blake2b(as_text(name).encode("utf-8"), digest_size=16).digest()


def _agree(folder: Path, run: Mapping[str, object]) -> None:
    """Write down what is asked; if answers to something else are there, raise a UsageError that says what differs."""
    path = folder / RUN
    if not path.exists():
        write_whole(path, json.dumps(run, indent=1).encode("ascii"))
        return
    try:
        before = dict(json.loads(read_small(path)))
    except (ValueError, TypeError) as error:
        raise UsageError(N_("{file} is damaged. Choose another folder."), file=path) from error
    for name in sorted({*before, *run}):
        if before.get(name) != run.get(name):
            was, now = (_in_words(name, asked.get(name)) for asked in (before, run))
            raise UsageError(_DIFFERS.get(name, _OTHER_SETTING), folder=folder, before=was, now=now)


_OTHER_SETTING = N_("{folder} holds answers given with {before}, and not with {now}. Choose another folder.")
_DIFFERS = {
    "form": N_("{folder} holds {before}, and not {now}. Choose another folder."),
    "models": N_("{folder} holds answers of {before}, and not of {now}. Choose another folder."),
}
_FORMS = {".parquet": N_("Parquet files"), ".ndjson": N_("JSON lines (--json)")}


def _in_words(name: str, value: object) -> str | Message:
    """Return what was asked, as it is written on the command line."""
    option = "--lang" if name == "language" else f"--{name.replace('_', '-')}"
    if name == "form":
        return Message(_FORMS.get(str(value), str(value)))
    if name == "models":
        return str(value)
    if value is None or value is False:
        return Message(N_("no {option}"), {"option": option})
    return option if value is True else f"{option} {value}"


def _probe(folder: Path) -> None:
    """Raise OSError if the folder cannot take another file, of a few kilobytes: it is closed, or its disk is full."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_PROBE_BYTES))


@contextmanager
def _beginning(folder: Path) -> Iterator[None]:
    """Turn a failure to write into `folder`, before anything was asked, into a UsageError with one sentence."""
    try:
        yield
    except OSError as error:
        told = disk_error(error, str(folder)).message
        raise UsageError(told.text, **told.values) from error


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    """Turn a failure to write `path` into a DownloadError with one sentence."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, str(path)) from error
