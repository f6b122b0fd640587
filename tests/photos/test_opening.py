"""Bytes of every kind → an upright RGB picture, or one sentence that names the file."""

import contextlib
import io
import pickle
import random
import re
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lib.errors import PhotoError
from lib.photos import opening, pixels, refusals
from lib.photos.headers import Shown
from lib.photos.opening import open_photo, open_with_size, read_photo, thumbnail
from lib.photos.pixels import DECODE_FLOOR, load_reduced
from lib.photos.refusals import MAX_BYTES
from tests.fuzz.photos import mutate, whole
from tests.support.pictures import (
    BLUE,
    CORNERS,
    GREEN,
    RED,
    WHITE,
    are_close,
    corner_colours,
    corners,
    encode,
    grey_tiff,
    noise,
    plain,
    png,
    png_chunk,
    tiff,
)

pillow_heif.register_heif_opener()

ROOT = Path(__file__).resolve().parents[2]

GREY = (128, 128, 128)


def grey_steps() -> Image.Image:
    """Return 4 × 1 pixels of 16-bit grey: 0, a quarter, a half, all."""
    return Image.fromarray(np.array([[0, 16448, 32896, 65535]], np.uint16))


# Formats --------------------------------------------------------------------------------------------------------------

IN_COLOUR = {
    "JPEG": encode(corners(), "JPEG", quality=95),
    "progressive JPEG": encode(corners(), "JPEG", quality=95, progressive=True),
    "JPEG without chroma subsampling": encode(corners(), "JPEG", quality=95, subsampling=0),
    "CMYK JPEG": encode(corners().convert("CMYK"), "JPEG", quality=95),
    "MPO": encode(corners(), "MPO", quality=95, save_all=True, append_images=[plain(GREY, 48, 32)]),
    "PNG": encode(corners(), "PNG"),
    "PNG with a palette": encode(corners().quantize(4), "PNG"),
    "PNG with alpha": encode(corners().convert("RGBA"), "PNG"),
    "APNG": encode(corners(), "PNG", save_all=True, append_images=[plain(GREY, 48, 32)]),
    "WebP": encode(corners(), "WEBP", quality=95),
    "lossless WebP": encode(corners(), "WEBP", lossless=True),
    "animated WebP": encode(corners(), "WEBP", lossless=True, save_all=True, append_images=[plain(GREY, 48, 32)]),
    "GIF": encode(corners(), "GIF"),
    "animated GIF": encode(corners(), "GIF", save_all=True, append_images=[plain(GREY, 48, 32)]),
    "BMP": encode(corners(), "BMP"),
    "BMP with a palette": encode(corners().quantize(4), "BMP"),
    "TIFF": encode(corners(), "TIFF"),
    "LZW TIFF": encode(corners(), "TIFF", compression="tiff_lzw"),
    "deflated TIFF": encode(corners(), "TIFF", compression="tiff_adobe_deflate"),
    "JPEG in a TIFF": encode(corners(), "TIFF", compression="jpeg", quality=95),
    "TIFF of two pages": encode(corners(), "TIFF", save_all=True, append_images=[plain(GREY, 48, 32)]),
    "CMYK TIFF": encode(corners().convert("CMYK"), "TIFF"),
    "HEIC": encode(corners(), "HEIF", quality=95, chroma=444),
    "AVIF": encode(corners(), "AVIF", quality=95, subsampling="4:4:4"),
}


@pytest.mark.parametrize("data", IN_COLOUR.values(), ids=IN_COLOUR.keys())
def test_every_format_comes_out_as_the_first_picture_in_rgb(data: bytes) -> None:
    image, size_wh = open_with_size(data, "photo")
    assert (image.mode, image.size, size_wh) == ("RGB", (48, 32), (48, 32))
    assert are_close(corner_colours(image), CORNERS)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(encode(plain((80, 80, 80)).convert("L"), "JPEG", quality=95), (80, 80, 80), id="grey JPEG"),
        pytest.param(encode(plain((80, 80, 80)).convert("L"), "PNG"), (80, 80, 80), id="grey PNG"),
        pytest.param(encode(Image.new("1", (12, 8), 1), "PNG"), WHITE, id="1-bit PNG"),
        pytest.param(encode(Image.new("LA", (12, 8), (0, 255)), "PNG"), (0, 0, 0), id="grey PNG with alpha, opaque"),
        pytest.param(encode(Image.new("LA", (12, 8), (0, 0)), "PNG"), WHITE, id="grey PNG with alpha, clear"),
        pytest.param(encode(Image.new("RGBA", (12, 8), (255, 0, 0, 0)), "PNG"), WHITE, id="clear PNG"),
        pytest.param(
            encode(Image.new("RGBA", (12, 8), (255, 0, 0, 51)), "PNG"), (255, 204, 204), id="a fifth red over white"
        ),
        pytest.param(encode(Image.new("RGBA", (12, 8), (255, 0, 0, 0)), "WEBP", lossless=True), WHITE, id="clear WebP"),
        pytest.param(encode(plain(RED).quantize(2), "PNG", transparency=0), WHITE, id="palette PNG, that colour clear"),
        pytest.param(encode(plain(RED), "PNG", transparency=RED), WHITE, id="RGB PNG, that colour clear"),
        pytest.param(encode(plain(RED).quantize(2), "GIF", transparency=0), WHITE, id="GIF, that colour clear"),
        pytest.param(encode(Image.new("RGBA", (12, 8), (0, 0, 255, 0)), "TIFF"), WHITE, id="clear TIFF"),
        pytest.param(encode(Image.new("RGBA", (12, 8), (0, 0, 255, 0)), "HEIF"), WHITE, id="clear HEIC"),
        pytest.param(encode(Image.new("RGBA", (12, 8), (0, 0, 255, 0)), "AVIF"), WHITE, id="clear AVIF"),
        pytest.param(encode(Image.new("1", (12, 8), 1), "TIFF", compression="group4"), WHITE, id="fax TIFF"),
    ],
)
def test_grey_and_transparent_pictures(data: bytes, expected: tuple[int, int, int]) -> None:
    image = open_photo(data, "photo")
    assert image.mode == "RGB"
    assert are_close([image.getpixel((6, 4))], [expected], within=6)


