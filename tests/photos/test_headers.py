"""Files made of very many pieces cost nothing; of the others, the decoder sees what makes the picture."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import pillow_heif
import pytest
from PIL import Image

from lib.errors import PhotoError
from lib.photos.headers import (
    MOST_BMP_RUNS,
    MOST_GIF_BLOCKS,
    MOST_PIECES,
    MOST_SCANS,
    MOST_STRIPS,
    orientation_of,
    show,
)
from lib.photos.opening import open_photo
from tests.support.pictures import (
    CORNERS,
    RED,
    are_close,
    corner_colours,
    corners,
    encode,
    grey_tiff,
    plain,
    png_chunk,
    tiff,
)

pillow_heif.register_heif_opener()

JPEG, PNG = encode(corners(), "JPEG", quality=95), encode(corners(), "PNG")
WEBP = encode(corners(), "WEBP", lossless=True)
GIF_HEAD, GIF_FRAME = b"GIF89a\2\0\2\0\x80\0\0\0\0\0\xff\xff\xff", b",\0\0\0\0\2\0\2\0\0\2\2\x84\x51\0;"


def with_segments(segments: bytes) -> bytes:
    return JPEG[:2] + segments + JPEG[2:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_chunks(chunks: bytes, *, before: bytes = b"IDAT") -> bytes:
    at = PNG.index(before) - 4
    return PNG[:at] + chunks + PNG[at:]


def with_webp_chunks(chunks: bytes) -> bytes:
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\x2f\0\0\x1f\0\0" + chunks + WEBP[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_boxes(count: int, brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1" + brand + b"\0\0\0\x08free" * count


def strips(count: int, *, compression: int = 1, length: int = 1) -> bytes:
    """Return a grey TIFF of one pixel and strip a row."""
    at = 8 + 2 + 9 * 12 + 4
    tags = [(256, 4, 1, 1), (257, 4, 1, count), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1)]
    tags += [(273, 4, count, at), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, count, at + 4 * count)]
    return tiff(tags, struct.pack("<I", at) * count + struct.pack("<I", length) * count + zlib.compress(b"\0") * 9)


def bmp_of_runs(runs: bytes) -> bytes:
    head = struct.pack("<IIIIiiHHIIIIII", 1078 + len(runs), 0, 1078, 40, 6000, 5000, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + head + bytes(1024) + runs


def jpeg_of_scans(count: int) -> bytes:
    whole = encode(corners(), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * (count - whole.count(b"\xff\xda")) + whole[-2:]


ORIENTATIONS = tiff([(274, 3, 20_000_000, None)], b"\1\0" * 20_000_000)


def avif_of_orientations(count: int) -> bytes:
    """Return an AVIF with EXIF data of very many orientations, which no encoder writes: another tag's, renamed."""
    data = encode(plain(RED), "AVIF", exif=tiff([(0x9286, 3, count, None)], bytes(2 * count)))
    return data.replace(struct.pack("<HHI", 0x9286, 3, count), struct.pack("<HHI", 274, 3, count))


