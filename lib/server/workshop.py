"""The workshop projects of this server: their live models, and what is done with them."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.catalogue.store import Store
from lib.charts import numbers
from lib.datasets.exercises import find_exercises
from lib.errors import PhotoError, UsageError
from lib.i18n import Translator
from lib.messages import N_, Message
from lib.model.spec import ModelSpec
from lib.photos.opening import open_photo, thumbnail
from lib.projects.file import pack, unpack
from lib.projects.finish import FINISH, finish, model_of
from lib.projects.learner import Learners
from lib.projects.live import Learner, Lines, Live, Lives, Look
from lib.projects.project import Added, Kept, Project, Settings
from lib.projects.review import Reviewer
from lib.projects.shelf import Shelf
from lib.projects.store import Left, Projects, server_projects
from lib.server import limits
from lib.server.models import server_models
from lib.server.pool import POOL, Pool, Rank
from lib.server.refusal import Refusal
from lib.training.queued import FOLDER, Bench
from lib.work.bounded import Bounded
from lib.work.files import data_folder, stamp
from lib.work.jobs import Job, Kind
from lib.work.lately import Lately
from lib.work.queue import Queue, server_queue

_PREFIX = "upload-"
_SIDES = (96, 240, 480, 960)  # of small pictures
Learns = Callable[[Settings], Learner[Any, Any]]


class UnknownProjectError(Refusal):
    """The project was deleted, or never was."""

    code = "project-unknown"


def gone() -> UnknownProjectError:
    """Return what is said of a project that is not there."""
    return UnknownProjectError(404, N_("This project is not here any more. Begin a new one."))


@dataclass(frozen=True, slots=True)
class Told:
    """What was said last of a project.

    Attributes:
        version: Another number where anything of the project is another.
        of: Of which facts.
        learned: The last version all of whose photos the live model knew.
    """

    version: int
    of: object
    learned: int


class Workshop:
    """All projects of one server; safe to use from several threads.

    Args:
        projects: Where they are kept.
        store: The models, which projects learn with and become.
        queue: Where models are made.
        learners: Returns what learns with a project's settings; None: the features of the store's models.
        pool: Where photos are looked at, visitors' too.

    Attributes:
        backbones: Returns id and name of the models that can be learned with.
        exercises: Returns the exercise sets.
        reviewer: Looks for photos to look at again.
    """

    def __init__(
        self,
        projects: Projects,
        store: Store,
        queue: Queue,
        learners: Learns | None = None,
        pool: Pool = POOL,
    ) -> None:
        self._projects, self._store, self._queue, self._pool = projects, store, queue, pool
        self._backbones = Learners(store)
        self._learners = learners or self._backbones
        self._incoming = store.data / "incoming"
        self.backbones = Lately(self._backbones.names, limits.OFFERS_S)
        self.exercises = Lately(find_exercises, limits.OFFERS_S)
        # Of all projects in turn, one at a time: heads, studies, and what comes and goes as a zip. They take seconds.
        self._fits, self._studies, self._zips = Pool(1), Pool(1), Pool(1)
        self._shelf: Shelf[Any] = Shelf()
        self._lives: Lives[Any, Any] = Lives(self._begin_live)
        self.reviewer = Reviewer()
        self._pictures: Bounded[tuple[str, str, int], bytes] = Bounded(limits.PICTURES_BYTES, len)
        self._told: dict[str, Told] = {}
        self._lock = threading.Lock()

    def _begin_live(self, project: Project) -> Live[Any, Any]:
        lines = Lines(self._jobs(project), self._fits.line(project.id), self._studies.line(project.id))
        return Live(project, self._learners, self._shelf, lines)

    def begin(self, name: str) -> Project:
        """Return a new project."""
        return self._projects.begin(name)

    def find(self, project_id: str) -> Project | None:
        """Return a project; None if there is none of this id."""
        return self._projects.find(project_id)

    def line(self, project: Project) -> Executor:
        """Return where photos are looked at that somebody waits for."""
        return self._pool.line(project.id)

    def _jobs(self, project: Project) -> Executor:
        """Return where photos are looked at that nobody waits for: thirty phones that shoot at once bring many."""
        return self._pool.line(project.id, Rank.JOB)

    def add(self, project: Project, klass: int, name: str, data: bytes, burst: str | None) -> "Future[Kept]":
        """Begin to add a photo; see `Project.add`."""
        return self._pool.line(f"{project.id} photos").submit(project.add, klass, name, data, burst)

    def live(self, project: Project) -> Live[Any, Any]:
        """Return a project's live model, which has begun to learn what is new.

        Raises:
            UnknownProjectError: The project was deleted.
        """
        if project.is_deleted:
            raise gone()
        live = self._lives.get(project)
        live.update()
        return live

    def tell(self, project: Project) -> Told:
        """Return which version of a project is to be told of; quick where nothing has changed."""
        live, job = self.live(project), self.job(project)
        of = project.version, live.turns, job, None if job is None else (job.state, self._queue.place(job))
        with self._lock:
            told = self._told.get(project.id, Told(project.version, None, 0))
            if told.of != of:
                told = Told(told.version + 1, of, told.learned)
            if live.is_current:
                told = replace(told, learned=told.version)
            self._told[project.id] = told
        return told

    def model(self, project: Project) -> ModelSpec | None:
        """Return the project's finished model; None if it was never made, or was removed."""
        model_id = model_of(project, self._store)
        return None if model_id is None else self._store.find(model_id).spec

    def job(self, project: Project) -> Job | None:
        """Return the making of the model, as far as it is remembered."""
        return self._queue.get(FINISH, project.id)

    def place(self, job: Job) -> int:
        """Return which in line it is; see `Queue.place`."""
        return self._queue.place(job)

    def finish(self, project: Project, name: str) -> None:
        """Make the project's model, or make it anew, when its turn comes.

        Raises:
            UsageError: There are no two classes with photos.
            ModelError: What it learns with cannot be used.
        """
        if len({photo.klass for photo in project.manifest.usable}) < 2:
            raise UsageError(N_("A model needs photos of at least two classes."))
        backbone = self._backbones(project.settings).backbone
        work = partial(finish, project, name, self._store, backbone)
        self._queue.submit(Job(work, kind=Kind.FITTING, name=FINISH, owner=project.id))

    def look(self, project: Project, data: bytes, name: str) -> Look | None:
        """Return what the newest head says of a photo; see `Live.look`."""
        return self.live(project).look(data, name)

    def look_at_numbers(self, project: Project, numbers: NDArray[np.float32], name: str) -> Look | None:
        """Return the same of what a device saw by itself; see `Live.look_at_numbers`."""
        return self.live(project).look_at_numbers(numbers, name)

    def picture(self, project: Project, photo: Kept, side: int) -> bytes:
        """Return a photo as a small JPEG, in the next one of a few sizes.

        Raises:
            PhotoError: It cannot be decoded, or the project is to keep no photos.
        """
        if not project.settings.keeps_photos:
            raise PhotoError(N_("{file} is not shown: this project keeps only numbers made of it."), file=photo.name)
        side = next((known for known in _SIDES if known >= side), _SIDES[-1])
        key = project.id, photo.digest, side
        if (made := self._pictures.get(key)) is None:
            made = thumbnail(open_photo(project.read(photo), photo.name, at_least=side), side=side)
            if project.settings.keeps_photos:  # still
                self._pictures.put(key, made)
        return made

    def numbers(self, project: Project, photo: Kept) -> bytes:
        """Return the numbers made of a photo as a PNG; see `lib.charts.numbers`.

        Raises:
            PhotoError, ModelOutputError: There are none.
        """
        live = self.live(project)
        if (row := live.rows(photo)) is None:
            raise live.problem or gone()
        return numbers.png(row)

    def choose(self, project: Project, settings: Mapping[str, Any]) -> None:
        """Change some settings of a project; what is to keep no photos loses all that shows them.

        Raises:
            UsageError: See `Project.choose`.
            ModelError: Photos are to be deleted once they are read, and what would read them cannot be used.
        """
        chosen = project.settings.chosen(settings)
        if not chosen.keeps_photos:
            self._learners(chosen)
        project.choose(settings)
        if not chosen.keeps_photos:
            self._pictures.forget(lambda key: key[0] == project.id)
            self.reviewer.forget(project.id)
            Bench(project.id, project.folder / FOLDER, queue=self._queue).forget()

    def incoming(self) -> "tempfile.TemporaryDirectory[str]":
        """Return a new folder for a file that comes in; its owner removes it, or `sweep` does after a while."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=_PREFIX, dir=self._incoming)

    def add_zip(self, project: Project, path: Path, name: str, klass: int | None) -> "Future[Added]":
        """Begin to add the photos of a zip; see `Project.add_zip`."""
        return self._zips.line(project.id).submit(project.add_zip, path, name, klass, line=self._jobs(project))

    def unpack(self, path: Path, name: str, *, with_model: bool = True) -> "Future[Project]":
        """Begin to take in what another server packed, its model too unless told otherwise; see `lib.projects.file`."""
        store = self._store if with_model else None
        return self._zips.line("").submit(
            unpack, path, self._projects, store, name, line=self._pool.line("unpacking", Rank.JOB)
        )

    def pack(self, project: Project, path: Path) -> "Future[None]":
        """Begin to write a project to a zip, with its model."""
        model_id = model_of(project, self._store)
        model = None if model_id is None else self._store.models / model_id
        return self._zips.line(project.id).submit(pack, project, path, model)

    def exercise(self, project: Project, wanted: str, t: Translator) -> "Future[Added]":
        """Begin to add the photos of an exercise set; its classes are called as the reader calls them.

        Raises:
            UsageError: There is no such set.
        """
        found = next((one for one in self.exercises() if one.id == wanted), None)
        if found is None:
            raise UsageError(N_("There is no exercise “{name}”."), name=wanted)
        labelled = found.labelled
        return self._zips.line(project.id).submit(lambda: project.add_labelled(labelled(t), line=self._jobs(project)))

    def take_out(self, project: Project, photo: Kept) -> None:
        """Set a photo aside, as its owner wants it."""
        project.set_aside(photo, Message(N_("{file} was taken out."), {"file": photo.name}))

    def delete(self, project: Project) -> Left:
        """Delete a project with all that was made of it, and return how much of it is left."""
        project.deleted()  # whoever asks from now on is told so, and begins nothing
        self._lives.drop(project.id)
        self._pictures.forget(lambda key: key[0] == project.id)
        self.reviewer.forget(project.id)
        self._told.pop(project.id, None)
        return self._projects.delete(project.id)

    def sweep(self) -> None:
        """Let go of what nobody uses; to be called now and then."""
        self._lives.sweep()
        with self._lock:
            self._told = {project: told for project, told in self._told.items() if project in self._lives}
        for project_id in self._projects.sweep(time.time()):  # with photos that are to be deleted once they are read
            if (project := self._projects.look_after(project_id)) is not None:
                self.live(project)
        for left in self._incoming.glob(f"{_PREFIX}*"):  # by a server that was killed
            if time.time() - stamp(left).modified_ns / 1e9 > limits.UNTAKEN_S:
                shutil.rmtree(left, ignore_errors=True)


def server_workshop() -> Workshop:
    """Return the workshop of this server."""
    return _workshop(data_folder())


@cache
def _workshop(data: Path) -> Workshop:
    return Workshop(server_projects(), server_models().store, server_queue())
