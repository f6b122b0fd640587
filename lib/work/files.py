"""Files on this disk: where they lie, written whole or not at all, digests, and what to say when the disk refuses."""

import errno
import hashlib
import os
import secrets
import shutil
import stat as stat_kinds
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lib.errors import DownloadError
from lib.messages import N_

HOME_VARIABLE = "DISCERN_HOME"
# A quota that is used up is a full disk to its owner; Windows has no such error.
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


# Descriptions and labels: the largest of the catalogue, 20,000 names, has half a megabyte.
MOST_SMALL_BYTES = 4 * 2**20


def data_folder() -> Path:
    """Return the folder for downloaded and trained models, and whatever else outlives this process."""
    return _data_folder(os.environ.get(HOME_VARIABLE, "").strip())


@cache  # it is asked for with every photo
def _data_folder(home: str) -> Path:
    if home:
        return Path(home).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("discern", appauthor=False))


def size_words(size_bytes: int) -> str:
    """Return a size for people: "42 kB", "3.6 MB", "14 MB"."""
    if size_bytes < 1e5:
        return f"{size_bytes / 1e3:.0f} kB"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e7 else f"{size_bytes / 1e6:.0f} MB"


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; when the block ends well, the file takes `target`'s place.

    It is an empty file, which may be opened for writing. Whatever goes wrong, `target` stays as it was and nothing is
    left beside it; only a killed process leaves a hidden file. A link stays one, and permissions stay those of the old
    file, which nobody else can read meanwhile. Raises OSError.
    """
    _require_replaceable(target)
    target = target.resolve()
    is_new = not target.exists()
    temporary = target.with_name(f".{target.name[:40]}-{secrets.token_hex(8)}")
    temporary.touch(0o666 if is_new else 0o600, exist_ok=False)
    try:
        yield temporary
        if not is_new:
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(target: Path, content: bytes) -> None:
    """Let `target` hold `content`, or stay as it was; a device is written to. Raises OSError."""
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    with whole(target) as temporary:
        temporary.write_bytes(content)


def write_private(target: Path, content: bytes) -> None:
    """Let `target` hold `content`, for its owner alone, in a folder that nobody else may enter. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o700)
    with whole(target) as temporary:
        temporary.chmod(0o600)
        temporary.write_bytes(content)
    target.chmod(0o600)  # the file before may have been another's to read


def require_writable(target: Path) -> None:
    """Check that `write_whole` can write `target`, without touching what is there. Raises OSError if it cannot."""
    _require_replaceable(target)
    if not target.exists() or target.is_file():
        with tempfile.TemporaryFile(dir=target.resolve().parent):
            pass


def _require_replaceable(target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def replace_folder(new: Path, target: Path) -> None:
    """Move the folder `new` to `target`; a folder that stood there is removed, or put back if the move fails.

    Between two renames there is no `target` for an instant: no system swaps folders in one step everywhere. Raises
    OSError.
    """
    retired = new.with_name(f".{target.name}.retired")
    shutil.rmtree(retired, ignore_errors=True)  # left by a process that was killed
    stood_there = target.exists()
    if stood_there:
        target.replace(retired)
    try:
        new.replace(target)
    except OSError:
        if stood_there:
            retired.replace(target)
        raise
    shutil.rmtree(retired, ignore_errors=True)


def remove_folder(folder: Path, aside: Path) -> None:
    """Remove a folder, or the link to one, as a whole: first it is moved to `aside`, so that nobody finds half of it.

    One that is gone already is no error. Raises OSError.
    """
    aside.mkdir(parents=True, exist_ok=True)
    retired = aside / f".{folder.name}.retired"
    shutil.rmtree(retired, ignore_errors=True)  # left by a process that was killed
    with suppress(FileNotFoundError):
        folder.replace(retired)
    if retired.is_symlink():
        retired.unlink()
    shutil.rmtree(retired, ignore_errors=True)


class Stamp(NamedTuple):
    """What changes whenever a file does, however it is changed; nothing but zeros for one that cannot be seen."""

    modified_ns: int = 0
    changed_ns: int = 0
    size: int = 0
    inode: int = 0


def stamp(path: Path) -> Stamp:
    """Return a file's stamp now."""
    try:
        status = path.stat()
    except OSError:
        return Stamp()
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def read_small(path: Path, most: int = MOST_SMALL_BYTES) -> bytes:
    """Return what a file of a few kilobytes holds; a pipe or a device, which may have no end, is never opened.

    Raises:
        OSError: It cannot be read, is no regular file, or holds more than `most` bytes.
    """
    status = path.stat()
    if not stat_kinds.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    if status.st_size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in lower-case hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk is full; libraries may keep no more than its words (h5py, TensorFlow).

    NumPy tells of an array that was written in part: "6322176 requested and 3129216 written".
    """
    words = [os.strerror(number) for number in FULL] + ["requested and"] * isinstance(error, OSError)
    return getattr(error, "errno", None) in FULL or any(word in str(error) for word in words)


@contextmanager
def keeping(name: str) -> Iterator[None]:
    """Turn a failure to keep `name` in the data folder, or to read what is there, into its `data_error`."""
    try:
        yield
    except OSError as error:
        raise data_error(error, name) from error


def data_error(error: Exception, name: str) -> DownloadError:
    """Put a failure to keep `name` in the data folder into one sentence."""
    if is_full(error):
        return DownloadError(
            N_(
                "The disk of the data folder is full: {file} could not be saved. Make room there, or choose another "
                "data folder with {setting}."
            ),
            file=name,
            setting=HOME_VARIABLE,
        )
    return DownloadError(
        N_("{file} could not be saved: {reason}. Another data folder can be chosen with {setting}."),
        file=getattr(error, "filename", None) or name,
        reason=getattr(error, "strerror", None) or error,
        setting=HOME_VARIABLE,
    )


def disk_error(error: Exception, name: str) -> DownloadError:
    """Put a failure to write `name`, wherever it was to be, into one sentence."""
    if is_full(error):
        return DownloadError(N_("The disk is full: {file} could not be saved."), file=name)
    file, reason = getattr(error, "filename", None) or name, getattr(error, "strerror", None) or error
    return DownloadError(N_("{file} could not be saved: {reason}."), file=file, reason=reason)