# 16448 / 65535 · 255 = 64, and 32896 / 65535 · 255 = 128.
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(grey_steps(), "PNG"), id="PNG"),
        pytest.param(encode(grey_steps(), "TIFF"), id="TIFF"),
        pytest.param(encode(grey_steps(), "TIFF", compression="tiff_lzw"), id="LZW TIFF"),
        pytest.param(
            encode(Image.fromarray(np.array([[0, 64, 128, 255]], np.float32)), "TIFF"), id="floating-point TIFF"
        ),
        pytest.param(encode(Image.fromarray(np.array([[0, 64, 128, 255]], np.int32)), "TIFF"), id="32-bit TIFF"),
    ],
)
def test_deep_grey_is_scaled_and_not_clipped(data: bytes) -> None:
    image = open_photo(data, "photo")
    assert [image.getpixel((x, 0)) for x in range(4)] == [(v, v, v) for v in (0, 64, 128, 255)]


def test_sixteen_bit_colour_png_keeps_its_upper_bytes() -> None:
    row = b"\0" + struct.pack(">6H", 65535, 0, 32896, 0, 65535, 0)
    image = open_photo(png(2, 1, row, depth=16, colour_type=2), "photo")
    assert [image.getpixel((x, 0)) for x in range(2)] == [(255, 0, 128), (0, 255, 0)]


@pytest.mark.parametrize("name", ["photo.png", "photo.txt", "photo", ""], ids=["png", "txt", "none", "empty"])
def test_the_name_does_not_decide_the_format(name: str) -> None:
    assert open_photo(IN_COLOUR["JPEG"], name).size == (48, 32)


# Rare kinds, as their specifications say ------------------------------------------------------------------------------


def greys(data: bytes) -> list[int]:
    """Return the first row of a photo that must be grey."""
    image = open_photo(data, "photo")
    pixels = [image.getpixel((x, 0)) for x in range(image.width)]
    assert all(r == g == b for r, g, b in pixels)
    return [pixel[0] for pixel in pixels]


def packed(values: list[int], bits: int) -> bytes:
    """Return a row of samples, the first in the highest bits."""
    row = "".join(f"{value:0{bits}b}" for value in values)
    return int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8))


# TIFF 6.0, tag 262: 0 is WhiteIsZero, 1 is BlackIsZero.
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize(
    ("bits", "values", "expected"),
    [
        (1, [0, 1, 1, 0], [0, 255, 255, 0]),
        (2, [0, 1, 2, 3], [0, 85, 170, 255]),
        (4, [0, 5, 10, 15], [0, 85, 170, 255]),
        (8, [0, 64, 128, 255], [0, 64, 128, 255]),
        (12, [0, 1028, 2056, 4095], [0, 64, 128, 255]),
        (16, [0, 16448, 32896, 65535], [0, 64, 128, 255]),
    ],
)
def test_grey_tiffs_of_every_depth(
    bits: int, values: list[int], expected: list[int], compression: int, order: str
) -> None:
    order = "<" if bits == 12 else order  # Pillow reads no other
    row = struct.pack(f"{order}4H", *values) if bits == 16 else packed(values, bits)
    strip = zlib.compress(row) if compression == 8 else row
    tags = ((256, 4, 1, 4), (257, 4, 1, 1), (258, 3, 1, bits), (259, 3, 1, compression))
    for planes in ((), ((284, 3, 1, 2),)):  # one plane is one plane, however it is said
        assert greys(grey_tiff(*tags, *planes, behind=strip, order=order)) == expected
        negative = greys(grey_tiff(*tags, *planes, (262, 3, 1, 0), behind=strip, order=order))
        assert negative == [255 - value for value in expected]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_floating_point_tiffs_of_both_orders_are_scaled_from_darkest_to_brightest(compression: int, order: str) -> None:
    row = struct.pack(f"{order}4f", -1.0, -0.498, 0.004, 1.0)  # steps of 2 / 255
    strip = zlib.compress(row) if compression == 8 else row
    tags = ((256, 4, 1, 4), (257, 4, 1, 1), (258, 3, 1, 32), (259, 3, 1, compression), (339, 3, 1, 3))
    assert greys(grey_tiff(*tags, behind=strip, order=order)) == [0, 64, 128, 255]


