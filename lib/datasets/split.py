"""Folders of labelled photos: what is in them, which of it is usable, and how it is split.

Two layouts are read: FOLDER/CLASS/photo.jpg, and FOLDER/train/CLASS/photo.jpg with FOLDER/val/CLASS/photo.jpg.
Nothing is decoded here except the first bytes of each file, so scanning ten thousand photos takes a second; a photo
that turns out to be broken when it is decoded is dropped then, with its reason (`Dataset.without`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lib.datasets.files import files_below, visible, why_not_usable
from lib.datasets.reading import MOST_CLASSES
from lib.errors import DatasetError
from lib.messages import N_, Message

SMALLEST_CLASS = 2


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photo and its class.

    Attributes:
        path: The file.
        label: Position of its class in `Dataset.classes`, from 0.
    """

    path: Path
    label: int


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is not used, and why."""

    path: Path
    reason: Message


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled photos in a fixed order: by class, then by file name.

    Attributes:
        folder: Where they were found.
        classes: Names of the class folders, sorted.
        photos: Everything that looks like a photo.
        skipped: Everything that does not, with the reason.
    """

    folder: Path
    classes: tuple[str, ...]
    photos: tuple[LabelledPhoto, ...]
    skipped: tuple[SkippedFile, ...] = ()

    def counts(self) -> tuple[int, ...]:
        """Return the number of photos of each class, in the order of `classes`."""
        labels = np.array([photo.label for photo in self.photos], dtype=np.int64)
        return tuple(int(n) for n in np.bincount(labels, minlength=len(self.classes)))

    def without(self, broken: Mapping[Path, Message]) -> "Dataset":
        """Return the dataset less the photos named in `broken`, which join `skipped` with their reasons."""
        kept = tuple(photo for photo in self.photos if photo.path not in broken)
        dropped = tuple(SkippedFile(p.path, broken[p.path]) for p in self.photos if p.path in broken)
        return replace(self, photos=kept, skipped=self.skipped + dropped)


def scan(folder: Path) -> Dataset:
    """Return the photos under `folder`, one class a sub-folder (also photos in folders further down).

    Hidden files and folders are passed over in silence; empty files, files that are no photos, and links that lead
    out of `folder` are skipped with a reason.

    Raises:
        DatasetError: No folder, no class in it, or more than 1000.
    """
    if not folder.is_dir():
        raise DatasetError(N_("{folder} is not a folder."), folder=str(folder))
    root = folder.resolve()
    class_folders = [path for path in visible(folder) if path.is_dir() and path.resolve().is_relative_to(root)]
    if not class_folders:
        raise DatasetError(
            N_("{folder} has no class folders; put each class's photos in a folder of its own."),
            folder=folder.name,
        )
    if len(class_folders) > MOST_CLASSES:
        raise DatasetError(
            N_("{folder} has {count} class folders; at most {most} are supported."),
            folder=folder.name, count=len(class_folders), most=MOST_CLASSES,
        )  # fmt: skip
    photos: list[LabelledPhoto] = []
    skipped: list[SkippedFile] = []
    for label, class_folder in enumerate(class_folders):
        for path in files_below(class_folder):
            reason = why_not_usable(path, root, path.name)
            if reason is None:
                photos.append(LabelledPhoto(path, label))
            else:
                skipped.append(SkippedFile(path, reason))
    return Dataset(folder, tuple(path.name for path in class_folders), tuple(photos), tuple(skipped))


def scan_for_training(folder: Path, *, validation: float, seed: int) -> tuple[Dataset, Dataset]:
    """Return (training set, validation set) for `folder` in either layout.

    Raises:
        DatasetError: See `scan` and `require_trainable`; or train/ and val/ name different classes.
    """
    if not ((folder / "train").is_dir() and (folder / "val").is_dir()):
        dataset = scan(folder)
        require_trainable(dataset)
        return split(dataset, validation=validation, seed=seed)
    train, val = scan(folder / "train"), scan(folder / "val")
    require_trainable(train)
    unknown = sorted(set(val.classes) ^ set(train.classes))
    if unknown:
        raise DatasetError(
            N_("train and val of {folder} name different classes: {classes}."),
            folder=folder.name, classes=", ".join(unknown[:10]),
        )  # fmt: skip
    return train, val


def with_extra(dataset: Dataset, extra: Dataset) -> Dataset:
    """Return `dataset` with the photos of `extra` added to its classes of the same name.

    Raises:
        DatasetError: `extra` has a class that `dataset` lacks.
    """
    unknown = [name for name in extra.classes if name not in dataset.classes]
    if unknown:
        raise DatasetError(
            N_("{folder} has classes that the training photos lack: {classes}."),
            folder=extra.folder.name, classes=", ".join(unknown[:10]),
        )  # fmt: skip
    to_label = [dataset.classes.index(name) for name in extra.classes]
    added = tuple(LabelledPhoto(photo.path, to_label[photo.label]) for photo in extra.photos)
    photos = tuple(sorted(dataset.photos + added, key=lambda photo: photo.label))
    return replace(dataset, photos=photos, skipped=dataset.skipped + extra.skipped)


def require_trainable(dataset: Dataset) -> None:
    """Check that there is something to tell apart.

    Raises:
        DatasetError: Fewer than two classes, or a class with fewer than two photos.
    """
    if len(dataset.classes) < 2:
        raise DatasetError(N_("{folder} has only one class; training needs at least two."), folder=dataset.folder.name)
    for name, count in zip(dataset.classes, dataset.counts(), strict=True):
        if count < SMALLEST_CLASS:
            raise DatasetError(
                N_("Class {name} has {count} usable photos; training needs at least {least} of each class."),
                name=name, count=count, least=SMALLEST_CLASS,
            )  # fmt: skip


def split(dataset: Dataset, *, validation: float = 0.15, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Return (training set, validation set): the same share of each class, drawn by `seed`.

    At least one photo of each class goes to each side. The draw of a class depends on the seed, the class's position
    and its number of photos only, so the same folder is split the same way on every machine.

    Args:
        dataset: At least two photos of each class.
        validation: Share for validation, above 0 and below 1.
        seed: Any non-negative integer.
    """
    if not 0.0 < validation < 1.0:
        raise DatasetError(N_("The validation share must lie between 0 and 1. Received {share}."), share=validation)
    held: set[int] = set()
    labels = np.array([photo.label for photo in dataset.photos])
    for label in range(len(dataset.classes)):
        members = np.flatnonzero(labels == label)
        count = min(max(round(validation * len(members)), 1), len(members) - 1)
        order = np.random.default_rng([seed, label]).permutation(len(members))
        held.update(int(members[i]) for i in order[:count])
    kept = tuple(photo for i, photo in enumerate(dataset.photos) if i not in held)
    taken = tuple(photo for i, photo in enumerate(dataset.photos) if i in held)
    return replace(dataset, photos=kept), replace(dataset, photos=taken, skipped=())
