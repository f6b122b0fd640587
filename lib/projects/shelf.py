"""What a backbone makes of each photo of a project: kept in memory within a bound, and on disk beside the photos.

So no photo is looked at twice, not after a restart either. What is kept goes with the project's folder.
"""

from pathlib import Path
from typing import Generic, Protocol, TypeVar

from lib.work.bounded import Bounded
from lib.work.files import write_whole

# Of all projects together: five thousand photos whose features are 13 kB, see `lib.training.features`.
MEMORY_BYTES = 64 * 2**20


class Sized(Protocol):
    """Something that says how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Return its bytes."""


T = TypeVar("T", bound=Sized)


class Packing(Protocol[T]):
    """How it is written to a file."""

    def pack(self, rows: T) -> bytes:
        """Return it as bytes."""

    def unpack(self, data: bytes) -> T:
        """Return what was packed; raises ValueError where that is damaged."""


class Shelf(Generic[T]):
    """The features of many projects' photos; safe to use from several threads.

    Args:
        most_bytes: Of those in memory; the ones used last stay.
    """

    def __init__(self, most_bytes: int = MEMORY_BYTES) -> None:
        self._held: Bounded[Path, T] = Bounded(most_bytes, lambda rows: rows.nbytes)

    @property
    def held_bytes(self) -> int:
        """Return how much memory they take."""
        return self._held.held_bytes

    def get(self, file: Path, packing: Packing[T]) -> T | None:
        """Return what was kept in `file`, or None."""
        if (held := self._held.get(file)) is not None:
            return held
        try:
            found = packing.unpack(file.read_bytes())
        except (OSError, ValueError):  # never written, or cut off: it is read from the photo again
            return None
        self._held.put(file, found)
        return found

    def put(self, file: Path, rows: T, packing: Packing[T]) -> None:
        """Keep it. A disk that is full costs no more than looking at the photo again after a restart."""
        self._held.put(file, rows)
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)  # never the project's own folder, which may be deleted
            write_whole(file, packing.pack(rows))
        except OSError:
            return

    def forget(self, folder: Path) -> None:
        """Let go of all that is in memory of a folder's files."""
        self._held.forget(lambda file: file.is_relative_to(folder))
