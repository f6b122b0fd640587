"""labels.csv: the classes of photos in a table, as people and spreadsheets write it."""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from lib.datasets.files import TABLE, File, Found
from lib.errors import DatasetError, PhotoError
from lib.messages import N_
from lib.photos.codepages import encoding_of

MAX_TABLE_BYTES = 16 * 2**20
MAX_LINES = 100_000
_MOST_COLUMNS = 1000
_DELIMITERS = ",;\t|"
_FILE_COLUMNS = ("file", "filename", "path")
# Best first: labels are not unique over ImageNet's classes (there are two cranes), WordNet ids are.
_CLASS_COLUMNS = ("wnid", "label", "class")
# Excel's own first line, which it obeys and never shows: "sep=;".
_SEPARATOR = re.compile(r'"?sep=([^\r\n"])"?[,;\t]*(\r\n|\r|\n)', re.IGNORECASE)


def label_by_table(found: Found, table: File) -> None:
    """Take the class of each file from labels.csv.

    Raises:
        DatasetError: It is too large, too long, no table, or lacks a column.
    """
    find = _finder(found.files)
    conflicting: set[File] = set()
    for line, written, label, title in _lines(_text(table, found), table):
        file = find(written)
        if not written or not label:
            text = N_("Line {line} of {table} has no file or no class.")
            found.skip(written or table.path, text, line=line, table=TABLE)
        elif file is None:
            found.skip(written, N_("{file} is listed in labels.csv but was not found."))
        elif found.labels.setdefault(file, label) != label:
            conflicting.add(file)
        elif title:
            found.titles[label] = title
    for file in found.files:
        if file in conflicting:
            found.skip(file.path, N_("{file} is listed in labels.csv under several classes. It is not used."))
            del found.labels[file]
        elif file not in found.labels and file.has_photo_suffix:
            found.skip(file.path, N_("{file} is not listed in labels.csv."))
    often = Counter(found.titles.values())  # classes of the same name are told apart by their WordNet ids
    found.titles = {
        label: title if often[title] == 1 else f"{title} ({label})" for label, title in found.titles.items()
    }


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


def _lines(content: str, table: File) -> Iterator[tuple[int, str, str, str]]:
    """Yield of each line its number, the file, its class, and a name of that for people where it is a WordNet id.

    Raises:
        DatasetError: The table is too long, is none, or lacks a column.
    """
    separator = _SEPARATOR.match(content)
    body = content[separator.end() :] if separator else content
    header = body.partition("\n")[0]
    delimiter = separator[1] if separator else max(_DELIMITERS, key=header.count)
    try:
        lines = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, skipinitialspace=True)
        columns = _columns(next(lines, []), table)
        for count, cells in enumerate(lines, start=1):
            if count > MAX_LINES:
                text = N_("{table} has more than {most} lines. Split the photos into several sets.")
                raise DatasetError(text, table=table.path, most=MAX_LINES)
            if cells:
                file, label, title = (
                    unicodedata.normalize("NFC", cells[at].strip()) if at < len(cells) else "" for at in columns
                )
                yield (
                    lines.line_num + bool(separator),
                    file,
                    label,
                    title.replace("_", " ") if columns[2] != columns[1] else "",
                )
    except csv.Error as error:
        text = N_("{table} cannot be read as a table: {reason}.")
        raise DatasetError(text, table=table.path, reason=error) from error


def _columns(header: Sequence[str], table: File) -> tuple[int, int, int]:
    """Return where the file, its class and the name of that for people, perhaps the class itself, stand."""
    names = {name.strip().lower(): place for place, name in enumerate(header[:_MOST_COLUMNS])}
    files = [names[name] for name in _FILE_COLUMNS if name in names]
    classes = [names[name] for name in _CLASS_COLUMNS if name in names]
    if not files or not classes:
        text = N_("{table} needs the columns file and label (or wnid). It has: {columns}.")
        raise DatasetError(text, table=table.path, columns=", ".join(names)[:200] or "–")
    return files[0], classes[0], classes[-1]


def _text(table: File, found: Found) -> str:
    """Return what stands in a table, whose encoding only some programs tell."""
    data = _bytes(table)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # Excel's "Unicode text"
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = encoding_of(data.splitlines())
    text = N_("{table} is not UTF-8 text, so it was read as {encoding}. Please check the class names.")
    found.note(text, table=table.path, encoding=encoding)
    return data.decode(encoding, "replace")


def _bytes(table: File) -> bytes:
    try:
        data = table.source.read()
    except PhotoError as error:
        raise DatasetError(N_("{file} could not be read: {reason}."), file=table.path, reason=error.message) from error
    if len(data) > MAX_TABLE_BYTES:
        text = N_("{table} is larger than {limit} MB, too large for a list of photos.")
        raise DatasetError(text, table=table.path, limit=MAX_TABLE_BYTES // 2**20)
    return data
