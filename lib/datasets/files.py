"""The files of a folder or zip: which may be photos, by name and first bytes, and which are left out.

Nothing is decoded here: the first bytes of each file tell whether it may be a photo.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from posixpath import splitext

from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos.refusals import SUFFIXES
from lib.photos.source import Skipped, Source
from lib.photos.zipped import MAX_LEVELS, Member, Zip

START_BYTES = 16
# A list that somebody reads; further files are counted.
MOST_LISTED = 1000
# The first bytes of each format that lib.photos opens; the file's name is not trusted.
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
# What Windows, macOS and network drives leave behind.
_IGNORED_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "@eadir"})


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A file of a folder or zip, or a folder in which nothing is.

    Attributes:
        path: Its whole path inside, "/" between folders; it names the file.
        inner: The parts of the same without folders around everything.
        size: Bytes.
        checksum: Of its bytes, where a zip gives it; else None.
        why_not: Returns why it cannot be a photo, or None.
        source: Its bytes.
        stamp: Another one where the file is another: its size with its time of change or checksum.
        is_folder: Whether it is an empty folder.
    """

    path: str
    inner: tuple[str, ...]
    size: int
    checksum: int | None
    why_not: Callable[[], Message | None]
    source: Source
    stamp: str
    is_folder: bool = False

    @property
    def has_photo_suffix(self) -> bool:
        """Whether it is called like a photo."""
        return splitext(self.path)[1].lower() in SUFFIXES


class LeftOut:
    """The files that are not used: the first of them with their reasons, the others counted."""

    def __init__(self) -> None:
        self.listed: list[Skipped] = []
        self._more = 0

    def add(self, file: object, reason: Message) -> None:
        """Note that `file` is not used, and why."""
        if len(self.listed) < MOST_LISTED:
            self.listed.append(Skipped(str(file), reason))
        else:
            self._more += 1

    def say(self, text: str, file: object, **values: object) -> None:
        """Note that `file` is not used for the reason `text`, which names it as {file}."""
        self.add(file, Message(text, {"file": str(file), **values}))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.listed) + self._more

    def notes(self) -> list[Message]:
        """Return what there is to say about the files that are only counted."""
        text = N_("Only the first {most} files that were left out are listed; {count} more were left out too.")
        return [Message(text, {"most": MOST_LISTED, "count": self._more})] if self._more else []


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file and the name of its class."""

    file: File
    label: str


@dataclass(slots=True)
class Found:
    """What a layout holds, before it is checked."""

    left_out: LeftOut
    labelled: list[Labelled] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a folder or zip.

    Attributes:
        name: Of the folder or zip.
        files: Those that may be read, sorted by path.
        left_out: Those that may not.
    """

    name: str
    files: tuple[File, ...]
    left_out: LeftOut = field(default_factory=LeftOut)


def in_folder(folder: Path) -> Contents:
    """Return the files in a folder, in folders up to `MAX_LEVELS` deep; links that lead out of it are not followed.

    Raises:
        DatasetError: It is no folder, or may not be looked into.
    """
    if not folder.is_dir():
        raise DatasetError(N_("{folder} is not a folder."), folder=str(folder))
    root = folder.resolve()
    try:
        contents = Contents(root.name or str(folder), tuple(_file(path, folder, root) for path in files_below(folder)))
        linked = [path.name for path in visible(folder) if path.is_symlink() and path.is_dir()]
    except OSError as error:
        raise DatasetError(
            N_("{file} could not be read: {reason}."), file=folder.name, reason=error.strerror or error
        ) from error
    for name in linked:
        contents.left_out.say(N_("{file} is a link to a folder; links are not followed."), name)
    return contents


def in_zip(file: Path | bytes, name: str) -> Contents:
    """Return the files in a zip; nothing is unpacked to disk, and photos are read when they are looked at.

    Args:
        file: The zip, or its bytes.
        name: What its owner calls it.

    Raises:
        DatasetError: No zip, a damaged one, or one made to unpack without end.
    """
    packed = Zip(file, name)
    contents = Contents(
        name, tuple(_packed(packed, member) for member in packed.members if not _is_hidden(member.path))
    )
    for refused in packed.refused:
        if not _is_hidden(refused.file):
            contents.left_out.add(refused.file, refused.reason)
    return contents


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or something that systems leave behind on their own."""
    return name.startswith(".") or name.lower() in _IGNORED_NAMES


def visible(folder: Path) -> list[Path]:
    """Return what is directly in `folder`, sorted, hidden things left out."""
    return sorted((p for p in folder.iterdir() if not is_ignored(p.name)), key=lambda path: path.name)


def files_below(folder: Path, levels: int = MAX_LEVELS) -> Iterable[Path]:
    """Yield the visible files under `folder`, sorted, and the folders that are empty or too deep to look into.

    Links to folders are not followed, so no loop is possible.
    """
    for path in visible(folder):
        if path.is_symlink() or not path.is_dir():
            if not path.is_dir():
                yield path
        elif levels == 0 or not visible(path):
            yield path
        else:
            yield from files_below(path, levels - 1)


def why_not_usable(path: Path, root: Path, name: str) -> Message | None:
    """Return why a file under `root` is not used as a photo, by its kind and first bytes; None if it may be one.

    Args:
        path: The file.
        root: The folder that links may not lead out of, resolved.
        name: What to call the file.
    """
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return Message(N_("{file} is a link to a file outside the folder."), {"file": name})
    if path.is_dir():
        is_deep = len(path.parts) - len(root.parts) > MAX_LEVELS
        text = N_("{file} lies more than {most} folders deep; it was not read.") if is_deep else N_("{file} is empty.")
        return Message(text, {"file": name, "most": MAX_LEVELS})
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


def _file(path: Path, folder: Path, root: Path) -> File:
    inner = path.relative_to(folder)
    name = inner.as_posix()
    status = path.stat() if path.is_file() else None
    return File(
        path=name,
        inner=inner.parts,
        size=status.st_size if status is not None else 0,
        checksum=None,
        why_not=partial(why_not_usable, path, root, name),
        source=Source.of_path(path, name),
        stamp=f"{status.st_size} {status.st_mtime_ns}" if status is not None else "",
        is_folder=path.is_dir(),
    )


def _packed(packed: Zip, member: Member) -> File:
    return File(
        path=member.path,
        inner=tuple(member.path.split("/")),
        size=member.size,
        checksum=member.crc,
        why_not=partial(_why_not_packed, packed, member),
        source=Source(member.path, partial(packed.read, member)),
        stamp=f"{member.size} {member.crc}",
    )


def _why_not_packed(packed: Zip, member: Member) -> Message | None:
    try:
        start = packed.start(member, START_BYTES)
    except PhotoError as error:
        return error.message
    return why_not_a_photo(start, len(start), member.path)


def _is_hidden(path: str) -> bool:
    return any(is_ignored(part) for part in path.split("/") if part != "..")
