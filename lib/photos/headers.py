"""What a photo's file says of itself, read before a decoder is let near, and the file as the decoder is shown it.

Pillow walks a file's pieces in Python and keeps what they hold, so some megabytes of empty pieces, or one number that
promises millions of values, cost it minutes and gigabytes. So the pieces are walked here once, under a limit, and the
decoder is shown those that make the first picture and no others.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lib.errors import PhotoError
from lib.messages import N_

# Chunks, segments or boxes. Writers make pieces of 8 kB and more, so a file of 64 MB comes to 8,000.
MOST_PIECES = 20_000
# A TIFF of one row a strip has as many strips as rows, for each colour where these lie apart.
MOST_STRIPS = 65_536
# Blocks of at most 255 bytes each.
MOST_GIF_BLOCKS = 1_000_000
# Each scan of a JPEG that comes in several costs a pass over the whole picture; encoders make 10, libjpeg allows 64.
MOST_SCANS = 64
# Pillow unpacks a BMP's runs in Python, half a second for a million of two bytes.
MOST_BMP_RUNS = 2_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo's file as a decoder is shown it, and what was read in its headers.

    Attributes:
        data: The file with the same first picture, without what no decoder needs.
        orientation: As EXIF 2.3 counts, tag 274: 1 is upright, 2 … 8 is not; anything else means nothing.
        frames: Pictures of an animation, as far as they are counted here; 1 for a still.
        held: Bytes that the decoder holds beside the picture: of a JPEG that comes in several passes, all of it (0: row
            after row comes out); of a compressed TIFF, a strip.
        is_refined: Whether all scans of a JPEG in several passes are there.
        clear: PNG: the grey, or the red, green and blue, that is transparent, in 8 or (`bits`) 16 bits.
        bits: Of a PNG's or TIFF's sample.
        white_is_zero: TIFF: whether grey of more than 8 bits is stored as a negative.
    """

    data: bytes
    orientation: int = 1
    frames: int = 1
    held: int = 0
    is_refined: bool = True
    clear: tuple[int, ...] = ()
    bits: int = 8
    white_is_zero: bool = False


def show(data: bytes, name: str) -> Shown:
    """Return the file as a decoder may see it; one of an unknown kind as it is.

    Args:
        data: The file's content.
        name: What to call the photo in an error.

    Raises:
        PhotoError: It is made of more pieces than a photo needs.
        struct.error, IndexError: It ends inside its headers, or they point out of it.
    """
    read = _reader(data)
    if read is None:
        return Shown(data)
    try:
        return read(data)
    except _TooManyPiecesError as error:
        text = N_("{file} has too many parts to be read safely. Save it again as a JPEG or PNG.")
        raise PhotoError(text, file=name) from error


def may_be_photo(start: bytes) -> bool:
    """Whether a file begins as those of the formats do that are read here; its first 12 bytes tell."""
    return _reader(start) is not None


def _reader(start: bytes) -> Callable[[bytes], Shown] | None:
    return next((read for magic, read in _READERS.items() if re.match(magic, start, re.DOTALL)), None)


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """Return how a picture is turned (EXIF 2.3, tag 274), 1 where nothing says so; XMP counts where EXIF is silent.

    Args:
        exif: A TIFF structure, with or without `Exif` and two zeros in front.
        xmp: A packet of XML.
    """
    found = _exif_orientation(exif.removeprefix(_EXIF).removeprefix(_EXIF))
    if found is None and (match := re.search(rb'tiff:Orientation(?:="|>)([0-9])', xmp)):
        found = int(match[1])
    return found or 1


def boxes(data: bytes) -> Iterator[int]:
    """Yield where each box on top of an ISO 14496-12 file ends, the last perhaps beyond the file's own end."""
    at = 0
    while at < len(data):  # size, then kind; 0 reaches to the end, 1 has it in 8 bytes
        size = int.from_bytes(data[at : at + 4])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if size < 8:
            return
        at += size
        yield at


class _TooManyPiecesError(Exception):
    """The walk was given up."""


def _pieces(most: int = MOST_PIECES) -> Iterator[None]:
    """Let a loop turn `most` times, and then fail."""
    yield from (None for _ in range(most))
    raise _TooManyPiecesError


# EXIF ---------------------------------------------------------------------------------------------------------------

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ORIENTATION = 274
_MOST_TAGS = 1000
_ORDERS = {b"II": "<", b"MM": ">"}


def _exif_orientation(tiff: bytes) -> int | None:
    order, kind, values, at = _exif_entry(tiff)
    if values != 1 or kind not in _INTEGERS or at + 4 > len(tiff):
        return None
    return int(struct.unpack_from(order + _INTEGERS[kind], tiff, at)[0])


