"""Which photos are nearly the same, so that they stay together: frames of one burst, copies, photos saved anew.

A photo's hash is 64 bits of its coarse structure: the signs, about their median, of the 8 × 8 lowest frequencies of its
32 × 32 grey picture but for the constant ones (C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash
Functions", 2010, section 3.2.1, known as pHash).

Two photos are nearly the same where at most `WITHIN` bits differ. Measured with frames made from photos of five data
sets (moved by up to 2%, turned by up to 1°, brighter or darker by up to 10%, noise, another JPEG): of frames that
follow each other 87% to 100% are within 8 bits. Of pairs of different photos of one class none of 51,000 in four of the
sets are; of hands before the same wall (hand-digits) 18 of 17,700 are, in groups of at most 4 of 100 photos a class.
With 12 bits such groups had up to 41 photos. A hash of differences between neighbours (dHash, also 64 bits) had 42 such
pairs of hands within 4 bits, where it found 54% to 75% of the frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WITHIN = 8  # bits of 64
# Of photos in different classes, which are not alike but one photo: of 696 copies scaled to 40% to 100% and saved anew
# 90% are within 4 bits (99% within 8), and of 450,000 pairs of different hands that show different digits none.
ONE_PHOTO_WITHIN = 4
SIDE = 32
_KEPT = slice(1, 9)
# A coefficient of a picture of one grey level up and down; below it there is no structure, only rounding.
_FLAT = SIDE * SIDE / 4

_at = np.arange(SIDE)
_COSINES = np.cos(np.pi * (2 * _at[None, :] + 1) * _at[:, None] / (2 * SIDE))[_KEPT]  # DCT-II, unscaled


def phash(image: Image.Image) -> int | None:
    """Return a photo's hash in 64 bits; None, never 0, for one so plain that it has no structure.

    Args:
        image: RGB, upright.
    """
    grey = np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), np.float64)
    # Rounded, so that what is nothing is the same nothing on every machine.
    frequencies = np.rint(_COSINES @ grey @ _COSINES.T).ravel()
    if np.abs(frequencies).max() < _FLAT:
        return None
    median = np.sort(frequencies)[31:33].mean()  # np.median says the same, and first imports numpy.ma for 20 ms
    return int.from_bytes(np.packbits(frequencies > median).tobytes()) or None


@dataclass(frozen=True, slots=True)
class Trace:
    """What tells which photos a photo is alike.

    Attributes:
        label: Its class: photos of different classes are never together, or no class could be split.
        digest: Of its bytes; "" if unknown.
        phash: See `phash`.
        burst: The same for frames that were shot in one go; None for a photo of its own.
    """

    label: int
    digest: str = ""
    phash: int | None = None
    burst: str | None = None


def groups(traces: Sequence[Trace]) -> tuple[tuple[int, ...], ...]:
    """Return the positions of the photos that belong together, of each photo once, in order; most groups are of one.

    Whoever is alike one of a group is in it. 5000 photos of one class take a quarter of a second.
    """
    found: list[list[int]] = []
    labels = np.array([trace.label for trace in traces])
    for label in dict.fromkeys(trace.label for trace in traces):
        positions = np.flatnonzero(labels == label).tolist()
        within = _together([traces[position] for position in positions])
        found += [sorted(positions[place] for place in members) for members in within]
    return tuple(sorted(tuple(members) for members in found))


def _together(traces: Sequence[Trace]) -> list[list[int]]:
    """Return groups of one class: from each photo to those that are alike and were not reached yet, until none is."""
    left = np.zeros(len(traces), [("at", int), ("phash", np.uint64), ("digest", int), ("burst", int)])
    left["at"] = range(len(traces))
    left["phash"] = [trace.phash or 0 for trace in traces]
    left["digest"] = _numbers([trace.digest for trace in traces])
    left["burst"] = _numbers([trace.burst for trace in traces])
    found = []
    while len(left):
        members, left = [left[0]], left[1:]
        for member in members:  # grows meanwhile
            if (near := _alike(left, member)).any():
                members += list(left[near])
                left = left[~near]
        found.append([int(member["at"]) for member in members])
    return found


def _alike(photos: NDArray[np.void], one: np.void) -> NDArray[np.bool_]:
    bits = np.bitwise_count(photos["phash"] ^ one["phash"])
    alike: NDArray[np.bool_] = (bits <= WITHIN) & (photos["phash"] != 0) & (one["phash"] != 0)
    alike |= (photos["digest"] == one["digest"]) | (photos["burst"] == one["burst"])
    return alike


def _numbers(names: Sequence[str | None]) -> list[int]:
    """Return a number for each name, the same for the same, and one of its own for each that is empty or None."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(name, place) if name else place for place, name in enumerate(names)]
