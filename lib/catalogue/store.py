"""Which models there are, which are on this machine, and how the others get here.

Shipped models lie in `models/`; fetched and users' own under the data folder (`DISCERN_HOME`, by default the
platform's folder for user data). Nothing is downloaded unless `fetch` or `downloads.start` is called.
"""

import difflib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Literal

from lib.catalogue import contract, fetching, sources
from lib.catalogue.contract import CARD, ModelFolder, ModelSpec
from lib.catalogue.sources import Catalogue
from lib.errors import AppError, ModelFileError, ModelNotReadyError, UnknownModelError
from lib.messages import N_
from lib.work.files import data_folder, sha256_of, stamp
from lib.work.locks import locked
from lib.work.progress import FetchReport, OnProgress, Progress, Stage

__all__ = ["Entry", "FetchReport", "Progress", "Stage", "State", "Store", "data_folder"]

SHIPPED = Path(__file__).resolve().parents[2] / "models"
DEFAULT_ID = "starter"

Kind = Literal["shipped", "yours", "catalogue"]


class State(StrEnum):
    """Whether a model can classify photos now."""

    READY = "ready"
    DOWNLOADABLE = "downloadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in the list.

    Attributes:
        spec: Its description; for a model that is ready, that of its own `model.toml`.
        state: Whether it is here.
        size_bytes: Of its files when ready; else of the download, exact or as published; None if unknown.
        folder: Where it is, when ready.
        kind: "shipped" with the program, a user's ("yours"), or of the "catalogue".
        is_packed: To be downloaded inside an archive that may be several times `size_bytes`.
    """

    spec: ModelSpec
    state: State
    size_bytes: int | None
    folder: ModelFolder | None
    kind: Kind
    is_packed: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """A model folder as it was when `stamp` was taken."""

    stamp: tuple[object, ...]
    folder: ModelFolder | None
    size_bytes: int
    problem: AppError | None


class Store:
    """The models of one data folder. Cheap to make and to ask; safe to share between threads.

    Args:
        data: The data folder; None for `data_folder()`.
        shipped: The folder of `catalogue.toml` and the shipped models.

    Attributes:
        data: The data folder.
    """

    def __init__(self, data: Path | None = None, shipped: Path = SHIPPED) -> None:
        self.data = data or data_folder()
        self._shipped = shipped
        self._reads: dict[Path, _Read] = {}
        self._intact: dict[Path, tuple[object, ...]] = {}

    @property
    def models(self) -> Path:
        """Return the folder of fetched and users' models."""
        return self.data / "models"

    def entries(self) -> tuple[Entry, ...]:
        """Return all models: shipped ones first, the default before all, then users' own, then the catalogue's."""
        shipped = self._scan(self._shipped)
        here = self._scan(self.models)
        listed = self._catalogue.specs
        return (
            *(self._ready(read, "shipped") for read in sorted(shipped, key=_default_first)),
            *(self._ready(read, "yours") for read in here if _id(read) not in listed),
            *self._catalogue_entries({_id(read): read for read in here}),
        )

    def problems(self) -> tuple[AppError, ...]:
        """Return what is wrong with folders that should hold models and cannot be used; they are not listed."""
        self._scan(self._shipped), self._scan(self.models)
        return tuple(read.problem for _, read in sorted(dict(self._reads).items()) if read.problem is not None)

    def find(self, model_id: str) -> Entry:
        """Return the model called `model_id`.

        Raises:
            UnknownModelError: There is none; near matches are named.
        """
        entries = {entry.spec.id: entry for entry in reversed(self.entries())}
        if model_id in entries:
            return entries[model_id]
        near = difflib.get_close_matches(model_id.lower(), entries, n=3)
        if near:
            raise UnknownModelError(
                N_("There is no model “{model}”. Did you mean {near}?"), model=model_id, near=", ".join(near)
            )
        raise UnknownModelError(
            N_("There is no model “{model}”. `python -m lib models` lists those there are."), model=model_id
        )

    def open_folder(self, model_id: str) -> ModelFolder:
        """Return a model's folder, its weights unchanged since they were fetched and looked at.

        Raises:
            UnknownModelError: There is no such model.
            ModelNotReadyError: It is not on this machine yet.
            ModelFileError: Its weights were changed.
        """
        entry = self.find(model_id)
        if entry.folder is None:
            raise ModelNotReadyError(
                N_(
                    "{model} is not on this machine yet. Download it with its button on the Models page, or with "
                    "`python -m lib fetch {model}`."
                ),
                model=model_id,
            )
        self._check_intact(entry.folder)
        return entry.folder

    def fetch(
        self,
        model_id: str,
        *,
        on_progress: OnProgress = lambda progress: None,
        cancelled: threading.Event | None = None,
    ) -> FetchReport:
        """Make a model ready: download, verify, convert and look at it, unless it is ready already.

        Whoever asks for the same model meanwhile, in this process or another, waits for the same download.

        Args:
            model_id: A model of the catalogue.
            on_progress: Told of every step, in this thread.
            cancelled: When set, this call ends with `Cancelled`.

        Raises:
            UnknownModelError: There is no such model.
            DownloadError: A file could not be fetched whole.
            Cancelled: `cancelled` was set.
            ModelFileError: What came is not the model.
        """
        entry = self.find(model_id)
        if entry.state is State.READY:
            return fetching.already_here(entry.spec)
        on_progress(Progress(Stage.WAITING))
        cancelled = cancelled or threading.Event()
        places = fetching.Places(self.data)
        with locked(places.lock(f"model-{model_id}"), cancelled=cancelled):
            entry = self.find(model_id)
            if entry.state is State.READY:  # by another process, while this one waited
                return fetching.already_here(entry.spec)
            return fetching.Fetch(self._catalogue, entry.spec, places, on_progress, cancelled).run()

    @cached_property
    def _catalogue(self) -> Catalogue:
        return sources.load(self._shipped / "catalogue.toml")

    def _catalogue_entries(self, here: dict[str, _Read]) -> Iterator[Entry]:
        for model_id, spec in self._catalogue.specs.items():
            if model_id in here:
                yield self._ready(here[model_id], "catalogue")
            else:
                origin = self._catalogue.origins[model_id]
                yield Entry(
                    spec, State.DOWNLOADABLE, origin.size_bytes, None, "catalogue", is_packed=origin.kind == "archive"
                )

    def _ready(self, read: _Read, kind: Kind) -> Entry:
        assert read.folder is not None
        return Entry(read.folder.spec, State.READY, read.size_bytes, read.folder, kind)

    def _scan(self, parent: Path) -> list[_Read]:
        """Return the usable model folders in `parent`, by name; each is read again only when it changed."""
        try:
            paths = sorted(Path(item) for item in os.scandir(parent) if item.is_dir() and item.name[0] != ".")
        except OSError:
            paths = []
        for gone in [path for path in list(self._reads) if path.parent == parent and path not in paths]:
            self._reads.pop(gone, None)
        found = []
        for path in paths:
            read = self._read(path)
            if read is not None and read.folder is not None:
                found.append(read)
        return found

    def _read(self, path: Path) -> _Read | None:
        is_shipped = path.parent == self._shipped
        if is_shipped and not (path / CARD).is_file():
            return None  # not every folder there must be a model's
        state = _stamp(path / CARD)
        known = self._reads.get(path)
        if known is not None and known.stamp == state:
            return known
        self._reads[path] = read = _read_folder(path, state, must_match=not is_shipped)
        return read

    def _check_intact(self, folder: ModelFolder) -> None:
        """Compare the weights with the digest taken when they were fetched; once for each state of the file."""
        expected = folder.spec.source.get("weights_sha256")
        if not isinstance(expected, str):
            return
        state = _stamp(folder.weights_path)
        if self._intact.get(folder.path) == state:
            return
        try:
            found = sha256_of(folder.weights_path)
        except OSError as error:
            raise ModelFileError(N_("{file} could not be read."), file=folder.weights_path.name) from error
        if found != expected:
            raise ModelFileError(
                N_(
                    "The weights of {model} were changed after they were fetched. Remove the folder {folder} and fetch "
                    "it again."
                ),
                model=folder.spec.id,
                folder=folder.path,
            )
        self._intact[folder.path] = state


def _read_folder(path: Path, state: tuple[object, ...], *, must_match: bool) -> _Read:
    try:
        folder = contract.load(path)
        if must_match and folder.spec.id != path.name:
            raise ModelFileError(
                N_("The folder {folder} holds the model {model}; both should have the same name."),
                folder=path.name,
                model=folder.spec.id,
            )
        folder.read_labels()
        size = sum(f.stat().st_size for f in (folder.weights_path, path / folder.spec.labels))
    except ModelFileError as problem:
        return _Read(state, None, 0, problem)
    return _Read(state, folder, size, None)


def _stamp(path: Path) -> tuple[object, ...]:
    try:
        return stamp(path)
    except OSError:
        return ()


def _id(read: _Read) -> str:
    assert read.folder is not None
    return read.folder.spec.id


def _default_first(read: _Read) -> tuple[bool, str]:
    return (_id(read) != DEFAULT_ID, _id(read))