# Each took seconds to minutes, or more than a gigabyte.
ENDLESS: dict[str, Callable[[], bytes]] = {
    "empty chunks in front of a PNG's picture": lambda: with_chunks(png_chunk(b"tIME", b"") * 4_000_000),
    "empty chunks behind a PNG's picture": lambda: with_chunks(png_chunk(b"tIME", b"") * 4_000_000, before=b"IEND"),
    "a PNG's picture in empty chunks": lambda: with_chunks(png_chunk(b"IDAT", b"") * 4_000_000),
    "a PNG's EXIF data with 20 million orientations": lambda: with_chunks(png_chunk(b"eXIf", ORIENTATIONS)),
    "empty segments of a JPEG": lambda: with_segments(b"\xff\xfe\0\2" * 8_000_000),
    "900 segments of EXIF data": lambda: with_segments(segment(0xE1, b"Exif\0\0" + bytes(65527)) * 900),
    "fill bytes in a JPEG": lambda: with_segments(b"\xff" * 30_000_000),
    "resources of Photoshop": lambda: with_segments(segment(0xED, b"Photoshop 3.0\0" + b"8BIM\0\0\0\0" * 8000) * 900),
    "quantisation tables": lambda: with_segments(segment(0xDB, (b"\0" + bytes(range(1, 65))) * 1000) * 900),
    "frames of 20,000 colours": lambda: with_segments(segment(0xC0, b"\x08\0\1\0\1\3" + b"\1\x11\0" * 20_000) * 900),
    "scans of a progressive JPEG": lambda: jpeg_of_scans(100_000),
    "a TIFF of two million strips": lambda: strips(2_000_000),
    "strips that share a megabyte": lambda: strips(60_000, compression=8, length=900_000) + bytes(10**6),
    "a TIFF of seven million resolutions": lambda: grey_tiff((282, 5, 7_000_000, None), behind=bytes(56_000_000)),
    "a TIFF of 30 million bits a sample": lambda: grey_tiff((258, 3, 30_000_000, None), behind=b"\x08\0" * 30_000_000),
    "a TIFF of 24 million colours": lambda: grey_tiff((262, 3, 1, 3), (320, 3, 30**5, None), behind=bytes(2 * 30**5)),
    "a TIFF of 20 million orientations": lambda: ORIENTATIONS,
    "a BigTIFF of 300,000 tags": lambda: tiff([(254, 4, 1, 0)] * 300_000, b"", big=True),
    "an AVIF's EXIF data with 20 million orientations": lambda: avif_of_orientations(20_000_000),
    "empty chunks of a WebP": lambda: with_webp_chunks(b"abcd\0\0\0\0" * 7_000_000),
    "a GIF's comment in blocks of one byte": lambda: GIF_HEAD + b"!\xfe" + b"\1a" * 20_000_000 + b"\0" + GIF_FRAME,
    "a GIF's comments of one byte": lambda: GIF_HEAD + b"!\xfe\1a\0" * 10_000_000 + GIF_FRAME,
    "a BMP in runs of one pixel": lambda: bmp_of_runs(b"\1\7" * 30_000_000),
    "a BMP of skips": lambda: bmp_of_runs(b"\0\2\0\0" * 15_000_000),
    "boxes of a HEIC": lambda: with_boxes(8_000_000, b"heic"),
    "boxes of an AVIF": lambda: with_boxes(8_000_000, b"avif"),
}  # fmt: skip


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS.keys())
def test_pieces_without_end_cost_nothing(make: Callable[[], bytes]) -> None:
    data = make()
    start = time.thread_time()
    with contextlib.suppress(PhotoError):
        open_photo(data, "endless")
    assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    ("few", "many"),
    [
        pytest.param(
            with_chunks(png_chunk(b"tIME", b"") * (MOST_PIECES - 3)),
            with_chunks(png_chunk(b"tIME", b"") * MOST_PIECES),
            id="PNG",
        ),
        pytest.param(
            with_segments(b"\xff\xfe\0\2" * (MOST_PIECES - 20)), with_segments(b"\xff\xfe\0\2" * MOST_PIECES), id="JPEG"
        ),
        pytest.param(jpeg_of_scans(MOST_SCANS), jpeg_of_scans(MOST_SCANS + 1), id="progressive JPEG"),
        pytest.param(strips(32_000), strips(MOST_STRIPS + 1), id="TIFF"),
        pytest.param(
            with_webp_chunks(b"abcd\0\0\0\0" * 9000), with_webp_chunks(b"abcd\0\0\0\0" * MOST_PIECES), id="WebP"
        ),
        pytest.param(
            GIF_HEAD + b"!\xfe" + b"\1a" * 90_000 + b"\0" + GIF_FRAME,
            GIF_HEAD + b"!\xfe" + b"\1a" * MOST_GIF_BLOCKS + b"\0" + GIF_FRAME,
            id="GIF",
        ),
        pytest.param(
            encode(plain(RED), "HEIF") + b"\0\0\0\x08free" * 9000,
            encode(plain(RED), "HEIF") + b"\0\0\0\x08free" * MOST_PIECES,
            id="HEIC",
        ),
    ],
)  # fmt: skip
def test_many_pieces_are_read_and_very_many_refused_in_one_sentence(few: bytes, many: bytes) -> None:
    assert open_photo(few, "few").mode == "RGB"
    with pytest.raises(PhotoError, match=r"^many has too many parts to be read safely\. Save it again"):
        open_photo(many, "many")


def test_long_runs_of_a_bmp_are_read_and_very_many_refused() -> None:
    rows = b"\xff\1" * 23 + b"\x87\1"  # 23 · 255 + 135 = 6000 pixels
    assert open_photo(bmp_of_runs((rows + b"\0\0") * 5000), "few").size == (750, 625)
    with pytest.raises(PhotoError, match="too many parts to be read"):
        open_photo(bmp_of_runs(b"\1\7" * MOST_BMP_RUNS), "many")


