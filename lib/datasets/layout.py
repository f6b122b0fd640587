"""How labelled photos are laid out in a folder or zip: folders around everything, parts for training and testing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import takewhile

from lib.datasets.files import File, Found
from lib.messages import N_


class Part(StrEnum):
    """What the photos of a part of a data set are for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


# As fastai, Keras, Roboflow, torchvision and Kaggle name them: train, valid, val, training_set, test-data, …
_PARTS = {
    Part.TRAIN: re.compile(r"train(ing)?([ _-]?(set|data))?"),
    Part.VALIDATION: re.compile(r"(val(id|idation)?|dev|eval(uation)?)([ _-]?(set|data))?"),
    Part.TEST: re.compile(r"test(ing)?([ _-]?(set|data))?"),
}


def unwrapped(files: Iterable[File]) -> tuple[File, ...]:
    """Return the files without the folders that hold everything and no photo of their own."""
    every = tuple(files)
    telling = _telling(every)
    folders = [file.inner[:-1] for file in telling]
    around = tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False)))
    directly_in_it = [file for file in telling if file.inner[:-1] == around]
    if directly_in_it and not any(file.is_table for file in directly_in_it):
        around = around[:-1]  # a class
    if not around:
        return every
    depth = len(around)
    return tuple(  # those beside it keep their paths
        replace(file, inner=file.inner[depth:]) if file.inner[:depth] == around and len(file.inner) > depth else file
        for file in every
    )


def divided(files: Sequence[File]) -> Mapping[str, tuple[File, ...]]:
    """Return the files by the folder for training, validation or testing they stand in; {} if they are not divided.

    A part whose photos are in no class folders, as of a contest, counts only where all are so. Where other folders
    stand beside the parts, which may all be classes then, one for training and another one must have class folders.
    """
    tops = _tops(files)
    named = [top for top in tops if part_of(top)]
    if len(named) < 2:
        return {}
    parts = {}
    for top in named:
        within = (file for file in files if file.inner[0] == top)
        parts[top] = unwrapped(replace(file, inner=file.inner[1:] or file.inner) for file in within)
    with_classes = {top: part for top, part in parts.items() if _has_classes(part)}
    if len(named) < len(tops) and not {part_of(top) for top in with_classes} > {Part.TRAIN}:
        return {}
    return with_classes or parts


def beside_parts(files: Iterable[File]) -> list[str]:
    """Return the folders, sorted, that hold photos and are for none of the parts."""
    return [top for top in _tops(files) if part_of(top) is None]


def part_of(name: str) -> Part | None:
    """Return what a folder of this name is for; None if it may be a class."""
    return next((part for part, names in _PARTS.items() if names.fullmatch(name.lower())), None)


def label_by_folder(found: Found) -> None:
    """Take the first folder of each file's path as its class."""
    for file in found.files:
        if not file.is_top or file.is_folder:
            found.labels[file] = file.inner[0]
        elif file.has_photo_suffix:
            found.skip(file.path, N_("{file} is not in a class folder."))


def _tops(files: Iterable[File]) -> list[str]:
    return sorted({file.inner[0] for file in _telling(files) if not file.is_top})


def _telling(files: Iterable[File]) -> list[File]:
    """Return the files whose place tells how the photos are laid out."""
    return [file for file in files if file.has_photo_suffix or file.is_table]


def _has_classes(files: Iterable[File]) -> bool:
    """Whether the files say of any photo what it shows."""
    return any(file.is_table if file.is_top else file.has_photo_suffix for file in files)
