"""labels.csv: the classes of photos in a table, as people and spreadsheets write it."""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lib.datasets.files import File, Found, Labelled, LeftOut
from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos.codepages import encoding_of

TABLE = "labels.csv"
MAX_TABLE_BYTES = 16 * 2**20
MAX_LINES = 100_000
_MOST_COLUMNS = 1000
_DELIMITERS = ",;\t|"
_FILE_COLUMNS = ("file", "filename", "path")
# Best first: labels are not unique over ImageNet's classes (there are two cranes), WordNet ids are.
_CLASS_COLUMNS = ("wnid", "label", "class")
# Excel's own first line, which it obeys and never shows: "sep=;".
_SEPARATOR = re.compile(r'"?sep=([^\r\n"])"?[,;\t]*(\r\n|\r|\n)', re.IGNORECASE)


def by_table(files: Sequence[File], table: File, left_out: LeftOut) -> Found:
    """Take the class of each file from labels.csv.

    Raises:
        DatasetError: It is too large, too long, no table, or lacks a column.
    """
    found = Found(left_out)
    find = _finder(files)
    labels: dict[File, str] = {}
    conflicting: set[File] = set()
    for row in _rows(_text(table, found), table):
        file = find(row.file)
        if not row.file or not row.label:
            text = N_("Line {line} of {table} names no file or no class.")
            left_out.say(text, row.file or table.path, line=row.line, table=TABLE)
        elif file is None:
            left_out.say(N_("{file} is listed in labels.csv, but is not there."), row.file)
        elif labels.setdefault(file, row.label) != row.label:
            conflicting.add(file)
        elif row.title:
            found.titles[row.label] = row.title
    for file, label in labels.items():
        if file in conflicting:
            left_out.say(N_("{file} is listed in labels.csv under several classes; it is not used."), file.path)
        else:
            found.labelled.append(Labelled(file, label))
    for file in files:
        if file not in labels and file.has_photo_suffix:
            left_out.say(N_("{file} is not listed in labels.csv."), file.path)
    found.titles = _distinct_titles(found.titles)
    return found


def _finder(files: Sequence[File]) -> Callable[[str], File | None]:
    """Return what finds a file by its path in the table; capitals may differ where one file alone fits."""
    exact = {_inside("/".join(file.inner)): file for file in files}
    often = Counter(map(str.casefold, exact))
    alike = {path.casefold(): file for path, file in exact.items() if often[path.casefold()] == 1}

    def find(written: str) -> File | None:
        path = _inside(written)
        return exact.get(path) or alike.get(path.casefold())

    return find


def _inside(file: str) -> str:
    """Return a path in the one form in which those of labels.csv and those of files are compared.

    macOS takes letters and accents (and the parts of Korean syllables) apart in file names, spreadsheets do not.
    """
    parts = file.replace("\\", "/").split("/")
    return unicodedata.normalize("NFC", "/".join(part for part in parts if part not in ("", ".")))


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of labels.csv; `title` is a name for people where the class is a WordNet id."""

    line: int
    file: str
    label: str
    title: str


def _rows(text: str, table: File) -> Iterator[_Row]:
    """Yield the lines of labels.csv. Raises DatasetError: it is too long, or no table with the columns it needs."""
    separator = _SEPARATOR.match(text)
    body = text[separator.end() :] if separator else text
    header = body.partition("\n")[0]
    delimiter = separator[1] if separator else max(_DELIMITERS, key=header.count)
    try:
        lines = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, skipinitialspace=True)
        columns = _Columns.of(next(lines, []), table)
        for count, cells in enumerate(lines, start=1):
            if count > MAX_LINES:
                raise DatasetError(
                    N_("{table} has more than {most} lines; divide the photos into several sets."),
                    table=table.path, most=MAX_LINES,
                )  # fmt: skip
            if cells:
                yield columns.read(cells, lines.line_num + bool(separator))
    except csv.Error as error:
        raise DatasetError(
            N_("{table} is not a table that can be read: {reason}."), table=table.path, reason=error
        ) from error


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a line the file, its class and the name of that class for people stand."""

    file: int
    label: int
    title: int

    @staticmethod
    def of(header: Sequence[str], table: File) -> "_Columns":
        """Find the columns by their heads. Raises DatasetError: one is missing."""
        names = {name.strip().lower(): place for place, name in enumerate(header[:_MOST_COLUMNS])}
        files = [names[name] for name in _FILE_COLUMNS if name in names]
        classes = [names[name] for name in _CLASS_COLUMNS if name in names]
        if not files or not classes:
            raise DatasetError(
                N_("{table} needs the columns file and label (or wnid); it has: {columns}."),
                table=table.path, columns=", ".join(names)[:200] or "–",
            )  # fmt: skip
        return _Columns(files[0], classes[0], classes[-1])

    def read(self, cells: Sequence[str], line: int) -> _Row:
        """Return what a line says; a cell it lacks is empty."""
        file, label, title = (
            unicodedata.normalize("NFC", cells[place].strip()) if place < len(cells) else ""
            for place in (self.file, self.label, self.title)
        )
        return _Row(line, file, label, title.replace("_", " ") if self.title != self.label else "")


def _text(table: File, found: Found) -> str:
    """Return what stands in a table, whose encoding only some programs tell."""
    data = _bytes(table)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # Excel's "Unicode text"
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = encoding_of(data.splitlines())
    text = N_("{table} is not UTF-8 text; it was read as {encoding}. Are the names of the classes right?")
    found.notes.append(Message(text, {"table": table.path, "encoding": encoding}))
    return data.decode(encoding, "replace")


def _bytes(table: File) -> bytes:
    try:
        data = table.source.read()
    except PhotoError as error:
        raise DatasetError(N_("{file} could not be read: {reason}."), file=table.path, reason=error.message) from error
    if len(data) > MAX_TABLE_BYTES:
        raise DatasetError(
            N_("{table} is larger than {limit} MB; no list of photos is."),
            table=table.path, limit=MAX_TABLE_BYTES // 2**20,
        )  # fmt: skip
    return data


def _distinct_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Tell classes of the same name apart by their WordNet ids."""
    often: defaultdict[str, int] = defaultdict(int)
    for title in titles.values():
        often[title] += 1
    return {label: title if often[title] == 1 else f"{title} ({label})" for label, title in titles.items()}
