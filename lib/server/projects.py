"""Workshop projects: routes under `/projects/{project}`, which the page Train's script uses.

Who has the project's id may use them. A photo is read when there is room for it (`lib.server.bodies`), and looked at in
the project's line (`lib.server.pool`); a zip lies on the disk meanwhile.

    POST   /projects {"name"?}                           201 {"id"}
    POST   /projects/file?name=…                         a project's zip: 201 {"id"}
    GET    /projects/P                                   the state, see `lib.server.project_state`
    PATCH  /projects/P {"name"?, "settings"?}            the state
    DELETE /projects/P                                   {"left": {…}}: how much of it is still there
    POST   /projects/P/classes {"name"}                  the state; a new class
    PATCH, DELETE, POST /projects/P/classes/C            the state; its name, it is removed, it comes back
    POST   /projects/P/classes/C/photos?name=…&burst=…   a raw photo or a zip: {"added", "aside", "state"}
    GET    /projects/P/classes/C/photos                  {"photos": [{"id", "name"}]}, the newest first
    POST   /projects/P/photos?name=…                     a zip with a folder for each class: the same
    POST   /projects/P/exercise {"id"}                   the same
    DELETE /projects/P/photos/N                          the state; a photo is taken out
    POST   /projects/P/photos/N {"klass"?}               the state; it comes back, or goes to another class
    GET    /projects/P/photos/N.jpg?side=96              its picture
    GET    /projects/P/photos/N.png                      the numbers made of it, a grey pixel for each
    POST   /projects/P/look                              a raw photo: what the newest model says of it; or, with the
                                                         Content-Type application/x-seen, what a device saw by itself
    GET    /projects/P/changes?since=V                   the state when its version is another one, or after 20 s
    POST   /projects/P/finish {"name"}                   the state; the model is made when its turn comes
    GET    /projects/P/file                              the project as one zip

All take `lang`. What goes wrong is answered as `application/problem+json`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.projects.project import Added, Kept, Project
from lib.server import limits
from lib.server.bodies import Bodies, Body, read_object
from lib.server.exchange import answered, as_attachment, gone_away, language_of, route, to_json, unless_gone
from lib.server.host import HOST
from lib.server.metrics import METRICS
from lib.server.project_state import added, looked, state
from lib.server.refusal import Refusal
from lib.server.ways import Way
from lib.server.workshop import Workshop, gone, server_workshop

T = TypeVar("T")
Work = Callable[[Request, Project], Awaitable[Response]]
_ZIP = b"PK"


class UnknownPhotoError(Refusal):
    """The project has no such photo."""

    code = "photo-unknown"


def routes(workshop: Callable[[], Workshop] = server_workshop) -> list[Route]:
    """Return the routes.

    Args:
        workshop: Returns whose projects they are.
    """
    road = _Road(workshop)
    own, klass, photo = (
        "/projects/{project}",
        "/projects/{project}/classes/{klass:number}",
        "/projects/{project}/photos",
    )
    return [
        route("POST", "/projects", road.begin),
        route("POST", "/projects/file", road.unpack),
        road.route("GET", own, road.state),
        road.route("PATCH", own, road.change),
        road.route("DELETE", own, road.delete),
        road.route("POST", own + "/classes", road.add_class),
        road.route("PATCH", klass, road.rename),
        road.route("DELETE", klass, road.remove_class),
        road.route("POST", klass, road.put_back_class),
        road.route("POST", klass + "/photos", road.add),
        road.route("GET", klass + "/photos", road.photos),
        road.route("POST", photo, road.add_zip),
        road.route("POST", own + "/exercise", road.exercise),
        road.route("GET", photo + "/{photo:number}.jpg", road.picture),
        road.route("GET", photo + "/{photo:number}.png", road.numbers),
        road.route("DELETE", photo + "/{photo:number}", road.take_out),
        road.route("POST", photo + "/{photo:number}", road.put_back),
        road.route("POST", own + "/look", road.look),
        road.route("GET", own + "/changes", road.changes),
        road.route("POST", own + "/finish", road.finish),
        road.route("GET", own + "/file", road.file),
    ]


class _Road:
    """The routes' work; see `routes`."""

    def __init__(self, workshop: Callable[[], Workshop]) -> None:
        self._workshop = workshop
        self._bodies = Bodies()
        self._zips: Counter[str] = Counter()  # zips that are coming in, by project
        self._waiting: Counter[str] = Counter()  # pages that wait for a change, by project

    def route(self, method: str, path: str, work: Work) -> Route:
        """Return a route that lets in whom it knows."""

        async def known(request: Request) -> Response:
            project = await run_in_threadpool(self._workshop().find, request.path_params["project"])
            if project is None:
                raise gone()
            return await work(request, project)

        return route(method, path, known)

    async def begin(self, request: Request) -> Response:
        """Begin a project."""
        told = await read_object(request, "name")
        project = await run_in_threadpool(self._workshop().begin, str(told.get("name", "")))
        return answered(to_json({"id": project.id}), 201)

    async def unpack(self, request: Request) -> Response:
        """Begin a project with what another server packed; the host alone brings a model with it, as any other."""
        body = Body(request, limits.PROJECT_FILE_BYTES)
        try:
            name, is_host = request.query_params.get("name", "project.zip"), HOST.knows_cookies(request.cookies)
            unpack = partial(self._workshop().unpack, name=name, with_model=is_host)
            project = await self._with_zip(request, body, "", unpack)
        except AppError:
            await body.pass_over()
            raise
        return answered(to_json({"id": project.id}), 201)

    async def state(self, request: Request, project: Project) -> Response:
        """Say how the project is."""
        return await self._after(request, project, lambda: None)

    async def change(self, request: Request, project: Project) -> Response:
        """Give the project another name, or change its settings."""
        told = await read_object(request, "name", "settings")

        def work() -> None:
            if "name" in told:
                project.rename_project(_name(told))
            if isinstance(settings := told.get("settings"), dict):
                self._workshop().choose(project, settings)

        return await self._after(request, project, work)

    async def delete(self, request: Request, project: Project) -> Response:
        """Delete all of it, and say what is left."""
        left = await run_in_threadpool(self._workshop().delete, project)
        return answered(to_json({"left": asdict(left)}))

    async def add_class(self, request: Request, project: Project) -> Response:
        """Add a class."""
        name = _name(await read_object(request, "name"))
        return await self._after(request, project, lambda: project.add_class(name))

    async def rename(self, request: Request, project: Project) -> Response:
        """Give a class another name."""
        name, klass = _name(await read_object(request, "name")), request.path_params["klass"]
        return await self._after(request, project, lambda: project.rename(klass, name))

    async def remove_class(self, request: Request, project: Project) -> Response:
        """Remove a class; its photos stay, so that it can come back."""
        return await self._after(request, project, lambda: project.remove_class(request.path_params["klass"]))

    async def put_back_class(self, request: Request, project: Project) -> Response:
        """Let a class come back."""
        return await self._after(request, project, lambda: project.put_back_class(request.path_params["klass"]))

    async def add(self, request: Request, project: Project) -> Response:
        """Add a photo to a class, or all of a zip."""
        klass, query = request.path_params["klass"], request.query_params
        body = Body(request, limits.ARCHIVE_BYTES)
        try:
            if (await body.begin()).startswith(_ZIP):
                return await self._add_zip(request, project, body, klass)
            body.limit(limits.PHOTO_BYTES)
            async with self._bodies.room(project.id, body.size):
                data, name, burst = await body.read(), query.get("name", "photo"), query.get("burst")
                work = self._workshop().add(project, klass, name, data, burst)
                kept = await unless_gone(request.receive, work)
            return await self._told_added(request, project, Added.of([kept]))
        except AppError:
            await body.pass_over()
            raise

    async def photos(self, request: Request, project: Project) -> Response:
        """List all photos of a class that count, the newest first, and which of them are kept for the test."""
        klass, held, t = request.path_params["klass"], project.held(), Translator(language_of(request))
        here = [photo for photo in project.photos if photo.klass == klass and photo.aside is None]
        listed = [
            {"id": photo.id, "name": photo.name, "isHeld": photo.id in held}
            for photo in sorted(here, key=lambda photo: -photo.id)
        ]
        told = t(
            "◆ Kept for the test and not learned from, where each class has enough photos. They are always the same: "
            "drawn by chance with the number {seed}.",
            seed=project.settings.seed,
        )
        return answered(to_json({"photos": listed, "told": told if any(one["isHeld"] for one in listed) else ""}))

    async def add_zip(self, request: Request, project: Project) -> Response:
        """Add a zip with a folder for each class."""
        body = Body(request, limits.ARCHIVE_BYTES)
        try:
            return await self._add_zip(request, project, body, None)
        except AppError:
            await body.pass_over()
            raise

    async def exercise(self, request: Request, project: Project) -> Response:
        """Add photos to try it with."""
        wanted, t = str((await read_object(request, "id")).get("id")), Translator(language_of(request))
        work = self._workshop().exercise(project, wanted, t)
        return await self._told_added(request, project, await unless_gone(request.receive, work))

    async def take_out(self, request: Request, project: Project) -> Response:
        """Take a photo out; it can come back."""
        photo = _photo(request, project)
        return await self._after(request, project, lambda: self._workshop().take_out(project, photo))

    async def put_back(self, request: Request, project: Project) -> Response:
        """Let a photo come back, or move it to another class."""
        klass, photo = (await read_object(request, "klass")).get("klass"), _photo(request, project)
        if klass is not None and not isinstance(klass, int):
            raise UsageError(N_("{name} must be a number, not “{value}”."), name="klass", value=klass)

        def work() -> None:
            if klass is not None:
                project.move(photo, klass)
            if photo.aside is not None:
                project.put_back(photo)

        return await self._after(request, project, work)

    async def picture(self, request: Request, project: Project) -> Response:
        """Show a photo."""
        photo, wanted = _photo(request, project), request.query_params.get("side", "")
        side = int(wanted) if wanted.isdecimal() else limits.VIEW_SIDE
        made = await self._in_line(request, project, lambda: self._workshop().picture(project, photo, side))
        return Response(made, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})

    async def numbers(self, request: Request, project: Project) -> Response:
        """Show the numbers made of a photo."""
        photo = _photo(request, project)
        made = await self._in_line(request, project, lambda: self._workshop().numbers(project, photo))
        return Response(made, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    async def look(self, request: Request, project: Project) -> Response:
        """Let the newest model look at a photo."""
        body, t = Body(request), Translator(language_of(request))
        name = request.query_params.get("name", "photo")
        try:
            with METRICS.counted(Way.LIVE) as told:
                async with self._bodies.room(project.id, body.size):
                    data = await body.read()
                    is_seen = request.headers.get("content-type") == "application/x-seen"
                    work = partial(looked, t, self._workshop(), project, data, name, is_seen=is_seen)
                    found = await self._in_line(request, project, work)
                told.outcome = str(found["kind"])
            return answered(to_json(found))
        except AppError:
            await body.pass_over()
            raise

    async def changes(self, request: Request, project: Project) -> Response:
        """Say how the project is as soon as it is otherwise."""
        since = request.query_params.get("since", "")
        if self._waiting[project.id] >= limits.PAGES_OF_PROJECT:
            raise Refusal(429, N_("Too many pages show this project. Close some of them."))
        self._waiting[project.id] += 1
        left = asyncio.create_task(gone_away(request.receive))
        try:
            await self._change(project, since, left)
            return await self.state(request, project)
        finally:
            left.cancel()
            self._waiting = +(self._waiting - Counter({project.id: 1}))

    async def finish(self, request: Request, project: Project) -> Response:
        """Make the model."""
        name = _name(await read_object(request, "name"))
        return await self._after(request, project, lambda: self._workshop().finish(project, name))

    async def file(self, request: Request, project: Project) -> Response:
        """Give the project away as one zip."""
        place = await run_in_threadpool(self._workshop().incoming)
        path = Path(place.name) / "project.zip"
        try:
            await unless_gone(request.receive, self._workshop().pack(project, path))
        except BaseException:
            place.cleanup()
            raise
        name = f"{project.name or 'project'}.zip"
        done = BackgroundTask(place.cleanup)
        return FileResponse(path, media_type="application/zip", headers=as_attachment(name), background=done)

    async def _change(self, project: Project, since: str, left: "asyncio.Task[None]") -> None:
        """Wait until there is another version than `since`, the page has waited long enough, or is gone."""
        end = time.monotonic() + limits.POLL_S
        while not left.done() and time.monotonic() < end:
            told = await run_in_threadpool(self._workshop().tell, project)
            if str(told.version) != since:
                return
            await asyncio.sleep(limits.POLL_AGAIN_S)

    async def _in_line(self, request: Request, project: Project, work: Callable[[], T]) -> T:
        """Return what `work` does when the project's turn comes."""
        return await unless_gone(request.receive, self._workshop().line(project).submit(work))

    async def _add_zip(self, request: Request, project: Project, body: Body, klass: int | None) -> Response:
        name, workshop = request.query_params.get("name", "photos.zip"), self._workshop()
        add = partial(workshop.add_zip, project, name=name, klass=klass)
        return await self._told_added(request, project, await self._with_zip(request, body, project.id, add))

    async def _with_zip(self, request: Request, body: Body, owner: str, begin: "Callable[[Path], Future[T]]") -> T:
        """Return what is made of a zip, which lies on the disk until then."""
        with self._zip_of(owner):
            place = await run_in_threadpool(self._workshop().incoming)
            path = Path(place.name) / "file.zip"
            try:
                with path.open("wb") as file:
                    await body.save(file)
                work = begin(path)
            except BaseException:
                place.cleanup()
                raise
            work.add_done_callback(lambda _: place.cleanup())  # it may go on though the page is gone
            return await unless_gone(request.receive, work)

    async def _told_added(self, request: Request, project: Project, found: Added) -> Response:
        t = Translator(language_of(request))

        def told() -> bytes:
            return to_json({**added(t, found), "state": state(t, self._workshop(), project)})

        return answered(await run_in_threadpool(told))

    async def _after(self, request: Request, project: Project, work: Callable[[], object]) -> Response:
        t = Translator(language_of(request))

        def told() -> bytes:
            work()
            return to_json(state(t, self._workshop(), project))

        return answered(await run_in_threadpool(told))

    @contextmanager
    def _zip_of(self, owner: str) -> Iterator[None]:
        """Count a zip that comes in, as long as somebody waits for what becomes of it."""
        if self._zips[owner] >= limits.ZIPS_OF_PROJECT or self._zips.total() >= limits.ZIPS:
            raise Refusal(429, N_("Too many files are being sent at once. Try again in a moment."))
        self._zips[owner] += 1
        try:
            yield
        finally:
            self._zips = +(self._zips - Counter({owner: 1}))


def _name(told: dict[str, Any]) -> str:
    if not isinstance(name := told.get("name"), str):
        raise UsageError(N_("The request does not say what it is to be called."))
    return name


def _photo(request: Request, project: Project) -> Kept:
    photo = project.find(request.path_params["photo"])
    if photo is None:
        raise UnknownPhotoError(404, N_("This photo is not here any more."))
    return photo