def _exif_entry(tiff: bytes | memoryview) -> tuple[str, int, int, int]:
    """Return what tells the orientation: the order of bytes, its type, how many values, and where; or no values.

    Photos with unreadable EXIF data are taken as they are.
    """
    try:
        order = _ORDERS[bytes(tiff[:2])]
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
            if tag == _ORIENTATION:
                return order, kind, values, entry + 8
    except (struct.error, KeyError):
        pass
    return "", 0, 0, 0


# JPEG (ITU T.81, annex B) -------------------------------------------------------------------------------------------

_MARKER = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")  # after any fill bytes; the others have no length
_SOS, _EOI, _APP0, _APP1, _APP2, _APP14 = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
_MOST_TABLE_BYTES = 2**16  # all that is kept; four tables of each kind are 2,600


def _jpeg(data: bytes) -> Shown:
    view, kept = memoryview(data), [memoryview(b"\xff\xd8")]
    exif, xmp, frame, is_progressive, has_more = b"", b"", b"", False, False
    for kind, start, body in _segments(data, 2):
        if kind == _SOS:
            break
        if kind in _FRAMES:
            frame, is_progressive = body, kind in _PROGRESSIVE
        if kind in _FRAMES or kind in _TABLES or (kind, body[:5]) in ((_APP0, b"JFIF\0"), (_APP14, b"Adobe")):
            kept.append(view[start : start + 4 + len(body)])
        elif kind == _APP1 and body.startswith(_EXIF):
            exif = exif or body
        elif kind == _APP1 and body.startswith(_XMP):
            xmp = xmp or body
        has_more |= kind == _APP2 and body.startswith(b"MPF\0")  # pictures behind: Pillow would look at them
    else:
        return Shown(data)
    if sum(map(len, kept)) > _MOST_TABLE_BYTES:
        raise _TooManyPiecesError
    is_long = has_more or start > _MOST_TABLE_BYTES  # else a copy costs more than a few segments
    shown, orientation = b"".join((*kept, view[start:])) if is_long else data, orientation_of(exif, xmp)
    if not is_progressive and body[:1] >= frame[5:6]:  # all colours are in the first scan
        return Shown(shown, orientation)
    scans = [scan for kind, _, scan in _segments(data, start) if kind == _SOS]
    if len(scans) > MOST_SCANS:
        raise _TooManyPiecesError
    return Shown(shown, orientation, held=_coefficient_bytes(frame), is_refined=_is_refined(frame, scans))


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the kind, the start and the content of each segment from `at` on, up to the picture's end."""
    for _ in _pieces():
        found = _MARKER.search(data, at)
        if found is None or found[1][0] == _EOI:
            return
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2])
        yield found[1][0], found.start(), data[found.end() + 2 : at]


