"""Tiny pictures made in code, as the bytes of files."""

import io
import struct
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
CORNERS = (RED, GREEN, BLUE, WHITE)  # top left, top right, bottom left, bottom right


def corners(width: int = 48, height: int = 32) -> Image.Image:
    """Return a picture whose quarters are red, green, blue and white, so that its orientation can be told."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def plain(colour: tuple[int, int, int], width: int = 12, height: int = 8) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (width, height), colour)


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """Return random pixels: nothing compresses them."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    """Return the picture as a file of Pillow's format `form`."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def corner_colours(image: Image.Image) -> tuple[tuple[int, ...], ...]:
    """Return the colours in the middle of the four quarters, in the order of CORNERS."""
    width, height = image.size
    places = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return tuple(image.getpixel(place) for place in places)


def are_close(found: Iterable[tuple[int, ...]], expected: Iterable[tuple[int, ...]], within: int = 12) -> bool:
    """Whether colours agree as far as lossy compression lets them."""
    return all(abs(a - b) <= within for f, e in zip(found, expected, strict=True) for a, b in zip(f, e, strict=True))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, rows: bytes, *, depth: int = 8, colour_type: int = 0, transparent: bytes | None = None
) -> bytes:
    """Return a PNG file made by hand: `rows` is what its IDAT chunk unpacks to, `transparent` its tRNS chunk."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    clear = b"" if transparent is None else png_chunk(b"tRNS", transparent)
    body = png_chunk(b"IHDR", header) + clear + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(
    tags: Sequence[tuple[int, int, int, int | None]], behind: bytes, *, order: str = "<", big: bool = False
) -> bytes:
    """Return a TIFF file made by hand (6.0, section 2).

    Args:
        tags: Tag, kind, number of values, and the value, or None where the values are `behind`.
        behind: What lies behind the directory.
        order: "<" little-endian, ">" big-endian.
        big: A BigTIFF.
    """
    count, number = ("Q", "Q") if big else ("H", "I")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    head += struct.pack(f"{order}HHQ", 8, 0, 16) if big else struct.pack(f"{order}I", 8)
    at = len(head) + struct.calcsize(f"={count}") + (20 if big else 12) * len(tags) + struct.calcsize(f"={number}")
    table = []
    for tag, kind, values, value in tags:
        short = kind == 3 and values == 1 and value is not None
        field = struct.pack(f"{order}{'H' if short else number}", at if value is None else value)
        entry = struct.pack(f"{order}HH{number}", tag, kind, values)
        table.append(entry + field.ljust(struct.calcsize(f"={number}"), b"\0"))
    return (
        head + struct.pack(f"{order}{count}", len(tags)) + b"".join(table) + struct.pack(f"{order}{number}", 0) + behind
    )


def grey_tiff(
    *others: tuple[int, int, int, int | None], behind: bytes = b"", order: str = "<", big: bool = False
) -> bytes:
    """Return a TIFF file of 2 × 2 grey pixels, which lie `behind`; `others` are tags in place of these or beside."""
    tags: dict[int, tuple[int, int, int | None]] = {
        256: (4, 1, 2), 257: (4, 1, 2), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, None),
        277: (3, 1, 1), 278: (4, 1, 2), 279: (4, 1, len(behind)),
    }  # fmt: skip
    tags |= {tag: rest for tag, *rest in others}
    return tiff([(tag, *tags[tag]) for tag in sorted(tags)], behind, order=order, big=big)
