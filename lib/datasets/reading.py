"""Photos whose class is known, from a folder or a zip: FOLDER/CLASS/photo, or FOLDER/labels.csv.

Nothing is decoded here: the first bytes of each file tell whether it may be a photo, and the photos are read one by
one, from the folder or the zip, when somebody looks at them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from lib.classify import Source
from lib.datasets.files import (
    START_BYTES,
    File,
    Found,
    Labelled,
    files_below,
    is_ignored,
    skip,
    visible,
    why_not_a_photo,
    why_not_usable,
)
from lib.datasets.labelled import KnownPhoto, KnownPhotos, Skipped
from lib.datasets.split import MOST_CLASSES
from lib.datasets.table import TABLE, by_table
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import N_, Message
from lib.zipped import Member, Zip


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
    links = [skip(N_("{file} is a link to a folder; links are not followed."), name) for name in linked]
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
        File(
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


def _file(path: Path, folder: Path, root: Path) -> File:
    inner = PurePosixPath(path.relative_to(folder).as_posix())
    name = str(inner)
    return File(
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


def _unwrap(files: list[File]) -> list[File]:
    """Look through folders that hold everything and no photo of their own."""
    while wrapper := _wrapper(files):
        files = [
            replace(file, inner=PurePosixPath(*file.inner.parts[1:]))
            if file.inner.parts[0] == wrapper and len(file.inner.parts) > 1
            else file
            for file in files
        ]
    return files


def _wrapper(files: Iterable[File]) -> str | None:
    """Return the folder that holds every photo and table, unless photos stand in it as in a class folder."""
    telling = [file for file in files if file.has_photo_suffix or _is_table(file)]
    tops = {file.inner.parts[0] for file in telling}
    if len(tops) != 1 or any(len(file.inner.parts) == 1 for file in telling):
        return None
    directly_in_it = [file for file in telling if len(file.inner.parts) == 2]
    return None if directly_in_it and not any(map(_is_table, directly_in_it)) else tops.pop()


def _is_table(file: File) -> bool:
    return file.inner.name.lower() == TABLE


def _arrange(name: str, files: Sequence[File], refused: Iterable[Skipped]) -> KnownPhotos:
    """Find out which layout the files have, and return the photos with what was skipped."""
    table = next((file for file in files if _is_table(file) and len(file.inner.parts) == 1), None)
    found = _by_folder(name, files) if table is None else by_table(files, table)
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


def _check(name: str, classes: Sequence[str], found: Found) -> None:
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


def _by_folder(name: str, files: Sequence[File]) -> Found:
    """Take the first folder of each file's path as its class."""
    found = Found([], [], [], {})
    tops = {file.inner.parts[0] for file in files if len(file.inner.parts) > 1}
    if {"train", "val"} <= tops <= {"train", "val", "test"}:
        text = N_("{folder} has train and val: the photos in val are used, as a model may have learnt those in train.")
        found.notes.append(Message(text, {"folder": name}))
        inside = [file for file in files if file.inner.parts[0] == "val"]
        files = [replace(file, inner=PurePosixPath(*file.inner.parts[1:])) for file in inside]
    for file in files:
        if len(file.inner.parts) > 1:
            found.labelled.append(Labelled(file, file.inner.parts[0]))
        elif file.has_photo_suffix:
            found.skipped.append(skip(N_("{file} is in no class folder."), file.path))
    return found


def _only_photos(found: Found) -> list[Labelled]:
    usable = []
    for entry in found.labelled:
        reason = entry.file.why_not()
        if reason is None:
            usable.append(entry)
        else:
            found.skipped.append(Skipped(entry.file.path.as_posix(), reason))
    return usable


def _only_one_class_each(entries: list[Labelled], found: Found) -> list[Labelled]:
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


def _identical(entries: Sequence[Labelled]) -> Iterator[list[int]]:
    """Yield the positions of files with the same bytes; of a folder's files only those of the same size are read.

    A zip's own checksums decide for its files: reading would mean to unpack whatever it claims to hold.
    """
    alike: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        alike[entry.file.size, entry.file.checksum].append(index)
    for (_, checksum), candidates in alike.items():
        groups = [candidates] if checksum is not None or len(candidates) == 1 else _same_bytes(entries, candidates)
        yield from (same for same in groups if len(same) > 1)


def _same_bytes(entries: Sequence[Labelled], candidates: Iterable[int]) -> Iterable[list[int]]:
    by_digest: defaultdict[bytes, list[int]] = defaultdict(list)
    for index in candidates:
        try:
            by_digest[hashlib.sha256(entries[index].file.source.read()).digest()].append(index)
        except PhotoError:
            continue  # whoever looks at the photo is told
    return by_digest.values()
