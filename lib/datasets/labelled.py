"""Photos whose class is known, and the files that were left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lib.messages import Message
from lib.photos.source import Skipped, Source


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo and what it shows.

    Attributes:
        source: The photo, not read yet.
        label: Position of its class in `LabelledPhotos.classes`, from 0.
        stamp: Another one where the file is another: its size with its time of change or checksum.
        group: A number, the same for photos of a class that are nearly the same and stay together; None where nobody
            looked.
        digest: SHA-256 of its file, where that is known: what was kept of it is found without reading it.
    """

    source: Source
    label: int
    stamp: str = ""
    group: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class LabelledPhotos:
    """Labelled photos in a fixed order: by class, then by path.

    Attributes:
        name: Of the folder or zip.
        classes: Names as they were given: folder names, labels or WordNet ids of labels.csv; each has a photo.
        titles: The same for people to read: "tench" for a WordNet id.
        photos: Everything that looks like a photo.
        skipped: Everything that does not, with the reason.
        empty: Names of classes that were to have photos, none of which is usable.
        notes: What a reader of the results should know, such as that there is only one class.
    """

    name: str
    classes: tuple[str, ...]
    titles: tuple[str, ...]
    photos: tuple[LabelledPhoto, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Message, ...] = ()
    empty: tuple[str, ...] = ()

    def counts(self) -> tuple[int, ...]:
        """Return the number of photos of each class, in the order of `classes`."""
        counts = [0] * len(self.classes)
        for photo in self.photos:
            counts[photo.label] += 1
        return tuple(counts)

    def without(self, broken: Mapping[int, Message]) -> "LabelledPhotos":
        """Return these photos less those at the positions in `broken`, which join `skipped` with their reasons."""
        kept = tuple(photo for index, photo in enumerate(self.photos) if index not in broken)
        dropped = tuple(Skipped(self.photos[index].source.name, reason) for index, reason in sorted(broken.items()))
        return replace(self, photos=kept, skipped=self.skipped + dropped)


def told_of(*parts: LabelledPhotos) -> tuple[tuple[Skipped, ...], tuple[Message, ...]]:
    """Return what parts of one set skip, and their notes, each once."""
    notes: list[Message] = []
    for part in parts:
        notes += [note for note in part.notes if note not in notes]
    return tuple(skipped for part in parts for skipped in part.skipped), tuple(notes)