def test_what_is_no_number_does_not_darken_a_floating_point_tiff() -> None:
    row = struct.pack("<6f", float("nan"), 0, 1, 3, float("inf"), float("-inf"))
    tags = ((256, 4, 1, 6), (257, 4, 1, 1), (258, 3, 1, 32), (339, 3, 1, 3))
    assert greys(grey_tiff(*tags, behind=row)) == [0, 0, 85, 255, 255, 0]


# libtiff takes a colour map without any value above 255 as one of 8 bits.
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("step", [1, 257], ids=["8 bits", "16 bits"])
def test_the_colour_map_of_a_tiff_may_have_8_bits(step: int, order: str) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 1], colours[:, 2] = (200, 30, 31), (30, 180, 40)
    colour_map = (colours * step).astype(f"{order}u2").tobytes()
    tags = ((262, 3, 1, 3), (320, 3, 768, None), (273, 4, 1, 8 + 2 + 10 * 12 + 4 + len(colour_map)))
    image = open_photo(grey_tiff(*tags, behind=colour_map + bytes((1, 2, 2, 1)), order=order), "photo")
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(200, 30, 31), (30, 180, 40)]


def colour_tiff(
    planes: np.ndarray, photometric: int, order: str, *, are_apart: bool, extra: int | None = None
) -> bytes:
    """Return a TIFF of one row; planes has shape (samples, width)."""
    samples, width = planes.shape
    pixels = (planes if are_apart else planes.T).astype(planes.dtype.newbyteorder(order)).tobytes()
    bits = struct.pack(f"{order}{samples}H", *[planes.dtype.itemsize * 8] * samples)
    tags = {256: (4, 1, width), 257: (4, 1, 1), 258: (3, samples, 0), 259: (3, 1, 1), 262: (3, 1, photometric),
            273: (4, samples if are_apart else 1, 0), 277: (3, 1, samples), 278: (4, 1, 1),
            279: (4, samples if are_apart else 1, 0), 284: (3, 1, 2 if are_apart else 1)}  # fmt: skip
    if extra is not None:
        tags[338] = (3, 1, extra)
    at = 8 + 2 + 12 * len(tags) + 4
    each = len(pixels) // samples
    places = [at + 64 + i * each for i in range(samples)] if are_apart else [at + 64]
    lengths = [each] * samples if are_apart else [len(pixels)]
    behind = bits.ljust(16, b"\0") + struct.pack(f"{order}{len(places)}I", *places).ljust(24, b"\0")
    behind += struct.pack(f"{order}{len(places)}I", *lengths).ljust(24, b"\0") + pixels
    tags[258] = (3, samples, at)
    tags[273] = (4, len(places), at + 16 if len(places) > 1 else places[0])
    tags[279] = (4, len(places), at + 40 if len(places) > 1 else lengths[0])
    return tiff([(tag, *tags[tag]) for tag in sorted(tags)], behind, order=order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("are_apart", [False, True], ids=["together", "planes"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colour_tiffs_with_samples_together_and_in_planes(dtype: type, are_apart: bool, order: str) -> None:
    step = 257 if dtype == np.uint16 else 1
    planes = np.array([[255, 0, 10], [0, 128, 20], [64, 0, 30]], dtype) * dtype(step)
    image = open_photo(colour_tiff(planes, 2, order, are_apart=are_apart), "photo")
    assert [image.getpixel((x, 0)) for x in range(3)] == [(255, 0, 64), (0, 128, 0), (10, 20, 30)]


@pytest.mark.parametrize("are_apart", [False, True], ids=["together", "planes"])
def test_inks_and_transparency_of_a_tiff(are_apart: bool) -> None:
    inks = np.array([[0, 255, 0, 0], [255, 0, 0, 0], [255, 255, 0, 0], [0, 0, 255, 0]], np.uint8)
    image = open_photo(colour_tiff(inks, 5, "<", are_apart=are_apart), "photo")
    assert [image.getpixel((x, 0)) for x in range(4)] == [RED, GREEN, (0, 0, 0), WHITE]
    red = np.array([[255, 255], [0, 0], [0, 0], [0, 51]], np.uint8)  # a fifth of red over white
    image = open_photo(colour_tiff(red, 2, "<", are_apart=are_apart, extra=2), "photo")
    assert [image.getpixel((x, 0)) for x in range(2)] == [WHITE, (255, 204, 204)]


def test_cielab_tiffs_come_out_in_their_colours() -> None:
    # sRGB's red, green, blue and white in CIELAB of D50 (Lindbloom): L 54.3 87.8 29.6 100, a 80.8 -79.3 68.3 0,
    # b 69.9 81.0 -112.0 0; in a TIFF L is scaled to 255, a and b are signed bytes.
    lab = np.array([[138, 224, 75, 255], [81, 256 - 79, 68, 0], [70, 81, 256 - 112, 0]], np.uint8)
    image = open_photo(colour_tiff(lab, 8, "<", are_apart=False), "photo")
    assert are_close([image.getpixel((x, 0)) for x in range(4)], [RED, GREEN, BLUE, WHITE], within=25)


# PNG 11.3.1.1: of one grey or one colour all pixels are clear; of fewer than 16 bits only the lower ones count.
@pytest.mark.parametrize(
    ("bits", "values", "clear", "expected"),
    [
        (1, [0, 1, 1, 0], 0, [255, 255, 255, 255]),
        (1, [0, 1, 1, 0], 1, [0, 255, 255, 0]),
        (2, [0, 1, 2, 3], 2, [0, 85, 255, 255]),
        (4, [0, 5, 10, 15], 5, [0, 255, 170, 255]),
        (8, [0, 64, 128, 255], 64, [0, 255, 128, 255]),
        (8, [0, 64, 128, 255], 0x7F40, [0, 255, 128, 255]),
        (16, [0, 0x2020, 0x2021, 0xFFFF], 0x2020, [0, 255, 32, 255]),
    ],
)
def test_one_grey_of_a_png_may_be_clear(bits: int, values: list[int], clear: int, expected: list[int]) -> None:
    row = b"\0" + packed(values, bits)
    assert greys(png(4, 1, row, depth=bits, transparent=struct.pack(">H", clear))) == expected


def test_one_colour_of_a_png_may_be_clear_to_the_last_of_16_bits() -> None:
    row = b"\0" + struct.pack(">9H", 0x0102, 0x0203, 0x0304, 0x0102, 0x0203, 0x0305, 0x8000, 0, 0)
    image = open_photo(
        png(3, 1, row, depth=16, colour_type=2, transparent=struct.pack(">3H", 0x102, 0x203, 0x304)), "a"
    )
    assert [image.getpixel((x, 0)) for x in range(3)] == [WHITE, (1, 2, 3), (128, 0, 0)]
    row = b"\0" + bytes((1, 2, 3, 1, 2, 4))
    image = open_photo(png(2, 1, row, colour_type=2, transparent=struct.pack(">3H", 1, 2, 3)), "a")
    assert [image.getpixel((x, 0)) for x in range(2)] == [WHITE, (1, 2, 4)]


def test_a_png_with_16_bits_of_transparency_is_laid_on_white() -> None:
    row = b"\0" + struct.pack(">8H", 0x8000, 0, 0, 0xFFFF, 0x8000, 0, 0, 0)
    image = open_photo(png(2, 1, row, depth=16, colour_type=6), "photo")
    assert [image.getpixel((x, 0)) for x in range(2)] == [(128, 0, 0), WHITE]


# Ends -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("quality", [30, 95])
def test_a_jpeg_that_lacks_its_end_marker_alone_is_whole(quality: int, options: dict[str, object]) -> None:
    whole = encode(noise(64, 48), "JPEG", quality=quality, **options)
    expected = open_photo(whole, "photo").tobytes()
    for end in (b"", b"\xff", bytes(400), b"\xff\xd9" + b"anything " * 50):
        assert open_photo(whole[:-2] + end, "photo").tobytes() == expected


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("quality", [30, 95])
def test_a_jpeg_that_ends_inside_its_picture_is_cut_off(quality: int, options: dict[str, object]) -> None:
    whole = encode(noise(64, 48), "JPEG", quality=quality, **options)
    for missing in (*range(3, 16), 50, 200, len(whole) // 2):
        with pytest.raises(PhotoError, match=r"cut\.jpg is incomplete"):
            open_photo(whole[:-missing], "cut.jpg")


def test_a_progressive_jpeg_that_lacks_a_scan_is_cut_off() -> None:
    whole = encode(corners(64, 48), "JPEG", progressive=True)
    with pytest.raises(PhotoError, match=r"cut\.jpg is incomplete"):
        open_photo(whole[: whole.rindex(b"\xff\xda")], "cut.jpg")


@pytest.mark.parametrize("missing", [1, 4, 12])
def test_a_png_may_lack_its_end_chunk(missing: int) -> None:
    assert corner_colours(open_photo(IN_COLOUR["PNG"][:-missing], "photo")) == CORNERS


# Upright ----------------------------------------------------------------------------------------------------------

# What each EXIF orientation says was done to the upright picture when it was stored (EXIF 2.3, tag 274: where row 0
# and column 0 of the stored picture are in the upright one).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(orientation: int, form: str, image: Image.Image, **options: object) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    turn = STORED[orientation]
    return encode(image if turn is None else image.transpose(turn), form, exif=exif, **options)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("form", "options"), [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {}), ("TIFF", {})])
def test_every_orientation_comes_out_upright(form: str, options: dict[str, object], orientation: int) -> None:
    image, size_wh = open_with_size(stored(orientation, form, corners(), **options), "photo")
    assert (image.size, size_wh) == ((48, 32), (48, 32))
    assert are_close(corner_colours(image), CORNERS, within=30)


# Here the turning is a property of the picture, which the decoder applies, and repeated in the EXIF data.
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_orientation_is_not_applied_twice_where_the_decoder_turns(form: str, orientation: int) -> None:
    turn = STORED[orientation]
    image = corners() if turn is None else corners().transpose(turn)
    exif = Image.Exif()
    exif[274] = orientation
    image.info["exif"] = exif.tobytes()  # from here pillow-heif takes the property,
    data = encode(image, form, quality=95, exif=exif.tobytes())  # and from here Pillow's AVIF
    assert orientation == 1 or b"irot" in data or b"imir" in data
    assert are_close(corner_colours(open_photo(data, "photo")), CORNERS, within=40)


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def test_orientation_is_read_in_the_exif_chunk_of_a_png_and_in_xmp() -> None:
    turned = corners().transpose(Image.Transpose.ROTATE_90)
    whole = encode(turned, "PNG")
    text = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    exif = Image.Exif()
    exif[274] = 6
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    packet = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    jpeg = encode(turned, "JPEG", quality=95)
    for data in (
        whole[:33] + chunk + whole[33:],
        whole[:-12] + chunk + whole[-12:],
        whole[:33] + text + whole[33:],
        jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(packet)) + packet + jpeg[2:],
        encode(turned, "WEBP", lossless=True, xmp=XMP),
    ):
        assert are_close(corner_colours(open_photo(data, "photo")), CORNERS)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    assert open_photo(encode(corners(), "JPEG", exif=exif), "photo").size == (48, 32)


def test_a_photo_with_unreadable_exif_data_is_taken_as_it_is() -> None:
    data = encode(corners(), "JPEG", quality=95, exif=b"Exif\0\0II*\0" + b"\xff" * 40)
    assert are_close(corner_colours(open_photo(data, "photo")), CORNERS)


# Reduced decoding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size_wh", "at_least", "expected"),
    [
        pytest.param((500, 375), 342, (500, 375), id="375 cannot be halved"),
        pytest.param((684, 684), 342, (342, 342), id="exactly half"),
        pytest.param((683, 900), 342, (683, 900), id="one pixel short of half"),
        pytest.param((1400, 2800), 342, (350, 700), id="a quarter"),
        pytest.param((2736, 2736), 342, (342, 342), id="an eighth"),
        pytest.param((800, 80), 10, (100, 10), id="the shorter side decides"),
        pytest.param((9000, 20), 342, (9000, 20), id="a strip is left alone"),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_large_photos_are_reduced_but_not_below_the_floor(
    form: str, size_wh: tuple[int, int], at_least: int, expected: tuple[int, int]
) -> None:
    image, stored_wh = open_with_size(encode(plain(BLUE, *size_wh), form), "photo", at_least=at_least)
    assert (image.size, stored_wh) == (expected, size_wh)


def test_a_twelve_megapixel_jpeg_is_decoded_small_and_upright() -> None:
    data = stored(6, "JPEG", corners(4000, 3000), quality=90)
    image, size_wh = open_with_size(data, "photo")
    assert size_wh == (4000, 3000)
    assert image.size == (500, 375)
    assert min(image.size) >= DECODE_FLOOR
    assert are_close(corner_colours(image), CORNERS)


def test_reducing_leaves_colours_alone() -> None:
    assert are_close(corner_colours(open_photo(encode(corners(3000, 2800), "PNG"), "photo")), CORNERS, within=0)


# What is not a photo ----------------------------------------------------------------------------------------------


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "is empty", id="no bytes"),
        pytest.param(b"cats are animals\n" * 9, "is not a photo", id="text"),
        pytest.param(b"\0" * 4000, "is not a photo", id="zeros"),
        pytest.param(random.Random(1).randbytes(4000), "is not a photo", id="random bytes"),
        pytest.param(b"\xff", "is not a photo", id="one byte"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "is not a photo but a file of type PDF", id="PDF"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is not a photo but a file of type SVG", id="SVG"),
        pytest.param(
            b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg/>', "is not a photo but a file of type SVG", id="SVG with a BOM"
        ),
        pytest.param(b"<!DOCTYPE html><html></html>", "is not a photo but a file of type HTML", id="HTML"),
        pytest.param(b"\n<HTML><body>404</body></HTML>", "is not a photo but a file of type HTML", id="shouting HTML"),
        pytest.param(zipped(), "is not a photo but a file of type ZIP", id="zip"),
        pytest.param(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "is not a photo but a file of type MP4", id="mp4"),
        pytest.param(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "is not a photo but a file of type MP4", id="mov"),
        pytest.param(encode(corners(), "PPM"), "is not a photo", id="a format that is not on the list"),
        pytest.param(encode(corners(), "TGA"), "is not a photo", id="a format without a signature"),
    ],
)
def test_what_is_no_photo_is_told_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(PhotoError) as caught:
        open_photo(data, "holiday.jpg")
    assert re.fullmatch(rf"holiday\.jpg {sentence}[^\n]*\.", str(caught.value))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "kind",
    ["JPEG", "progressive JPEG", "PNG", "WebP", "lossless WebP", "HEIC", "AVIF", "BMP", "GIF", "TIFF", "LZW TIFF"],
)
def test_a_cut_off_file_is_never_taken_for_a_photo(kind: str, share: float) -> None:
    whole = {
        "JPEG": lambda: encode(noise(64, 48), "JPEG"),
        "progressive JPEG": lambda: encode(noise(64, 48), "JPEG", progressive=True),
        "PNG": lambda: encode(noise(64, 48), "PNG"),
        "WebP": lambda: encode(noise(64, 48), "WEBP"),
        "lossless WebP": lambda: encode(noise(64, 48), "WEBP", lossless=True),
        "HEIC": lambda: encode(noise(64, 48), "HEIF"),
        "AVIF": lambda: encode(noise(64, 48), "AVIF"),
        "BMP": lambda: encode(noise(64, 48), "BMP"),
        "GIF": lambda: encode(noise(64, 48), "GIF"),
        "TIFF": lambda: encode(noise(64, 48), "TIFF"),
        "LZW TIFF": lambda: encode(noise(64, 48), "TIFF", compression="tiff_lzw"),
    }[kind]()
    with pytest.raises(PhotoError, match=r"^cut\.jpg is (incomplete|damaged|not a photo)"):
        open_photo(whole[: int(len(whole) * share)], "cut.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "HEIC", "BMP"])
def test_a_file_cut_in_half_is_said_to_be_cut_off(kind: str) -> None:
    whole = {
        "JPEG": encode(noise(64, 48), "JPEG"),
        "PNG": encode(noise(64, 48), "PNG"),
        "WebP": encode(noise(64, 48), "WEBP"),
        "HEIC": encode(noise(64, 48), "HEIF"),
        "BMP": encode(noise(64, 48), "BMP"),
    }[kind]
    with pytest.raises(PhotoError, match=r"cut\.jpg is incomplete: the end of the photo is missing\."):
        open_photo(whole[: len(whole) // 2], "cut.jpg")


@pytest.mark.parametrize(
    "name",
    ["'; drop.jpg", '"><script>alert(1)</script>.jpg', "고양이 🐈‍⬛.jpg", "{file}{0}.jpg", "%s%n.jpg", "a\nb.jpg"],
)
def test_a_strange_name_stands_in_the_sentence_unchanged(name: str) -> None:
    with pytest.raises(PhotoError) as caught:
        open_photo(b"", name)
    assert str(caught.value) == f"{name} is empty."
    assert caught.value.message.values == {"file": name}


# Bombs ------------------------------------------------------------------------------------------------------------


def gif_of(frames: int) -> bytes:
    """A GIF of 2 × 2 pixels: one 1-colour frame after another (GIF89a)."""
    frame = b",\0\0\0\0\x02\0\x02\0\0\x02\x02\x84\x51\0"
    return b"GIF89a\x02\0\x02\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


def jpeg_with_size(width: int, height: int, *, progressive: bool = False) -> bytes:
    """A JPEG of 8 × 8 pixels that claims another size in its frame header."""
    data = bytearray(encode(plain(RED, 8, 8), "JPEG", progressive=progressive))
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_with_size(width: int, height: int) -> bytes:
    """A WebP of 8 × 8 pixels whose VP8X header claims another canvas."""
    inner = encode(plain(RED, 8, 8), "WEBP", lossless=True)[12:]
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(canvas)) + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_of(width: int, height: int, compression: int, strip: bytes) -> bytes:
    """A grey TIFF of one compressed strip."""
    return grey_tiff(
        (256, 4, 1, width), (257, 4, 1, height), (278, 4, 1, height), (259, 3, 1, compression), behind=strip
    )


BOMBS = {
    "PNG of 50,000 × 50,000": png(50_000, 50_000, bytes(100_000)),
    "PNG of 2,147,483,647 × 1": png(2**31 - 1, 1, bytes(100)),
    "PNG of 7,200 × 7,200, really": png(7200, 7200, bytes(7201 * 7200)),
    "progressive JPEG of 12,000 × 9,000": jpeg_with_size(12_000, 9_000, progressive=True),
    "JPEG of 65,000 × 65,000": jpeg_with_size(65_000, 65_000),
    "WebP of 16,000 × 16,000": webp_with_size(16_000, 16_000),
    "GIF of 65,535 × 65,535": b"GIF89a\xff\xff\xff\xff" + gif_of(1)[10:],
    "GIF of 10,000 frames": gif_of(10_000),
    "BMP of 60,000 × 60,000": b"BM"
    + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "TIFF of 60,000 × 60,000": tiff_of(60_000, 60_000, 32773, b"\x81\0" * 100),
    "deflated TIFF of 40,000 × 40,000": tiff_of(40_000, 40_000, 8, zlib.compress(bytes(10**6))),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_once(data: bytes) -> None:
    start = time.thread_time()
    with pytest.raises(PhotoError, match=r"^bomb\.png (is too large|is an animation|is damaged|is not a photo)"):
        open_photo(data, "bomb.png")
    assert time.thread_time() - start < 1


# Pillow's pixels are in no Python object, so the whole process is measured.
PEAK = """
import pickle, resource, sys
from lib.errors import PhotoError
from lib.photos.opening import open_photo
warm, *files = pickle.load(sys.stdin.buffer)
open_photo(warm, "warm")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for data in files:
    try:
        open_photo(data, "photo")
    except PhotoError:
        pass
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * (1 if sys.platform == "darwin" else 1024))
"""


def peak_bytes(*files: bytes) -> int:
    """Return by how much a process grows at most while it opens photos, after a small one."""
    pytest.importorskip("resource", reason="this system does not tell a process's peak memory")
    fed = pickle.dumps([encode(corners(400, 300), "JPEG"), *files])
    run = subprocess.run([sys.executable, "-c", PEAK], input=fed, stdout=subprocess.PIPE, cwd=ROOT, check=True)
    return int(run.stdout)


MEGAPIXELS = 12


@pytest.mark.parametrize(
    ("image", "form", "options", "most"),
    [
        pytest.param(Image.new("I;16", (4000, 3000)), "PNG", {}, 4, id="16-bit PNG"),
        pytest.param(Image.new("F", (4000, 3000)), "TIFF", {"compression": "tiff_lzw"}, 6, id="float TIFF"),
        pytest.param(Image.new("RGBA", (4000, 3000)), "PNG", {}, 6, id="RGBA PNG"),
        pytest.param(Image.new("P", (4000, 3000)), "PNG", {"transparency": 0}, 3, id="palette PNG, one colour clear"),
        pytest.param(Image.new("P", (4000, 3000)), "GIF", {"transparency": 0}, 3, id="GIF, one colour clear"),
        pytest.param(Image.new("RGB", (4000, 3000)), "JPEG", {"progressive": True}, 4, id="progressive JPEG"),
    ],
)
def test_a_large_picture_is_held_once(image: Image.Image, form: str, options: dict[str, object], most: int) -> None:
    # Bytes a pixel: with these, 50 megapixels stay below 300 MB; they took up to 26. Strips take 16 MB at any size.
    assert peak_bytes(encode(image, form, **options)) < most * MEGAPIXELS * 10**6 + 24 * 2**20


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png(1, 33_000, bytes(2 * 33_000)), id="PNG"),
        pytest.param(encode(Image.new("1", (33_000, 1)), "TIFF"), id="TIFF"),
        pytest.param(jpeg_with_size(40_000, 8), id="JPEG"),
    ],
)
def test_a_picture_of_very_long_sides_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(
        PhotoError, match=r"is too large \(\d+ × \d+ pixels\)\. Photos can have up to 32000 pixels per side"
    ):
        open_photo(data, "photo")


