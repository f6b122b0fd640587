"""Which models there are, which are on this machine, and how the others get here.

Shipped models lie in `models/`, or are written from weights in a Python package when they are first opened
(`lib.catalogue.packaged`); these, fetched and users' own lie under the data folder (`DISCERN_HOME`, by default the
platform's folder for user data). Nothing is downloaded unless `fetch` is called.
"""

import difflib
import os
import threading
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Literal

from lib.catalogue import counted, install, origins, packaged
from lib.catalogue.counted import Counted
from lib.catalogue.origins import Catalogue
from lib.catalogue.packaged import Packaged
from lib.catalogue.trial import trials_of
from lib.errors import AppError, ModelFileError, ModelNotReadyError, UnknownModelError, UsageError
from lib.messages import N_, Listed
from lib.model.spec import CARD, MAX_ID, ModelFolder, ModelSpec, load
from lib.work.files import Stamp, data_error, data_folder, remove_folder, stamp
from lib.work.locks import locked
from lib.work.progress import FetchReport, OnProgress, Progress, Stage

SHIPPED = Path(__file__).resolve().parents[2] / "models"
# The models that come first in every list, in this order; what is asked where nobody chose is the first that can be
# used. All but two are files of the program.
FIRST = ("efficientnet-lite0-int8", "starter", "starter-scratch", "starter-xception", "starter-small")
DEFAULT_ID = FIRST[0]

Kind = Literal["shipped", "yours", "catalogue"]


class State(StrEnum):
    """Whether a model can classify photos now."""

    READY = "ready"
    DOWNLOADABLE = "downloadable"
    INSTALLABLE = "installable"  # with a Python package


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in the list.

    Attributes:
        spec: Its description; for a model that is ready, that of its own `model.toml`.
        state: Whether it is here.
        size_bytes: Of its files when ready; else of the download, exact or as published; None if unknown.
        folder: Where it is, when ready; None for one that `Store.open_folder` will write in less than a second.
        kind: "shipped" with the program, a user's ("yours"), or of the "catalogue".
        is_packed: To be downloaded inside an archive that may be several times `size_bytes`.
        address: Where it is, or was, downloaded from; "" for one that does not come so.
        problem: Of an installable one: what has to be done.
    """

    spec: ModelSpec
    state: State
    size_bytes: int | None
    folder: ModelFolder | None
    kind: Kind
    is_packed: bool = False
    address: str = ""
    problem: AppError | None = None

    @property
    def is_removable(self) -> bool:
        """Whether `Store.remove` takes it: it was downloaded, or is a user's own."""
        return self.folder is not None and self.kind != "shipped"


