"""The files of a folder or zip, and which of them may be photos: nothing is decoded, their first bytes tell."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from posixpath import splitext

from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos.headers import may_be_photo
from lib.photos.refusals import SUFFIXES
from lib.photos.source import Skipped, Source
from lib.photos.zipped import MAX_LEVELS, Member, Zip

TABLE = "labels.csv"
_START_BYTES = 16
# A list that somebody reads; further files are counted.
_MOST_LISTED = 1000
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

    @property
    def is_table(self) -> bool:
        """Whether it is called as a table of labels is, wherever it stands."""
        return self.inner[-1].lower() == TABLE

    @property
    def is_top(self) -> bool:
        """Whether it is in no folder."""
        return len(self.inner) == 1


@dataclass(slots=True)
class Found:
    """What a folder or zip holds, as far as it is known: its files at first, then their classes.

    Attributes:
        name: Of the folder or zip.
        files: Those that may be read, sorted by path.
        labels: The class of each file that has one.
        titles: Of classes, for people to read.
        skipped: The first of the files that are not used.
        unlisted: How many more there are.
        notes: What a reader of the results should know.
    """

    name: str
    files: tuple[File, ...] = ()
    labels: dict[File, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    unlisted: int = 0
    notes: list[Message] = field(default_factory=list)

    def skip(self, file: str, text: str, **values: object) -> None:
        """Note that `file` is not used for the reason `text`, which names it as {file}."""
        self.add_skipped(Skipped(file, Message(text, {"file": file, **values})))

    def add_skipped(self, skipped: Skipped) -> None:
        """Note that a file is not used."""
        if len(self.skipped) < _MOST_LISTED:
            self.skipped.append(skipped)
        else:
            self.unlisted += 1

    def note(self, text: str, **values: object) -> None:
        """Add a note."""
        self.notes.append(Message(text, values))

    def all_notes(self) -> tuple[Message, ...]:
        """Return the notes, the last about the files that are only counted."""
        if self.unlisted:
            text = N_("More skipped files: {count}. Only the first {most} are listed.")
            return (*self.notes, Message(text, {"most": _MOST_LISTED, "count": self.unlisted}))
        return tuple(self.notes)


def in_folder(folder: Path) -> Found:
    """Return the files in a folder, in folders up to `MAX_LEVELS` deep; links that lead out of it are not followed.

    Raises:
        DatasetError: It may not be looked into.
    """
    root = folder.resolve()
    try:
        found = Found(root.name or str(folder), tuple(_file(path, folder, root) for path in _below(folder)))
        for path in _visible(folder):
            if path.is_symlink() and path.is_dir():
                found.skip(path.name, N_("{file} is a link to a folder. Links are not followed."))
    except OSError as error:
        text = N_("{file} could not be read: {reason}.")
        raise DatasetError(text, file=folder.name, reason=error.strerror or error) from error
    return found


def in_zip(file: Path | bytes, name: str) -> Found:
    """Return the files in a zip; nothing is unpacked to disk, and photos are read when they are looked at.

    Args:
        file: The zip, or its bytes.
        name: What its owner calls it.

    Raises:
        DatasetError: No zip, a damaged one, or one made to unpack without end.
    """
    packed = Zip(file, name)
    found = Found(name, tuple(_packed(packed, member) for member in packed.members if not _is_hidden(member.path)))
    for refused in packed.refused:
        if not _is_hidden(refused.file):
            found.add_skipped(refused)
    return found


def _is_hidden(path: str) -> bool:
    return any(is_ignored(part) for part in path.split("/") if part != "..")


def is_ignored(name: str) -> bool:
    """Whether files and folders of this name are passed over: hidden ones, and what systems leave behind."""
    return name.startswith(".") or name.lower() in _IGNORED_NAMES


def _visible(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if not is_ignored(p.name)), key=lambda path: path.name)


def _below(folder: Path, levels: int = MAX_LEVELS) -> Iterator[Path]:
    """Yield the visible files under `folder`, sorted, and the folders that are empty or too deep to look into.

    Links to folders are not followed, so no loop is possible.
    """
    for path in _visible(folder):
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _below(path, levels - 1) if levels and _visible(path) else [path]


def _file(path: Path, folder: Path, root: Path) -> File:
    inner = path.relative_to(folder)
    name = inner.as_posix()
    status = path.stat() if path.is_file() else None
    return File(
        path=name,
        inner=inner.parts,
        size=status.st_size if status is not None else 0,
        checksum=None,
        why_not=partial(_why_not, path, root, name),
        source=Source.of_path(path, name),
        stamp=f"{status.st_size} {status.st_mtime_ns}" if status is not None else "",
        is_folder=path.is_dir(),
    )


def _why_not(path: Path, root: Path, name: str) -> Message | None:
    """Return why a file, called `name`, cannot be a photo; links may not lead out of the folder `root`."""
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return Message(N_("{file} is a link to a file outside the folder."), {"file": name})
    if path.is_dir():
        is_deep = len(path.parts) - len(root.parts) > MAX_LEVELS
        text = N_("{file} was not read: it is more than {most} folders deep.") if is_deep else N_("{file} is empty.")
        return Message(text, {"file": name, "most": MAX_LEVELS})
    if not path.is_file():
        return Message(N_("{file} is not a regular file."), {"file": name})
    try:
        with path.open("rb") as file:
            return _why_no_photo(file.read(_START_BYTES), name)
    except OSError as error:
        return Message(N_("{file} cannot be read: {reason}."), {"file": name, "reason": error.strerror or "?"})


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
        return _why_no_photo(packed.start(member, _START_BYTES), member.path)
    except PhotoError as error:
        return error.message


def _why_no_photo(start: bytes, name: str) -> Message | None:
    if not start:
        return Message(N_("{file} is empty."), {"file": name})
    return None if may_be_photo(start) else Message(N_("{file} is not a photo in a supported format."), {"file": name})
