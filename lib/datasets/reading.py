"""Photos whose class is known, from a folder or a zip: FOLDER/CLASS/photo, FOLDER/labels.csv, or a workshop project.

Folders around everything are looked through, and parts for training and testing (FOLDER/train/CLASS,
FOLDER/valid/CLASS) are told apart. Nothing is decoded: the photos are read one by one, from the folder or the zip, when
somebody looks at them.
"""

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lib.datasets.draw import split
from lib.datasets.duplicates import Trace, groups
from lib.datasets.files import File, Found, in_folder, in_zip
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.layout import Part, beside_parts, divided, label_by_folder, part_of, unwrapped
from lib.datasets.others import is_beside
from lib.datasets.project_files import ProjectFiles, project_in
from lib.datasets.table import label_by_table
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import N_, Listed
from lib.photos.source import Skipped, Source

MOST_CLASSES = 1000


def read_labelled(path: Path) -> LabelledPhotos:
    """Return the labelled photos in a folder or a zip file that a model has not learnt from, as far as they say.

    Of parts for training, validation and testing, those for validation are taken. Links that lead out of a folder are
    not followed; of a zip nothing is unpacked to disk.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: No zip, a damaged one, one made to unpack without end; no photo in a class folder, a labels.csv
            that cannot be used, or more than 1000 classes.
    """
    return _held_out(_found(path))


def read_zip(data: bytes, name: str) -> LabelledPhotos:
    """Return the same of a zip file in memory, which its owner calls `name`.

    Raises:
        DatasetError: See `read_labelled`.
    """
    return _held_out(in_zip(data, name))


def read_parts(path: Path) -> tuple[LabelledPhotos, LabelledPhotos | None]:
    """Return the photos to learn from, and those that a folder or zip holds out for validation or else for testing.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_labelled`; or there is nothing to learn from.
    """
    found = _found(path)
    project = project_in(found.files)
    if project is not None:
        return _parts_of_project(found, project)
    files = unwrapped(found.files)
    parts = _divided(found, files)
    if not parts:
        return _photos(found, files), None
    train, _ = _first(parts, Part.TRAIN)
    if not train:
        text = N_("{folder} is divided into {parts}, but has no folder “train” to learn from.")
        raise DatasetError(text, folder=found.name, parts=Listed(tuple(parts)))
    held_out, name = _first(parts, Part.VALIDATION, Part.TEST)
    return _photos(found, train), _photos(Found(f"{found.name}/{name}"), held_out) if held_out else None


def read_all(path: Path, name: str | None = None) -> LabelledPhotos:
    """Return all photos of a folder or zip, of whatever part, also those whose very bytes are in two classes.

    What lies beside the parts for training and testing belongs to the class that its own folder is called after. What
    is no photo there is found out, file by file, by whoever looks at it.

    Args:
        path: The folder or zip.
        name: What its owner calls it; None for the file's name.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_labelled`.
    """
    found = in_zip(path, name) if name is not None else _found(path)
    files = unwrapped(found.files)
    if project_in(found.files) is None and (parts := divided(files)):
        others = {*beside_parts(files)}
        beside = (replace(file, inner=file.inner[-2:]) for file in files if file.inner[0] in others)
        files = (*(file for part in parts.values() for file in part), *beside)
    return _photos(found, files, are_twins_kept=True)


def read_unlabelled(path: Path, name: str) -> tuple[tuple[Source, ...], tuple[Skipped, ...]]:
    """Return the photos in a zip, whatever its folders say, and what is none.

    Raises:
        DatasetError: No zip, a damaged one, or one without photos.
    """
    found = in_zip(path, name)
    photos = []
    for file in found.files:
        if (reason := file.why_not()) is None:
            photos.append(file.source)
        else:
            found.add_skipped(Skipped(file.path, reason))
    if not photos and not found.skipped:
        raise DatasetError(N_("{file} contains no photos."), file=name)
    return tuple(photos), tuple(found.skipped)


