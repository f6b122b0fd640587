"""Photos to try: real ones that come with scikit-image and scikit-learn, read where those packages keep them.

They are found without importing the packages, which would take seconds.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from lib.messages import N_


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo to try.

    Attributes:
        name: File name.
        title: English, marked for translation.
        path: Where it is.
    """

    name: str
    title: str
    path: Path


_SAMPLES = (
    ("skimage", "data/chelsea.png", N_("A cat")),
    ("sklearn", "datasets/images/china.jpg", N_("A temple")),
    ("skimage", "data/motorcycle_left.png", N_("A motorcycle")),
    ("sklearn", "datasets/images/flower.jpg", N_("A flower")),
    ("skimage", "data/coffee.png", N_("A cup of coffee")),
    ("skimage", "data/rocket.jpg", N_("A rocket")),
    ("skimage", "data/astronaut.png", N_("An astronaut")),
)


def find_samples() -> tuple[Sample, ...]:
    """Return the samples that are installed."""
    found = []
    for package, inner, title in _SAMPLES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        path = Path(spec.origin).parent / inner
        if path.is_file():
            found.append(Sample(path.name, title, path))
    return tuple(found)
