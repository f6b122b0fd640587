"""A zip from a stranger, looked into without unpacking it: which files are in it, and their bytes when asked for.

Nothing is ever written to disk. What the zip says of itself is bounded before anything is made of it, and a file inside
is read up to a limit of real bytes, whatever size the zip claims for it.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos.codepages import encoding_of
from lib.photos.refusals import MAX_BYTES
from lib.photos.source import Skipped

MAX_ENTRIES = 50_000
MAX_DIRECTORY_BYTES = 16 * 2**20
MAX_LEVELS = 32
# Photos are compressed already and shrink by a few percent; even a BMP of a drawing rarely shrinks a hundredfold.
MAX_RATIO = 100
# Below this a strange ratio does no harm.
HARMLESS_BYTES = 4 * 2**20
MAX_TOTAL_BYTES = 64 * 2**30
_LONGEST_SHOWN = 255
_CHUNK_BYTES = 2**20

_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_WINDOWS = (0, 10)  # "version made by" of APPNOTE 4.4.2: DOS, NTFS
_UNICODE_PATH = 0x7075  # APPNOTE 4.6.9, as Info-ZIP writes it
_ENTRY, _END, _END_64, _LOCATOR_64 = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _END_64_BYTES, _MOST_COMMENT_BYTES = 22, 20, 56, 2**16


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a zip.

    Attributes:
        path: Its name, "/" between folders, not leading out of the zip.
        size: Bytes, as the zip claims.
        crc: Checksum, as the zip claims.
        info: What zipfile knows it by.
    """

    path: str
    size: int
    crc: int
    info: zipfile.ZipInfo


