"""Bytes from anywhere → an upright RGB image, or one sentence saying why not.

A photo is untrusted: its size, pixel count and frame count are checked before anything is decoded, only the formats
named here are ever tried, and whatever goes wrong is a `PhotoError` of that photo alone.
"""

import io
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lib.errors import PhotoError
from lib.messages import N_

MAX_BYTES = 64 * 2**20
# A JPEG is decoded at reduced scale, so a 108-megapixel phone photo costs little; others are decoded whole.
MAX_PIXELS_JPEG = 120_000_000
MAX_PIXELS = 50_000_000
MAX_FRAMES = 1000
# Decoding more pixels than this takes up to 15 bytes each, so only one such photo is decoded at a time, in however
# many threads others are.
MANY_PIXELS = 16_000_000

# Photos are reduced to the smallest of 1/1, 1/2, 1/4, 1/8 scale that keeps both sides at least this long: a little more
# than 299 pixels cut from the middle 87.5 % need, and with it known accuracies come out exactly. JPEGs are reduced by
# the decoder itself, which makes large ones several times faster. One floor for all models, so that an answer does not
# depend on which other models look at the same photo, nor on whether the app kept the file or the reduced picture.
DECODE_FLOOR = 360

# An iPhone's or a 3D camera's photo is often an MPO: a JPEG with more pictures behind it. Pillow tells them apart.
_JPEGS = ("JPEG", "MPO")
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
_JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")
_HEIF_SUFFIXES = (".heic", ".heif", ".hif", ".avif")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif"}
)
SUPPORTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF"

# EXIF 2.3, tag "Orientation": how the stored picture has to be turned to stand upright.
_ORIENTATION = 0x0112
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

_decoding_many = threading.Lock()


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
        image = _open(data)
        stored_wh = image.size
        _check_size(image, name)
        _check_frames(image, data, name)
        if image.format in _JPEGS:
            image.draft(image.mode, (at_least, at_least))  # decodes at reduced scale
        with _decoding_many if _pixels_held(image, stored_wh) > MANY_PIXELS else nullcontext():
            image.load()
            turning = _turning(image)
            rgb = _reduce(_to_rgb(image), at_least)
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


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    limit = MAX_PIXELS_JPEG if image.format in _JPEGS and not _is_progressive(image) else MAX_PIXELS
    if width * height > limit:
        raise PhotoError(
            N_("{file} is too large: {width} × {height} pixels; {format} photos up to {limit} megapixels are read."),
            file=name,
            width=width,
            height=height,
            format="progressive JPEG" if _is_progressive(image) else image.format,
            limit=limit // 1_000_000,
        )


def _is_progressive(image: Image.Image) -> bool:
    """Whether all of a JPEG is in memory before the first pixel comes out, at whatever scale."""
    return bool(image.info.get("progressive"))


def _pixels_held(image: Image.Image, stored_wh: tuple[int, int]) -> int:
    width, height = stored_wh if _is_progressive(image) else image.size
    return width * height


def _check_frames(image: Image.Image, data: bytes, name: str) -> None:
    """Refuse films. The pages of a TIFF are not counted: they cost nothing, as only the first is read."""
    frames = 1
    if image.format == "GIF":
        frames = _count_gif_frames(data)
    elif image.format in ("PNG", "WEBP", "AVIF", "HEIF"):
        frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES:
        raise PhotoError(
            N_("{file} is an animation of more than {limit} frames. Save one of them as a photo."),
            file=name,
            limit=MAX_FRAMES,
        )


def _count_gif_frames(data: bytes) -> int:
    """Count the frames of a GIF by walking its blocks (GIF89a, appendix B); stops counting beyond the limit.

    Pillow's own count takes minutes for a file made for that purpose.
    """
    frames, at, inside = 0, 13 + _gif_palette_bytes(data[10]), False
    for _ in range(_MOST_GIF_BLOCKS):
        if at >= len(data):
            break
        block = data[at]
        if inside:  # sub-blocks of data, up to an empty one
            inside = block != 0
            at += 1 + block
        elif block == _GIF_FRAME and at + 9 < len(data) and frames <= MAX_FRAMES:
            frames += 1
            inside = True
            at += 11 + _gif_palette_bytes(data[at + 9])
        elif block == _GIF_EXTENSION:
            inside = True
            at += 2
        else:
            break
    return frames


_GIF_FRAME, _GIF_EXTENSION = b",!"
_MOST_GIF_BLOCKS = 1_000_000


def _gif_palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


@contextmanager
def _decoding(name: str, data: bytes) -> Iterator[None]:
    """Turn everything that Pillow and its decoders raise on bad data into a PhotoError."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise _not_a_photo(name, data, error) from error
    # What Pillow's decoders raise on bad data, found by cutting and mutating files of every format.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
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
    """Whether the file's own account of its size says that its end is missing."""
    if data.startswith(b"RIFF"):
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] != b"ftyp":
        return False
    at = 0
    while at < len(data):  # the boxes of ISO 14496-12: size, then kind; 0 reaches to the end, 1 has it in 8 bytes
        size = int.from_bytes(data[at : at + 4])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if size < 8:
            return False
        at += size
    return at > len(data)


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


def _reduce(image: Image.Image, at_least: int) -> Image.Image:
    factor = 8
    while factor > 1 and min(image.size) < factor * at_least:
        factor //= 2
    return image.reduce(factor) if factor > 1 else image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _to_eight_bits(image).convert("RGB")
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit and 32-bit grey to 8 bits; Pillow's own convert() would clip at 255."""
    grey = np.asarray(image).astype(np.float64)
    if image.mode == "F":
        grey = (grey - grey.min()) * (255.0 / max(float(np.ptp(grey)), 1e-12))
    elif image.mode.startswith("I;16") or grey.max(initial=0) > 255:
        grey = grey / 257.0  # 65535 / 255
    return Image.fromarray(np.clip(grey.round(), 0, 255).astype(np.uint8))


def _turning(image: Image.Image) -> Image.Transpose | None:
    """Return what makes the photo upright; photos with unreadable EXIF data are taken as they are."""
    try:
        return _TURNINGS.get(image.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, TypeError):
        return None
