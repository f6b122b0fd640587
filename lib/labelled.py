"""Photos whose class is known, from a folder or a zip, and how their classes relate to a model's labels."""

from collections.abc import Mapping
from dataclasses import dataclass

from lib.classify import Source
from lib.messages import Message


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
    """Labelled photos in a fixed order.

    Attributes:
        name: Of the folder or zip.
        classes: Names as they were given: folder names, labels or WordNet ids of labels.csv.
        photos: Everything that looks like a photo.
        skipped: Everything that does not, with the reason.
    """

    name: str
    classes: tuple[str, ...]
    photos: tuple[KnownPhoto, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """How the classes of labelled photos relate to the classes of one model.

    Attributes:
        targets: For each class of the photos, the model's class indices that count as right: one, several (any breed
            for "dog"), or none if the model knows no such class.
        suggestions: For each class without a target, labels of the model that are spelt or mean something similar.
    """

    targets: tuple[tuple[int, ...], ...]
    suggestions: Mapping[str, tuple[str, ...]]
