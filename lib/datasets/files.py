"""The files of a folder or zip: which may be photos, by name and first bytes."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lib.classify import Source
from lib.datasets.labelled import Skipped
from lib.messages import N_, Message
from lib.photos import SUFFIXES

START_BYTES = 16
# The first bytes of each format that lib.photos opens; the file's name is not trusted.
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or something that systems leave behind on their own."""
    return name.startswith(".") or name.lower() in _IGNORED_NAMES


def visible(folder: Path) -> list[Path]:
    """Return what is directly in `folder`, sorted, hidden things left out."""
    return sorted((p for p in folder.iterdir() if not is_ignored(p.name)), key=lambda path: path.name)


def files_below(folder: Path) -> Iterable[Path]:
    """Yield the visible files under `folder`, sorted; links to folders are not followed, so no loop is possible."""
    for path in visible(folder):
        if path.is_dir() and not path.is_symlink():
            yield from files_below(path)
        elif not path.is_dir():
            yield path


def why_not_usable(path: Path, root: Path, name: str) -> Message | None:
    """Return why a file under `root` is not used as a photo, by its kind and first bytes; None if it may be one.

    Args:
        path: The file.
        root: The folder that links may not lead out of, resolved.
        name: What to call the file.
    """
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return Message(N_("{file} is a link to a file outside the folder."), {"file": name})
    if not path.is_file():
        return Message(N_("{file} is not a regular file."), {"file": name})
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        return Message(N_("{file} cannot be read: {reason}."), {"file": name, "reason": error.strerror or "?"})
    return why_not_a_photo(start, size, name)


def why_not_a_photo(start: bytes, size: int, name: str) -> Message | None:
    """Return why a file cannot be a photo, by its size and first bytes; None if it may be one.

    Args:
        start: Its first `START_BYTES` bytes, or all if it has fewer.
        size: How many it has.
        name: What to call it.
    """
    if size == 0:
        return Message(N_("{file} is empty."), {"file": name})
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    is_heif = start[4:8] == b"ftyp"  # HEIC and AVIF
    if not (start.startswith(_SIGNATURES) or is_webp or is_heif):
        return Message(N_("{file} is not a photo in a known format."), {"file": name})
    return None


@dataclass(frozen=True, slots=True)
class File:
    """A file of a folder or zip.

    Attributes:
        path: Its whole path inside, which names it.
        inner: The same without a folder around everything.
        size: Bytes.
        checksum: Of its bytes, where a zip gives it; else None.
        why_not: Returns why it cannot be a photo, or None.
        source: Its bytes.
    """

    path: PurePosixPath
    inner: PurePosixPath
    size: int
    checksum: int | None
    why_not: Callable[[], Message | None]
    source: Source

    @property
    def has_photo_suffix(self) -> bool:
        return self.path.suffix.lower() in SUFFIXES


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file and the name of its class."""

    file: File
    label: str


@dataclass(slots=True)
class Found:
    """What a layout holds, before it is checked."""

    labelled: list[Labelled]
    skipped: list[Skipped]
    notes: list[Message]
    titles: dict[str, str]


def skip(text: str, file: object) -> Skipped:
    """Return a file that is left out for the reason `text`, which names it as {file}."""
    return Skipped(str(file), Message(text, {"file": str(file)}))