# What the decoder is shown --------------------------------------------------------------------------------------------


def test_a_jpeg_is_shown_without_what_is_no_picture() -> None:
    noisy = with_segments(segment(0xE1, b"Exif\0\0" + bytes(99)) + segment(0xE2, b"MPF\0") + segment(0xFE, b"comment"))
    assert show(noisy, "a").data == JPEG
    assert show(with_segments(segment(0xFE, bytes(60_000)) * 2), "a").data == JPEG
    assert are_close(corner_colours(open_photo(noisy, "a")), CORNERS)


def test_the_adobe_marker_of_a_jpeg_is_kept_for_it_decides_the_colours() -> None:
    cmyk = encode(corners().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in show(cmyk, "a").data
    rgb = encode(corners(), "JPEG", quality=95, keep_rgb=True)
    assert are_close(corner_colours(open_photo(rgb, "a")), CORNERS)


def test_a_comment_of_200_megabytes_in_a_png_is_not_unpacked() -> None:
    comment = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    assert open_photo(with_chunks(comment), "a").size == (48, 32)
    assert show(with_chunks(comment), "a").data == PNG


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_whose_colours_come_one_after_another_is_known_to_be_held_whole(progressive: bool) -> None:
    # 4:2:0: for four pixels four grey samples and two of colour, of two bytes each.
    assert show(encode(corners(), "JPEG", progressive=progressive), "a").held == (48 * 32 * 3 if progressive else 0)


def test_colours_in_scans_of_their_own_are_held_whole_too() -> None:
    at = JPEG.index(b"\xff\xda")
    own_scan = JPEG[:at] + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\0" + JPEG[-2:]
    assert show(own_scan, "a").held == 48 * 32 * 3


def test_the_bits_of_a_compressed_strip_are_counted() -> None:
    buffer = io.BytesIO()
    corners().save(buffer, "TIFF", compression="tiff_adobe_deflate")
    assert show(buffer.getvalue(), "a").held == 48 * 32 * 3
    assert show(encode(corners(), "TIFF"), "a").held == 0


def test_a_big_tiff_is_read() -> None:
    pixels = bytes((0, 85, 170, 255))
    image = open_photo(grey_tiff(behind=pixels, big=True), "a")
    assert [image.getpixel((x, y))[0] for y in (0, 1) for x in (0, 1)] == [0, 85, 170, 255]


# Orientation ----------------------------------------------------------------------------------------------------------


def exif(order: str, kind: int, value: bytes) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IHHHI", 8, 1, 274, kind, 1) + value.ljust(4, b"\0") + bytes(4)


@pytest.mark.parametrize(
    ("data", "xmp", "expected"),
    [
        pytest.param(exif("<", 3, b"\6\0"), b"", 6, id="little-endian"),
        pytest.param(exif(">", 3, b"\0\6"), b"", 6, id="big-endian"),
        pytest.param(exif(">", 4, b"\0\0\0\6"), b"", 6, id="a long number"),
        pytest.param(exif(">", 1, b"\6"), b"", 6, id="a byte"),
        pytest.param(b"Exif\0\0" + exif("<", 3, b"\6\0"), b"", 6, id="with its name"),
        pytest.param(b"Exif\0\0Exif\0\0" + exif("<", 3, b"\6\0"), b"", 6, id="with its name twice"),
        pytest.param(exif("<", 3, b"\6\0")[:-9], b"", 1, id="cut off"),
        pytest.param(exif("<", 2, b"6\0"), b"", 1, id="a text"),
        pytest.param(b"", b'<rdf tiff:Orientation="8"/>', 8, id="an attribute of XMP"),
        pytest.param(b"", b"<tiff:Orientation>8</tiff:Orientation>", 8, id="an element of XMP"),
        pytest.param(exif("<", 3, b"\6\0"), b"<tiff:Orientation>8<", 6, id="EXIF before XMP"),
        pytest.param(b"", b"", 1, id="nothing"),
    ],
)
def test_orientation(data: bytes, xmp: bytes, expected: int) -> None:
    assert orientation_of(data, xmp) == expected


def test_an_unknown_kind_is_shown_as_it_is() -> None:
    assert show(b"hello", "a").data == b"hello"
    assert Image.open(io.BytesIO(show(PNG, "a").data)).size == (48, 32)
