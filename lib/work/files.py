"""Files on this disk: digests, and what to say when one cannot be written."""

import errno
import hashlib
from pathlib import Path

from lib.errors import DownloadError
from lib.messages import N_

# A quota that is used up is a full disk to its owner; Windows has no such error.
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def disk_error(error: OSError, name: str) -> DownloadError:
    """Put a failure to write `name` into one sentence."""
    if error.errno in FULL:
        return DownloadError(N_("The disk is full: {file} did not fit, and nothing of it was kept."), file=name)
    return DownloadError(
        N_("{file} could not be written: {reason}."), file=error.filename or name, reason=error.strerror or error
    )


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
