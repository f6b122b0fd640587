"""Photos varied for the eye: what is chosen, and that it is what training does."""

import numpy as np
import pytest
from PIL import Image

from lib.training.variation import EXAMPLE, Strength, moved, vary
from tests.support.pictures import corners, noise
from tests.support.workshop import Workshop

STILL = Strength(mirror=False, turn=0)


def pixels(width: int = 7, height: int = 5) -> np.ndarray:
    return np.asarray(noise(width, height), np.float64) / 255


def test_nothing_changes_a_photo_that_is_not_varied() -> None:
    photo = noise(9, 6)
    assert np.array_equal(np.asarray(vary(photo, STILL, seed=3)), np.asarray(photo))


def test_half_of_the_photos_are_mirrored_and_the_others_stay() -> None:
    photo = noise(9, 6)
    plain, mirrored = np.asarray(photo), np.asarray(photo)[:, ::-1]
    made = [np.asarray(vary(photo, Strength(turn=0), seed)) for seed in range(40)]
    assert all(np.array_equal(each, plain) or np.array_equal(each, mirrored) for each in made)
    assert 10 < sum(np.array_equal(each, mirrored) for each in made) < 30


def test_a_quarter_turn_is_one_against_the_clock() -> None:
    square = pixels(6, 6)
    assert moved(square, np.pi / 2, 1.0) == pytest.approx(np.rot90(square), abs=1e-9)


def test_a_scale_of_two_shows_the_middle_half() -> None:
    colours = np.asarray(corners(40, 40), np.float64)
    grown = moved(colours, 0.0, 2.0)
    assert np.array_equal(grown[5, 5], colours[15, 15])
    assert np.array_equal(grown[35, 35], colours[25, 25])


def test_what_is_missing_at_the_edges_is_mirrored_in() -> None:
    row = np.arange(6, dtype=np.float64)[None, :, None].repeat(3, axis=2)
    # Halved, what is at -2.5, -0.5, 1.5, 3.5, 5.5 and 7.5: 5.5 is between the last pixel and the last again.
    assert moved(row, 0.0, 0.5)[0, :, 0] == pytest.approx([1.5, 0, 1.5, 3.5, 5, 3.5])


def test_contrast_is_about_the_mean_and_stays_in_range() -> None:
    photo = Image.fromarray(np.array([[[100] * 3, [140] * 3]], np.uint8))
    for seed in range(5):
        dark, light = np.asarray(vary(photo, Strength(False, 0, 0, 0.5), seed))[0, :, 0].astype(int)
        assert dark + light == 240
        assert 20 - 1 <= light - dark <= 60 + 1


def test_the_same_seed_varies_in_the_same_way_and_another_does_not() -> None:
    photo = noise(12, 12)
    assert np.array_equal(np.asarray(vary(photo, EXAMPLE, 1)), np.asarray(vary(photo, EXAMPLE, 1)))
    assert not np.array_equal(np.asarray(vary(photo, EXAMPLE, 1)), np.asarray(vary(photo, EXAMPLE, 2)))


@pytest.mark.tensorflow
def test_it_turns_and_zooms_as_the_training_from_scratch_does(workshop: Workshop) -> None:
    """In a process of its own, as training is: the tests' own process stays free of TensorFlow."""
    code = """
import numpy as np, keras
from lib.training.variation import moved
photo = np.random.default_rng(0).random((20, 24, 3))
result = []
for angle, zoom in ((0.3, 0.0), (-0.6, 0.0), (0.0, 0.25), (0.0, -0.2)):
    turn = keras.layers.RandomRotation((angle / (2 * np.pi),) * 2)
    # Keras's zoom is how much more is seen: 0.25 shows five quarters of the photo.
    grow = keras.layers.RandomZoom((zoom, zoom))
    layer = turn if angle else grow
    theirs = np.asarray(layer(photo[None].astype("float32"), training=True))[0]
    result.append(float(np.abs(theirs - moved(photo, angle, 1 / (1 + zoom))).max()))
"""
    assert max(workshop.evaluate(code)) < 1e-4
