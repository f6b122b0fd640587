"""What a photo may be at most, and in a sentence why a file is not read as one."""

from PIL import Image

from lib.errors import PhotoError
from lib.messages import N_
from lib.photos.headers import Shown, boxes, may_be_photo
from lib.photos.pixels import DECODE_FLOOR, reduction

MAX_BYTES = 64 * 2**20
# A JPEG is decoded at reduced scale, so a 108-megapixel phone photo costs little; others are decoded whole.
MAX_PIXELS_JPEG = 120_000_000
MAX_PIXELS = 50_000_000
# A picture that cannot be reduced, because its other side is short, is held twice; JPEGs end at twice this anyway.
MAX_SIDE = 32_000
MAX_FRAMES = 1000
# What a decoder may hold for one photo: less than the 300 MB that it may cost in all.
MAX_HELD = 280_000_000

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"}
    | {".heic", ".heif", ".hif", ".avif"}
)
SUPPORTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF"

# Bytes a pixel, measured with pictures of 50 megapixels: these decoders hold all of it before Pillow does.
_COPIES = {("WEBP", 3): 16, ("WEBP", 4): 16, ("AVIF", 3): 9, ("AVIF", 4): 11, ("HEIF", 3): 5, ("HEIF", 4): 7}
# In the words of Pillow, libheif and libavif.
_SIGNS_OF_A_CUT = ("truncated", "unexpected end", "end of file", "eof", "premature")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


def check_bytes(count: int, name: str) -> None:
    """Refuse a file of more than `MAX_BYTES` bytes, which need not be read for that."""
    if count > MAX_BYTES:
        text = N_("{file} is too large ({megabytes} MB). Photos can have up to {limit} MB.")
        raise PhotoError(text, file=name, megabytes=-(-count // 2**20), limit=MAX_BYTES // 2**20)


def check_size(image: Image.Image, shown: Shown, name: str) -> None:
    """Refuse a picture of too many pixels, or of too long a side, before it is decoded."""
    width, height = image.size
    limit, kind = MAX_PIXELS_JPEG, image.format
    if kind != "JPEG" or shown.held:
        limit = min(MAX_PIXELS, MAX_HELD * width * height // max(1, bytes_held(image, shown)))
        kind = "progressive JPEG" if kind == "JPEG" else kind
    if width * height > limit:
        text = N_("{file} is too large ({width} × {height} pixels). {format} photos can have up to {limit} megapixels.")
        raise PhotoError(text, file=name, width=width, height=height, format=kind, limit=limit // 1_000_000)
    if max(width, height) > MAX_SIDE:
        text = N_("{file} is too large ({width} × {height} pixels). Photos can have up to {limit} pixels per side.")
        raise PhotoError(text, file=name, width=width, height=height, limit=MAX_SIDE)


def bytes_held(image: Image.Image, shown: Shown, at_least: int = DECODE_FLOOR) -> int:
    """Return what the decoder and Pillow hold for a picture that is opened, but not decoded yet."""
    width, height = image.size
    if image.format == "JPEG":  # decoded at reduced scale
        factor = reduction(image.size, at_least)
        width, height = width // factor, height // factor
    each = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    return width * height * _COPIES.get((str(image.format), len(image.getbands())), each) + shown.held


def check_frames(image: Image.Image, shown: Shown, name: str) -> None:
    """Refuse films. The pages of a TIFF are not counted: they cost nothing, as only the first is read."""
    frames = shown.frames
    if image.format in ("WEBP", "AVIF", "HEIF"):
        frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES:
        text = N_("{file} is an animation with more than {limit} frames. Save one frame as a photo.")
        raise PhotoError(text, file=name, limit=MAX_FRAMES)


def broken(name: str, data: bytes, error: Exception) -> PhotoError:
    """Return what to say of a photo that its decoder fails at with `error`: it is cut off, or damaged."""
    reason = str(error).lower()
    if _is_cut_off(data) or any(sign in reason for sign in _SIGNS_OF_A_CUT):
        return PhotoError(N_("{file} is incomplete: the end of the photo is missing."), file=name)
    return PhotoError(N_("{file} is damaged and cannot be opened."), file=name)


def _is_cut_off(data: bytes) -> bool:
    """Whether the file's own account of its size says that its end is missing, or a PNG has none."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data
    if data.startswith(b"RIFF"):
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    return data[4:8] == b"ftyp" and max(boxes(data), default=0) > len(data)


def not_a_photo(name: str, data: bytes, error: Exception) -> PhotoError:
    """Return what to say of a file that no decoder knows."""
    if kind := _recognise(data):
        text = N_("{file} is not a photo but a file of type {kind}. Supported: {formats}.")
        return PhotoError(text, file=name, kind=kind, formats=SUPPORTED)
    if may_be_photo(data):
        return broken(name, data, error)
    return PhotoError(N_("{file} is not a photo. Supported: {formats}."), file=name, formats=SUPPORTED)


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
