"""One at a time, across threads and processes of this machine: locks on files, given back by the system."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lib.errors import Cancelled
from lib.work.files import data_error

if TYPE_CHECKING:
    from filelock import BaseFileLock


@contextmanager
def locked(path: Path, *, cancelled: threading.Event | None = None) -> Iterator[None]:
    """Hold the lock on `path` (made if needed, left behind) while the block runs; wait for it first.

    The system frees it when the process ends, however it ends, so a lock left behind is never stale.

    Args:
        path: The lock's file.
        cancelled: When set, waiting ends.

    Raises:
        Cancelled: `cancelled` was set while waiting.
        DownloadError: The lock's file cannot be made.
    """
    from filelock import Timeout

    try:
        lock = _lock(path)
        lock.acquire(cancel_check=cancelled.is_set if cancelled else None)
    except Timeout as error:
        raise Cancelled from error
    except OSError as error:
        raise data_error(error, path.name) from error
    try:
        yield
    finally:
        lock.release()


def claim(path: Path) -> "BaseFileLock | None":
    """Return the lock on `path`, held; None while somebody else holds it. Raises OSError."""
    from filelock import Timeout

    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def left_behind(folder: Path) -> Iterator[Path]:
    """Yield the path of each lock in `folder` that nobody holds: whoever made it is gone. Afterwards it is removed."""
    for path in sorted(folder.glob("*.lock")):
        with contextlib.suppress(OSError):
            if (lock := claim(path)) is not None:
                try:
                    yield path
                    path.unlink(missing_ok=True)
                finally:
                    lock.release()


def _lock(path: Path) -> "BaseFileLock":
    from filelock import FileLock  # it takes 40 ms to import, and few commands lock anything

    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, thread_local=False)
