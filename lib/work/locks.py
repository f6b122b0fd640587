"""One at a time, across threads and processes of this machine: a lock on a file, given back by the system."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.1


@contextmanager
def locked(
    path: Path, *, cancelled: threading.Event | None = None, on_cancel: Callable[[], Exception] = InterruptedError
) -> Iterator[None]:
    """Hold the lock on `path` (made if needed, left behind) while the block runs; wait for it first.

    The system frees it when the process ends, however it ends, so a lock left behind is never stale.

    Args:
        path: The lock's file.
        cancelled: When set, waiting ends.
        on_cancel: Makes the exception to raise then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    wait = cancelled or threading.Event()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _try_lock(descriptor):
            if wait.wait(_POLL_S):
                raise on_cancel()
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
