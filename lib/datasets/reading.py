"""Photos whose class is known, from a folder or a zip: FOLDER/CLASS/photo, or FOLDER/labels.csv.

Folders around everything are looked through, and parts for training and testing (FOLDER/train/CLASS,
FOLDER/valid/CLASS) are told apart. Nothing is decoded: the photos are read one by one, from the folder or the zip, when
somebody looks at them.
"""

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lib.datasets.files import Contents, File, Found, Labelled, LeftOut, in_folder, in_zip
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.layout import Part, by_folder, divided, is_table, is_top, part_of, unwrapped
from lib.datasets.table import by_table
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import N_, Message

MOST_CLASSES = 1000


def read_labelled(path: Path) -> LabelledPhotos:
    """Return the labelled photos in a folder or a zip file that a model has not learnt from, as far as they say.

    Of parts for training, validation and testing, those for validation are taken.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_folder` and `read_zip`.
    """
    return _held_out(_contents(path))


def read_folder(folder: Path) -> LabelledPhotos:
    """Return the labelled photos in a folder; links that lead out of it are not followed.

    Raises:
        DatasetError: No photo in a class folder, a labels.csv that cannot be used, or more than 1000 classes.
    """
    return _held_out(in_folder(folder))


def read_zip(file: Path | bytes, name: str) -> LabelledPhotos:
    """Return the labelled photos in a zip; nothing is unpacked to disk.

    Args:
        file: The zip, or its bytes.
        name: What its owner calls it.

    Raises:
        DatasetError: No zip, a damaged one, one made to unpack without end, or see `read_folder`.
    """
    return _held_out(in_zip(file, name))


def read_parts(path: Path) -> tuple[LabelledPhotos, LabelledPhotos | None]:
    """Return the photos to learn from, and those that a folder or zip holds out for validation or else for testing.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_folder` and `read_zip`; or there is nothing to learn from.
    """
    contents = _contents(path)
    files = unwrapped(contents.files)
    parts = divided(files)
    if not parts:
        return _photos(contents.name, files, contents.left_out), None
    train, _ = _first(parts, (Part.TRAIN,))
    if not train:
        raise DatasetError(
            N_("{folder} is divided into {parts}; there is no folder train to learn from."),
            folder=contents.name, parts=", ".join(parts),
        )  # fmt: skip
    held_out, name = _first(parts, (Part.VALIDATION, Part.TEST))
    return (
        _photos(contents.name, train, contents.left_out),
        _photos(f"{contents.name}/{name}", held_out, LeftOut()) if held_out else None,
    )


def _contents(path: Path) -> Contents:
    if path.is_dir():
        return in_folder(path)
    if path.is_file():
        return in_zip(path, path.name)
    raise UsageError(N_("{folder} is neither a folder nor a zip file."), folder=path)


def _held_out(contents: Contents) -> LabelledPhotos:
    """Return the photos that a model has not learnt from, as far as the folders' names say."""
    files = unwrapped(contents.files)
    parts = divided(files)
    if not parts:
        return _photos(contents.name, files, contents.left_out)
    used, name = _first(parts, (Part.VALIDATION, Part.TEST, Part.TRAIN))
    for file in files:
        if is_top(file) and file.has_photo_suffix:
            contents.left_out.say(N_("{file} is in no class folder."), file.path)
    text = N_("{folder} is divided into {parts}: the photos in {used} are used, as a model may have learnt the others.")
    note = Message(text, {"folder": contents.name, "parts": ", ".join(parts), "used": name})
    return _photos(contents.name, used, contents.left_out, [note] if len(parts) > 1 else [])


def _first(parts: Mapping[str, tuple[File, ...]], wanted: Iterable[Part]) -> tuple[tuple[File, ...], str]:
    """Return the files of the first kind of part there is, and the names of its folders; none if there is no such."""
    for part in wanted:
        if names := [name for name in parts if part_of(name) is part]:
            return tuple(file for name in names for file in parts[name]), ", ".join(names)
    return (), ""


