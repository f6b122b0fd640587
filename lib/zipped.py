"""A zip from a stranger, looked into without unpacking it: which files are in it, and their bytes when asked for.

Nothing is ever written to disk. A file inside is read up to a limit of real bytes, whatever size the zip claims for it.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos import MAX_BYTES

MAX_ENTRIES = 50_000
# Photos are compressed already and shrink by a few percent; even a BMP of a drawing rarely shrinks a hundredfold.
MAX_RATIO = 100
# Below this a strange ratio does no harm.
HARMLESS_BYTES = 4 * 2**20
MAX_TOTAL_BYTES = 64 * 2**30

_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
# What zips without the flag for UTF-8 were made with, in an order in which a wrong one is refused: Korean Windows
# before Japanese (whose text is rarely valid EUC-KR), each as a whole.
_OLD_ENCODINGS = ("utf-8", "euc_kr", "cp932", "cp949")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a zip.

    Attributes:
        path: Its name, "/" between folders, not leading out of the zip.
        size: Bytes, as the zip claims.
        crc: Checksum, as the zip claims.
        info: What zipfile knows it by.
    """

    path: PurePosixPath
    size: int
    crc: int
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class Refused:
    """A file inside a zip that is not read, and why."""

    file: str
    reason: Message


class Zip:
    """An open zip, safe to read from several threads at once.

    Args:
        file: The zip, or its bytes.
        name: What to call it.

    Attributes:
        members: The files in it that can be read, by path; folders, and what systems add on their own, left out.
        refused: The files that are not read.

    Raises:
        DatasetError: No zip, damaged, or made to unpack to far more than it holds.
    """

    def __init__(self, file: Path | bytes, name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
            raise DatasetError(N_("{file} is not a zip file, or it is damaged."), file=name) from error
        except OSError as error:
            raise DatasetError(
                N_("{file} could not be read: {reason}."), file=name, reason=error.strerror or error
            ) from error
        infos = self._zip.infolist()
        if len(infos) > MAX_ENTRIES:
            raise DatasetError(
                N_("{file} holds {count} files; up to {most} are read."), file=name, count=len(infos), most=MAX_ENTRIES
            )
        self.members, self.refused = _sort(infos)
        if sum(member.size for member in self.members) > MAX_TOTAL_BYTES:
            raise DatasetError(N_("{file} unpacks to far more than photos need; it was refused."), file=name)

    def start(self, member: Member, count: int = 16) -> bytes:
        """Return the first bytes of a file. Raises PhotoError as `read` does."""
        return self._read(member, count)

    def read(self, member: Member, limit: int = MAX_BYTES) -> bytes:
        """Return the bytes of a file.

        Raises:
            PhotoError: Larger than `limit`, damaged, or packed in a way that cannot be read.
        """
        data = self._read(member, limit + 1)
        if len(data) > limit:
            raise PhotoError(
                N_("{file} is too large: files up to {limit} MB are read."), file=member.path, limit=limit // 2**20
            )
        return data

    def _read(self, member: Member, count: int) -> bytes:
        try:
            with self._zip.open(member.info) as file:
                return file.read(count)
        except NotImplementedError as error:
            raise PhotoError(
                N_("{file} is packed in a way that cannot be read here; save the zip with ordinary compression."),
                file=member.path,
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise PhotoError(N_("{file} is damaged inside the zip."), file=member.path) from error


def _sort(infos: list[zipfile.ZipInfo]) -> tuple[tuple[Member, ...], tuple[Refused, ...]]:
    members: list[Member] = []
    refused: list[Refused] = []
    for info in infos:
        name = _name(info)
        if info.is_dir() or name.endswith("/"):
            continue
        reason = _why_not(info, name)
        if reason is None:
            members.append(Member(PurePosixPath(name), info.file_size, info.CRC, info))
        else:
            refused.append(Refused(name, Message(reason, {"file": name})))
    return tuple(sorted(members, key=lambda member: member.path.as_posix())), tuple(refused)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of a file, with "/" between folders; old Windows programs wrote "\\"."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG and not name.isascii():
        name = next(_decodings(name), name)
    return name.replace("\\", "/")


def _decodings(name: str) -> Iterator[str]:
    for encoding in _OLD_ENCODINGS:
        try:
            yield name.encode("cp437").decode(encoding)  # zipfile took the bytes for code page 437
        except UnicodeError:
            continue


def _why_not(info: zipfile.ZipInfo, name: str) -> str | None:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        return N_("{file} has a name that leads out of the zip; it was not read.")
    if stat.S_ISLNK(info.external_attr >> 16):
        return N_("{file} is a link inside the zip; links are not followed.")
    if info.flag_bits & _ENCRYPTED_FLAG:
        return N_("{file} is protected by a password; save the zip without one.")
    if path.suffix.lower() == ".zip":
        return N_("{file} is a zip inside the zip; unpack it first.")
    if info.file_size > HARMLESS_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return N_("{file} would unpack to more than a hundred times its size, as no photo does; it was not read.")
    return None
