"""What a click costs the server, in time of the processor: a busy machine changes nothing."""

import statistics
import time

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import app, bring, upload
from tests.support.pictures import encode, plain


def cost_ms(test: AppTest, times: int = 5) -> float:
    """Return the processor time of drawing the page again, in milliseconds; the median of some."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        test.run()
        spent.append(1000 * (time.process_time() - start))
    assert not test.exception
    return statistics.median(spent)


def with_photos(count: int, page: str | None = None) -> AppTest:
    """Open a page where models have looked at `count` photos."""
    photos = [(f"{n}.png", encode(plain((n % 256, n // 256, 90), 64, 48), "PNG"), "image/png") for n in range(count)]
    if page is not None:
        return upload(app(page, models="starter-scratch,starter-small"), *photos)
    test = app()
    bring(test, *photos)
    return test


@pytest.mark.parametrize("page", [None, "pages/compare.py"], ids=["classify", "compare"])
def test_a_click_costs_little_more_with_two_hundred_photos_than_with_twelve(page: str | None) -> None:
    few, many = cost_ms(with_photos(12, page)), cost_ms(with_photos(200, page))
    assert many < 3 * few + 20


@pytest.mark.parametrize("page", [None, "pages/compare.py", "pages/embed.py", "pages/models.py", "pages/train.py"])
def test_drawing_an_empty_page_again_costs_less_than_half_a_second(page: str | None) -> None:
    assert cost_ms(app(page)) < 500
