"""Labelled photos for training: what there is to learn from, and what is held out to measure on."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from lib.datasets.draw import split, split_apart
from lib.datasets.fingerprint import Looking, look
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.reading import read_parts
from lib.errors import DatasetError
from lib.messages import N_, Listed, Message

__all__ = ["read_for_training", "require_trainable", "split", "with_extra"]

_MOST_NAMED = 10


def read_for_training(
    path: Path, *, validation: float, seed: int, looking: Looking = look
) -> tuple[LabelledPhotos, LabelledPhotos]:
    """Return (training set, validation set) of a folder or zip; its own, where it is divided into parts.

    Args:
        path: See `lib.datasets.reading.read_parts`.
        validation: Share to hold out where it is not divided.
        seed: Of that draw.
        looking: How each photo is looked at for it.

    Raises:
        UsageError: There is no such folder or zip.
        DatasetError: See `read_parts` and `require_trainable`; or the parts name different classes.
    """
    train, own = read_parts(path)
    require_trainable(train)
    if own is None:
        return split_apart(train, validation=validation, seed=seed, looking=looking)
    unknown = sorted(set(own.classes) ^ set(train.classes))
    if unknown:
        text = N_("The parts of {folder} have different classes: {classes}.")
        raise DatasetError(text, folder=train.name, classes=Listed(tuple(unknown[:_MOST_NAMED])))
    return train, own


def with_extra(photos: LabelledPhotos, extra: LabelledPhotos) -> LabelledPhotos:
    """Return `photos` with those of `extra` added to the classes of the same name.

    Raises:
        DatasetError: `extra` has a class that `photos` lacks.
    """
    unknown = [name for name in extra.classes if name not in photos.classes]
    if unknown:
        text = N_("{folder} has classes that are missing from the training photos: {classes}.")
        raise DatasetError(text, folder=extra.name, classes=Listed(tuple(unknown[:_MOST_NAMED])))
    to_label = [photos.classes.index(name) for name in extra.classes]
    added = tuple(replace(photo, label=to_label[photo.label]) for photo in extra.photos)
    every = tuple(sorted(photos.photos + added, key=lambda photo: photo.label))
    return replace(photos, photos=every, skipped=photos.skipped + extra.skipped)


def require_trainable(photos: LabelledPhotos, *, least: int = 2) -> None:
    """Check that there is something to tell apart.

    Args:
        photos: All, or those that are left to learn from when some are held out.
        least: Of each class: two if one of them is to be held out.

    Raises:
        DatasetError: Fewer than two classes, or a class with too few photos.
    """
    counts = dict(zip(photos.classes, photos.counts(), strict=True)) | dict.fromkeys(photos.empty, 0)
    if len(counts) < 2:
        raise DatasetError(N_("{folder} has only one class. Training needs at least two."), folder=photos.name)
    for name, count in sorted(counts.items()):
        if count < least:
            raise _too_few(photos, name, count, least)


def _too_few(photos: LabelledPhotos, name: str, count: int, least: int) -> DatasetError:
    """Return the error of a class with too few photos, and why the first of its others cannot be used."""
    text = N_("Usable photos of class {name}: {count}. Training needs at least {least} per class.")
    reasons = [skipped.reason for skipped in photos.skipped if name in PurePosixPath(skipped.file).parts]
    if not reasons:
        return DatasetError(text, name=name, count=count, least=least)
    more = N_("{too_few} First of {count} reasons: {reason}")
    too_few = Message(text, {"name": name, "count": count, "least": least})
    return DatasetError(more, too_few=too_few, count=len(reasons), reason=reasons[0])