def _parts_of_project(found: Found, project: ProjectFiles) -> tuple[LabelledPhotos, LabelledPhotos | None]:
    """Return the photos of a project as it splits them; what has too few of a class is not split."""
    photos = _photos(found, found.files)
    if min(photos.counts()) < 2:
        return photos, None
    kept = [project.kept[photo.source.name] for photo in photos.photos]
    traces = [
        Trace(photo.label, one.digest, one.phash, one.burst) for photo, one in zip(photos.photos, kept, strict=True)
    ]
    return split(
        photos,
        validation=project.manifest.settings.held_out,
        seed=project.manifest.settings.seed,
        groups=groups(traces),
        identities=[one.digest for one in kept],
    )


def _found(path: Path) -> Found:
    if path.is_dir():
        return in_folder(path)
    if path.is_file():
        return in_zip(path, path.name)
    raise UsageError(N_("{folder} is neither a folder nor a zip file."), folder=path)


def _held_out(found: Found) -> LabelledPhotos:
    """Return the photos that a model has not learnt from, as far as the folders' names say."""
    if (project := project_in(found.files)) is not None:
        train, held = _parts_of_project(found, project)
        return held or train
    files = unwrapped(found.files)
    parts = _divided(found, files)
    if not parts:
        return _photos(found, files, are_others_apart=True)
    used, name = _first(parts, Part.VALIDATION, Part.TEST, Part.TRAIN)
    for file in files:
        if file.is_top and file.has_photo_suffix:
            found.skip(file.path, N_("{file} is not in a class folder."))
    if len(parts) > 1:
        text = N_(
            "{folder} is divided into {parts}. Only the photos in {used} are used, because a model may have "
            "learned from the others."
        )
        found.note(text, folder=found.name, parts=Listed(tuple(parts)), used=name)
    return _photos(found, used, are_others_apart=True)


def _divided(found: Found, files: Sequence[File]) -> Mapping[str, tuple[File, ...]]:
    """Return the files by their part, see `lib.datasets.layout.divided`; each folder beside them is skipped."""
    parts = divided(files)
    for folder in beside_parts(files) if parts else ():
        text = N_("{file} was left out, because {folder} is divided into {parts}.")
        found.skip(folder, text, folder=found.name, parts=Listed(tuple(parts)))
    return parts


def _first(parts: Mapping[str, tuple[File, ...]], *wanted: Part) -> tuple[tuple[File, ...], str]:
    """Return the files of the first kind of part there is, and the names of its folders; none if there is no such."""
    for part in wanted:
        if names := [name for name in parts if part_of(name) is part]:
            return tuple(file for name in names for file in parts[name]), ", ".join(names)
    return (), ""


def _photos(
    found: Found, files: tuple[File, ...], *, are_twins_kept: bool = False, are_others_apart: bool = False
) -> LabelledPhotos:
    """Return the photos among some of the files. Raises DatasetError: nothing usable, or too much.

    Args:
        found: Where they were found.
        files: Those in question.
        are_twins_kept: Whether photos stay whose very bytes are in two classes.
        are_others_apart: Whether the folders in those of `lib.datasets.others` are classes of their own.
    """
    found.files = files
    table = next((file for file in files if file.is_table and file.is_top), None)
    if (project := project_in(files)) is not None:
        project.label(found)
    elif table is None:
        label_by_folder(found)
        if are_others_apart:
            found.labels = {file: _with_source(file, label) for file, label in found.labels.items()}
    else:
        label_by_table(found, table)
    _spell_alike(found)
    given = set(found.labels.values())
    _keep_photos(found)
    if not are_twins_kept:
        _keep_what_is_in_one_class(found)
    classes = sorted(set(found.labels.values()))
    _check(found, classes)
    if len(known := [name for name in classes if not (are_others_apart and is_beside(name))]) == 1:
        text = N_("All photos belong to one class ({name}), so confusion with other classes cannot be measured.")
        found.note(text, name=found.titles.get(known[0], known[0]))
    position = {label: index for index, label in enumerate(classes)}
    ordered = sorted(found.labels.items(), key=lambda labelled: (labelled[1], labelled[0].path))
    return LabelledPhotos(
        name=found.name,
        classes=tuple(classes),
        titles=tuple(found.titles.get(label, label) for label in classes),
        photos=tuple(LabelledPhoto(file.source, position[label], file.stamp) for file, label in ordered),
        skipped=tuple(found.skipped),
        notes=found.all_notes(),
        empty=tuple(sorted(given - set(classes))),
    )


