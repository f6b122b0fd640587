"""What a lesson works with: a few pictures, models that are open, and what was worked out before."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Inference
from lib.classify.infer import Settings, answer_of, conclude, pixels_needed
from lib.classify.litert import LiteRTClassifier
from lib.errors import ModelFileError
from lib.formats.inner import Inner
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder, ModelSpec
from lib.results import Classification

T = TypeVar("T")
INNER = (Inner.LOGITS, Inner.FEATURES, Inner.MAP)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that a lesson looks at.

    Attributes:
        key: What tells it from every other, on this server.
        name: In the reader's language, or as its owner calls it; untrusted text.
        src: Where browsers find it.
        open: Returns it at a scale of so many pixels a side at least: upright, RGB.
        size_wh: Width and height of the upright photo in its file.
    """

    key: str
    name: str
    src: str
    open: Callable[[int], Image.Image]
    size_wh: tuple[int, int]


class Memo:
    """What was worked out, the latest of it; safe to use from several threads.

    Args:
        most_bytes: How much it keeps.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = Lock()

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes, about."""
        with self._lock:
            return sum(size for _, size in self._kept.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns, worked out anew only when nothing is kept under this key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._kept[key] = made, _size(made)
            while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return made


def _size(value: object) -> int:
    """Return how many bytes a value takes, about: what its arrays and pictures hold."""
    match value:
        case np.ndarray():
            return int(value.nbytes)
        case Inference():
            return int(value.probabilities.nbytes) + sum(int(each.nbytes) for each in value.inner.values())
        case str() | bytes():
            return len(value)
        case Image.Image():
            return value.width * value.height * len(value.getbands())
        case tuple() | list():
            return sum(map(_size, value))
        case _:
            return int(getattr(value, "held_bytes", 64))


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model that a lesson asks.

    Attributes:
        folder: Its folder.
        classifier: It, with `INNER` as far as it has them.
        labels: Its names, in the reader's language.
    """

    folder: ModelFolder
    classifier: LiteRTClassifier
    labels: tuple[str, ...]

    @property
    def spec(self) -> ModelSpec:
        """The model's description."""
        return self.folder.spec


@dataclass(frozen=True, eq=False)
class Bench:
    """What a lesson works with.

    Attributes:
        t: The reader's language.
        pictures: At least one.
        opened: Returns a model by its id, or one in its place where it is not here.
        memo: What was worked out of these pictures.
        drawn: What was worked out of drawn pictures, for everybody.
        default: Id of the model that answers where the lesson needs no particular one.
        chosen: Which pictures they are: "samples", "mine" or "drawn".
    """

    t: Translator
    pictures: Sequence[Picture]
    opened: Callable[[str], Opened]
    memo: Memo
    drawn: Memo
    default: str
    chosen: str = "samples"
    _models: dict[str, Opened] = field(default_factory=dict)

    def model(self, model_id: str = "") -> Opened:
        """Return a model; the default one where none is named.

        Raises:
            ModelError: It cannot be used, and none is in its place.
        """
        wanted = model_id or self.default
        if wanted not in self._models:
            self._models[wanted] = self.opened(wanted)
        return self._models[wanted]

    def look(self, picture: Picture, model: Opened) -> Inference:
        """Return what a model makes of a picture, its inner tensors included.

        Raises:
            PhotoError: The picture cannot be opened.
            ModelOutputError: The answer is not a set of probabilities.
        """
        key = "look", picture.key, model.folder.digest(), model.spec.key
        return self.memo.get(key, partial(self._look, picture, model))

    def _look(self, picture: Picture, model: Opened) -> Inference:
        return look(picture.open(side_for(model)), model)

    def judged(self, picture: Picture, model: Opened, settings: Settings | None = None) -> Classification:
        """Return a picture's answer, judged."""
        answer = answer_of(picture.name, model.spec, self.look(picture, model), picture.size_wh)
        return conclude(answer, model.labels, settings)


def look(image: Image.Image, model: Opened) -> Inference:
    """Return what a model makes of an RGB image of any size; the map is left out, it is large."""
    found = model.classifier.run(model.classifier.prepare(image))
    inner: dict[Inner, NDArray[np.float64]] = {
        kind: values for kind, values in found.inner.items() if kind is not Inner.MAP
    }
    return Inference(found.probabilities, found.milliseconds, found.familiarity, inner)


def told(found: Inference, what: Inner, model: Opened) -> NDArray[np.float64]:
    """Return an inner tensor of an answer. Raises ModelFileError: the model has none of that kind."""
    if what not in found.inner:
        raise ModelFileError(N_("{file} contains no readable {what}."), file=model.spec.id, what=what.value)
    return found.inner[what]


def map_of(image: Image.Image, model: Opened) -> NDArray[np.float64]:
    """Return the last map of a model that looks at an image, shape (H, W, D)."""
    return told(model.classifier.run(model.classifier.prepare(image)), Inner.MAP, model)


def side_for(model: Opened) -> int:
    """Return how many pixels a side of a picture this model needs."""
    return pixels_needed(model.classifier)


def open_model(folder: ModelFolder) -> LiteRTClassifier:
    """Return a model that tells what is inside it; one that has no votes, no features or no map tells less."""
    for inner in (INNER, INNER[1:]):
        with suppress(ModelFileError):
            return LiteRTClassifier(folder, inner=inner)
    return LiteRTClassifier(folder)
