"""What takes a large file's place gives the same answers, and is little."""

from unittest.mock import patch

import numpy as np
import pillow_heif
import pytest

from lib.photos import opening
from lib.photos.opening import open_photo
from lib.server.kept import KEEP_BYTES, Kept, see
from tests.support.pictures import RED, encode, noise, plain

pillow_heif.register_heif_opener()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "HEIF", "BMP"])
def test_models_see_every_pixel_as_in_the_file(form: str) -> None:
    data = encode(noise(34, 30).resize((1700, 1500)), form) + bytes(3_000_000)  # large, and still a photo
    first = see("a", Kept(data), {379}, lambda: {360, 700})
    assert first.kept.scales is not None
    for side in (360, 379, 700):
        again = see("a", first.kept, {side})
        assert np.array_equal(again.pictures[side], open_photo(data, "a", at_least=side))
    assert np.array_equal(first.pictures[379], open_photo(data, "a", at_least=379))


def test_a_scale_that_nobody_named_is_missing_and_said() -> None:
    kept = see("a.bmp", Kept(encode(noise(1700, 1500), "BMP")), {360}, tuple).kept
    again = see("a.bmp", kept, {360, 700})
    assert set(again.pictures) == {360}
    assert "a.bmp was saved too small" in str(again.problem)


def test_scales_of_one_size_are_one_picture() -> None:
    kept = see("a", Kept(encode(noise(1700, 1500), "BMP")), {360, 370}, lambda: {375}).kept
    assert kept.scales is not None
    assert len({id(picture) for picture in kept.scales.values()}) == 1
    assert kept.held_bytes == len(kept.data) + len(kept.view or b"")


def test_what_no_decoder_reduces_is_decoded_once() -> None:
    with patch.object(opening, "load_reduced", wraps=opening.load_reduced) as load:
        see("a", Kept(encode(plain(RED, 1700, 1500), "HEIF")), {360}, lambda: {700})
    assert load.call_count == 1


def test_a_file_that_takes_less_is_kept() -> None:
    data = encode(plain(RED, 20, 10), "PNG")
    assert see("a", Kept(data), {360}, tuple).kept.data is data
    filled = data + bytes(KEEP_BYTES)  # large, and still a photo
    assert len(see("a", Kept(filled), {360}, tuple).kept.data) < len(data) + 100


def test_later_looks_replace_nothing() -> None:
    kept = Kept(encode(noise(700, 600), "BMP"))
    assert see("a", kept, {360}).kept is kept


@pytest.mark.parametrize("data", [b"", b"no photo", encode(noise(900, 900), "BMP")[:500_000]])
def test_what_cannot_be_decoded_is_said(data: bytes) -> None:
    seen = see("a.jpg", Kept(data), {360}, tuple)
    assert (seen.pictures, seen.size_wh, seen.kept.data) == ({}, None, data)
    assert "a.jpg" in str(seen.problem)
