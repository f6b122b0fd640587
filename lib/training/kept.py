"""Features that were read before: each photo's, kept on disk for a while, so that another fit of it takes no inference.

So is its perceptual hash, so that to hold the same photos out again none is decoded.

Of a photo there is its digest in the file's name, and numbers that no photo can be made of again; no name, no pixel.
"""

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import get_ident

import numpy as np

from lib.datasets.fingerprint import Fingerprint
from lib.errors import PhotoError
from lib.photos.source import Source
from lib.training.features import Backbone, Features, Pose, View

MOST_BYTES = 256 * 2**20  # of files: some 20,000 photos
_HASHES = "phash-1"  # their folder; the number counts what is hashed of a photo
_HASH_BYTES = 8  # all 0 for a photo so plain that it has no hash, which is never 0
MOST_FILE_BYTES = 2**17  # of one photo in one pose
_FILE = re.compile(r"[0-9a-f]{16}/(?P<digest>[0-9a-f]{64})\.(whole|square)(-mirrored)?")
LONGEST_SECONDS = 30 * 24 * 3600.0


def digest_in(name: str) -> str | None:
    """Return whose features a file has that `KeptFeatures.files` calls so; None for any other name."""
    known = _FILE.fullmatch(name)
    return None if known is None else known["digest"]


def digest_of(data: bytes) -> str:
    """Return what a photo's file is known by: its SHA-256, lower-case hex."""
    return sha256(data).hexdigest()


class KeptFeatures:
    """The features of one data folder. Safe to share between threads and processes.

    Whatever the disk refuses is read anew, or not kept.

    Args:
        data: The data folder.
        most_bytes: What `sweep` leaves at most; None: all, for they could not be read anew.
    """

    def __init__(self, data: Path, most_bytes: int | None = MOST_BYTES) -> None:
        self._folder, self._most_bytes = data / "features", most_bytes

    def get(self, backbone: Backbone, digest: str, poses: Collection[Pose]) -> Features | None:
        """Return a photo's features, shown in these ways; None unless all are there."""
        found: dict[View, np.ndarray[tuple[int], np.dtype[np.float16]]] = {}
        ends = np.cumsum([0, *backbone.lengths.values()])
        for pose in poses:
            try:
                numbers = np.frombuffer(self._file(backbone, digest, pose).read_bytes(), np.float16)
            except (OSError, ValueError):
                return None
            if len(numbers) != ends[-1]:
                return None
            for place, pooling in enumerate(backbone.lengths):
                found[View(pooling, pose)] = numbers[ends[place] : ends[place + 1]]
        return Features(found)

    def put(self, backbone: Backbone, digest: str, features: Features) -> None:
        """Keep a photo's features."""
        for pose in features.poses:
            file = self._file(backbone, digest, pose)
            numbers = np.concatenate([features.rows[View(pooling, pose)] for pooling in backbone.lengths])
            _write(file, numbers.tobytes())

    def files(self, digests: Collection[str]) -> Iterator[tuple[str, Path]]:
        """Yield the files of photos' features, each with what `take` calls it on another machine."""
        for file in sorted(self._files()):
            name = f"{file.parent.name}/{file.name}"
            if (known := _FILE.fullmatch(name)) is not None and known["digest"] in digests:
                yield name, file

    def take(self, name: str, content: bytes) -> None:
        """Keep what another machine's `files` had, if it can be features: finite numbers, not all of them 0.

        Args:
            name: What was yielded there; see `digest_in`.
            content: Of that file.
        """
        numbers = np.frombuffer(content[: len(content) // 2 * 2], np.float16)
        if digest_in(name) and np.isfinite(numbers).all() and numbers.any():
            _write(self._folder / name, content)

    def settled(self, backbone: Backbone, digest: str, poses: Collection[Pose]) -> int:
        """Return how many bytes of a photo's features are on the disk for good; 0 unless those of all poses are."""
        if self.get(backbone, digest, poses) is None:
            return 0
        size = 0
        try:
            for pose in poses:
                with self._file(backbone, digest, pose).open("r+b") as file:
                    os.fsync(file.fileno())
                    size += os.fstat(file.fileno()).st_size
        except OSError:
            return 0
        return size

    def look(self, source: Source) -> Fingerprint:
        """Read a photo and look at it, as `lib.datasets.fingerprint.look` does; one that is known is not decoded."""
        try:
            data = source.read()
        except PhotoError as error:
            return Fingerprint("", 0, None, error.message, False)
        digest = digest_of(data)
        file = self._folder / _HASHES / digest
        with suppress(OSError):
            if len(known := file.read_bytes()) == _HASH_BYTES:
                return Fingerprint.known(data, digest, int.from_bytes(known) or None)
        seen = Fingerprint.of(data, source.name)
        if seen.problem is None:  # a problem names the file
            _write(file, (seen.phash or 0).to_bytes(_HASH_BYTES))
        return seen

    def forget(self, digests: Iterable[str]) -> None:
        """Remove what is kept of some photos."""
        gone = set(digests)
        for file in self._files():
            if file.name.partition(".")[0] in gone:
                file.unlink(missing_ok=True)

    def sweep(self, now: float | None = None) -> None:
        """Remove what has been there for thirty days, and of the rest the oldest beyond the bound."""
        if self._most_bytes is None:
            return
        now, room = time.time() if now is None else now, self._most_bytes
        known = []
        for file in self._files():
            with suppress(OSError):
                status = file.stat()
                known.append((status.st_mtime, status.st_size, file))
        for written, size, file in sorted(known, reverse=True, key=lambda entry: entry[0]):
            room -= size
            if room < 0 or now - written > LONGEST_SECONDS:
                with suppress(OSError):
                    file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*/*"))

    def _file(self, backbone: Backbone, digest: str, pose: Pose) -> Path:
        mirrored = "-mirrored" if pose.is_mirrored else ""
        return self._folder / backbone.key / f"{digest}.{pose.look}{mirrored}"


def _write(file: Path, content: bytes) -> None:
    part = file.with_suffix(f".{os.getpid()}-{get_ident()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(content)
        part.replace(file)
