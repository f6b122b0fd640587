"""A photo that has not been read yet, where such are found, and what is found beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lib.messages import Message
from lib.photos.opening import read_photo
from lib.photos.refusals import SUFFIXES


@dataclass(frozen=True, slots=True)
class Source:
    """A photo that has not been read yet.

    Attributes:
        name: What its owner calls it; untrusted text.
        read: Returns its bytes, or raises PhotoError.
    """

    name: str
    read: Callable[[], bytes]

    @staticmethod
    def of_path(path: Path, name: str | None = None) -> "Source":
        """Return the photo in the file `path`, called `name` or by the file's name."""
        return Source(name or path.name, partial(read_photo, path, name))

    @staticmethod
    def of_bytes(data: bytes, name: str) -> "Source":
        """Return a photo that is in memory."""
        return Source(name, partial(bytes, data))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not used, and why.

    Attributes:
        file: Its path inside the folder or zip; untrusted text.
        reason: A sentence that names it.
    """

    file: str
    reason: Message


def find_photos(path: Path) -> list[Source]:
    """Return the photo `path`, or, if it is a folder, the photos below it, sorted, hidden files left out.

    In a folder only files with a photo's suffix count; a file that is named is always taken.
    """
    if not path.is_dir():
        return [Source.of_path(path, str(path))]
    found = (p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not _is_hidden(p, path))
    return [Source.of_path(p, str(p)) for p in sorted(found) if p.is_file()]


def _is_hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)
