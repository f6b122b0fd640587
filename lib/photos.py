"""Bytes from anywhere → an upright RGB image, or one sentence saying why not.

A photo is untrusted: its headers are walked first (`lib.photo_headers`), its size, pixel count and frame count are
checked before anything is decoded, only the formats named here are ever tried, and whatever goes wrong is a
`PhotoError` of that photo alone.
"""

import io
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from lib.errors import PhotoError
from lib.messages import N_
from lib.photo_headers import Shown, boxes, orientation_of, show

MAX_BYTES = 64 * 2**20
# A JPEG is decoded at reduced scale, so a 108-megapixel phone photo costs little; others are decoded whole.
MAX_PIXELS_JPEG = 120_000_000
MAX_PIXELS = 50_000_000
# A picture that cannot be reduced, because its other side is short, is held twice; JPEGs end at twice this anyway.
MAX_SIDE = 32_000
MAX_FRAMES = 1000
# What a decoder may hold for one photo: less than the 300 MB that it may cost in all.
MAX_HELD = 280_000_000
# Only one photo of those that hold more than this is decoded at a time, in however many threads others are.
MUCH_HELD = 64_000_000

# Photos are reduced to the smallest of 1/1, 1/2, 1/4, 1/8 scale that keeps both sides at least this long: a little more
# than 299 pixels cut from the middle 87.5 % need, and with it known accuracies come out exactly. JPEGs are reduced by
# the decoder itself, which makes large ones several times faster. One floor for all models, so that an answer does not
# depend on which other models look at the same photo, nor on whether the app kept the file or the reduced picture.
DECODE_FLOOR = 360

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif"}
)
SUPPORTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF"

# EXIF 2.3, tag 274: how the stored picture has to be turned to stand upright.
_TURNINGS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = frozenset(_TURNINGS[tag] for tag in (5, 6, 7, 8))

# Our own limits, above, replace Pillow's process-wide one, which would warn on standard error; as do odd tags.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", module=r"PIL\.")

_decoding_much = threading.Lock()


def open_photo(data: bytes, name: str, *, at_least: int = DECODE_FLOOR) -> Image.Image:
    """Decode a photo to an upright RGB image; transparency is laid on white; of an animation, the first frame.

    Args:
        data: The file's content. The format is told by the content, never by the name.
        name: What to call the photo in an error.
        at_least: The photo may come back at 1/2, 1/4 or 1/8 scale, but both sides stay at least this many pixels
            (if the original has them).

    Raises:
        PhotoError: Empty, too large, not a photo, cut off or damaged.
    """
    return open_with_size(data, name, at_least=at_least)[0]


def open_with_size(data: bytes, name: str, *, at_least: int = DECODE_FLOOR) -> tuple[Image.Image, tuple[int, int]]:
    """Like `open_photo`, and also return the upright photo's own (width, height) in the file."""
    _check_bytes(data, name)
    with _decoding(name, data):
        shown = show(data, name)
        image = _open(shown.data)
        stored_wh = image.size
        _check_size(image, shown, name)
        _check_frames(image, shown, name)
        with _decoding_much if _bytes_held(image, shown, at_least) > MUCH_HELD else nullcontext():
            image = _load(image, shown, at_least)
            rgb = _to_rgb(image, shown, _reduction(image.size, at_least))
    turning = _turning(image, shown)
    if turning is None:
        return rgb, stored_wh
    return rgb.transpose(turning), (stored_wh[::-1] if turning in _SWAPS_SIDES else stored_wh)


def read_photo(path: Path, name: str | None = None) -> bytes:
    """Return the bytes of a photo file.

    Args:
        path: The file.
        name: What to call it in an error; None for the file's name.

    Raises:
        PhotoError: The file cannot be read, or is larger than a photo may be.
    """
    name = name or path.name
    try:
        status = path.stat()
        if status.st_size > MAX_BYTES:
            raise _too_many_bytes(name, status.st_size)
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise PhotoError(N_("{file} is not a file: nothing can be read from it."), file=name)
        return path.read_bytes()
    except IsADirectoryError as error:
        raise PhotoError(N_("{file} is a folder, not a photo."), file=name) from error
    except FileNotFoundError as error:
        raise PhotoError(N_("{file} does not exist."), file=name) from error
    except PermissionError as error:
        if path.is_dir():  # Windows' way of saying so
            raise PhotoError(N_("{file} is a folder, not a photo."), file=name) from error
        raise PhotoError(N_("{file} may not be read: permission denied."), file=name) from error
    except OSError as error:
        raise PhotoError(
            N_("{file} could not be read: {reason}."), file=name, reason=error.strerror or error
        ) from error


