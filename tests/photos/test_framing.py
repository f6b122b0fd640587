"""A frame around what a model sees."""

import io

import numpy as np
import pytest
from PIL import Image

from lib.photos.framing import framed
from lib.photos.opening import thumbnail
from tests.support.pictures import plain

PHOTO_WH, PART = (960, 480), (300, 60, 660, 420)  # at half the size: 150, 30, 330, 210


def pixels(colour: tuple[int, int, int], part: tuple[int, int, int, int] = PART) -> np.ndarray:
    small = thumbnail(plain(colour, *PHOTO_WH), side=480)
    return np.asarray(Image.open(io.BytesIO(framed(small, PHOTO_WH, part))).convert("L"), np.int32)


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_the_frame_is_seen_on_any_picture(grey: int) -> None:
    picture = pixels((grey, grey, grey))
    across = picture[120, 140:170]  # over the left edge
    assert across.max() - across.min() > 120
    assert picture.shape == (240, 480)


def test_only_what_is_outside_is_dimmed() -> None:
    picture = pixels((200, 200, 200))
    assert picture[120, 240] == pytest.approx(200, abs=3)
    for outside in (picture[120, 60], picture[120, 420], picture[10, 240], picture[230, 240]):
        assert outside == pytest.approx(130, abs=3)


@pytest.mark.parametrize("part", [(0, 0, 960, 480), (480, 240, 481, 241), (959, 0, 960, 480)])
def test_a_part_of_any_size_has_one(part: tuple[int, int, int, int]) -> None:
    assert pixels((90, 90, 90), part).shape == (240, 480)
