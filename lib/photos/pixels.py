"""What a decoder gives, whatever its kind, in strips → 8-bit RGB, at most as large as is needed."""

import io
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from lib.photos.headers import Shown

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
# Photos are reduced to the smallest of 1/1, 1/2, 1/4, 1/8 scale that keeps both sides at least this long: a little more
# than 299 pixels cut from the middle 87.5% need, and with it known accuracies come out exactly. JPEGs are reduced by
# the decoder itself, which makes large ones several times faster. One floor for all models, so that an answer does not
# depend on which other models look at the same photo, nor on whether the app kept the file or the reduced picture.
DECODE_FLOOR = 360
# Only one photo of those that hold more than this is decoded at a time, in however many threads others are.
MUCH_HELD = 64_000_000
# So that what is held beside the picture itself stays small.
_STRIP_PIXELS = 1_000_000
# Of a JPEG that lacks its end marker: how many pixels are decoded in full to find out, and what is put in its place.
_PIXELS_COMPARED = 16_000_000
_JPEG_END = b"\xff\xd9"
_JPEG_FILLINGS = (b"", b"\x55" * 64, b"\xaa" * 64)
# Pillow's raw modes: of planes, and of what libtiff unpacked, stored the other way round → in the machine's order.
_PLANES = ("R", "G", "B", "A")
_NATIVE = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}


def reduction(size_wh: tuple[int, int], at_least: int) -> int:
    """Return 8, 4, 2 or 1: by how much a picture is reduced so that both sides keep `at_least` pixels, if they have."""
    return next((factor for factor in (8, 4, 2) if min(size_wh) >= factor * at_least), 1)


def open_image(data: bytes) -> Image.Image:
    """Let Pillow read a file's headers; other formats than `FORMATS` are not tried."""
    if data[4:8] == b"ftyp":
        _register_heif()
    _register()
    return Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])


@cache
def _register() -> None:
    """Import Pillow's plugins for `FORMATS`, and not the other forty, which take 20 ms."""
    from PIL import AvifImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401  # imported for what it registers

    Image.preinit()


def _register_heif() -> None:
    import pillow_heif  # only phones' HEIC files need it

    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener(thumbnails=False)


def load_reduced(image: Image.Image, shown: Shown, at_least: int) -> Image.Image:
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
        stripped = (shown.data.rstrip(b"\0") if shown.data.endswith(bytes(3)) else shown.data).removesuffix(b"\xff")
        is_marked = shown.data.endswith(_JPEG_END)
        if is_marked or shown.held > MUCH_HELD or not shown.is_refined or not _is_whole(stripped):
            raise
        ended = replace(shown, data=stripped + _JPEG_END)
        return _load_jpeg(open_image(ended.data), ended, at_least)
    return image


def _is_whole(data: bytes) -> bool:
    """Whether a JPEG holds its last pixel: if not, what is put between its end and the marker shows in the picture."""
    try:
        whole, *filled = (_sums(data + filling + _JPEG_END) for filling in _JPEG_FILLINGS)
    except OSError:
        return False
    return all(sums == whole for sums in filled)


def _sums(data: bytes) -> list[int]:
    """Return a checksum of each strip of a JPEG's picture, of a very large one at reduced scale."""
    image = open_image(data)
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


def _low_bytes(shown: Shown) -> Image.Image:
    """Decode a PNG of 16 bits a colour to the lower 8 of them: the upper ones of the other order."""
    image = cast(ImageFile.ImageFile, open_image(shown.data))
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
    """Yield the top and bottom of each strip."""
    width, height = size_wh
    rows = max(1, _STRIP_PIXELS // (width * multiple)) * multiple
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def to_rgb(image: Image.Image, shown: Shown, factors: Collection[int]) -> dict[int, Image.Image]:
    """Return the picture as RGB on white, for each factor with each square of so many pixels a side averaged.

    Args:
        image: As `load_reduced` returns it.
        shown: What its headers say.
        factors: Powers of two.
    """
    if image.mode == "RGB" and not image.has_transparency_data and image.format != "HEIF":
        return {factor: image.reduce(factor) if factor > 1 else image for factor in factors}
    convert = _converter(image, shown)
    width, height = image.size
    whole = {factor: Image.new("RGB", (-(-width // factor), -(-height // factor))) for factor in factors}
    largest = max(factors)
    strips = _heif_strips(shown.data, largest) if image.format == "HEIF" else _strips(image, largest)
    for top, strip in strips:
        rgb = convert(strip)
        for factor, picture in whole.items():
            picture.paste(rgb.reduce(factor), (0, top // factor))
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
