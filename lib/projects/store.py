"""Workshop projects of a data folder: begun, found again by their id, swept when unused, deleted without a trace."""

import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from weakref import WeakValueDictionary

from lib.catalogue import variants
from lib.catalogue.install import lock_of
from lib.catalogue.store import DEFAULT_ID, Store
from lib.datasets import manifest as description
from lib.datasets.manifest import NAME_BYTES, Manifest, Settings, clean_name
from lib.errors import AppError, DatasetError, FullError, ModelFileError, UnknownModelError
from lib.messages import N_
from lib.projects import limits
from lib.projects.project import Project
from lib.work.files import Stamp, data_folder, disk_error, read_small, remove_folder, stamp, write_whole
from lib.work.jobs import Job
from lib.work.locks import locked
from lib.work.queue import Queue, server_queue

_LOG = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9_-]{22}")  # secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Left:
    """What is still there of a project that was deleted, as somebody who looks finds it: all zeros if all went well.

    Attributes:
        photos: Photo files.
        models: Models in the store.
        jobs: Pieces of work that go on.
        files: Files of any kind, the photos included.
    """

    photos: int
    models: int
    jobs: int
    files: int


class Projects:
    """The projects of one data folder; safe to use from several threads, and beside other servers.

    Args:
        data: The data folder.
        queue: The server's work, a project's among it: its owner is the project's id.
    """

    def __init__(self, data: Path, queue: Queue | None = None) -> None:
        self._data, self._folder = data, data / "projects"
        self._queue, self._store = queue, Store(data)
        self._open: WeakValueDictionary[str, Project] = WeakValueDictionary()
        self._used: OrderedDict[str, Project] = OrderedDict()  # held, so that they need not be read again
        self._sizes: dict[str, tuple[Stamp, int]] = {}
        self._touched: dict[str, float] = {}
        self._swept_s = 0.0
        self._lock = threading.Lock()

    def begin(self, name: str = "") -> Project:
        """Return a new project.

        Raises:
            FullError: There are too many.
            DownloadError: The disk refuses.
        """
        if sum(1 for _ in self._ids()) >= limits.MOST_PROJECTS:
            raise FullError(N_("There are too many projects on this computer. Delete one that is not needed any more."))
        project_id = secrets.token_urlsafe(16)
        made = Manifest(project_id, clean_name(name, NAME_BYTES), Settings(DEFAULT_ID))
        folder = self._folder / project_id
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            folder.mkdir(mode=0o700)
            (folder / "photos").mkdir()
            write_whole(folder / description.NAME, description.write(made))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise disk_error(error, name or "project") from error
        project = self.find(project_id)
        assert project is not None
        return project

    def find(self, project_id: str) -> Project | None:
        """Return a project as it is now; None if there is none, or none any more.

        Raises:
            DatasetError: It is damaged. It can still be deleted.
        """
        folder = self._folder / project_id
        if not _ID.fullmatch(project_id) or not folder.is_dir():
            return None
        try:
            project = self._opened(folder)
            project.refresh()
        except DatasetError:
            if not (folder / description.NAME).exists():  # not yet written, or deleted by another server this moment
                return None
            raise
        self._touch(folder)
        return project

    def look_after(self, project_id: str) -> Project | None:
        """Return a project for work that nobody asked for, which keeps it no longer; None if it cannot be opened."""
        with suppress(DatasetError):
            return self._opened(self._folder / project_id)
        return None

    def all(self) -> tuple[Project, ...]:
        """Return all projects that can be opened."""
        found = []
        for project_id in list(self._ids()):
            with suppress(DatasetError):
                found.append(self.find(project_id))
        return tuple(project for project in found if project is not None)

    def left_bytes(self) -> int:
        """Return how many bytes of photos there is room for in all projects together."""
        known = dict(self._sizes)
        sizes = {}
        for project_id in self._ids():
            file = self._folder / project_id / description.NAME
            now = stamp(file)
            before = known.get(project_id)
            sizes[project_id] = before if before is not None and before[0] == now else (now, self._bytes_of(file))
        self._sizes = sizes
        return limits.ALL_BYTES - sum(size for _, size in sizes.values())

    def delete(self, project_id: str) -> Left:
        """Delete a project: its photos, its models, its work, and what was kept of them. Return what is left then.

        A damaged one is deleted as far as it is known. Raises DownloadError: the disk refuses.
        """
        if not _ID.fullmatch(project_id):
            return Left(0, 0, 0, 0)
        jobs = self._end_work(project_id)
        models = self._models_of(project_id)
        with locked(self._lock_file(project_id)):
            with self._lock:
                project = self._open.pop(project_id, None)
                self._used.pop(project_id, None)
                self._touched.pop(project_id, None)
            if project is not None:
                project.deleted()
            self._remove(project_id, models)
        with suppress(OSError):
            self._lock_file(project_id).unlink(missing_ok=True)
        return self._look(project_id, models, jobs)

    def sweep(self, now_s: float) -> tuple[str, ...]:
        """Delete the projects that nobody opened for `limits.UNUSED_S`, and what killed servers left in the others.

        To be called now and then; once in `limits.TOUCH_S` it looks. Returns the ids of the projects that still have
        photos of which only features are to be kept.

        Args:
            now_s: Seconds since 1970. A project that seems older than this code, or to come, was touched by a clock
                that was wrong: it counts as opened now.
        """
        if abs(now_s - self._swept_s) < limits.TOUCH_S:
            return ()
        self._swept_s, holding = now_s, []
        for project_id in list(self._ids()):
            folder = self._folder / project_id
            try:
                used_s = folder.stat().st_mtime
                if not limits.EARLIEST_S <= used_s <= now_s + limits.DAY_S:
                    os.utime(folder, (now_s, now_s))
                elif now_s - used_s > (limits.UNUSED_S if any(_files(folder / "photos")) else limits.EMPTY_S):
                    self.delete(project_id)
                elif self._tidy(project_id, now_s):
                    holding.append(project_id)
            except (OSError, AppError) as error:
                _LOG.warning("The project in %s could not be looked after: %s", folder, error)
        return tuple(holding)

    def _opened(self, folder: Path) -> Project:
        """Return the one object of a project, and let go of those that were used longest ago."""
        project_id = folder.name
        with self._lock:
            project = self._open.get(project_id)
            if project is None:
                project = self._open[project_id] = Project(folder, self._lock_file(project_id), self.left_bytes)
            self._used[project_id] = project
            self._used.move_to_end(project_id)
            while len(self._used) > limits.OPEN_PROJECTS:
                self._used.popitem(last=False)
        return project

    def _ids(self) -> Iterator[str]:
        with suppress(OSError), os.scandir(self._folder) as found:
            yield from (one.name for one in found if _ID.fullmatch(one.name) and one.is_dir(follow_symlinks=False))

    def _lock_file(self, project_id: str) -> Path:
        return lock_of(self._data, f"project-{project_id}")

    def _touch(self, folder: Path) -> None:
        """Note, every now and then, that a project is in use."""
        now_s = time.time()
        if abs(now_s - self._touched.get(folder.name, 0.0)) > limits.TOUCH_S:
            with suppress(OSError):
                os.utime(folder)
            self._touched[folder.name] = now_s

    def _bytes_of(self, file: Path) -> int:
        """Return how many bytes of photos a project has."""
        project = self._open.get(file.parent.name)
        if project is not None:
            return project.held_bytes
        with suppress(OSError, DatasetError):
            return description.read(read_small(file, limits.MANIFEST_BYTES), str(file)).held_bytes
        return sum(path.stat().st_size for path in _files(file.parent / "photos"))

    def _end_work(self, project_id: str) -> list[Job]:
        """Cancel a project's work, wait until it has ended, and return it."""
        jobs = self._queue.drop_all(project_id) if self._queue is not None else []
        until_s = time.monotonic() + limits.ENDS_S
        for job in jobs:
            job.wait(max(0.0, until_s - time.monotonic()))
        return jobs

    def _models_of(self, project_id: str) -> tuple[str, ...]:
        file = self._folder / project_id / description.NAME
        with suppress(OSError, DatasetError):
            return description.read(read_small(file, limits.MANIFEST_BYTES), str(file)).models
        return ()

    def _remove(self, project_id: str, models: tuple[str, ...]) -> None:
        try:
            for model in models:
                self._remove_model(model)
            remove_folder(self._folder / project_id, self._data / "incoming")
        except OSError as error:
            raise disk_error(error, project_id) from error

    def _remove_model(self, model: str) -> None:
        variants.forget(model, data=self._data)
        try:
            self._store.remove(model)
        except UnknownModelError:
            return
        except ModelFileError:  # damaged
            remove_folder(self._store.models / Path(model).name, self._data / "incoming")
        lock_of(self._data, f"model-{model}").unlink(missing_ok=True)

    def _look(self, project_id: str, models: tuple[str, ...], jobs: list[Job]) -> Left:
        """Return what somebody who looks finds."""
        known = {entry.spec.id for entry in self._store.entries()}
        folder, retired = self._folder / project_id, self._data / "incoming" / f".{project_id}.retired"
        files = [*_files(folder), *_files(retired)]
        return Left(
            photos=sum(path.parent.name == "photos" for path in files),
            models=sum(model in known for model in models),
            jobs=sum(not job.wait(0) for job in jobs),
            files=len(files),
        )

    def _tidy(self, project_id: str, now_s: float) -> bool:
        """Remove photo files that a killed server wrote and did not list; return whether others are to be deleted."""
        project = Project(self._folder / project_id, self._lock_file(project_id))
        with project.alone():
            project.refresh()
            listed = {photo.digest for photo in project.photos}
            for path in _files(project.folder / "photos"):
                is_left = path.name not in listed and now_s - path.stat().st_mtime > limits.TOUCH_S
                if is_left or path.name in project.manifest.dropped:
                    path.unlink()
            return bool(project.manifest.to_drop)


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder; none if it is not there."""
    yield from (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


@cache
def _projects(data: Path) -> Projects:
    return Projects(data, server_queue())


def server_projects() -> Projects:
    """Return the projects of this server."""
    return _projects(data_folder())
