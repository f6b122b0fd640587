"""labels.csv: the classes of photos in a table."""

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lib.datasets.files import File, Found, Labelled, skip
from lib.datasets.labelled import Skipped
from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message

TABLE = "labels.csv"
MAX_TABLE_BYTES = 32 * 2**20
_FILE_COLUMNS = ("file", "filename", "path")
# Best first: labels are not unique over ImageNet's classes (there are two cranes), WordNet ids are.
_CLASS_COLUMNS = ("wnid", "label", "class")


def by_table(files: Sequence[File], table: File) -> Found:
    """Take the class of each file from labels.csv.

    Raises:
        DatasetError: It is too large, no UTF-8, or lacks a column.
    """
    found = Found([], [], [], {})
    at = {_inside(file.inner.as_posix()): file for file in files}
    labels: dict[str, str] = {}
    conflicting: set[str] = set()
    for row in _rows(table):
        path = _inside(row.file)
        if not row.file or not row.label:
            text = N_("Line {line} of {table} names no file or no class.")
            found.skipped.append(
                Skipped(row.file or str(table.path), Message(text, {"line": row.line, "table": TABLE}))
            )
        elif path not in at:
            found.skipped.append(skip(N_("{file} is listed in labels.csv, but is not there."), row.file))
        elif labels.setdefault(path, row.label) != row.label:
            conflicting.add(path)
        elif row.title:
            found.titles[row.label] = row.title
    for path, label in labels.items():
        if path in conflicting:
            text = N_("{file} is listed in labels.csv under several classes; it is not used.")
            found.skipped.append(skip(text, at[path].path))
        else:
            found.labelled.append(Labelled(at[path], label))
    listed = set(labels)
    found.skipped += [
        skip(N_("{file} is not listed in labels.csv."), file.path)
        for path, file in at.items()
        if path not in listed and file.has_photo_suffix
    ]
    found.titles = _distinct_titles(found.titles)
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of labels.csv; `title` is a name for people where the class is a WordNet id."""

    line: int
    file: str
    label: str
    title: str


def _rows(table: File) -> Iterator[_Row]:
    """Yield the lines of labels.csv. Raises DatasetError: it is no table with the columns it needs."""
    text = _text(table)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="", skipinitialspace=True)
    try:
        names = {name.strip().lower(): name for name in reader.fieldnames or ()}
        file_column = next((names[name] for name in _FILE_COLUMNS if name in names), None)
        class_columns = [names[name] for name in _CLASS_COLUMNS if name in names]
        if file_column is None or not class_columns:
            raise DatasetError(
                N_("{table} needs the columns file and label (or wnid); it has: {columns}."),
                table=table.path, columns=", ".join(names)[:200] or "–",
            )  # fmt: skip
        for row in reader:
            label, title = row[class_columns[0]].strip(), row[class_columns[-1]].strip()
            shown = title.replace("_", " ") if len(class_columns) > 1 else ""
            yield _Row(reader.line_num, row[file_column].strip(), label, shown)
    except csv.Error as error:
        raise DatasetError(
            N_("{table} is not a table that can be read: {reason}."), table=table.path, reason=error
        ) from error


def _text(table: File) -> str:
    try:
        data = table.source.read()
    except PhotoError as error:
        raise DatasetError(N_("{file} could not be read: {reason}."), file=table.path, reason=error.message) from error
    if len(data) > MAX_TABLE_BYTES:
        raise DatasetError(
            N_("{table} is larger than {limit} MB; no list of photos is."),
            table=table.path,
            limit=MAX_TABLE_BYTES // 2**20,
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            N_("{table} is not UTF-8 text. In a spreadsheet, save it as “CSV UTF-8”."), table=table.path
        ) from error


def _inside(file: str) -> str:
    """Return a path in the one form in which those of labels.csv and those of files are compared.

    macOS takes letters and accents (and the parts of Korean syllables) apart in file names, spreadsheets do not.
    """
    return unicodedata.normalize("NFC", PurePosixPath(file.replace("\\", "/")).as_posix())


def _distinct_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Tell classes of the same name apart by their WordNet ids."""
    often: defaultdict[str, int] = defaultdict(int)
    for title in titles.values():
        often[title] += 1
    return {label: title if often[title] == 1 else f"{title} ({label})" for label, title in titles.items()}
