"""A photo that has not been read yet, where such are found, and what is found beside them."""

import errno
import os
import stat
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lib.messages import Message
from lib.photos.opening import read_photo
from lib.photos.refusals import SUFFIXES

# Of a link that leads nowhere, or of what went away meanwhile.
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
# How the names of archives end, in lower case, whose photos cannot be read from where they lie.
ARCHIVES = (".zip", ".7z", ".rar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


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
class Found:
    """A photo of a place that was asked for.

    Attributes:
        source: The photo.
        within: Its path within that place, "/" between folders: the same on every machine that has the place, wherever
            it lies there.
    """

    source: Source
    within: str


@dataclass(slots=True)
class LeftOut:
    """How much was found beside photos, and not looked into.

    Attributes:
        archives: Those that are not read (`ARCHIVES`).
        links: To folders, or to nothing.
        others: Pipes and devices called like photos.
    """

    archives: int = 0
    links: int = 0
    others: int = 0


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
    if not os.path.isdir(path):  # noqa: PTH112 - no error where it cannot be told: reading says why not
        return [Source.of_path(path, str(path))]
    return [Source.of_path(p, str(p)) for p in files_below(path, SUFFIXES, lambda _: None, LeftOut())]


def files_below(
    folder: Path, suffixes: Container[str], refused: Callable[[OSError], None], left_out: LeftOut
) -> Iterator[Path]:
    """Yield the files below a folder that have one of these suffixes, sorted, hidden files and folders left out.

    Only the names of one folder, and of those above it, are in memory at a time. Links to files are followed; links to
    folders, which may go in a circle, are not. A file that the system does not show, as in a folder that may be listed
    and not entered, counts as one: reading it says why not.

    Args:
        folder: Where to look.
        suffixes: In lower case, with their dot.
        refused: Called with the error of a folder that cannot be looked into; its files are missing.
        left_out: What is not looked into is counted here.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(_worth_a_look(entries, suffixes, left_out))
    except OSError as error:
        refused(error)
        return
    for name in names:
        path = folder / name
        try:
            mode, is_link = path.stat().st_mode, path.is_symlink()
        except OSError as error:
            if error.errno in _GONE:
                left_out.links += os.path.islink(path)  # noqa: PTH114 - no error where it cannot be told
            elif _suffix(name) in suffixes:
                yield path
            else:
                refused(error)
            continue
        if stat.S_ISDIR(mode):
            if is_link:
                left_out.links += 1
            else:
                yield from files_below(path, suffixes, refused, left_out)
        elif _suffix(name) in suffixes:
            if stat.S_ISREG(mode):
                yield path
            else:
                left_out.others += 1


def _worth_a_look(entries: "Iterator[os.DirEntry[str]]", suffixes: Container[str], left_out: LeftOut) -> Iterator[str]:
    """Yield the names of folders, and of what is called as wanted; count what else may hold photos."""
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _suffix(entry.name) in suffixes or _is_folder(entry):
            yield entry.name
        elif entry.name.lower().endswith(ARCHIVES):
            left_out.archives += 1
        elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112 - no error where it cannot be told
            left_out.links += 1


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a million times


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # it is looked at once more, and told then
        return True