def thumbnail(image: Image.Image, *, side: int) -> bytes:
    """Return `image` as a small JPEG whose longer side is at most `side` pixels.

    Args:
        image: RGB.
    """
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _open(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp":
        _register_heif()
    return Image.open(io.BytesIO(data), formats=_formats())


def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _register_heif() -> None:
    import pillow_heif  # only phones' HEIC files need it

    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener(thumbnails=False)


def _check_bytes(data: bytes, name: str) -> None:
    if not data:
        raise PhotoError(N_("{file} is empty: it holds no bytes."), file=name)
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(name, len(data))


def _too_many_bytes(name: str, size: int) -> PhotoError:
    return PhotoError(
        N_("{file} is too large: {megabytes} MB; photos up to {limit} MB are read."),
        file=name,
        megabytes=-(-size // 2**20),
        limit=MAX_BYTES // 2**20,
    )


def _check_size(image: Image.Image, shown: Shown, name: str) -> None:
    width, height = image.size
    limit = MAX_PIXELS_JPEG
    if image.format != "JPEG" or shown.held:
        limit = min(MAX_PIXELS, MAX_HELD * width * height // max(1, _bytes_held(image, shown)))
    if width * height > limit:
        raise PhotoError(
            N_("{file} is too large: {width} × {height} pixels; {format} photos up to {limit} megapixels are read."),
            file=name,
            width=width,
            height=height,
            format="progressive JPEG" if image.format == "JPEG" and shown.held else image.format,
            limit=limit // 1_000_000,
        )
    if max(width, height) > MAX_SIDE:
        raise PhotoError(
            N_("{file} is too large: {width} × {height} pixels; photos of up to {limit} pixels a side are read."),
            file=name,
            width=width,
            height=height,
            limit=MAX_SIDE,
        )


def _bytes_held(image: Image.Image, shown: Shown, at_least: int = DECODE_FLOOR) -> int:
    """Return what the decoder and Pillow hold for a picture that is opened, but not decoded yet."""
    width, height = image.size
    if image.format == "JPEG":  # decoded at reduced scale
        factor = _reduction(image.size, at_least)
        width, height = width // factor, height // factor
    each = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    return width * height * _COPIES.get((str(image.format), len(image.getbands())), each) + shown.held


# Bytes a pixel, measured with pictures of 50 megapixels: these decoders hold all of it before Pillow does.
_COPIES = {("WEBP", 3): 16, ("WEBP", 4): 16, ("AVIF", 3): 9, ("AVIF", 4): 11, ("HEIF", 3): 5, ("HEIF", 4): 7}


def _check_frames(image: Image.Image, shown: Shown, name: str) -> None:
    """Refuse films. The pages of a TIFF are not counted: they cost nothing, as only the first is read."""
    frames = shown.frames
    if image.format in ("WEBP", "AVIF", "HEIF"):
        frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES:
        raise PhotoError(
            N_("{file} is an animation of more than {limit} frames. Save one of them as a photo."),
            file=name,
            limit=MAX_FRAMES,
        )


@contextmanager
def _decoding(name: str, data: bytes) -> Iterator[None]:
    """Turn everything that Pillow and its decoders raise on bad data into a PhotoError."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise _not_a_photo(name, data, error) from error
    # What Pillow's decoders raise on bad data, found by cutting and mutating files of every format.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AssertionError) as error:
        raise _broken(name, data, error) from error
    except (struct.error, zlib.error, OverflowError, ZeroDivisionError, RuntimeError) as error:
        raise _broken(name, data, error) from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PhotoError(N_("{file} needs too much memory to decode."), file=name) from error


def _broken(name: str, data: bytes, error: Exception) -> PhotoError:
    reason = str(error).lower()
    if _is_cut_off(data) or any(sign in reason for sign in _SIGNS_OF_A_CUT):
        return PhotoError(N_("{file} is cut off: it ends before the picture does."), file=name)
    return PhotoError(N_("{file} is damaged: its picture cannot be decoded."), file=name)


# In the words of Pillow, libheif and libavif.
_SIGNS_OF_A_CUT = ("truncated", "unexpected end", "end of file", "eof", "premature")


def _is_cut_off(data: bytes) -> bool:
    """Whether the file's own account of its size says that its end is missing, or a PNG has none."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data
    if data.startswith(b"RIFF"):
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] != b"ftyp":
        return False
    return max(boxes(data), default=0) > len(data)


def _not_a_photo(name: str, data: bytes, error: Exception) -> PhotoError:
    if kind := _recognise(data):
        return PhotoError(
            N_("{file} is not a photo but {kind}. Photos are {formats}."),
            file=name,
            kind=kind,
            formats=SUPPORTED,
        )
    if any(data.startswith(magic) for magic in _PHOTO_MAGIC) or data[4:8] == b"ftyp":
        return _broken(name, data, error)
    return PhotoError(N_("{file} is not a photo. Photos are {formats}."), file=name, formats=SUPPORTED)


_PHOTO_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


def _recognise(data: bytes) -> str | None:
    """Name the kind of a file that is not a photo, for the most frequent mistakes."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF"):
        return "PDF"
    if head[:5] == b"<svg " or (head.startswith((b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in data[:4096]):
        return "SVG"
    if head[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if head.startswith(b"PK\x03\x04"):
        return "ZIP"
    if data[4:8] == b"ftyp" and data[8:12] not in _HEIF_BRANDS:
        return "MP4"
    return None


_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


def _load(image: Image.Image, shown: Shown, at_least: int) -> Image.Image:
    """Decode, and say by Pillow's means which pixels of a PNG are transparent."""
    if image.format == "JPEG":
        return _load_jpeg(image, shown, at_least)
    if image.format == "HEIF":
        return image  # its strips are decoded as they are asked for
    if image.format == "TIFF":
        _mend_tiff(cast(ImageFile.ImageFile, image), shown)
    if not shown.clear:
        image.load()
    elif shown.bits == 16 and image.mode == "RGB":
        opaque = Image.new("L", image.size)
        _mark_others(opaque, _low_bytes(shown), [sample & 255 for sample in shown.clear])
        image.load()
        _mark_others(opaque, image, [sample >> 8 for sample in shown.clear])
        image.putalpha(opaque)
    else:
        image.load()
        image.info["transparency"] = shown.clear[0] if len(shown.clear) == 1 else shown.clear
    return image


def _load_jpeg(image: Image.Image, shown: Shown, at_least: int) -> Image.Image:
    """Decode at reduced scale; a file that lacks its end marker alone, as webcams write it, is given one."""
    image.draft(image.mode, (at_least, at_least))
    try:
        image.load()
    except OSError:
        stripped = _without_padding(shown.data)
        is_marked = shown.data.endswith(_JPEG_END)
        if is_marked or shown.held > MUCH_HELD or not shown.is_refined or not _is_whole(stripped):
            raise
        ended = replace(shown, data=stripped + _JPEG_END)
        return _load_jpeg(_open(ended.data), ended, at_least)
    return image


_JPEG_END = b"\xff\xd9"
_JPEG_FILLINGS = (b"", b"\x55" * 64, b"\xaa" * 64)
_PIXELS_COMPARED = 16_000_000


def _without_padding(data: bytes) -> bytes:
    return (data.rstrip(b"\0") if data.endswith(bytes(3)) else data).removesuffix(b"\xff")


def _is_whole(data: bytes) -> bool:
    """Whether a JPEG holds its last pixel: if not, what is put between its end and the marker shows in the picture."""
    try:
        whole, *filled = (_sums(data + filling + _JPEG_END) for filling in _JPEG_FILLINGS)
    except OSError:
        return False
    return all(sums == whole for sums in filled)


def _sums(data: bytes) -> list[int]:
    image = _open(data)
    if image.width * image.height > _PIXELS_COMPARED:
        image.draft(image.mode, (1, 1))
    return [zlib.crc32(strip.tobytes()) for _, strip in _strips(image)]


def _mend_tiff(image: ImageFile.ImageFile, shown: Shown) -> None:
    """Say rightly how samples of more than 8 bits are stored where Pillow does not.

    Of planes it reads 8 bits a sample, and of what libtiff unpacked, the file's order of bytes, not the machine's.
    """
    order = "B" if shown.data.startswith(b"MM") else "L"

    def mended(tile: Any) -> Any:
        raw, *rest = tile.args
        if raw in _PLANES and shown.bits == 16:
            raw += f";16{order}"
        elif tile.codec_name == "libtiff":
            raw = _NATIVE.get(raw, raw)
        return tile._replace(args=(raw, *rest))

    image.tile = [mended(tile) for tile in image.tile]


_PLANES = ("R", "G", "B", "A")
_NATIVE = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}


def _low_bytes(shown: Shown) -> Image.Image:
    """Decode a PNG of 16 bits a colour to the lower 8 of them: the upper ones of the other order."""
    image = cast(ImageFile.ImageFile, _open(shown.data))
    image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
    return image


def _mark_others(mask: Image.Image, image: Image.Image, colour: list[int]) -> None:
    """Set to 255 what is not of this colour."""
    for top, strip in _strips(image):
        others = (np.asarray(strip) != colour).any(axis=2)
        mask.paste(255, (0, top), Image.fromarray(others.astype(np.uint8) * 255))


def _strips(image: Image.Image, multiple: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yield the picture from top to bottom in strips whose height is a multiple of something, each with its top."""
    image.load()
    if image.width * image.height <= _STRIP_PIXELS:
        yield 0, image
        return
    for top, bottom in _cuts(image.size, multiple):
        yield top, image.crop((0, top, image.width, bottom))


def _heif_strips(data: bytes, multiple: int) -> Iterator[tuple[int, Image.Image]]:
    """Decode and yield strips, without the copy of the whole picture that Pillow makes."""
    import pillow_heif

    heif = pillow_heif.open_heif(io.BytesIO(data))
    pixels, stride = memoryview(heif.data), heif.stride
    for top, bottom in _cuts(heif.size, multiple):
        part, size_wh = pixels[top * stride : bottom * stride], (heif.size[0], bottom - top)
        yield top, Image.frombytes(heif.mode, size_wh, part, "raw", heif.mode, stride)


def _cuts(size_wh: tuple[int, int], multiple: int) -> Iterator[tuple[int, int]]:
    width, height = size_wh
    rows = max(1, _STRIP_PIXELS // (width * multiple)) * multiple
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


# So that what is held beside the picture itself stays small.
_STRIP_PIXELS = 1_000_000


def _reduction(size_wh: tuple[int, int], at_least: int) -> int:
    return next((factor for factor in (8, 4, 2) if min(size_wh) >= factor * at_least), 1)


def _to_rgb(image: Image.Image, shown: Shown, factor: int) -> Image.Image:
    """Return the picture as RGB on white, each square of `factor` × `factor` pixels averaged."""
    if image.mode == "RGB" and not image.has_transparency_data and image.format != "HEIF":
        return image.reduce(factor) if factor > 1 else image
    convert = _converter(image, shown)
    width, height = image.size
    whole = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    strips = _heif_strips(shown.data, factor) if image.format == "HEIF" else _strips(image, factor)
    for top, strip in strips:
        whole.paste(convert(strip).reduce(factor), (0, top // factor))
    return whole


def _converter(image: Image.Image, shown: Shown) -> Callable[[Image.Image], Image.Image]:
    """Return what makes RGB of a strip of the picture."""
    if image.mode == "LAB":
        return _from_lab()
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep_grey(image, shown)
    return _on_white if image.has_transparency_data else lambda strip: strip.convert("RGB")


def _on_white(strip: Image.Image) -> Image.Image:
    rgba = (strip.convert("LA") if strip.mode == "La" else strip).convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba)
    return white


def _from_lab() -> Callable[[Image.Image], Image.Image]:
    from PIL import ImageCms  # only printers' TIFFs need it

    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    return transform.apply


def _from_deep_grey(image: Image.Image, shown: Shown) -> Callable[[Image.Image], Image.Image]:
    """Return what keeps the upper 8 bits of a strip of grey; Pillow's own convert() would clip at 255."""
    low, high = (0.0, 0.0) if image.mode.startswith("I;16") else _extrema(image)
    shift = (8 if high > 255 else 0) if image.mode == "I" else shown.bits - 8

    def to_bytes(grey: NDArray[Any]) -> NDArray[Any]:
        if image.mode == "F":  # from the darkest to the brightest
            grey = np.fmin(np.fmax(grey, low), high)  # what is no number is dark
            scale = 255 / max(high - low, 1e-12)
            return cast(NDArray[Any], np.rint(np.subtract(grey, low, dtype=np.float64) * scale))
        if image.mode == "I":
            grey = np.clip(grey, 0, 65535)
        return cast(NDArray[Any], grey >> shift)

    def convert(strip: Image.Image) -> Image.Image:
        grey = np.asarray(strip)
        eight = to_bytes(grey).astype(np.uint8)
        if shown.white_is_zero:
            eight = 255 - eight
        if shown.clear:
            eight[grey == shown.clear[0]] = 255
        return Image.fromarray(eight).convert("RGB")

    return convert


def _extrema(image: Image.Image) -> tuple[float, float]:
    """Return the least and the greatest value; of floating-point numbers, of those that are numbers."""
    low, high = cast(tuple[float, float], image.getextrema())
    if np.isfinite((low, high)).all():
        return low, high
    finite = [grey[np.isfinite(grey)] for grey in (np.asarray(strip) for _, strip in _strips(image))]
    parts = [part for part in finite if part.size]
    return min((float(part.min()) for part in parts), default=0.0), max((float(p.max()) for p in parts), default=0.0)


def _turning(image: Image.Image, shown: Shown) -> Image.Transpose | None:
    """Return what makes the photo upright. HEIC's decoder turns it itself, Pillow's of AVIF says it in EXIF data."""
    if image.format == "AVIF":
        return _TURNINGS.get(orientation_of(image.info.get("exif", b""), image.info.get("xmp", b"")))
    return _TURNINGS.get(shown.orientation)
