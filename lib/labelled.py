"""Photos whose class is known, from a folder or a zip: FOLDER/CLASS/photo, or FOLDER/labels.csv.

Nothing is decoded here: the first bytes of each file tell whether it may be a photo, and the photos are read one by
one, from the folder or the zip, when somebody looks at them.
"""

import csv
import hashlib
import io
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from lib.classify import Source
from lib.datasets import MOST_CLASSES, START_BYTES, files_below, is_ignored, visible, why_not_a_photo, why_not_usable
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import N_, Message
from lib.photos import SUFFIXES
from lib.zipped import Member, Zip

TABLE = "labels.csv"
MAX_TABLE_BYTES = 32 * 2**20
_FILE_COLUMNS = ("file", "filename", "path")
# Best first: labels are not unique over ImageNet's classes (there are two cranes), WordNet ids are.
_CLASS_COLUMNS = ("wnid", "label", "class")


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo and what it shows.

    Attributes:
        source: The photo, not read yet.
        label: Position of its class in `KnownPhotos.classes`, from 0.
    """

    source: Source
    label: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not used, and why.

    Attributes:
        file: Its path inside the folder or zip; untrusted text.
        reason: A sentence that names it.
    """

    file: str
    reason: Message


@dataclass(frozen=True, slots=True)
class KnownPhotos:
    """Labelled photos in a fixed order: by class, then by path.

    Attributes:
        name: Of the folder or zip.
        classes: Names as they were given: folder names, labels or WordNet ids of labels.csv; each has a photo.
        titles: The same for people to read: "tench" for a WordNet id.
        photos: Everything that looks like a photo.
        skipped: Everything that does not, with the reason.
        notes: What a reader of the results should know, such as that there is only one class.
    """

    name: str
    classes: tuple[str, ...]
    titles: tuple[str, ...]
    photos: tuple[KnownPhoto, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Message, ...] = ()

    def counts(self) -> tuple[int, ...]:
        """Return the number of photos of each class, in the order of `classes`."""
        counts = [0] * len(self.classes)
        for photo in self.photos:
            counts[photo.label] += 1
        return tuple(counts)

    def without(self, broken: Mapping[int, Message]) -> "KnownPhotos":
        """Return these photos less those at the positions in `broken`, which join `skipped` with their reasons."""
        kept = tuple(photo for index, photo in enumerate(self.photos) if index not in broken)
        dropped = tuple(Skipped(self.photos[index].source.name, reason) for index, reason in sorted(broken.items()))
        return replace(self, photos=kept, skipped=self.skipped + dropped)


def read_labelled(path: Path) -> KnownPhotos:
    """Return the labelled photos in a folder or a zip file.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_folder` and `read_zip`.
    """
    if path.is_dir():
        return read_folder(path)
    if path.is_file():
        return read_zip(path, path.name)
    raise UsageError(N_("{folder} is neither a folder nor a zip file."), folder=path)


def read_folder(folder: Path) -> KnownPhotos:
    """Return the labelled photos in a folder; links that lead out of it are not followed.

    Raises:
        DatasetError: No photo in a class folder, a labels.csv that cannot be used, or more than 1000 classes.
    """
    if not folder.is_dir():
        raise DatasetError(N_("{folder} is not a folder."), folder=str(folder))
    root = folder.resolve()
    try:
        files = [_file(path, folder, root) for path in files_below(folder)]
        linked = [path.name for path in visible(folder) if path.is_symlink() and path.is_dir()]
    except OSError as error:
        raise DatasetError(
            N_("{file} could not be read: {reason}."), file=folder.name, reason=error.strerror or error
        ) from error
    links = [_skip(N_("{file} is a link to a folder; links are not followed."), name) for name in linked]
    return _arrange(root.name or str(folder), files, links)


