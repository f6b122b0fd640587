"""What is measured of photos, and when a difference between classes is said."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from lib.training.traits import Difference, Trait, Traits, differences, measure, rim_difference, share_above

WIDE = (120, 60)


def amount(image: Image.Image, trait: Trait) -> float:
    return float(measure(image, image.size).amounts[trait.place])


def checks(size_wh: tuple[int, int] = (96, 96), step: int = 4) -> Image.Image:
    """Return black and white squares of `step` pixels."""
    across, down = np.meshgrid(*(np.arange(side) // step for side in size_wh))
    return Image.fromarray(((across + down) % 2 * 255).astype(np.uint8)).convert("RGB")


def some(light: float, count: int, rng: np.random.Generator, spread: float = 0.02) -> list[Traits]:
    """Return photos that differ in their light only."""
    amounts = np.zeros((count, len(Trait)))
    amounts[:, Trait.LIGHT.place] = light + rng.normal(0, spread, count)
    return [Traits(row, np.zeros((28, 3))) for row in amounts]


def test_light_is_luma_and_warmth_is_red_less_blue_of_the_rim() -> None:
    orange = Image.new("RGB", WIDE, (255, 128, 0))
    assert amount(orange, Trait.LIGHT) == pytest.approx(0.299 + 0.587 * 128 / 255, abs=1e-3)
    assert amount(orange, Trait.WARMTH) == pytest.approx(1.0)
    middle = Image.new("RGB", (96, 96), (255, 128, 0))
    middle.paste((128, 128, 128), (0, 0, 96, 12))
    middle.paste((128, 128, 128), (0, 84, 96, 96))
    middle.paste((128, 128, 128), (0, 0, 12, 96))
    middle.paste((128, 128, 128), (84, 0, 96, 96))
    assert amount(middle, Trait.WARMTH) == pytest.approx(0.0)  # the thing's own colour is not the background's


def test_shape_and_size_are_those_of_the_file_and_not_of_what_was_decoded() -> None:
    made = measure(Image.new("RGB", WIDE), (2400, 1200))
    assert made.amounts[Trait.WIDTH.place] == pytest.approx(np.log(2))
    assert made.amounts[Trait.SIZE.place] == pytest.approx(np.log2(2_880_000))


def test_a_busy_rim_is_busy_in_any_light() -> None:
    assert amount(Image.new("RGB", WIDE, (90, 90, 90)), Trait.UNREST) == pytest.approx(0.0, abs=1e-9)
    dim = checks().point(lambda value: value // 2)
    assert amount(dim, Trait.UNREST) == pytest.approx(amount(checks(), Trait.UNREST), rel=0.15)
    assert amount(checks(), Trait.UNREST) > 0.8


def test_a_blurred_photo_is_less_sharp() -> None:
    blurred = checks(step=8).filter(ImageFilter.GaussianBlur(3))
    assert amount(blurred, Trait.SHARPNESS) < amount(checks(step=8), Trait.SHARPNESS) - Trait.SHARPNESS.least


def test_of_two_classes_in_other_light_one_difference_is_said() -> None:
    rng = np.random.default_rng(0)
    traits = some(0.2, 8, rng) + some(0.7, 8, rng)
    assert differences(traits, np.repeat([0, 1], 8)) == (Difference(Trait.LIGHT, 0, False, 1.0),)


def test_of_three_classes_that_which_differs_is_named() -> None:
    rng = np.random.default_rng(0)
    traits = some(0.3, 10, rng) + some(0.3, 10, rng) + some(0.7, 10, rng)
    found = differences(traits, np.repeat([0, 1, 2], 10))
    assert found == (Difference(Trait.LIGHT, 2, True, 1.0),)


@pytest.mark.parametrize(
    ("low", "high", "spread", "count"),
    [
        pytest.param(0.4, 0.5, 0.01, 20, id="too small to see"),
        pytest.param(0.2, 0.7, 0.01, 6, id="six photos may do so by chance"),
        pytest.param(0.4, 0.6, 0.20, 20, id="the classes overlap"),
    ],
)
def test_a_difference_that_means_little_is_not_said(low: float, high: float, spread: float, count: int) -> None:
    rng = np.random.default_rng(0)
    traits = some(low, count, rng, spread) + some(high, count, rng, spread)
    assert differences(traits, np.repeat([0, 1], count)) == ()


def test_no_photos_and_one_class_have_no_differences() -> None:
    assert differences([], np.zeros(0, np.intp)) == ()
    assert differences(some(0.2, 9, np.random.default_rng(0)), np.zeros(9, np.intp)) == ()


def test_the_share_is_that_of_pairs_and_equal_ones_count_half() -> None:
    # 3 > 1, 3 > 2, 2 > 1, and 2 = 2: three and a half pairs of four.
    assert share_above(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(3.5 / 4)


def test_rims_are_compared_by_their_colours() -> None:
    dark, light = (Traits(np.zeros(len(Trait)), np.full((28, 3), value)) for value in (10.0, 60.0))
    assert rim_difference([dark, dark, dark]) == 0
    assert rim_difference([dark, dark], [light]) == 50
    assert rim_difference([dark]) == float("inf")