# 7,000 × 7,000 pixels of one colour.
FLAT_WEBP = bytes.fromhex("524946461e000000574542505650384c110000002f57dbd5060750bc6a95a7ff8188e87f0000")


def test_what_decoders_hold_beside_the_picture_counts() -> None:
    # All three colours of a progressive JPEG in full: 6 bytes a pixel; WebP's decoder holds the picture four times.
    full = encode(Image.new("RGB", (8, 8)), "JPEG", progressive=True, subsampling=0)
    at = full.index(b"\xff\xc2") + 5
    with pytest.raises(PhotoError, match="progressive JPEG photos can have up to 46 megapixels"):
        open_photo(full[:at] + struct.pack(">HH", 7000, 7000) + full[at + 4 :], "photo")
    with pytest.raises(PhotoError, match="WEBP photos can have up to 17 megapixels"):
        open_photo(FLAT_WEBP, "photo")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(corners(70, 90).convert("RGBA"), "PNG"), id="RGBA"),
        pytest.param(encode(noise(70, 90).quantize(16), "PNG", transparency=3), id="palette"),
        pytest.param(encode(noise(70, 90).convert("CMYK"), "TIFF"), id="CMYK"),
        pytest.param(
            encode(Image.fromarray(np.arange(6300, dtype=np.uint16).reshape(90, 70) * 10), "PNG"), id="16-bit grey"
        ),
        pytest.param(encode(Image.fromarray(np.arange(6300, dtype=np.float32).reshape(90, 70)), "TIFF"), id="float"),
        pytest.param(encode(noise(70, 90), "HEIF"), id="HEIC"),
        pytest.param(
            png(3, 40, (b"\0" + bytes(18)) * 40, depth=16, colour_type=2, transparent=bytes(6)), id="clear RGB"
        ),
    ],
)
@pytest.mark.parametrize("at_least", [9, 360], ids=["reduced", "whole"])
def test_strips_change_no_pixel(data: bytes, at_least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = open_photo(data, "photo", at_least=at_least)
    monkeypatch.setattr(pixels, "_STRIP_PIXELS", 500)
    found = open_photo(data, "photo", at_least=at_least)
    assert (found.size, found.tobytes()) == (expected.size, expected.tobytes())


def test_bombs_take_no_memory() -> None:
    assert peak_bytes(*BOMBS.values()) < 16 * 2**20


def test_a_twelve_megapixel_jpeg_takes_a_fraction_of_its_pixels() -> None:
    # 12 megapixels are 48 MB in Pillow; at 1/8 scale they are 0.75 MB.
    assert peak_bytes(encode(corners(4000, 3000), "JPEG")) < 12 * 2**20


def test_too_many_pixels_are_told_with_the_limit() -> None:
    with pytest.raises(PhotoError, match=r"50000 × 50000 pixels\)\. PNG photos can have up to 50 megapixels"):
        open_photo(BOMBS["PNG of 50,000 × 50,000"], "wall.png")


def test_too_many_frames_are_told() -> None:
    with pytest.raises(PhotoError, match=r"film\.gif is an animation with more than 1000 frames\."):
        open_photo(BOMBS["GIF of 10,000 frames"], "film.gif")


def test_a_thousand_frames_are_read_as_the_first_of_them() -> None:
    assert open_photo(gif_of(1000), "film.gif").size == (2, 2)


def test_a_file_of_too_many_bytes_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(PhotoError, match=r"huge\.jpg is too large \(65 MB\)\. Photos can have up to 64 MB"):
        read_photo(path)
    with pytest.raises(PhotoError, match=r"is too large"):
        open_photo(bytes(MAX_BYTES + 1), "huge.jpg")


def test_a_gif_of_endless_tiny_blocks_is_not_walked_to_its_end() -> None:
    film = gif_of(1)[:-4] + b"\x01\0" * 8 * 2**20
    start = time.thread_time()
    with contextlib.suppress(PhotoError):
        open_photo(film, "film.gif")
    assert time.thread_time() - start < 2


def test_huge_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = most = 0
    load = load_reduced

    def counted(image: Image.Image, shown: Shown, at_least: int) -> Image.Image:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.02)
        now -= 1
        return load(image, shown, at_least)

    monkeypatch.setattr(opening, "MUCH_HELD", 1000)
    monkeypatch.setattr(opening, "load_reduced", counted)
    threads = [threading.Thread(target=open_photo, args=(IN_COLOUR["PNG"], "photo")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


# Damage -----------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as lib.photos does, but pytest undoes that


@pytest.mark.parametrize("kind", whole())
def test_damage_of_any_kind_gives_a_picture_or_a_photo_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MAX_PIXELS", 10**6)  # or a changed width makes it decode 50 megapixels
    source = random.Random(kind)
    for _ in range(200):
        data = mutate(whole()[kind], source)
        try:
            image = open_photo(data, "mutant")
        except PhotoError as error:
            assert str(error).startswith("mutant ")  # noqa: PT017 - most raise, some are pictures
        else:
            assert image.mode == "RGB"


# Files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"some bytes")
    assert read_photo(path) == b"some bytes"


def unreadable(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "a.jpg"
    match kind:
        case "folder":
            path.mkdir()
        case "link to nothing":
            path.symlink_to(tmp_path / "nowhere")
        case "link to itself":
            path.symlink_to(path)
        case "path through a file":
            (tmp_path / "file").write_bytes(b"x")
            path = tmp_path / "file" / "a.jpg"
        case "device":
            path.symlink_to("/dev/zero")
        case "name too long":
            path = tmp_path / ("a" * 300 + ".jpg")
    return path


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder, not a photo"),
        ("link to nothing", "does not exist"),
        ("link to itself", "could not be read"),
        ("path through a file", "could not be read"),
        ("device", "is not a file"),
        ("name too long", "could not be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, kind: str, sentence: str) -> None:
    with pytest.raises(PhotoError, match=rf"\.jpg {sentence}"):
        read_photo(unreadable(tmp_path, kind))


def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(PhotoError, match=r"secret\.jpg cannot be read: permission denied\."):
            read_photo(path)
    else:
        pytest.skip("this user may read everything")


# The dataset of broken files --------------------------------------------------------------------------------------

# As its dataset.json says: what each is, and so what must become of it.
BROKEN = {
    "empty": "is empty",
    "truncated": "is incomplete",
    "text": "is not a photo",
    "bmp_named_jpg": None,
    "png_named_jpg": None,
    "gif_named_jpg": None,
    "cmyk": None,
    "gray": None,
    "no_jfif": None,
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("animal", ["cat", "dog"])
def test_the_broken_files_of_a_real_dataset(shared: Path, animal: str, what: str) -> None:
    path = shared / "datasets" / "cats-vs-dogs" / "broken" / animal / f"{animal}_{what}.jpg"
    sentence = BROKEN[what]
    if sentence is None:
        assert open_photo(read_photo(path), path.name).mode == "RGB"
    else:
        with pytest.raises(PhotoError, match=f"{path.name} {sentence}"):
            open_photo(read_photo(path), path.name)


# Thumbnails -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size_wh", "expected"),
    [((480, 320), (96, 64)), ((320, 480), (64, 96)), ((30, 20), (30, 20)), ((4000, 10), (96, 1))],
)
def test_a_thumbnail_fits_its_square_and_never_grows(size_wh: tuple[int, int], expected: tuple[int, int]) -> None:
    image = plain(GREEN, *size_wh)
    small = Image.open(io.BytesIO(thumbnail(image, side=96)))
    assert (small.format, small.size) == ("JPEG", expected)
    assert image.size == size_wh