def _with_source(file: File, label: str) -> str:
    """Return a file's class; in a folder within one of photos beside the classes that folder is part of it."""
    return f"{label}/{file.inner[1]}" if is_beside(label) and len(file.inner) > 2 else label


def _check(found: Found, classes: list[str]) -> None:
    if not classes and not found.skipped:
        text = N_(
            "{folder} has no class folders. Put the photos of each class into their own folder, or list them "
            "in labels.csv."
        )
        raise DatasetError(text, folder=found.name)
    if not classes:
        text = N_("{folder} has no usable photo with a known class. First of {count} reasons: {reason}")
        count = len(found.skipped) + found.unlisted
        raise DatasetError(text, folder=found.name, count=count, reason=found.skipped[0].reason)
    if len(classes) > MOST_CLASSES:
        text = N_("{folder} has {count} class folders. At most {most} are supported.")
        raise DatasetError(text, folder=found.name, count=len(classes), most=MOST_CLASSES)


def _spell_alike(found: Found) -> None:
    """Give classes whose names differ in capitals or in their Unicode form alone one spelling, the most frequent."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label, count in Counter(found.labels.values()).items():
        spellings[_folded(label)][unicodedata.normalize("NFC", label)] += count
    for names in spellings.values():
        if len(names) > 1:
            text = N_("{names} differ only in capital letters, so they count as one class.")
            found.note(text, names=Listed(tuple(sorted(names))))
    same = {label: spellings[_folded(label)].most_common(1)[0][0] for label in set(found.labels.values())}
    found.labels = {file: same[label] for file, label in found.labels.items()}


def _folded(label: str) -> str:
    return unicodedata.normalize("NFC", label).casefold()


def _keep_photos(found: Found) -> None:
    for file in list(found.labels):
        if reason := file.why_not():
            found.add_skipped(Skipped(file.path, reason))
            del found.labels[file]


def _keep_what_is_in_one_class(found: Found) -> None:
    """Drop photos whose very bytes are in two classes, as nobody can tell which is meant; note other copies."""
    twins: dict[File, File] = {}
    copies = 0
    for same in _identical(found.labels):
        first_of = {found.labels[file]: file for file in reversed(same)}
        if len(first_of) == 1:
            copies += len(same) - 1
            continue
        one, other, *_ = first_of.values()
        twins |= {file: other if found.labels[file] == found.labels[one] else one for file in same}
    for file in [file for file in found.labels if file in twins]:
        text = N_("{file} is the same photo as {other} in another class. Neither is used.")
        found.skip(file.path, text, other=twins[file].path)
        del found.labels[file]
    if copies:
        text = N_("Copies of the same photo in the same class: {count}. Each copy is counted.")
        found.note(text, count=copies)


def _identical(files: Iterable[File]) -> Iterator[list[File]]:
    """Yield files with the same bytes; of a folder's files only those of the same size are read.

    A zip's own checksums decide for its files: reading would mean to unpack whatever it claims to hold.
    """
    alike: defaultdict[tuple[int, int | None], list[File]] = defaultdict(list)
    for file in files:
        alike[file.size, file.checksum].append(file)
    for (_, checksum), candidates in alike.items():
        groups = [candidates] if checksum is not None or len(candidates) == 1 else _same_bytes(candidates)
        yield from (same for same in groups if len(same) > 1)


def _same_bytes(candidates: Iterable[File]) -> Iterable[list[File]]:
    by_digest: defaultdict[bytes, list[File]] = defaultdict(list)
    for file in candidates:
        try:
            by_digest[hashlib.sha256(file.source.read()).digest()].append(file)
        except PhotoError:
            continue  # whoever looks at the photo is told
    return by_digest.values()
