"""The one store of this server, and the models that are in memory, shared by all visitors."""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from lib.catalogue.store import Store
from lib.classify.classifier import Classifier
from lib.classify.infer import least_side
from lib.classify.opening import open_classifier
from lib.model.spec import CARD, ModelFolder
from lib.work import files

MOST_LOADED = 4
LOOK_AGAIN_S = 0.5  # for so long a model's files are taken to be what they were

Stamp = tuple[str, str, files.Stamp]


def stamp(folder: ModelFolder) -> Stamp:
    """Return what tells a model from every other, and from itself as it was before its files were changed."""
    return str(folder.path), repr(folder.spec), files.stamp(folder.weights_path)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A model as it was found.

    Attributes:
        folder: Its folder, looking at photos as it was asked.
        stamp: What tells it from every other.
        beside: The same of its description and its labels.
        at_s: When that was, on a clock that only goes forward.
    """

    folder: ModelFolder
    stamp: Stamp
    beside: tuple[files.Stamp, ...]
    at_s: float

    @classmethod
    def now(cls, folder: ModelFolder) -> "Found":
        """Return a model as it is now."""
        beside = [files.stamp(folder.path / name) for name in (CARD, folder.spec.labels)]
        return cls(folder, stamp(folder), tuple(beside), time.monotonic())


class Models:
    """The models of a store as visitors ask them; safe to use from several threads.

    Args:
        store: Where they are.
        most: How many stay loaded: those used last. One that is dropped goes when the last photo it is busy with is
            done.

    Attributes:
        store: Where they are.
    """

    def __init__(self, store: Store, most: int = MOST_LOADED) -> None:
        self.store = store
        self._most = most
        self._loaded: OrderedDict[Stamp, Future[Classifier]] = OrderedDict()
        self._found: dict[tuple[str, bool], Found] = {}
        self._lock = threading.Lock()

    def known(self, model_id: str, *, is_whole: bool = False) -> Found | None:
        """Return what `find` does, in microseconds; None where that has to look for it."""
        found = self._found.get((model_id, is_whole))
        return found if found is not None and time.monotonic() - found.at_s < LOOK_AGAIN_S else None

    def find(self, model_id: str, *, is_whole: bool = False) -> Found:
        """Return a model.

        Args:
            model_id: Its id.
            is_whole: Whether it is to look at whole photos.

        Raises:
            ModelError: As `Store.open_folder`.
            DownloadError: Likewise.
        """
        if (known := self.known(model_id, is_whole=is_whole)) is not None:
            return known
        folder = self.store.open_folder(model_id)
        found = Found.now(folder.looking_as(folder.spec.input.looking_at_all()) if is_whole else folder)
        self._found[model_id, is_whole] = found
        return found

    def classifier(self, model: Found | ModelFolder) -> Classifier:
        """Return the loaded model; whoever asks while it is being loaded waits for the same.

        Raises:
            ModelFileError: The files are damaged or contradict `model.toml`.
        """
        found = model if isinstance(model, Found) else Found.now(model)
        with self._lock:
            if is_first := found.stamp not in self._loaded:
                self._loaded[found.stamp] = Future()
            loading = self._loaded[found.stamp]
            self._loaded.move_to_end(found.stamp)
            while len(self._loaded) > self._most:
                self._loaded.popitem(last=False)
        if is_first:
            self._load(found, loading)
        return loading.result()

    def _load(self, found: Found, loading: "Future[Classifier]") -> None:
        try:
            loading.set_result(open_classifier(found.folder))  # it reads the very bytes that were tried, or refuses
        except BaseException as error:
            with self._lock:
                self._loaded.pop(found.stamp, None)  # the next one tries again
            loading.set_exception(error)

    def sides(self) -> frozenset[int]:
        """Return how many pixels a side the models of the store want to see of a photo, however they look at it."""
        looks = [entry.spec.input for entry in self.store.entries()]
        return frozenset(least_side(spec) for own in looks for spec in (own, own.looking_at_all()))


@dataclass(frozen=True, slots=True)
class _Labels:
    """What labels are read from: the stamps tell it apart, the folder finds it."""

    model: Stamp
    beside: tuple[files.Stamp, ...]
    language: str
    folder: ModelFolder = field(compare=False)


def labels(model: Found, language: str) -> tuple[str, ...]:
    """Return a model's K names in a language.

    Raises:
        ModelFileError: They cannot be read.
    """
    return _read_labels(_Labels(model.stamp, model.beside, language, model.folder))


@lru_cache(maxsize=16)
def _read_labels(which: _Labels) -> tuple[str, ...]:
    return which.folder.read_labels(which.language)


def server_models() -> Models:
    """Return the models of this server. No cache of Streamlit's: any browser may have those cleared."""
    return _models(files.data_folder())


@cache
def _models(data: Path) -> Models:
    return Models(Store(data))
