"""Photos in a tar archive, read from where they lie in it: nothing is unpacked, and a name in it leads nowhere.

Only the headers are read while photos are looked for; the bytes of a photo are read when its turn comes.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO, NoReturn

from lib.errors import PhotoError
from lib.messages import N_
from lib.photos.refusals import SUFFIXES, check_bytes
from lib.photos.source import Found, Source

SUFFIX = ".tar"
Open = Callable[[], BinaryIO]
# A header of a stranger's archive may claim gigabytes for a name.
_LONGEST_HEADER = 2**20
# What tarfile raises on damaged headers, found by mutating archives.
_DAMAGE = (ValueError, OverflowError, EOFError, LookupError, TypeError, RecursionError)


def find_in_tar(open_archive: Open, archive: str, within: str, *, buffer_bytes: int = 2**13) -> Iterator[Found]:
    """Yield the photos in an uncompressed tar archive, in its order, called archive/path.

    Hidden files and those without a photo's suffix are left out. What is wrong with the archive is found in its place
    as a photo that cannot be read.

    Args:
        open_archive: Opens it; can be sent to another process.
        archive: What to call it.
        within: Its path within what was asked for.
        buffer_bytes: Read at once while headers are looked for.
    """
    count = 0
    try:
        with open_archive() as file:
            for member in _members(_Headers(file, buffer_bytes)):
                if (path := _shown(member.name)) is not None and not member.isdir():
                    count += 1
                    name = f"{archive}/{path}"
                    yield Found(Source(name, _reader(open_archive, member, name)), f"{within}/{path}")
    except tarfile.TarError:
        text = N_("{file} is not a tar archive, or it is compressed or damaged.")
        if count:
            text = N_("{file} is damaged or cut off: {count} photos were found in it, any others are missing.")
        yield _refused(PhotoError(text, file=archive, count=count), archive, within)
    except OSError as error:
        yield _refused(unreadable(archive, error), archive, within)


class _Headers:
    """An archive of which only headers are read, and no long ones."""

    def __init__(self, file: BinaryIO, buffer_bytes: int) -> None:
        self._file = io.BufferedReader(file, buffer_bytes)  # type: ignore[type-var]
        self.seek, self.tell = self._file.seek, self._file.tell

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEADER:
            raise tarfile.ReadError
        return self._file.read(size)


def _members(headers: _Headers) -> Iterator[tarfile.TarInfo]:
    """Yield what is in an archive. Raises TarError if it is damaged, or no tar archive."""
    try:
        tar = tarfile.open(fileobj=headers, mode="r:")  # type: ignore[call-overload]  # noqa: SIM115 - writes nothing
        while True:
            if (member := tar.next()) is None:
                break
            tar.members.clear()  # it would remember them all
            yield member
        headers.seek(tar.offset)
    except _DAMAGE as error:
        raise tarfile.ReadError from error
    if headers.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError  # tarfile takes any damaged header but the first for the end


def _shown(name: str) -> str | None:
    """Return a photo's path in the archive, leading nowhere else; None for what is hidden or has no photo's suffix."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part.strip("/.")]
    if not parts or any(part.startswith(".") for part in parts):
        return None
    return "/".join(parts) if PurePosixPath(parts[-1]).suffix.lower() in SUFFIXES else None


def _reader(open_archive: Open, member: tarfile.TarInfo, name: str) -> Callable[[], bytes]:
    if member.isreg() and not member.issparse():
        return partial(read_part, open_archive, member.offset_data, member.size, name)
    return partial(refuse, PhotoError(N_("{file} is a link or no plain file in its archive."), file=name))


def read_part(open_archive: Open, at: int, size: int, name: str) -> bytes:
    """Return `size` bytes of a file from position `at` on.

    Raises:
        PhotoError: It is too large, ends before, or cannot be read.
    """
    check_bytes(size, name)
    try:
        with open_archive() as file:
            file.seek(at)
            data = bytes(file.read(size))
    except OSError as error:
        raise unreadable(name, error) from error
    if len(data) < size:
        raise PhotoError(N_("{file} is incomplete: the end of the photo is missing."), file=name)
    return data


def unreadable(name: str, error: OSError) -> PhotoError:
    """Return what to say of a photo, or an archive, that its system or store does not give."""
    reason = error.strerror or str(error).partition("\n")[0].rstrip(".")
    return PhotoError(N_("{file} could not be read: {reason}."), file=name, reason=reason)


def not_unpacked(name: str) -> Source:
    """Return what stands for an archive that was named and is not read."""
    text = N_(
        "{file} is an archive that cannot be read from where it lies. Uncompressed .tar archives can, and folders."
    )
    return Source(name, partial(refuse, PhotoError(text, file=name)))


def _refused(error: PhotoError, name: str, within: str) -> Found:
    return Found(Source(name, partial(refuse, error)), within)


def refuse(error: PhotoError) -> NoReturn:
    """Raise what is wrong with a photo, when it is read."""
    raise error
