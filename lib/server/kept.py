"""What is kept of a photo once a model has looked at it, so that memory holds many and no answer changes.

A large file is replaced by what is still needed of it: the reduced picture that most models see anyway (see
`DECODE_FLOOR`), one more for each other scale that was asked for, all stored without loss, and a JPEG for people. So
every model gives the answer that it would give for the file.

Of a phone's photo of 12 megapixels these are 370 kB, and take 38 ms, 16 of which are the JPEG's second decoding.
Lossless WebP is a fifth smaller than PNG and takes 8 ms instead of 20.
"""

import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from PIL import Image

from lib.errors import PhotoError
from lib.messages import N_
from lib.photos.opening import open_at_each, open_photo, thumbnail
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.refusals import MAX_SIDE

KEEP_BYTES = 400_000
VIEW_SIDE, VIEW_MOST = 960, 1280  # of the longer side of what people look at, where the photo has so many pixels
_DRAWN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a photo.

    Attributes:
        data: The file, or a picture of it that every browser draws.
        scales: What models are answered from, by the side they need; None as long as `data` will do for all.
        view: A JPEG for people, where `data` has fewer pixels than they want to see.
    """

    data: bytes
    scales: Mapping[int, bytes] | None = None
    view: bytes | None = None

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes; several scales may be one picture."""
        held = (self.data, self.view or b"", *(self.scales or {}).values())
        return sum({id(one): len(one) for one in held}.values())

    @property
    def media_type(self) -> str | None:
        """Return what kind of picture `data` is, such as "image/png"; None if not every browser draws it."""
        return next((kind for start, kind in _DRAWN.items() if self.data.startswith(start)), None)

    @property
    def is_to_shrink(self) -> bool:
        """Whether the file, which nobody has looked at yet, may be replaced."""
        return len(self.data) > KEEP_BYTES or self.media_type is None


@dataclass(frozen=True, slots=True)
class Seen:
    """A photo that was decoded.

    Attributes:
        pictures: By the side that was wanted; where one could not be made it is missing.
        problem: Why it is.
        size_wh: Width and height of the upright photo in the file; None where the file is no longer there.
        kept: What is kept of the photo from now on.
    """

    pictures: Mapping[int, Image.Image]
    problem: PhotoError
    size_wh: tuple[int, int] | None
    kept: Kept


def see(name: str, kept: Kept, needed: Collection[int], later: Callable[[], Collection[int]] | None = None) -> Seen:
    """Decode a photo.

    Args:
        name: What its owner calls it.
        kept: What there is of it.
        needed: How many pixels a side are wanted; see `lib.classify.infer.pixels_needed`.
        later: If this is the first look: returns what may be wanted later.
    """
    too_small = PhotoError(N_("{file} was saved too small for this model. Remove it and add it again."), file=name)
    if kept.scales is not None:
        here = {side: kept.scales[side] for side in needed if side in kept.scales}
        found = {side: open_photo(data, name, at_least=MAX_SIDE) for side, data in here.items()}
        return Seen(found, too_small, None, kept)
    sides = {*needed}
    shrinks = later is not None and kept.is_to_shrink
    if later is not None and shrinks:
        sides |= {DECODE_FLOOR, *later()}
    try:
        found, size_wh = open_at_each(
            kept.data, name, lambda size_wh: sides | {_view_side(size_wh)} if shrinks else sides
        )
    except PhotoError as error:
        return Seen({}, error, None, kept)
    return Seen(found, too_small, size_wh, _shrunk(kept, found, sides, size_wh) if shrinks else kept)


def _shrunk(file: Kept, found: Mapping[int, Image.Image], sides: Collection[int], size_wh: tuple[int, int]) -> Kept:
    """Return what takes the place of a file; the file itself, if that is not more and browsers draw it."""
    least, view = found[DECODE_FLOOR], found[_view_side(size_wh)]
    encoded = {id(picture): _encode(picture) for picture in (found[side] for side in sides)}
    shrunk = Kept(encoded[id(least)])
    if least.size != size_wh:  # something was left out
        jpeg = thumbnail(view, side=VIEW_MOST) if view.size != least.size else None
        shrunk = Kept(encoded[id(least)], {side: encoded[id(found[side])] for side in sides}, jpeg)
    return shrunk if shrunk.held_bytes < file.held_bytes or file.media_type is None else file


def _view_side(size_wh: tuple[int, int]) -> int:
    """Return how many pixels both sides of what people look at keep, so that the longer one keeps `VIEW_SIDE`."""
    return max(DECODE_FLOOR, -(-VIEW_SIDE * min(size_wh) // max(size_wh)))


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()