def _photos(name: str, files: Sequence[File], left_out: LeftOut, notes: Iterable[Message] = ()) -> LabelledPhotos:
    """Return the photos of one part, with what was left out. Raises DatasetError: nothing usable, or too much."""
    table = next((file for file in files if is_table(file) and is_top(file)), None)
    found = by_folder(files, left_out) if table is None else by_table(files, table, left_out)
    found.notes = [*notes, *found.notes]
    given = _spelt_alike(found)
    usable = _only_one_class_each(_only_photos(given, left_out), found)
    classes = sorted({entry.label for entry in usable})
    _check(name, classes, left_out)
    if len(classes) == 1:
        only = found.titles.get(classes[0], classes[0])
        found.notes.append(
            Message(N_("All photos are of one class, {name}: nothing can be mixed up with it."), {"name": only})
        )
    position = {label: index for index, label in enumerate(classes)}
    ordered = sorted(usable, key=lambda entry: (position[entry.label], entry.file.path))
    return LabelledPhotos(
        name=name,
        classes=tuple(classes),
        titles=tuple(found.titles.get(label, label) for label in classes),
        photos=tuple(LabelledPhoto(entry.file.source, position[entry.label], entry.file.stamp) for entry in ordered),
        skipped=tuple(left_out.listed),
        notes=(*found.notes, *left_out.notes()),
        empty=tuple(sorted({entry.label for entry in given} - set(classes))),
    )


def _check(name: str, classes: Sequence[str], left_out: LeftOut) -> None:
    if not classes and not left_out.listed:
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
            folder=name, count=left_out.count, reason=left_out.listed[0].reason,
        )  # fmt: skip
    if len(classes) > MOST_CLASSES:
        raise DatasetError(
            N_("{folder} has {count} class folders; at most {most} are supported."),
            folder=name, count=len(classes), most=MOST_CLASSES,
        )  # fmt: skip


def _spelt_alike(found: Found) -> list[Labelled]:
    """Return the files with one spelling for classes whose names differ in capitals or in their Unicode form alone."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label, count in Counter(entry.label for entry in found.labelled).items():
        spellings[_folded(label)][unicodedata.normalize("NFC", label)] += count
    for names in spellings.values():
        if len(names) > 1:
            text = N_("{names} differ in capitals alone; they are taken for one class.")
            found.notes.append(Message(text, {"names": ", ".join(sorted(names))}))
    name = {folded: names.most_common(1)[0][0] for folded, names in spellings.items()}
    same = {entry.label: name[_folded(entry.label)] for entry in found.labelled}
    return [Labelled(entry.file, same[entry.label]) for entry in found.labelled]


def _folded(label: str) -> str:
    return unicodedata.normalize("NFC", label).casefold()


def _only_photos(entries: Iterable[Labelled], left_out: LeftOut) -> list[Labelled]:
    usable = []
    for entry in entries:
        reason = entry.file.why_not()
        if reason is None:
            usable.append(entry)
        else:
            left_out.add(entry.file.path, reason)
    return usable


def _only_one_class_each(entries: Sequence[Labelled], found: Found) -> list[Labelled]:
    """Drop photos whose very bytes are in two classes, as nobody can tell which is meant; note other copies."""
    contradicting: dict[int, File] = {}
    copies = 0
    for same in _identical(entries):
        first_of = {entries[index].label: entries[index].file for index in reversed(same)}
        if len(first_of) == 1:
            copies += len(same) - 1
            continue
        one, other, *_ = first_of.items()
        for index in same:
            contradicting[index] = other[1] if entries[index].label == one[0] else one[1]
    text = N_("{file} is the same photo as {other}, which is in another class; neither is used.")
    for index, twin in sorted(contradicting.items()):
        found.left_out.say(text, entries[index].file.path, other=twin.path)
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