@dataclass(frozen=True, slots=True)
class _Read:
    """A model folder as it was when its files had these stamps: a model, or a problem."""

    stamps: dict[Path, Stamp]
    folder: ModelFolder | None = None
    size_bytes: int = 0
    problem: AppError | None = None
    is_foreign: bool = False  # not what its folder's name says

    @property
    def is_current(self) -> bool:
        return all(stamp(path) == before for path, before in self.stamps.items())


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
        self._trials = trials_of(self.data)
        self._reads: dict[Path, _Read] = {}
        self._elsewhere: dict[str, ModelFolder] = {}  # written, but not into the data folder
        self._unwritable: dict[str, AppError] = {}

    @property
    def models(self) -> Path:
        """Return the folder of fetched and users' models."""
        return self.data / "models"

    def has_place(self, folder: Path) -> bool:
        """Whether a model folder stands, or would stand, among those of this store."""
        return folder.resolve().parent == self.models.resolve()

    def entries(self) -> tuple[Entry, ...]:
        """Return all models: `FIRST`, then users' own, then others that come with a package, then the catalogue's.

        No two have the same id. A model that is new here is tried in a child process first (`lib.catalogue.trial`).
        """
        here = {_id(read): read for read in self._scan(self.models)}
        packaged = [self._packaged_entry(model, here.get(model.spec.id)) for model in self._catalogue.packaged.values()]
        listed = {*self._catalogue.specs, *self._catalogue.packaged}
        entries = [
            *(self._ready(read, "shipped") for read in self._scan(self._shipped)),
            *(self._ready(read, "yours") for model, read in here.items() if model not in listed),
            *packaged,
            *self._catalogue_entries(here),
        ]
        return tuple(sorted(entries, key=_place))

    def ready(self) -> tuple[Entry, ...]:
        """Return the models that can classify now, each with its folder; what has to be written for that is."""
        for entry in self.entries():
            if entry.state is State.READY and entry.folder is None:
                with suppress(AppError):
                    self.open_folder(entry.spec.id)
        return tuple(entry for entry in self.entries() if entry.folder is not None)

    def default_id(self) -> str:
        """Return the model that is asked where nobody chose: `DEFAULT_ID`, or the next that can be used."""
        for entry in self.entries():
            if entry.state is State.READY:
                with suppress(AppError):
                    return self.open_folder(entry.spec.id).spec.id
        return DEFAULT_ID

    def problems(self) -> tuple[AppError, ...]:
        """Return what is wrong with folders that should hold models and cannot be used; they are not listed."""
        self._scan(self._shipped), self._scan(self.models)
        reads = sorted(dict(self._reads).items())
        return tuple(read.problem for path, read in reads if read.problem is not None and not self._heals(path))

    def _heals(self, path: Path) -> bool:
        """Whether a damaged folder is written anew when its model is opened."""
        return path.parent == self.models and path.name in self._catalogue.packaged and packaged.is_written(path)

    def free_id(self, name: str) -> str:
        """Return `name`, or name-2, -3, … if a model has that id already, or a folder of users' models that name."""
        catalogue = self._catalogue
        listed = {*catalogue.specs, *catalogue.packaged, *catalogue.aliases}
        taken = {*listed, *self._names(self._shipped), *_everything_in(self.models)}
        endings = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
        return next(free for ending in endings if (free := name[: MAX_ID - len(ending)] + ending) not in taken)

    def current_id(self, model_id: str) -> str:
        """Return what the model that was once called `model_id` is called now; `model_id` itself if it is in use."""
        return self._among(model_id, {entry.spec.id for entry in self.entries()})

    def _among(self, model_id: str, ids: Container[str]) -> str:
        aliases = self._catalogue.aliases
        for _ in aliases:  # one may lead to another
            if model_id not in ids:
                model_id = aliases.get(model_id, model_id)
        return model_id

    def find(self, model_id: str) -> Entry:
        """Return the model called `model_id` now, or once.

        Raises:
            UnknownModelError: There is none; near matches are named.
            ModelFileError: There is only a folder of that name that cannot be used.
        """
        entries = {entry.spec.id: entry for entry in self.entries()}
        model_id = self._among(model_id, entries)
        if model_id in entries:
            return entries[model_id]
        self._refuse_unusable(model_id)
        near = difflib.get_close_matches(model_id.lower(), entries, n=3)
        if near:
            raise UnknownModelError(
                N_("There is no model “{model}”. Did you mean {near}?"), model=model_id, near=Listed(tuple(near))
            )
        raise UnknownModelError(N_("There is no model “{model}”."), model=model_id)

    def open_folder(self, model_id: str) -> ModelFolder:
        """Return a model's folder, written first if its weights come in a package.

        Raises:
            UnknownModelError: There is no such model.
            ModelNotReadyError: It is not on this machine yet.
            ModelFileError: It cannot be used; the sentence says why.
            DownloadError: There is no room to write it.
        """
        entry = self.find(model_id)
        model_id = entry.spec.id
        if entry.folder is None:
            if entry.problem is not None:
                raise entry.problem
            if model_id in self._catalogue.packaged:
                return self._write(self._catalogue.packaged[model_id])
            self._refuse_unusable(model_id)
            raise ModelNotReadyError(N_("{model} is not on this computer yet."), model=model_id)
        return entry.folder

    def open_folders(self, model_ids: Iterable[str]) -> list[ModelFolder]:
        """Return the folders of several models, each once, by whichever of its ids it is called; see `open_folder`."""
        return list({folder.spec.id: folder for folder in map(self.open_folder, model_ids)}.values())

    def _write(self, model: Packaged) -> ModelFolder:
        """Write a model from its package; one that cannot be is not tried again by this store."""
        from lib.catalogue import from_package  # it takes 0.2 s to import, and is needed once

        model_id = model.spec.id
        try:
            folder = from_package.write(model, self.data, self._trials)
        except ModelFileError as error:
            self._unwritable[model_id] = error
            raise
        if folder.path.parent != self.models:
            self._elsewhere[model_id] = folder
        return folder

    def _refuse_unusable(self, model_id: str, *, only_foreign: bool = False) -> None:
        """Raise the problem of the folder of that name, if it has one; if told so, only of one not to be replaced."""
        read = self._reads.get(self.models / model_id)
        if read is not None and read.problem is not None and (read.is_foreign or not only_foreign):
            raise read.problem

    def packaged(self, model_id: str) -> Packaged | None:
        """Return how a model is written from the weights in a package; None for a model that is not."""
        return self._catalogue.packaged.get(model_id)

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
        if entry.problem is not None:
            raise entry.problem
        if entry.state is State.READY:
            return install.already_here(self.open_folder(entry.spec.id).spec)
        on_progress(Progress(Stage.WAITING))
        cancelled = cancelled or threading.Event()
        with locked(install.lock_of(self.data, f"model-{model_id}"), cancelled=cancelled):
            entry = self.find(model_id)
            if entry.state is State.READY:  # by another process, while this one waited
                return install.already_here(entry.spec)
            self._refuse_unusable(model_id, only_foreign=True)
            return install.Fetch(self._catalogue, entry.spec, self.data, on_progress, cancelled).run()

    def may_keep(self, model_id: str, owner: str, photos: int) -> bool:
        """Whether `keep_record` would take a visitor's count of so many photos."""
        with suppress(AppError):
            folder = self.open_folder(model_id)
            return folder.path.parent == self.models and counted.may_keep(folder, owner, photos)
        return False

    def keep_record(self, model_id: str, count: Counted) -> None:
        """Keep how often a model was right, as a visitor counted, for everybody who uses this data folder.

        Raises:
            UnknownModelError: There is no such model.
            ModelError: It cannot be used.
            UsageError: It is another by now, or has a record that stays.
            DownloadError: The disk refuses.
        """
        with locked(install.lock_of(self.data, f"model-{model_id}")):
            folder = self.open_folder(model_id)
            try:
                counted.keep(folder, count)
            except OSError as error:
                raise data_error(error, model_id) from error

    def remove(self, model_id: str) -> None:
        """Remove a downloaded model, or a user's own, and what was made of it; whoever has it loaded keeps it.

        Raises:
            UnknownModelError: There is no such model.
            UsageError: It comes with the program.
            DownloadError: The disk refuses.
        """
        entry = self.find(model_id)
        if entry.folder is None and entry.kind == "catalogue":
            return  # somebody else was faster
        if entry.folder is None or not entry.is_removable:
            raise UsageError(N_("{model} comes with the app. It cannot be deleted."), model=entry.spec.name)
        from lib.catalogue import variants  # it takes a while to import, and is needed once

        with locked(install.lock_of(self.data, f"model-{entry.spec.id}")):
            try:
                remove_folder(entry.folder.path, self.data / "incoming")
                variants.forget(entry.spec.id, data=self.data)
            except OSError as error:
                raise data_error(error, entry.spec.id) from error

    @cached_property
    def _catalogue(self) -> Catalogue:
        return origins.load(self._shipped / "catalogue.toml")

    def _catalogue_entries(self, here: dict[str, _Read]) -> Iterator[Entry]:
        for model_id, spec in self._catalogue.specs.items():
            origin = self._catalogue.origins[model_id]
            if model_id in here:
                # Its weights are those of the catalogue, which therefore knows best what they are called and look at.
                yield replace(self._ready(here[model_id], "catalogue", spec), address=origin.remote.address)
            else:
                yield Entry(
                    spec,
                    State.DOWNLOADABLE,
                    origin.size_bytes,
                    None,
                    "catalogue",
                    is_packed=origin.kind == "archive",
                    address=origin.remote.address,
                )

    def _packaged_entry(self, model: Packaged, here: _Read | None) -> Entry:
        """Return a model whose weights come in a package: here, to be written, or to be installed."""
        written = (here.folder if here is not None else None, self._elsewhere.get(model.spec.id))
        folder = next((found for found in written if found is not None and packaged.is_current(model, found)), None)
        if folder is not None:
            return Entry(folder.spec, State.READY, model.size_bytes, folder, "shipped")
        problem = self._unwritable.get(model.spec.id) or packaged.problem(model)
        if problem is None:
            return Entry(model.spec, State.READY, model.size_bytes, None, "shipped")
        return Entry(model.spec, State.INSTALLABLE, model.size_bytes, None, "catalogue", problem=problem)

    def _ready(self, read: _Read, kind: Kind, listed: ModelSpec | None = None) -> Entry:
        """Return the entry of a model that is here; what is `listed` of its name, look and worth holds."""
        folder = read.folder
        assert folder is not None
        if listed is not None:
            folder = folder.looking_as(listed.input)
            record = listed.track_record or folder.spec.track_record
            spec = replace(folder.spec, name=listed.name, novelty=listed.novelty, track_record=record)
            folder = replace(folder, spec=spec)
        return Entry(folder.spec, State.READY, read.size_bytes, folder, kind)

    def _scan(self, parent: Path) -> list[_Read]:
        """Return the usable model folders in `parent`, by name; each is read again only when it changed."""
        paths = [parent / name for name in self._names(parent)]
        for gone in [path for path in list(self._reads) if path.parent == parent and path not in paths]:
            self._reads.pop(gone, None)
        return [read for read in map(self._read, paths) if read.folder is not None]

    def _read(self, path: Path) -> _Read:
        known = self._reads.get(path)
        if known is not None and known.is_current:
            return known
        self._reads[path] = read = self._read_anew(path)
        return read

    def _read_anew(self, path: Path) -> _Read:
        is_shipped = path.parent == self._shipped
        stamps = {file: stamp(file) for file in (path, path / CARD, path / counted.FILE)}
        try:
            folder = load(path)
            files = (folder.weights_path, path / folder.spec.labels)
            stamps |= {file: stamp(file) for file in files}
            foreign = None if is_shipped else self._foreign(folder)
            if foreign is not None:
                return _Read(stamps, problem=foreign, is_foreign=True)
            folder.read_labels()
            folder = trusted(folder) if is_shipped else counted.with_record(self._admit(folder))
        except ModelFileError as problem:
            return _Read(stamps, problem=problem)
        return _Read(stamps, folder, sum(stamps[file].size for file in files))

    def _admit(self, folder: ModelFolder) -> ModelFolder:
        """Return a folder of the data folder with the digest of weights that may be opened; new ones are tried first.

        A file that comes of a package as it came of it when the catalogue was written has been tried then.
        """
        known = self._catalogue.packaged.get(folder.spec.id)
        return self._trials.admit(folder, vouched=None if known is None else known.weights_sha256)

    def _foreign(self, folder: ModelFolder) -> ModelFileError | None:
        """Return what is wrong with a user's model that is not called as its folder is, or is called as another model.

        A model of the catalogue that was fetched is told by where its description says it came from.
        """
        model = folder.spec.id
        if model != folder.path.name:
            return ModelFileError(
                N_("The folder {folder} contains the model {model}. Both must have the same name."),
                folder=folder.path.name,
                model=model,
            )
        kind = folder.spec.source.get("kind")
        origin = self._catalogue.origins.get(model)
        if (
            model in self._names(self._shipped)
            or (origin is not None and kind != origin.kind)
            or (model in self._catalogue.packaged and kind != packaged.KIND)
        ):
            return ModelFileError(
                N_(
                    "Your model in the folder {folder} has the id {model}, which another model already uses. "
                    "Choose another id in its model.toml, and give the folder the same name."
                ),
                folder=folder.path,
                model=model,
            )
        return None

    def _names(self, parent: Path) -> list[str]:
        """Return the names of the folders in `parent` that should hold models; not every shipped folder has weights."""
        try:
            names = sorted(item.name for item in os.scandir(parent) if item.is_dir() and item.name[0] != ".")
        except OSError:
            return []
        if parent != self._shipped:
            return names
        without = {*self._catalogue.packaged, *self._catalogue.specs}  # what comes elsewhere from
        return [name for name in names if (parent / name / CARD).is_file() and name not in without]


def trusted(folder: ModelFolder) -> ModelFolder:
    """Return a shipped model's folder; its weights are those whose digest its `model.toml` holds, or are refused."""
    return replace(folder, sha256=str(folder.spec.source.get("weights_sha256", "")))


def _everything_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are wanted
    except OSError:
        return []


def _id(read: _Read) -> str:
    assert read.folder is not None
    return read.folder.spec.id


def _place(entry: Entry) -> int:
    """Return where a model stands in a list; those of the same place keep their order."""
    can_be_used = entry.state is State.READY
    return FIRST.index(entry.spec.id) if can_be_used and entry.spec.id in FIRST else len(FIRST)
