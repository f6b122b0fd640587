"""How labelled photos are laid out in a folder or zip: folders around everything, parts for training and testing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import takewhile

from lib.datasets.files import File, Found, Labelled, LeftOut
from lib.datasets.table import TABLE
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


def unwrapped(files: Sequence[File]) -> tuple[File, ...]:
    """Return the files without the folders that hold everything and no photo of their own."""
    folders = [file.inner[:-1] for file in files if tells(file)]
    around = tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False)))
    directly_in_it = [file for file in files if tells(file) and file.inner[:-1] == around]
    if directly_in_it and not any(map(is_table, directly_in_it)):
        around = around[:-1]  # a class
    return _below(files, around) if around else tuple(files)


def divided(files: Sequence[File]) -> Mapping[str, tuple[File, ...]]:
    """Return the files by the folder for training, validation or testing they stand in; {} if they are not divided.

    A part whose photos are in no class folders, as of a contest, counts only where all are so.
    """
    tops = {file.inner[0] for file in files if tells(file) and not is_top(file)}
    if len(tops) < 2 or not all(map(part_of, tops)):
        return {}
    parts = {top: unwrapped(_below([f for f in files if f.inner[0] == top], (top,))) for top in sorted(tops)}
    return {top: part for top, part in parts.items() if has_classes(part)} or parts


def part_of(name: str) -> Part | None:
    """Return what a folder of this name is for; None if it may be a class."""
    return next((part for part, names in _PARTS.items() if names.fullmatch(name.lower())), None)


def has_classes(files: Iterable[File]) -> bool:
    """Whether the files say of any photo what it shows."""
    return any(is_table(file) if is_top(file) else file.has_photo_suffix for file in files)


def by_folder(files: Iterable[File], left_out: LeftOut) -> Found:
    """Take the first folder of each file's path as its class."""
    found = Found(left_out)
    for file in files:
        if not is_top(file) or file.is_folder:
            found.labelled.append(Labelled(file, file.inner[0]))
        elif file.has_photo_suffix:
            left_out.say(N_("{file} is in no class folder."), file.path)
    return found


def tells(file: File) -> bool:
    """Whether the place of this file tells how the photos are laid out."""
    return file.has_photo_suffix or is_table(file)


def is_table(file: File) -> bool:
    """Whether this is called as a table of labels is, wherever it stands."""
    return file.inner[-1].lower() == TABLE


def is_top(file: File) -> bool:
    """Whether this file is in no folder."""
    return len(file.inner) == 1


def _below(files: Iterable[File], folder: tuple[str, ...]) -> tuple[File, ...]:
    """Return the files with their paths as seen from `folder`; those beside it keep theirs."""
    depth = len(folder)
    return tuple(
        replace(file, inner=file.inner[depth:]) if file.inner[:depth] == folder and len(file.inner) > depth else file
        for file in files
    )
