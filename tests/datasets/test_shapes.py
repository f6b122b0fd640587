"""Drawn photos: each by itself, always the same, and what they are called."""

import numpy as np

from lib.datasets.duplicates import Trace, groups
from lib.datasets.fingerprint import fingerprints
from lib.datasets.shapes import draw, read_shapes
from lib.photos.opening import open_photo


def test_no_shape_is_nearly_another_and_none_is_broken() -> None:
    assert read_shapes().counts() == (40, 40, 40)
    photos = read_shapes().photos[::4]
    seen = list(fingerprints([photo.source for photo in photos]))
    assert not [one.problem for one in seen if one.problem is not None]
    traces = [Trace(photo.label, one.digest, one.phash) for photo, one in zip(photos, seen, strict=True)]
    assert max(map(len, groups(traces))) <= 2
    assert len(groups(traces)) >= 28


def test_a_seed_gives_the_same_picture_and_another_another() -> None:
    assert draw(1, 7) == draw(1, 7)
    assert draw(1, 7) != draw(1, 7, seed=1)


def test_a_shape_stands_out_from_its_ground() -> None:
    for label in range(3):
        grey = np.asarray(open_photo(draw(label, 1), "x").convert("L"), float)
        assert grey.shape == (224, 224)
        assert np.percentile(grey, 99) - np.percentile(grey, 1) > 50