class Zip:
    """An open zip, safe to read from several threads at once; one on disk can be sent to another process.

    Args:
        file: The zip, or its bytes.
        name: What to call it.

    Attributes:
        members: The files in it that can be read, by path; folders, and what systems add on their own, left out.
        refused: The files that are not read.

    Raises:
        DatasetError: No zip, damaged, of too many files, or made to unpack to far more than it holds.
    """

    def __init__(self, file: Path | bytes, name: str) -> None:
        self.name = name
        self._file = file
        try:
            with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as opened:
                _check_directory(opened, name)
            self._zip = zipfile.ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError, struct.error) as error:
            raise DatasetError(N_("{file} is not a zip file, or it is damaged."), file=name) from error
        except OSError as error:
            text = N_("{file} could not be read: {reason}.")
            raise DatasetError(text, file=name, reason=error.strerror or error) from error
        self.members, self.refused = _sort(self._zip.infolist())
        if sum(member.size for member in self.members) > MAX_TOTAL_BYTES:
            text = N_("{file} would unpack to more than {limit} GB, so it was refused.")
            raise DatasetError(text, file=name, limit=MAX_TOTAL_BYTES // 2**30)

    def __reduce__(self) -> tuple[type["Zip"], tuple[Path | bytes, str]]:
        """Let another process open the zip for itself."""
        return Zip, (self._file, self.name)

    def read(self, member: Member, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file.

        Raises:
            PhotoError: Larger than `limit`, or damaged.
        """
        data = self.start(member, limit + 1)
        if len(data) > limit:
            raise _too_large(member, limit)
        return data

    def copy(self, member: Member, target: Path, limit: int) -> None:
        """Write a file of up to `limit` bytes to the new file `target`.

        Raises:
            PhotoError: Larger than that, or damaged.
            OSError: The disk refuses.
        """
        copied = 0
        with target.open("xb") as out:
            for chunk in self._chunks(member):
                copied += len(chunk)
                if copied > limit:
                    raise _too_large(member, limit)
                out.write(chunk)

    def start(self, member: Member, count: int) -> bytes:
        """Return the first `count` bytes of a file, or all if it has fewer.

        Raises:
            PhotoError: It is damaged.
        """
        with _reading(member), self._zip.open(member.info) as file:
            return file.read(count)

    def _chunks(self, member: Member) -> Iterator[bytes]:
        with _reading(member), self._zip.open(member.info) as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


@contextmanager
def _reading(member: Member) -> Iterator[None]:
    """Turn everything that zipfile raises on a damaged file into a PhotoError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
        raise PhotoError(N_("{file} in the zip is damaged."), file=member.path) from error


def _too_large(member: Member, limit: int) -> PhotoError:
    text = N_("{file} is too large. Files can have up to {limit} MB.")
    return PhotoError(text, file=member.path, limit=limit // 2**20)


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse a zip whose directory is too long, before zipfile makes an object of each of its entries.

    Raises:
        DatasetError: More than `MAX_ENTRIES` entries or `MAX_DIRECTORY_BYTES` bytes.
        BadZipFile: There is no directory.
    """
    tail_at = max(0, file.seek(0, os.SEEK_END) - _MOST_COMMENT_BYTES - _END_BYTES - _LOCATOR_BYTES - _END_64_BYTES)
    file.seek(tail_at)
    tail = file.read()
    # Found as zipfile finds it: without a comment at the very end, else wherever it stands last.
    at = len(tail) - _END_BYTES
    if not (tail[-_END_BYTES:].startswith(_END) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        raise zipfile.BadZipFile
    (length,) = struct.unpack_from("<L", tail, at + 12)
    end_64 = at - _LOCATOR_BYTES - _END_64_BYTES
    if end_64 >= 0 and tail.startswith(_LOCATOR_64, at - _LOCATOR_BYTES) and tail.startswith(_END_64, end_64):
        (length,) = struct.unpack_from("<Q", tail, end_64 + 40)
        at = end_64
    if length > MAX_DIRECTORY_BYTES:
        text = N_("The list of files in {file} is too large ({size} MB). At most {limit} MB are supported.")
        raise DatasetError(text, file=name, size=-(-length // 2**20), limit=MAX_DIRECTORY_BYTES // 2**20)
    file.seek(max(0, tail_at + at - length))
    count = file.read(length).count(_ENTRY)
    if count > MAX_ENTRIES:
        text = N_("{file} contains {count} files. At most {most} are supported.")
        raise DatasetError(text, file=name, count=count, most=MAX_ENTRIES)


def _sort(infos: Sequence[zipfile.ZipInfo]) -> tuple[tuple[Member, ...], tuple[Skipped, ...]]:
    members: list[Member] = []
    refused: list[Skipped] = []
    for info, name in zip(infos, _names(infos), strict=True):
        if name.endswith("/"):
            continue
        parts = [part for part in name.split("/") if part not in ("", ".")]
        reason = _why_not(info, name, parts)
        if reason is None:
            members.append(Member("/".join(parts), info.file_size, info.CRC, info))
        else:
            shown = name if len(name) <= _LONGEST_SHOWN else f"…{name[-_LONGEST_SHOWN:]}"
            refused.append(Skipped(shown, Message(reason, {"file": shown, "most": MAX_LEVELS})))
    return tuple(sorted(members, key=lambda member: member.path)), tuple(refused)


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of the files, with "/" between folders; old Windows programs wrote "\\"."""
    names = [_unicode_name(info) for info in infos]
    unknown = [_raw(info) for info, name in zip(infos, names, strict=True) if name is None]
    encoding = encoding_of(unknown, from_windows=all(info.create_system in _WINDOWS for info in infos))
    return [
        (_raw(info).decode(encoding) if name is None else name).partition("\0")[0].replace("\\", "/")
        for info, name in zip(infos, names, strict=True)
    ]


def _raw(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437")  # as which zipfile read the bytes


def _unicode_name(info: zipfile.ZipInfo) -> str | None:
    """Return the name if the zip says that it is Unicode; else None."""
    if info.flag_bits & _UTF8_FLAG or info.orig_filename.isascii():
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        # Version 1, then the checksum of the name it goes with: a program that renamed the file may have kept it.
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, zlib.crc32(_raw(info))):
            return field[5:].decode("utf-8", "replace")
    return None


def _why_not(info: zipfile.ZipInfo, name: str, parts: Sequence[str]) -> str | None:
    if not name:
        return N_("A file without a name in the zip was not read.")
    if not parts or name.startswith("/") or ".." in parts or parts[0].endswith(":"):
        return N_("{file} was not read: its name points outside the zip.")
    if len(parts) > MAX_LEVELS:
        return N_("{file} was not read: it is more than {most} folders deep.")
    if stat.S_ISLNK(info.external_attr >> 16):
        return N_("{file} is a link in the zip. Links are not followed.")
    if info.flag_bits & _ENCRYPTED_FLAG:
        return N_("{file} is protected by a password. Save the zip without one.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return N_("{file} uses a compression that is not supported. Save the zip with normal compression.")
    if name.lower().endswith(".zip"):
        return N_("{file} is a zip inside the zip. Unpack it first.")
    if info.file_size > HARMLESS_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return N_("{file} would unpack to more than 100 times its size, so it was not read.")
    return None
