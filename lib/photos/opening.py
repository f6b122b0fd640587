"""Bytes from anywhere → an upright RGB image, or one sentence saying why not.

A photo is untrusted: its headers are walked first (`lib.photos.headers`), its size, pixel count and frame count are
checked before anything is decoded, only the formats named here are ever tried, and whatever goes wrong is a
`PhotoError` of that photo alone.
"""

import io
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from lib.errors import PhotoError
from lib.messages import N_
from lib.photos.headers import Shown, orientation_of, show
from lib.photos.pixels import DECODE_FLOOR, MUCH_HELD, load_reduced, open_image, reduction, to_rgb
from lib.photos.refusals import broken, bytes_held, check_bytes, check_frames, check_size, not_a_photo

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
    found, size_wh = open_at_each(data, name, lambda _: (at_least,))
    return found[at_least], size_wh


def open_at_each(
    data: bytes, name: str, wanted: Callable[[tuple[int, int]], Collection[int]]
) -> tuple[dict[int, Image.Image], tuple[int, int]]:
    """Like `open_with_size`, at several scales: each picture is the one that `open_photo` gives for that side.

    A file is decoded once for all of them; a JPEG once for each scale that its decoder makes by itself.

    Args:
        data: The file's content.
        name: What to call the photo in an error.
        wanted: Told width and height as stored in the file, returns how many pixels both sides keep at least; one or
            several.
    """
    if not data:
        raise PhotoError(N_("{file} is empty."), file=name)
    check_bytes(len(data), name)
    with _decoding(name, data):
        shown = show(data, name)
        image = open_image(shown.data)
        stored_wh = image.size
        check_size(image, shown, name)
        check_frames(image, shown, name)
        found: dict[int, Image.Image] = {}
        for together in _decoded_together(image, wanted(stored_wh)):
            image = open_image(shown.data) if found else image
            with _decoding_much if bytes_held(image, shown, max(together)) > MUCH_HELD else nullcontext():
                image = load_reduced(image, shown, max(together))
                factors = {side: reduction(image.size, side) for side in together}
                by_factor = to_rgb(image, shown, set(factors.values()))
                found |= {side: by_factor[factor] for side, factor in factors.items()}
    turning = _turning(image, shown)
    if turning is None:
        return found, stored_wh
    turned = {id(rgb): rgb.transpose(turning) for rgb in found.values()}
    upright = {side: turned[id(rgb)] for side, rgb in found.items()}
    return upright, (stored_wh[::-1] if turning in _SWAPS_SIDES else stored_wh)


def _decoded_together(image: Image.Image, sides: Collection[int]) -> Iterable[list[int]]:
    """Return which scales come from one decoding."""
    if image.format != "JPEG":
        return [list(sides)]
    by_factor: dict[int, list[int]] = {}
    for side in sides:
        by_factor.setdefault(reduction(image.size, side), []).append(side)
    return by_factor.values()


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
        if stat.S_ISDIR(status.st_mode):
            raise PhotoError(N_("{file} is a folder, not a photo."), file=name)
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError(N_("{file} is not a file, so it cannot be read."), file=name)
        check_bytes(status.st_size, name)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PhotoError(N_("{file} does not exist."), file=name) from error
    except PermissionError as error:
        raise PhotoError(N_("{file} cannot be read: permission denied."), file=name) from error
    except OSError as error:
        text = N_("{file} could not be read: {reason}.")
        raise PhotoError(text, file=name, reason=error.strerror or error) from error


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


@contextmanager
def _decoding(name: str, data: bytes) -> Iterator[None]:
    """Turn everything that Pillow and its decoders raise on bad data into a PhotoError."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise not_a_photo(name, data, error) from error
    # What Pillow's decoders raise on bad data, found by cutting and mutating files of every format.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AssertionError) as error:
        raise broken(name, data, error) from error
    except (struct.error, zlib.error, OverflowError, ZeroDivisionError, RuntimeError) as error:
        raise broken(name, data, error) from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PhotoError(N_("{file} needs too much memory to open."), file=name) from error


def _turning(image: Image.Image, shown: Shown) -> Image.Transpose | None:
    """Return what makes the photo upright. HEIC's decoder turns it itself, Pillow's of AVIF says it in EXIF data."""
    if image.format == "AVIF":
        return _TURNINGS.get(orientation_of(image.info.get("exif", b""), image.info.get("xmp", b"")))
    return _TURNINGS.get(shown.orientation)
