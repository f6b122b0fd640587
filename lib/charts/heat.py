"""Where a model looked, as a picture: cells over the photo, one colour for what speaks for a class, one against it.

How much a cell is covered is in proportion to its vote, up to the end of the scale. The photo is grey below, or an
orange cat would seem to have all the votes. The cells are drawn as they are: a smooth map would promise more than 7 × 7
numbers hold.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lib.classify.explain import Explanation

# Orange and blue are told apart in all common colour blindness; the doubt and the accent of the design's tokens.
FOR, AGAINST = (245, 166, 35), (59, 59, 208)
COVER = 0.75  # of the photo, at the end of the scale
_OUTSIDE = 0.35  # how much is left of the photo where the model does not look
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_EDGE = (255, 255, 255)
_LEGEND_PX, _TEXT_PX, _PAPER, _INK = 44, 18, (255, 255, 255), (28, 26, 36)


def scale_end(explanation: Explanation) -> float:
    """Return the vote at the end of the scale: the next round number from the largest vote on."""
    largest = float(np.abs(explanation.cells).max())
    if not largest > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in _STEPS if step * power >= largest * (1 - 1e-9))


def cells(explanation: Explanation) -> Image.Image:
    """Return one pixel for each cell, RGBA: to be laid over what the model saw, enlarged without smoothing."""
    share = np.clip(explanation.cells / scale_end(explanation), -1, 1)
    pixels = np.zeros((*share.shape, 4), np.uint8)
    pixels[..., :3] = np.where(share[..., None] >= 0, FOR, AGAINST)
    pixels[..., 3] = np.rint(255 * COVER * np.abs(share))
    return Image.fromarray(pixels)


def draw(photo: Image.Image, explanation: Explanation) -> Image.Image:
    """Return a photo with the cells over it, what the model did not see faded, and the scale below.

    Args:
        photo: RGB, upright, at any scale.
        explanation: Of it.
    """
    scale = [side / whole for side, whole in zip(photo.size, explanation.size_wh, strict=True)]
    left, top, right, bottom = (round(edge * scale[place % 2]) for place, edge in enumerate(explanation.box))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    seen = photo.crop((left, top, right, bottom)).convert("L").convert("RGBA")
    seen.alpha_composite(cells(explanation).resize(seen.size, Image.Resampling.NEAREST))
    drawn = Image.blend(Image.new("RGB", photo.size, _PAPER), photo, _OUTSIDE)
    drawn.paste(seen.convert("RGB"), (left, top))
    if (left, top, right, bottom) != (0, 0, *photo.size):
        ImageDraw.Draw(drawn).rectangle((left, top, right - 1, bottom - 1), outline=_EDGE)
    whole = Image.new("RGB", (photo.width, photo.height + _LEGEND_PX), _PAPER)
    whole.paste(drawn)
    whole.paste(_legend(explanation, photo.width), (0, photo.height))
    return whole


def _legend(explanation: Explanation, width: int) -> Image.Image:
    """Return the scale: the colours over grey, and the votes at its ends and in its middle."""
    strip = Image.new("RGB", (width, _LEGEND_PX), _PAPER)
    bar: NDArray[np.float64] = np.linspace(-1, 1, max(1, width - 16))
    grey = np.full((len(bar), 3), 200.0)
    colours = np.where(bar[:, None] >= 0, FOR, AGAINST)
    mixed = grey + COVER * np.abs(bar)[:, None] * (colours - grey)
    row = Image.fromarray(np.rint(mixed)[None].astype(np.uint8)).resize((len(bar), 10), Image.Resampling.NEAREST)
    strip.paste(row, (8, 4))
    end, pen, font = scale_end(explanation), ImageDraw.Draw(strip), ImageFont.load_default(_TEXT_PX)
    for place, text, anchor in ((8, f"-{end:g}", "lt"), (width // 2, "0", "mt"), (width - 8, f"+{end:g}", "rt")):
        pen.text((place, 20), text, fill=_INK, anchor=anchor, font=font)
    return strip