def _is_refined(frame: bytes, scans: Iterable[bytes]) -> bool:
    """Whether scans hold all 64 coefficients of each component, to the last bit (ITU T.81, G.1)."""
    missing = {component: [1] * 64 for component in frame[6::3]}
    for scan in scans:
        count = scan[0]
        first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
        for component in scan[1 : 1 + 2 * count : 2]:
            missing[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    return not any(map(any, missing.values()))


def _coefficient_bytes(frame: bytes) -> int:
    """Return how large all coefficients of a picture are: two bytes for each sample of each component."""
    height, width = struct.unpack_from(">HH", frame, 1)
    factors = [(factor >> 4, factor & 15) for factor in frame[7::3]]
    widest, highest = max(h for h, _ in factors), max(v for _, v in factors)
    return int(2 * width * height * sum(h * v for h, v in factors) // (widest * highest))


# PNG ----------------------------------------------------------------------------------------------------------------

_PNG_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def _png(data: bytes) -> Shown:
    kept, exif, xmp, clear, frames = [data[:8]], b"", b"", b"", 1
    bits, colour_type = data[24], data[25]
    at = 8
    for _ in _pieces():
        end = at + 12 + int.from_bytes(data[at : at + 4])
        match data[at + 4 : at + 8]:
            case b"tRNS" if colour_type in (0, 2):
                clear = data[at + 8 : end - 4]
            case b"eXIf":
                exif = data[at + 8 : end - 4]
            case b"iTXt" if data.startswith(b"XML:com.adobe.xmp\0", at + 8):
                xmp = data[at + 8 : end - 4]
            case b"acTL":
                frames = int.from_bytes(data[at + 8 : at + 12])
            case kind if kind in _PNG_NEEDED:
                kept.append(data[at:end])
        if data[at + 4 : at + 8] == b"IEND" or end >= len(data):
            break
        at = end
    return Shown(b"".join(kept), orientation_of(exif, xmp), frames, clear=_clear(clear, bits), bits=bits)


def _clear(transparent: bytes, bits: int) -> tuple[int, ...]:
    """Return the samples of a tRNS chunk (PNG 11.3.1.1), those of fewer than 8 bits as 8 bits."""
    samples = np.frombuffer(transparent[: len(transparent) // 2 * 2], ">u2")[:3]
    most = 2**bits - 1
    return tuple(int(sample & most) * (255 // most if bits < 8 else 1) for sample in samples)


# GIF ----------------------------------------------------------------------------------------------------------------

_GIF_FRAME, _GIF_EXTENSION = b",!"
_GIF_CONTROL = b"!\xf9"


def _gif(data: bytes) -> Shown:
    """Walk the blocks (GIF89a, appendix B). Pillow's own count of frames takes minutes for a file made for that."""
    head = 13 + _gif_palette_bytes(data[10])
    frames, first, control, at, inside = 0, 0, b"", head, False
    for _ in range(MOST_GIF_BLOCKS):
        if at >= len(data):
            break
        block = data[at]
        if inside:  # sub-blocks of data, up to an empty one
            inside = block != 0
            at += 1 + block
        elif block == _GIF_FRAME and at + 9 < len(data):
            frames += 1
            first = first or at
            inside = True
            at += 11 + _gif_palette_bytes(data[at + 9])
        elif block == _GIF_EXTENSION:
            if not first and data.startswith(_GIF_CONTROL, at):
                control = data[at : at + 8]
            inside = True
            at += 2
        else:
            break
    if not first:
        if at < len(data):
            raise _TooManyPiecesError
        return Shown(data[:head])
    return Shown(b"".join((data[:head], control, memoryview(data)[first:])), frames=frames)


def _gif_palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


# BMP, WebP, HEIC and AVIF -------------------------------------------------------------------------------------------


def _bmp(data: bytes) -> Shown:
    if data[30:34] in (b"\1\0\0\0", b"\2\0\0\0") and len(data) > 2 * MOST_BMP_RUNS:
        raise _TooManyPiecesError
    return Shown(data)


def _webp(data: bytes) -> Shown:
    exif = xmp = b""
    at = 12
    for _ in _pieces():
        if at >= len(data):
            break
        kind, end = data[at : at + 4], at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"EXIF":
            exif = data[at + 8 : end]
        elif kind == b"XMP ":
            xmp = data[at + 8 : end]
        at = end + end % 2
    return Shown(data, orientation_of(exif, xmp))


def _heif(data: bytes) -> Shown:
    for _ in zip(boxes(data), _pieces(), strict=False):
        pass
    for found, _ in zip(_TIFF_HEAD.finditer(data), _pieces(), strict=False):  # Pillow's AVIF unpacks all of them
        if _exif_entry(memoryview(data)[found.start() :])[2] > _MOST_TAGS:
            raise _TooManyPiecesError
    return Shown(data)


_TIFF_HEAD = re.compile(rb"II\*\0|MM\0\*")


# TIFF (6.0; BigTIFF has wider numbers) ------------------------------------------------------------------------------

_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # BYTE, SHORT, LONG, LONG8
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _ROWS = 256, 257, 258, 259, 262, 277, 278
_PLANES, _COLOUR_MAP, _TILE_WIDTH, _TILE_HEIGHT = 284, 320, 322, 323
# What of a directory makes the picture, and how many values each may have.
_TIFF_NEEDED = {
    **dict.fromkeys((_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _ROWS), 1),
    # The order of bits, of planes, what was done before compression, inks.
    **dict.fromkeys((_TILE_WIDTH, _TILE_HEIGHT, _PLANES, 266, 292, 293, 317, 332), 1),
    **dict.fromkeys((_BITS, 338, 339), 16),
    **dict.fromkeys((273, 279, 324, 325), MOST_STRIPS),  # where strips and tiles are, and their lengths
    **dict.fromkeys((*range(512, 522), *range(529, 533), 50674), 16),  # of old JPEGs, YCbCr, LERC
    _COLOUR_MAP: 3 * 2**16,
    347: 2**16,  # a JPEG's tables
}


def _tiff(data: bytes) -> Shown:
    tiff = _Tiff(data)
    bits = tiff.value(_BITS, 1)
    negative = bits > 8 and tiff.value(_PHOTOMETRIC, 0) == 0
    if negative:  # Pillow decodes it as it is stored, and in one order of bytes only
        tiff.entries[_PHOTOMETRIC] = (3, 1, struct.pack(f"{tiff.order}H", 1))
    return Shown(
        tiff.rewritten(), tiff.value(_ORIENTATION, 1), held=tiff.piece_bytes(), bits=bits, white_is_zero=negative
    )


_Entry = tuple[int, int, bytes]  # kind, number of values, the values or where they are


class _Tiff:
    """The first directory of a TIFF, and how to write it anew."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.order = _ORDERS[data[:2]]
        is_big = 43 in data[2:4]
        self._number = f"{self.order}{'Q' if is_big else 'I'}"
        self._count = f"{self.order}{'Q' if is_big else 'H'}"
        self._entry = f"{self.order}{'HHQ8s' if is_big else 'HHI4s'}"
        self._size = 8 if is_big else 4  # of a number, of what stands in an entry itself, and of the file's head
        self.entries = dict(self._read())

    def _read(self) -> Iterator[tuple[int, _Entry]]:
        """Yield what makes the picture, and its orientation."""
        (at,) = struct.unpack_from(self._number, self._data, self._size)
        (count,) = struct.unpack_from(self._count, self._data, at)
        if count > _MOST_TAGS:
            raise _TooManyPiecesError
        at += struct.calcsize(self._count)
        for entry in range(count):
            tag, *rest = struct.unpack_from(self._entry, self._data, at + entry * struct.calcsize(self._entry))
            if tag in _TIFF_NEEDED:
                if rest[1] > _TIFF_NEEDED[tag]:
                    raise _TooManyPiecesError
                yield tag, (rest[0], rest[1], rest[2])

    def values(self, tag: int) -> NDArray[np.unsignedinteger]:
        """Return the values of a tag; none where it is not there, is no whole number, or points out of the file."""
        kind, count, value = self.entries.get(tag, (0, 0, b""))
        dtype = np.dtype(self.order + _INTEGERS.get(kind, "B"))
        if count * dtype.itemsize > self._size:
            (at,) = struct.unpack(self._number, value)
            value = self._data[at : at + count * dtype.itemsize]
        return np.frombuffer(value, dtype, min(count, len(value) // dtype.itemsize))

    def value(self, tag: int, default: int) -> int:
        """Return the first value of a tag."""
        values = self.values(tag)
        return int(values[0]) if len(values) else default

    def piece_bytes(self) -> int:
        """Return how large the largest strip or tile is when it is unpacked; 0 where nothing is compressed."""
        if self.value(_COMPRESSION, 1) == 1:
            return 0
        width, height = self.value(_WIDTH, 0), self.value(_HEIGHT, 0)
        width, rows = self.value(_TILE_WIDTH, width), self.value(_TILE_HEIGHT, min(height, self.value(_ROWS, height)))
        return width * rows * self.value(_SAMPLES, 1) * self.value(_BITS, 1) // 8

    def rewritten(self) -> bytes:
        """Return the file with a directory of these entries alone behind its end, upright."""
        entries = {tag: entry for tag, entry in self.entries.items() if tag != _ORIENTATION}
        if self.value(_SAMPLES, 1) == 1:  # one plane is one plane, but Pillow then takes it for another kind
            entries.pop(_PLANES, None)
        end = len(self._data) + len(self._data) % 2
        colours = self.values(_COLOUR_MAP)
        extra = b""
        if len(colours) and colours.max() < 256:  # of 8 bits, not of 16, as libtiff takes it, too
            extra = (colours.astype(np.uint16) * 257).astype(f"{self.order}u2").tobytes()
            entries[_COLOUR_MAP] = (3, len(colours), struct.pack(self._number, end))
        start = self._data[: self._size] + struct.pack(self._number, end + len(extra))
        directory = struct.pack(self._count, len(entries)) + b"".join(
            struct.pack(self._entry, tag, *entry) for tag, entry in sorted(entries.items())
        )
        rest = memoryview(self._data)[len(start) :]
        padding = bytes(end - len(self._data))
        return b"".join((start, rest, padding, extra, directory, struct.pack(self._number, 0)))


# By the first bytes of a file; the rest of a signature may be damaged, or cut off.
_READERS: dict[bytes, Callable[[bytes], Shown]] = {
    rb"\xff\xd8\xff": _jpeg,
    rb"\x89PNG": _png,
    rb"GIF8": _gif,
    rb"BM": _bmp,
    rb"RIFF(....WEBP|.{0,7}\Z)": _webp,
    rb"....ftyp": _heif,
    rb"II[*+]\0|MM\0[*+]|II\0\*|MM\*\0": _tiff,
}
