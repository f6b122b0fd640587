"""The one store of this server, and the models that are in memory, shared by all visitors."""

import threading
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

Stamp = tuple[str, str, files.Stamp]


def stamp(folder: ModelFolder) -> Stamp:
    """Return what tells a model from every other, and from itself as it was before its files were changed."""
    return str(folder.path), repr(folder.spec), files.stamp(folder.weights_path)


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
        self._found: dict[str, tuple[ModelFolder, tuple[files.Stamp, ...]]] = {}
        self._lock = threading.Lock()

    def known(self, model_id: str, *, is_whole: bool = False) -> ModelFolder | None:
        """Return what `folder` does, in microseconds; None where that has to look for it."""
        folder, stamps = self._found.get(model_id, (None, ()))
        return _looking(folder, is_whole) if folder is not None and stamps == _stamps(folder) else None

    def folder(self, model_id: str, *, is_whole: bool = False) -> ModelFolder:
        """Return a model's folder.

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
        self._found[model_id] = folder, _stamps(folder)
        return _looking(folder, is_whole)

    def classifier(self, folder: ModelFolder) -> Classifier:
        """Return the loaded model; whoever asks while it is being loaded waits for the same.

        Raises:
            ModelFileError: The files are damaged or contradict `model.toml`.
        """
        key = stamp(folder)
        with self._lock:
            if is_first := key not in self._loaded:
                self._loaded[key] = Future()
            loading = self._loaded[key]
            self._loaded.move_to_end(key)
            while len(self._loaded) > self._most:
                self._loaded.popitem(last=False)
        if is_first:
            self._load(key, folder, loading)
        return loading.result()

    def _load(self, key: Stamp, folder: ModelFolder, loading: "Future[Classifier]") -> None:
        try:
            loading.set_result(open_classifier(folder))  # it reads the very bytes that were tried, or refuses
        except BaseException as error:
            with self._lock:
                self._loaded.pop(key, None)  # the next one tries again
            loading.set_exception(error)

    def sides(self) -> frozenset[int]:
        """Return how many pixels a side the models of the store want to see of a photo, however they look at it."""
        looks = [entry.spec.input for entry in self.store.entries()]
        return frozenset(least_side(spec) for own in looks for spec in (own, own.looking_at_all()))


def _looking(folder: ModelFolder, is_whole: bool) -> ModelFolder:
    return folder.looking_as(folder.spec.input.looking_at_all()) if is_whole else folder


def _stamps(folder: ModelFolder) -> tuple[files.Stamp, ...]:
    return files.stamp(folder.weights_path), files.stamp(folder.path / CARD)


@dataclass(frozen=True, slots=True)
class _Labels:
    """What labels are read from: the stamps tell it apart, the folder finds it."""

    model: Stamp
    file: files.Stamp
    language: str
    folder: ModelFolder = field(compare=False)


def labels(folder: ModelFolder, language: str) -> tuple[str, ...]:
    """Return a model's K names in a language.

    Raises:
        ModelFileError: They cannot be read.
    """
    return _read_labels(_Labels(stamp(folder), files.stamp(folder.path / folder.spec.labels), language, folder))


@lru_cache(maxsize=16)
def _read_labels(which: _Labels) -> tuple[str, ...]:
    return which.folder.read_labels(which.language)


def server_models() -> Models:
    """Return the models of this server. No cache of Streamlit's: any browser may have those cleared."""
    return _models(files.data_folder())


@cache
def _models(data: Path) -> Models:
    return Models(Store(data))
