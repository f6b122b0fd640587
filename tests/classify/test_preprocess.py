"""An RGB image → the numbers a model's input tensor expects."""

import numpy as np
import pytest
from PIL import Image

from lib.classify.preprocess import Quantiser, misses_much, resize, seen, to_floats
from lib.model.spec import InputSpec
from tests.support.pictures import BLUE, GREEN, RED, noise, plain


def framed(size_wh: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """Return a red picture with a blue box in it."""
    image = plain(RED, *size_wh)
    image.paste(BLUE, box)
    return image


# 12.5% of a side is left out, half of it on each end, rounded down to whole pixels.
@pytest.mark.parametrize(
    ("size_wh", "box"),
    [
        pytest.param((160, 80), (10, 5, 150, 75), id="10 of 160 and 5 of 80 on each end"),
        pytest.param((500, 375), (31, 23, 469, 352), id="31.25 and 23.4375, rounded down"),
        pytest.param((100, 7), (6, 0, 94, 7), id="less than one pixel: the whole side"),
        pytest.param((1, 1), (0, 0, 1, 1), id="a single pixel"),
    ],
)
def test_crop_takes_the_middle_87_percent_of_each_side(
    size_wh: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    pixels = np.asarray(resize(framed(size_wh, box), InputSpec((20, 10), resize="crop")))
    assert pixels.shape == (10, 20, 3)
    assert (pixels == BLUE).all()


# 375 · 7 / 8 = 328.125; of 500 pixels 172 are left over, 86 on each side; 488 · 7 / 8 is 427 exactly. Of an odd rest
# the larger half lies to the left and above, as in ImageNet's own evaluation.
@pytest.mark.parametrize(
    ("photo", "size", "box"),
    [
        pytest.param((500, 375), (224, 224), (86, 24, 414, 352), id="wide"),
        pytest.param((375, 500), (224, 224), (24, 86, 352, 414), id="tall"),
        pytest.param((488, 600), (224, 224), (31, 87, 458, 514), id="a whole number"),
        pytest.param((256, 256), (224, 224), (16, 16, 240, 240), id="ImageNet's usual size"),
        pytest.param((400, 400), (20, 10), (25, 113, 375, 288), id="an input that is no square"),
        pytest.param((1, 1), (4, 4), (0, 0, 1, 1), id="a single pixel"),
        pytest.param((3000, 2), (224, 224), (1500, 1, 1501, 2), id="a line"),
    ],
)
def test_square_takes_the_middle_of_the_shorter_side_in_the_inputs_shape(
    photo: tuple[int, int], size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    assert seen(photo, InputSpec(size, resize="square")) == box
    pixels = np.asarray(resize(framed(photo, box), InputSpec(size, resize="square", filter="bicubic")))
    assert pixels.shape == (size[1], size[0], 3)
    assert (pixels == BLUE).all()


@pytest.mark.parametrize(
    ("photo", "size", "box"),
    [
        pytest.param((640, 480), (224, 224), (80, 0, 560, 480), id="a webcam's"),
        pytest.param((480, 641), (224, 224), (0, 81, 480, 561), id="tall, an odd rest above"),
        pytest.param((400, 400), (20, 10), (0, 100, 400, 300), id="an input that is no square"),
    ],
)
def test_middle_takes_all_of_the_shorter_side_in_the_inputs_shape(
    photo: tuple[int, int], size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    assert seen(photo, InputSpec(size, resize="middle")) == box


def test_nothing_outside_the_crop_has_any_weight() -> None:
    image = framed((160, 80), (11, 6, 149, 74))  # one pixel smaller than the crop on each side
    edge = np.asarray(resize(image, InputSpec((20, 10), resize="crop")))[5, 0]
    # The first column of the 140-wide crop is red, 1 of about 7 pixels to a new one; bilinear weights fall off.
    assert 0 < edge[0] < 64


@pytest.mark.parametrize(
    ("photo", "rule", "much"),
    [
        ((4000, 3000), "square", True),  # 17% at the left and at the right
        ((3000, 4000), "square", True),
        ((1000, 1000), "square", False),  # 6%
        ((1920, 1080), "crop", False),
        ((1920, 1080), "squash", False),
    ],
)
def test_a_part_misses_much_where_more_than_a_tenth_of_a_side_is_outside(
    photo: tuple[int, int], rule: str, much: bool
) -> None:
    assert misses_much(photo, InputSpec((224, 224), resize=rule)) is much


def test_squash_scales_the_whole_picture_without_keeping_its_shape() -> None:
    image = plain(RED, 40, 20)
    image.paste(GREEN, (20, 0, 40, 20))
    pixels = np.asarray(resize(image, InputSpec((4, 6), resize="squash")))
    assert pixels.shape == (6, 4, 3)
    assert (pixels[:, 0] == RED).all()
    assert (pixels[:, 3] == GREEN).all()


def test_scaling_up_goes_straight_from_pixel_to_pixel() -> None:
    # Two pixels, 0 and 255, become four, whose centres lie at 0.25, 0.75, 1.25 and 1.75; the old ones' at 0.5 and 1.5.
    # A triangle of width 2 gives them 0, a quarter, three quarters and all of 255; bicubic gives 53 for the second.
    image = plain((0, 0, 0), 2, 1)
    image.putpixel((1, 0), (255, 255, 255))
    scaled = resize(image, InputSpec((4, 1), resize="squash"))
    assert [scaled.getpixel((x, 0))[0] for x in range(4)] == [0, 64, 191, 255]
    bicubic = resize(image, InputSpec((4, 1), resize="squash", filter="bicubic"))
    assert bicubic.getpixel((1, 0))[0] == 53


def test_scaling_down_averages_over_what_it_covers() -> None:
    # Antialiased bilinear: a triangle of width 2 · 4, so the middle of a checkerboard comes out grey.
    board = np.indices((32, 64)).sum(axis=0) % 2 * 255
    image = Image.fromarray(np.repeat(board[..., np.newaxis], 3, axis=2).astype(np.uint8))
    pixels = np.asarray(resize(image, InputSpec((16, 8), resize="squash")), np.int32)
    assert np.abs(pixels[2:-2, 2:-2] - 127.5).max() <= 1


def test_a_photo_smaller_than_the_input_is_enlarged() -> None:
    assert resize(plain(GREEN, 3, 2), InputSpec((224, 160))).size == (224, 160)


@pytest.mark.parametrize("rule", ["crop", "squash"])
def test_the_picture_is_left_unchanged(rule: str) -> None:
    image = noise(30, 20)
    before = image.tobytes()
    resize(image, InputSpec((6, 4), resize=rule))
    assert image.tobytes() == before
    assert image.size == (30, 20)


BYTES = np.array([[[0, 51, 255]]], np.uint8)  # 51 is a fifth of 255


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(InputSpec((1, 1)), [-1.0, -0.6, 1.0], id="-1 … 1 unless told"),
        pytest.param(InputSpec((1, 1), (0.0, 1.0)), [0.0, 0.2, 1.0], id="0 … 1"),
        pytest.param(InputSpec((1, 1), (0.0, 255.0)), [0.0, 51.0, 255.0], id="bytes"),
        pytest.param(InputSpec((1, 1), (0.0, 1.0), mean=(0.5, 0.2, 0.4)), [-0.5, 0.0, 0.6], id="mean taken off"),
        pytest.param(
            InputSpec((1, 1), (0.0, 1.0), mean=(0.5, 0.2, 0.4), std=(0.5, 0.1, 0.2)),
            [-1.0, 0.0, 3.0],
            id="mean, then std",
        ),
        pytest.param(InputSpec((1, 1), (0.0, 1.0), std=(0.5, 0.1, 0.2)), [0.0, 2.0, 5.0], id="std alone"),
    ],
)
def test_floats(spec: InputSpec, expected: list[float]) -> None:
    result = to_floats(BYTES, spec)
    assert result.dtype == np.float32
    assert result[0, 0] == pytest.approx(expected, abs=1e-6)


def test_floats_leave_the_bytes_unchanged() -> None:
    pixels = BYTES.copy()
    to_floats(pixels, InputSpec((1, 1)))
    assert (pixels == BYTES).all()


ALL_BYTES = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)


@pytest.mark.parametrize(
    ("spec", "scale", "zero_point"),
    [
        pytest.param(InputSpec((16, 16), (-1.0, 1.0)), 1 / 128, 128, id="the Coral models' 1/128 and 128"),
        pytest.param(InputSpec((16, 16), (-1.0, 1.0)), 2 / 255, 127, id="2/255 and 127"),
        pytest.param(InputSpec((16, 16), (0.0, 1.0)), 1 / 255, 0, id="1/255 and 0"),
        pytest.param(InputSpec((16, 16), (0.0, 255.0)), 1.0, 0, id="bytes"),
        pytest.param(InputSpec((16, 16), (-1.0, 1.0)), 0.0, 0, id="a tensor that says nothing of its steps"),
    ],
)
def test_a_tensor_whose_steps_are_bytes_takes_them_as_they_are(spec: InputSpec, scale: float, zero_point: int) -> None:
    assert (Quantiser(spec, np.uint8, scale, zero_point)(ALL_BYTES) == ALL_BYTES).all()


@pytest.mark.parametrize(
    ("zero_point", "expected"),
    [
        pytest.param(1, [0, 51, 255], id="one step off: the bytes themselves"),
        pytest.param(2, [2, 53, 255], id="two steps off: as the tensor says"),
    ],
)
def test_bytes_are_taken_as_they_are_to_within_one_step(zero_point: int, expected: list[int]) -> None:
    quantiser = Quantiser(InputSpec((1, 1), (0.0, 255.0)), np.uint8, 1.0, zero_point)
    assert quantiser(BYTES).ravel().tolist() == expected


def test_a_signed_tensor_takes_bytes_less_128() -> None:
    result = Quantiser(InputSpec((16, 16), (0.0, 1.0)), np.int8, 1 / 255, -128)(ALL_BYTES)
    assert result.dtype == np.int8
    assert result[..., 0].ravel().tolist() == list(range(-128, 128))


@pytest.mark.parametrize(
    ("dtype", "zero_point", "expected"),
    [
        # 0, 51, 255 mean -1, -0.6, 1; in steps of 1/64: -64, -38.4, 64.
        pytest.param(np.uint8, 64, [0, 26, 128], id="unsigned"),
        pytest.param(np.int8, -64, [-128, -102, 0], id="signed"),
        pytest.param(np.int8, 100, [36, 62, 127], id="clipped at the upper end"),
    ],
)
def test_other_steps_are_rounded(dtype: type, zero_point: int, expected: list[int]) -> None:
    result = Quantiser(InputSpec((1, 1)), dtype, 1 / 64, zero_point)(BYTES)
    assert result.dtype == dtype
    assert result.shape == (1, 1, 3)
    assert result.ravel().tolist() == expected


def test_channels_with_their_own_mean_have_their_own_steps() -> None:
    spec = InputSpec((1, 1), (0.0, 255.0), mean=(0.0, 50.0, 100.0))
    pixels = np.array([[[120, 120, 120]]], np.uint8)
    assert Quantiser(spec, np.uint8, 1.0, 0)(pixels).ravel().tolist() == [120, 70, 20]


def test_quantising_leaves_the_bytes_unchanged() -> None:
    for zero_point in (0, 64):
        pixels = ALL_BYTES.copy()
        Quantiser(InputSpec((16, 16), (0.0, 1.0)), np.int8, 1 / 255, zero_point)(pixels)
        assert (pixels == ALL_BYTES).all()


def test_photos_are_scaled_with_the_bilinear_filter() -> None:
    edge = Image.new("RGB", (2, 1))
    edge.putpixel((1, 0), (255, 255, 255))
    scaled = resize(edge, InputSpec((4, 1), resize="squash"))
    # A new pixel's centre lies at 0.25, 0.75, 1.25, 1.75; the old ones' at 0.5 and 1.5, and nothing beyond them.
    assert [scaled.getpixel((x, 0))[0] for x in range(4)] == [0, 64, 191, 255]


@pytest.mark.parametrize(("zero_point", "expected"), [(0, 10), (1, 10), (2, 12)])
def test_a_tensor_that_is_off_by_more_than_one_step_takes_other_numbers_than_the_bytes(
    zero_point: int, expected: int
) -> None:
    quantise = Quantiser(InputSpec((1, 1), range=(0.0, 255.0)), np.uint8, 1.0, zero_point)
    assert quantise(np.full((1, 1, 3), 10, np.uint8)).tolist() == [[[expected] * 3]]