def read_zip(file: Path | bytes, name: str) -> KnownPhotos:
    """Return the labelled photos in a zip; nothing is unpacked to disk, and photos are read when they are looked at.

    One folder around everything, as most programs add, is looked through.

    Args:
        file: The zip, or its bytes.
        name: What its owner calls it.

    Raises:
        DatasetError: No zip, a damaged one, one made to unpack without end, or see `read_folder`.
    """
    packed = Zip(file, name)
    files = [
        _File(
            path=member.path,
            inner=member.path,
            size=member.size,
            checksum=member.crc,
            why_not=partial(_why_not_packed, packed, member),
            source=Source(member.path.as_posix(), partial(packed.read, member)),
        )
        for member in packed.members
        if not any(map(is_ignored, member.path.parts))
    ]
    refused = [
        Skipped(entry.file, entry.reason)
        for entry in packed.refused
        if not any(is_ignored(part) for part in PurePosixPath(entry.file).parts if part != "..")
    ]
    return _arrange(name, _unwrap(files), refused)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a folder or zip.

    Attributes:
        path: Its whole path inside, which names it.
        inner: The same without a folder around everything.
        size: Bytes.
        checksum: Of its bytes, where a zip gives it; else None.
        why_not: Returns why it cannot be a photo, or None.
        source: Its bytes.
    """

    path: PurePosixPath
    inner: PurePosixPath
    size: int
    checksum: int | None
    why_not: Callable[[], Message | None]
    source: Source

    @property
    def has_photo_suffix(self) -> bool:
        return self.path.suffix.lower() in SUFFIXES


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A file and the name of its class."""

    file: _File
    label: str


@dataclass(slots=True)
class _Found:
    """What a layout holds, before it is checked."""

    labelled: list[_Labelled]
    skipped: list[Skipped]
    notes: list[Message]
    titles: dict[str, str]


def _file(path: Path, folder: Path, root: Path) -> _File:
    inner = PurePosixPath(path.relative_to(folder).as_posix())
    name = str(inner)
    return _File(
        path=inner,
        inner=inner,
        size=path.stat().st_size if path.is_file() else 0,
        checksum=None,
        why_not=partial(why_not_usable, path, root, name),
        source=Source.of_path(path, name),
    )


def _why_not_packed(packed: Zip, member: Member) -> Message | None:
    try:
        start = packed.start(member, START_BYTES)
    except PhotoError as error:
        return error.message
    return why_not_a_photo(start, len(start), str(member.path))


def _unwrap(files: list[_File]) -> list[_File]:
    """Look through folders that hold everything and no photo of their own."""
    while wrapper := _wrapper(files):
        files = [
            replace(file, inner=PurePosixPath(*file.inner.parts[1:]))
            if file.inner.parts[0] == wrapper and len(file.inner.parts) > 1
            else file
            for file in files
        ]
    return files


def _wrapper(files: Iterable[_File]) -> str | None:
    """Return the folder that holds every photo and table, unless photos stand in it as in a class folder."""
    telling = [file for file in files if file.has_photo_suffix or _is_table(file)]
    tops = {file.inner.parts[0] for file in telling}
    if len(tops) != 1 or any(len(file.inner.parts) == 1 for file in telling):
        return None
    directly_in_it = [file for file in telling if len(file.inner.parts) == 2]
    return None if directly_in_it and not any(map(_is_table, directly_in_it)) else tops.pop()


def _is_table(file: _File) -> bool:
    return file.inner.name.lower() == TABLE


def _arrange(name: str, files: Sequence[_File], refused: Iterable[Skipped]) -> KnownPhotos:
    """Find out which layout the files have, and return the photos with what was skipped."""
    table = next((file for file in files if _is_table(file) and len(file.inner.parts) == 1), None)
    found = _by_folder(name, files) if table is None else _by_table(files, table)
    found.skipped = [*refused, *found.skipped]
    usable = _only_photos(found)
    usable = _only_one_class_each(usable, found)
    classes = sorted({entry.label for entry in usable})
    _check(name, classes, found)
    if len(classes) == 1:
        only = found.titles.get(classes[0], classes[0])
        found.notes.append(
            Message(N_("All photos are of one class, {name}: nothing can be mixed up with it."), {"name": only})
        )
    position = {label: index for index, label in enumerate(classes)}
    ordered = sorted(usable, key=lambda entry: (position[entry.label], entry.file.path.as_posix()))
    return KnownPhotos(
        name=name,
        classes=tuple(classes),
        titles=tuple(found.titles.get(label, label) for label in classes),
        photos=tuple(KnownPhoto(entry.file.source, position[entry.label]) for entry in ordered),
        skipped=tuple(found.skipped),
        notes=tuple(found.notes),
    )


def _check(name: str, classes: Sequence[str], found: _Found) -> None:
    if not classes and not found.skipped:
        raise DatasetError(
            N_(
                "{folder} has no class folders; put each class's photos in a folder of its own, or list them in "
                "labels.csv."
            ),
            folder=name,
        )
    if not classes:
        raise DatasetError(
            N_("{folder} holds no usable photo of a known class. The first reason of {count}: {reason}"),
            folder=name, count=len(found.skipped), reason=found.skipped[0].reason,
        )  # fmt: skip
    if len(classes) > MOST_CLASSES:
        raise DatasetError(
            N_("{folder} has {count} class folders; at most {most} are supported."),
            folder=name, count=len(classes), most=MOST_CLASSES,
        )  # fmt: skip


