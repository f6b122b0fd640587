"""Which photos are nearly the same: against pictures changed by hand, and groups against the definition."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from lib.datasets.duplicates import WITHIN, Trace, groups, phash
from lib.photos.opening import open_photo
from tests.support.pictures import BLUE, RED, encode, noise, plain


def scene(seed: int = 0) -> Image.Image:
    """Return a picture with structure: a few soft blots, as a photo has."""
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8))
    return small.resize((280, 200), Image.Resampling.BICUBIC)


def saved(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encode(image, "JPEG", quality=quality))).convert("RGB")


def bits(one: Image.Image, other: Image.Image) -> int:
    hashes = phash(one), phash(other)
    assert None not in hashes
    return (hashes[0] ^ hashes[1]).bit_count()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: saved(image, 40), id="saved anew"),
        pytest.param(lambda image: image.resize((140, 100)), id="scaled"),
        pytest.param(lambda image: image.convert("L").convert("RGB"), id="grey"),
        pytest.param(lambda image: ImageEnhance.Brightness(image).enhance(0.8), id="darker"),
        pytest.param(lambda image: image.crop((2, 2, 280, 200)), id="moved"),
    ],
)
def test_a_photo_that_was_changed_a_little_is_nearly_the_same(change: Callable[[Image.Image], Image.Image]) -> None:
    assert max(bits(scene(seed), change(scene(seed))) for seed in range(5)) <= WITHIN


def test_different_photos_and_mirrored_ones_are_not() -> None:
    pictures = [scene(seed) for seed in range(8)]
    pictures += [picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in pictures]
    least = min(bits(one, other) for at, one in enumerate(pictures) for other in pictures[:at])
    assert least > WITHIN


def test_a_hash_has_as_many_ones_as_zeros_and_is_worked_out_as_by_hand() -> None:
    hashed = phash(scene())
    assert hashed is not None
    assert hashed.bit_count() == 32
    # One wave across the width alone: frequency 3 across, 0 down, is none of the 64; so is any other, but for rounding.
    wave = 128 + 100 * np.cos(np.pi * (2 * np.arange(32) + 1) * 3 / 64)
    assert phash(Image.fromarray(np.tile(wave, (32, 1)).round().astype(np.uint8)).convert("RGB")) is None
    # With frequency 2 down as well it is one coefficient: row 2, column 3, which is bit 8 · 1 + 2 from the left.
    down = np.cos(np.pi * (2 * np.arange(32) + 1) * 2 / 64)
    both = 128 + 100 * down[:, None] * np.cos(np.pi * (2 * np.arange(32) + 1) * 3 / 64)
    found = phash(Image.fromarray(both.round().astype(np.uint8)).convert("RGB"))
    assert found is not None
    assert found >> (63 - 10) & 1 == 1


def test_plain_pictures_have_no_hash_and_are_not_alike() -> None:
    assert phash(plain(RED)) is phash(plain(BLUE, 300, 200)) is None
    assert groups([Trace(0, "a"), Trace(0, "b")]) == ((0,), (1,))


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param(Trace(0, "a", 0b1111), Trace(0, "b", 0b1111 << 60 | 0b1111), True, id="4 bits"),
        pytest.param(Trace(0, "a", 0xFF), Trace(0, "b", 0xFFFF), True, id="8 bits"),
        pytest.param(Trace(0, "a", 0xFF), Trace(0, "b", 0x1FFFF), False, id="9 bits"),
        pytest.param(Trace(0, "a", 1 << 63), Trace(0, "b", 1), True, id="the highest bit"),
        pytest.param(Trace(0, "a", 0xFF), Trace(1, "a", 0xFF), False, id="other classes"),
        pytest.param(Trace(0, "a", None), Trace(0, "a", None), True, id="the same bytes"),
        pytest.param(Trace(0, "a", None), Trace(0, "b", 1), False, id="one unknown"),
        pytest.param(Trace(0, "", None), Trace(0, "", None), False, id="unread"),
        pytest.param(Trace(0, "a", 1, "x"), Trace(0, "b", (1 << 64) - 1, "x"), True, id="one burst"),
        pytest.param(Trace(0, "a", 1, "x"), Trace(0, "b", (1 << 64) - 1, "y"), False, id="two bursts"),
    ],
)
def test_what_belongs_together(one: Trace, other: Trace, together: bool) -> None:
    assert groups([one, other]) == (((0, 1),) if together else ((0,), (1,)))


def test_whoever_is_alike_one_of_a_group_is_in_it() -> None:
    assert groups([Trace(0, "a", 0x1), Trace(0, "c", 0x1FFFF), Trace(0, "b", 0x1FF)]) == ((0, 1, 2),)


TRACES = st.builds(
    Trace,
    st.integers(0, 1),
    st.sampled_from(["", "a", "b", "c"]),
    st.none() | st.sampled_from([1, 0x1FF, 0x1FFFF, 0x1FFFFFF, (1 << 64) - 1]),
    st.none() | st.sampled_from(["x", "y"]),
)


def alike(one: Trace, other: Trace) -> bool:
    is_near = one.phash is not None and other.phash is not None and (one.phash ^ other.phash).bit_count() <= WITHIN
    same = (one.digest and one.digest == other.digest) or (one.burst and one.burst == other.burst)
    return one.label == other.label and bool(is_near or same)


@given(st.lists(TRACES, max_size=12))
def test_groups_are_what_can_be_reached_and_nothing_else(traces: list[Trace]) -> None:
    reach = [{at} | {to for to, other in enumerate(traces) if alike(one, other)} for at, one in enumerate(traces)]
    for _ in traces:
        reach = [set().union(*(reach[to] for to in found)) for found in reach]
    assert groups(traces) == tuple(sorted({tuple(sorted(found)) for found in reach}))


def test_frames_are_found_and_different_photos_are_not(shared: Path) -> None:
    folder = shared / "datasets" / "ants-vs-bees" / "train" / "bees"
    photos = [open_photo(path.read_bytes(), path.name) for path in sorted(folder.iterdir())[:40]]
    hashes = [phash(photo) for photo in photos]
    assert len(groups([Trace(0, str(at), found) for at, found in enumerate(hashes)])) == 40
    moved = [photo.rotate(1).crop((4, 4, photo.width - 4, photo.height - 4)) for photo in photos]
    assert np.mean([bits(one, other) <= WITHIN for one, other in zip(photos, moved, strict=True)]) > 0.9


def test_five_thousand_photos_take_no_more_than_a_moment() -> None:
    rng = np.random.default_rng(0)
    traces = [Trace(0, str(at), int(rng.integers(1, 1 << 63))) for at in range(5000)]
    assert len(groups(traces)) > 4900  # a Python loop over 12 million pairs would take half a minute


def test_noise_is_a_photo_like_any_other() -> None:
    assert bits(noise(64, 64, 1), noise(64, 64, 2)) > WITHIN
