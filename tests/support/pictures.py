"""Tiny pictures made in code, as the bytes of files."""

import io
import struct
import zlib
from collections.abc import Iterable

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


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour_type: int = 0) -> bytes:
    """Return a PNG file made by hand: `rows` is what its IDAT chunk unpacks to."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def tiff(width: int, height: int, strip: bytes, *, compression: int) -> bytes:
    """Return a grey 8-bit little-endian TIFF file made by hand, with one strip.

    Args:
        width: Pixels.
        height: Pixels.
        strip: The compressed pixels.
        compression: 1 none, 5 LZW, 8 deflate, 32773 PackBits (TIFF 6.0, section 8).
    """
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, compression), (262, 3, 1), (273, 4, 0),
        (277, 3, 1), (278, 4, height), (279, 4, len(strip)),
    ]  # fmt: skip
    data_at = 8 + 2 + 12 * len(entries) + 4
    table = b"".join(
        struct.pack("<HHII", tag, kind, 1, data_at if tag == 273 else value) for tag, kind, value in entries
    )
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + struct.pack("<I", 0) + strip
