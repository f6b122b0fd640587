"""A picture of nothing that any model learned: coloured squares by chance. The same one each time."""

from functools import cache

import numpy as np
from PIL import Image

from lib.i18n import Translator
from lib.lessons.bench import Picture
from lib.lessons.shown import tile_url
from lib.messages import N_

_CELLS, _SIDE, _SEED = 8, 384, 3
_NAME = N_("A strange picture")


def strange_picture(t: Translator) -> Picture:
    """Return it."""
    image, src = _made()
    return Picture("strange", t(_NAME), src, lambda side: image, image.size)


@cache
def _made() -> tuple[Image.Image, str]:
    cells = np.random.default_rng(_SEED).integers(0, 256, (_CELLS, _CELLS, 3), np.uint8)
    image = Image.fromarray(cells).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    return image, tile_url(image)
