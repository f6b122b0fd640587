"""Any bytes are a photo or a PhotoError; a picture comes back as it went in, however it was stored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from lib.errors import PhotoError
from lib.photos.headers import orientation_of, show
from lib.photos.opening import open_photo, open_with_size
from tests.fuzz.photos import whole
from tests.support.pictures import encode

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as lib.photos does, but pytest undoes that

MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\x20\0\0\0WEBP", b"\0\0\0\x18ftypheic")
MAGIC += (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
pictures = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))
turns = st.sampled_from([None, *Image.Transpose])
# EXIF 2.3, tag 274: what was done to the picture when it was stored.
ORIENTATIONS = {
    None: 1,
    Image.Transpose.FLIP_LEFT_RIGHT: 2,
    Image.Transpose.ROTATE_180: 3,
    Image.Transpose.FLIP_TOP_BOTTOM: 4,
    Image.Transpose.TRANSPOSE: 5,
    Image.Transpose.ROTATE_90: 6,
    Image.Transpose.TRANSVERSE: 7,
    Image.Transpose.ROTATE_270: 8,
}


def is_answered(data: bytes) -> bool:
    try:
        image = open_photo(data, "photo")
    except PhotoError as error:
        assert str(error).startswith("photo ")  # noqa: PT017 - some are pictures
        return False
    return image.mode == "RGB" and min(image.size) > 0


@given(st.sampled_from(MAGIC), st.binary(max_size=300))
def test_bytes_behind_any_magic_are_a_photo_or_a_photo_error(magic: bytes, rest: bytes) -> None:
    assert is_answered(magic + rest) in (False, True)
    assert not is_answered(rest) or rest.startswith(MAGIC)


@given(st.sampled_from(sorted(whole())), st.data())
def test_a_photo_with_other_bytes_in_it_is_a_photo_or_a_photo_error(kind: str, drawn: st.DataObject) -> None:
    data = whole()[kind]
    start = drawn.draw(st.integers(0, len(data)))
    end = drawn.draw(st.integers(start, min(len(data), start + 16)))
    assert is_answered(data[:start] + drawn.draw(st.binary(max_size=16)) + data[end:]) in (False, True)


@given(pictures, turns, st.sampled_from(["PNG", "TIFF", "WEBP"]))
def test_a_picture_comes_back_upright_pixel_by_pixel(
    pixels: np.ndarray, turn: Image.Transpose | None, form: str
) -> None:
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[274] = ORIENTATIONS[turn]
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    stored = encode(image if turn is None else image.transpose(turn), form, exif=exif, **options)
    found, size_wh = open_with_size(stored, "photo")
    assert size_wh == image.size
    assert (np.asarray(found) == pixels).all()


@given(arrays.arrays(np.uint16, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.sampled_from(["PNG", "TIFF"]))
def test_deep_grey_keeps_its_upper_byte(grey: np.ndarray, form: str) -> None:
    found = np.asarray(open_photo(encode(Image.fromarray(grey), form), "photo"))
    assert (found == (grey >> 8)[..., np.newaxis]).all()


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(4))))
def test_transparency_is_mixed_with_white(pixels: np.ndarray) -> None:
    colour, alpha = pixels[..., :3].astype(float), pixels[..., 3:] / 255
    found = np.asarray(open_photo(encode(Image.fromarray(pixels), "PNG"), "photo"))
    assert np.abs(found - (colour * alpha + 255 * (1 - alpha))).max() <= 1


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_an_orientation_is_read_in_any_bytes(exif: bytes, xmp: bytes) -> None:
    assert orientation_of(exif, xmp) >= 1


@given(st.sampled_from(sorted(set(whole()) - {"JPEG without its end"})))
def test_what_a_decoder_is_shown_is_the_same_picture(kind: str) -> None:
    shown = show(whole()[kind], "photo")
    assert open_photo(shown.data, "photo").size == open_photo(whole()[kind], "photo").size
