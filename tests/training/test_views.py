"""Crops of photos."""

import numpy as np
from PIL import Image

from lib.training.prepare import views_that_fit
from lib.training.views import SMALLEST_AREA, crop, photo_boxes, random_boxes


def test_random_boxes_lie_inside_the_photo_and_are_not_too_small() -> None:
    boxes = random_boxes(np.random.default_rng(0), 2000)
    left, top, right, bottom = boxes.T
    assert boxes.min() >= 0.0
    assert boxes.max() <= 1.0 + 1e-12
    area = (right - left) * (bottom - top)
    # A box wider than the photo is cut to it: at aspect 4/3 and area 1 three quarters of the height remain.
    assert area.min() > SMALLEST_AREA * 0.75
    assert 0.5 < area.mean() < 0.75


def test_the_crops_of_a_photo_depend_on_the_seed_and_its_number_alone() -> None:
    again = photo_boxes(1, 5, 4, augment=True)
    assert np.array_equal(again, photo_boxes(1, 5, 4, augment=True))
    assert not np.array_equal(again, photo_boxes(1, 6, 4, augment=True))
    assert not np.array_equal(again, photo_boxes(2, 5, 4, augment=True))


def test_without_augmentation_every_crop_is_the_whole_photo() -> None:
    assert photo_boxes(1, 5, 2, augment=False).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]


def test_a_crop_shows_its_part_of_the_photo() -> None:
    photo = Image.new("RGB", (40, 20), "red")
    photo.paste((0, 0, 255), (20, 0, 40, 20))  # the right half is blue
    right = crop(photo, np.array([0.5, 0.0, 1.0, 1.0]), 8)
    assert right.shape == (8, 8, 3)
    assert right[:, 1:].reshape(-1, 3).tolist() == [[0, 0, 255]] * 56


def test_fewer_crops_are_made_of_very_many_photos() -> None:
    assert views_that_fit(10_000, 128, 6) == 6
    assert views_that_fit(100_000, 128, 6) == 1
    assert views_that_fit(10**7, 128, 6) == 1
