"""What is noted of a photo's file when it is looked at for the first time."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lib.datasets.duplicates import phash
from lib.errors import PhotoError
from lib.messages import Message
from lib.photos.opening import open_photo
from lib.photos.source import Source
from lib.work.cores import usable_cores
from lib.work.ordered import in_order

# To hash a photo takes 32 pixels a side; a JPEG is decoded at an eighth of its size for it, down to its last byte.
_SIDE = 64
# What the Keras example "Image classification from scratch" looks for before it deletes a file, in `fobj.peek(10)`:
# meant are the first ten bytes, where JFIF's name stands; read is what the file's buffer holds, on most systems 4096.
_JFIF, _PEEKED = b"JFIF", 4096


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What was noted of a file.

    Attributes:
        digest: SHA-256 in lower-case hex; "" where it could not be read.
        size: Bytes.
        phash: See `lib.datasets.duplicates.phash`.
        problem: Why it cannot be used as a photo, naming it; None if it can.
        is_jfif: Whether the Keras example would keep it.
    """

    digest: str
    size: int
    phash: int | None
    problem: Message | None
    is_jfif: bool

    @classmethod
    def known(cls, data: bytes, digest: str, phash: int | None) -> "Fingerprint":
        """Return that of a photo that was found to be one before."""
        return cls(digest, len(data), phash, None, has_jfif(data))

    @classmethod
    def of(cls, data: bytes, name: str) -> "Fingerprint":
        """Look at a file's bytes.

        Args:
            data: All of it.
            name: What to call it in the problem.
        """
        digest, is_jfif = hashlib.sha256(data).hexdigest(), has_jfif(data)
        try:
            seen = phash(open_photo(data, name, at_least=_SIDE))
        except PhotoError as error:
            return cls(digest, len(data), None, error.message, is_jfif)
        return cls(digest, len(data), seen, None, is_jfif)


Looking = Callable[[Source], Fingerprint]


def has_jfif(data: bytes) -> bool:
    """Whether the Keras example would keep a file that begins so."""
    return _JFIF in data[:_PEEKED]


def look(source: Source) -> Fingerprint:
    """Read a photo and look at it."""
    try:
        data = source.read()
    except PhotoError as error:
        return Fingerprint("", 0, None, error.message, False)
    return Fingerprint.of(data, source.name)


def fingerprints(sources: Sequence[Source], looking: Looking = look) -> Iterator[Fingerprint]:
    """Look at photos, on all cores, and yield what was noted of each, in their order."""
    return in_order(looking, sources, workers=usable_cores())
