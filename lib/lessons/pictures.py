"""The pictures that are at hand for every lesson: the samples, and drawn ones."""

from functools import lru_cache, partial

from PIL import Image

from lib.datasets.shapes import SHAPES, draw
from lib.i18n import Translator
from lib.lessons.bench import Picture
from lib.lessons.shown import tile_url
from lib.photos.opening import open_photo
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.samples import Sample, find_samples

SHOWN = 6
_SIDE = 256  # pixels a side at least, of what lessons show
_DRAWN = [(label, number) for number in (1, 2) for label in range(len(SHAPES))]
_SEED = 14


def samples(t: Translator) -> list[Picture]:
    """Return the samples that are installed, the first of them."""
    return [_of_sample(t, sample) for sample in find_samples()[:SHOWN]]


def _of_sample(t: Translator, sample: Sample) -> Picture:
    opened = partial(_opened_sample, sample)
    return Picture(sample.name, t(sample.title), f"/samples/{sample.name}", opened, opened(_SIDE).size)


@lru_cache(maxsize=8)
def _opened_sample(sample: Sample, side: int) -> Image.Image:
    return open_photo(sample.path.read_bytes(), sample.name, at_least=max(side, DECODE_FLOOR))


def drawn(t: Translator) -> list[Picture]:
    """Return drawn circles, squares and triangles."""
    return [_of_drawing(t, label, number) for label, number in _DRAWN]


def _of_drawing(t: Translator, label: int, number: int) -> Picture:
    image, source = _opened_drawing(label, number)
    return Picture(f"drawn {label} {number}", t(SHAPES[label]), source, lambda side: image, image.size)


@lru_cache(maxsize=len(_DRAWN))
def _opened_drawing(label: int, number: int) -> tuple[Image.Image, str]:
    image = open_photo(draw(label, number, _SEED), SHAPES[label])
    return image, tile_url(image)