def _by_folder(name: str, files: Sequence[_File]) -> _Found:
    """Take the first folder of each file's path as its class."""
    found = _Found([], [], [], {})
    tops = {file.inner.parts[0] for file in files if len(file.inner.parts) > 1}
    if {"train", "val"} <= tops <= {"train", "val", "test"}:
        text = N_("{folder} has train and val: the photos in val are used, as a model may have learnt those in train.")
        found.notes.append(Message(text, {"folder": name}))
        inside = [file for file in files if file.inner.parts[0] == "val"]
        files = [replace(file, inner=PurePosixPath(*file.inner.parts[1:])) for file in inside]
    for file in files:
        if len(file.inner.parts) > 1:
            found.labelled.append(_Labelled(file, file.inner.parts[0]))
        elif file.has_photo_suffix:
            found.skipped.append(_skip(N_("{file} is in no class folder."), file.path))
    return found


def _by_table(files: Sequence[_File], table: _File) -> _Found:
    """Take the class of each file from labels.csv."""
    found = _Found([], [], [], {})
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
            found.skipped.append(_skip(N_("{file} is listed in labels.csv, but is not there."), row.file))
        elif labels.setdefault(path, row.label) != row.label:
            conflicting.add(path)
        elif row.title:
            found.titles[row.label] = row.title
    for path, label in labels.items():
        if path in conflicting:
            text = N_("{file} is listed in labels.csv under several classes; it is not used.")
            found.skipped.append(_skip(text, at[path].path))
        else:
            found.labelled.append(_Labelled(at[path], label))
    listed = set(labels)
    found.skipped += [
        _skip(N_("{file} is not listed in labels.csv."), file.path)
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


def _rows(table: _File) -> Iterator[_Row]:
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


def _text(table: _File) -> str:
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


def _only_photos(found: _Found) -> list[_Labelled]:
    usable = []
    for entry in found.labelled:
        reason = entry.file.why_not()
        if reason is None:
            usable.append(entry)
        else:
            found.skipped.append(Skipped(entry.file.path.as_posix(), reason))
    return usable


def _only_one_class_each(entries: list[_Labelled], found: _Found) -> list[_Labelled]:
    """Drop photos whose very bytes are in two classes, as nobody can tell which is meant; note other copies."""
    contradicting: dict[int, str] = {}
    copies = 0
    for same in _identical(entries):
        if len({entries[index].label for index in same}) == 1:
            copies += len(same) - 1
            continue
        for index in same:
            other = next(entries[i] for i in same if entries[i].label != entries[index].label)
            contradicting[index] = other.file.path.as_posix()
    for index, twin in sorted(contradicting.items()):
        name = entries[index].file.path.as_posix()
        text = N_("{file} is the same photo as {other}, which is in another class; neither is used.")
        found.skipped.append(Skipped(name, Message(text, {"file": name, "other": twin})))
    if copies:
        text = N_("Copies of the same photo in the same class: {count}. Each counts as a photo of its own.")
        found.notes.append(Message(text, {"count": copies}))
    return [entry for index, entry in enumerate(entries) if index not in contradicting]


def _identical(entries: Sequence[_Labelled]) -> Iterator[list[int]]:
    """Yield the positions of files with the same bytes; of a folder's files only those of the same size are read.

    A zip's own checksums decide for its files: reading would mean to unpack whatever it claims to hold.
    """
    alike: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        alike[entry.file.size, entry.file.checksum].append(index)
    for (_, checksum), candidates in alike.items():
        groups = [candidates] if checksum is not None or len(candidates) == 1 else _same_bytes(entries, candidates)
        yield from (same for same in groups if len(same) > 1)


def _same_bytes(entries: Sequence[_Labelled], candidates: Iterable[int]) -> Iterable[list[int]]:
    by_digest: defaultdict[bytes, list[int]] = defaultdict(list)
    for index in candidates:
        try:
            by_digest[hashlib.sha256(entries[index].file.source.read()).digest()].append(index)
        except PhotoError:
            continue  # whoever looks at the photo is told
    return by_digest.values()


def _skip(text: str, file: object) -> Skipped:
    return Skipped(str(file), Message(text, {"file": str(file)}))
