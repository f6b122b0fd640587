"""Where a model looked, as a picture."""

import numpy as np
import pytest

from lib.charts import heat
from lib.classify.explain import Explanation
from tests.support.pictures import BLUE, plain


def explanation(cells: object, box: tuple[int, int, int, int] = (0, 0, 400, 200)) -> Explanation:
    return Explanation("cam", np.array(cells, np.float64), 0, None, 0.5, 0.0, None, box, (400, 200))


@pytest.mark.parametrize(
    ("largest", "end"), [(0.0, 1.0), (1.0, 1.0), (1.01, 1.5), (0.042, 0.05), (21.0, 30.0), (93.0, 100.0), (-7.0, 8.0)]
)
def test_the_scale_ends_at_the_next_round_number(largest: float, end: float) -> None:
    assert heat.scale_end(explanation([[largest, 0.0]])) == pytest.approx(end)


def test_a_cell_is_one_pixel_orange_for_and_blue_against_as_strong_as_its_vote() -> None:
    pixels = np.asarray(heat.cells(explanation([[10.0, -5.0], [0.0, 2.5]])))
    assert pixels.shape == (2, 2, 4)
    assert tuple(pixels[0, 0, :3]) == heat.FOR
    assert tuple(pixels[0, 1, :3]) == heat.AGAINST
    full = 255 * heat.COVER
    assert pixels[..., 3].ravel() == pytest.approx([full, full / 2, 0, full / 4], abs=1)


def test_what_the_model_did_not_see_is_faded_and_the_rest_is_grey_below_the_cells() -> None:
    drawn = heat.draw(plain(BLUE, 200, 100), explanation([[0.0]], box=(100, 0, 300, 200)))
    assert drawn.width == 200
    assert drawn.height > 100  # the scale is below
    red, green, blue = drawn.getpixel((100, 50))  # type: ignore[misc]
    assert red == green == blue
    red, green, blue = drawn.getpixel((10, 50))  # type: ignore[misc]
    assert red < blue


def test_a_photo_of_one_pixel_is_drawn() -> None:
    one = Explanation("cam", np.ones((7, 7)), 0, None, 0.5, 0.0, None, (0, 0, 1, 1), (1, 1))
    assert heat.draw(plain(BLUE, 1, 1), one).width == 1
