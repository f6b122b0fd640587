"""The teacher of a room: routes under `/rooms`, which the wall's script uses.

Only the host opens a room (`lib.server.host`). Who opened it has its key in a cookie that no script reads; the key of
one room opens no other.

    POST   /rooms                     201 {"id", "code"}, and the cookie
    POST   /rooms/again {"code"}      the same, for the host of a class whose browser has lost the key
    GET    /rooms/ID/state?since=V    the state, see `lib.server.room.state`; where V is its version, as soon as there
                                      is another, or after 20 s
    PATCH  /rooms/ID {"locked"?, "paused"?, "score"?, "phase"?, "model"?, "pinned"?}    the state
    POST   /rooms/ID/next             the state; the next round
    PATCH  /rooms/ID/photos/N {"hidden"}    the state
    GET    /rooms/ID/photos/N.jpg     a photo; ?side=480: small
    DELETE /rooms/ID/people/P         the state; that phone cannot come in again
    POST   /rooms/ID/collect {"classes"}    the state; names of classes to collect photos for, beside those there are
    POST   /rooms/ID/train            the state; the wall's photos become the class set, a class for each answer
    POST   /rooms/ID/model {"name"}   the state; the class set's model is made, and then answers in this room
    GET    /rooms/ID/home.zip         all of it, to take home
    DELETE /rooms/ID {"keep"}         {"left"}: it ends, and what is still there of it; with `keep` the class set stays

All take `lang`. What goes wrong is answered as `application/problem+json`.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lib.catalogue.store import Store
from lib.embed.scripts import Scripts
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.projects.project import Project
from lib.server import limits
from lib.server.bodies import read_object
from lib.server.exchange import answered, as_attachment, gone_away, language_of, route, to_json, unless_gone
from lib.server.host import HOST
from lib.server.pool import POOL, Pool
from lib.server.refusal import Refusal
from lib.server.room import codes
from lib.server.room.collecting import piles, take_over
from lib.server.room.home import gather, pack
from lib.server.room.looking import Looking, picture
from lib.server.room.room import Phase, Room
from lib.server.room.rooms import Rooms
from lib.server.room.state import Place, earned, version, wall
from lib.server.workshop import Workshop
from lib.work.jobs import JobState

_FLAGS = {"locked": "is_locked", "paused": "is_paused", "score": "has_points"}
_TOLD = (*_FLAGS, "phase", "model", "pinned")
_LOOK_AGAIN_S = 0.2
Work = Callable[[Request, Room], Awaitable[Response]]


class NotTeacherError(Refusal):
    """Who asks has not the key of this room."""

    code = "key"

    def __init__(self) -> None:
        super().__init__(403, N_("Only the teacher who opened this room can do this, in the browser that opened it."))


def cookie(room: Room) -> str:
    """Return under which name a browser keeps a room's key."""
    return f"discern-room-{room.id}"


def routes(
    place: Callable[[], Place],
    store: Callable[[], Store],
    rooms: Callable[[], Rooms],
    workshop: Callable[[], Workshop],
    looking: Looking,
    pool: Pool = POOL,
) -> list[Route]:
    """Return the routes.

    Args:
        place: Returns where phones find this server.
        store: Returns the models.
        rooms: Returns the rooms.
        workshop: Returns where class sets are.
        looking: What looks at photos.
        pool: Where pictures are made.
    """
    road = _Road(place, store, rooms, workshop, looking, pool)
    own, photo = "/rooms/{room}", "/rooms/{room}/photos/{photo:number}"
    return [
        route("POST", "/rooms", road.open),
        route("POST", "/rooms/again", road.again),
        road.route("GET", own + "/state", road.state),
        road.route("PATCH", own, road.change),
        road.route("DELETE", own, road.end),
        road.route("POST", own + "/next", road.next_round),
        road.route("PATCH", photo, road.hide),
        road.route("GET", photo + ".jpg", road.picture),
        road.route("DELETE", own + "/people/{person:number}", road.remove),
        road.route("POST", own + "/collect", road.collect),
        road.route("POST", own + "/train", road.train),
        road.route("POST", own + "/model", road.model),
        road.route("GET", own + "/home.zip", road.home),
    ]


class _Road:
    """The routes' work; see `routes`."""

    def __init__(
        self,
        place: Callable[[], Place],
        store: Callable[[], Store],
        rooms: Callable[[], Rooms],
        workshop: Callable[[], Workshop],
        looking: Looking,
        pool: Pool,
    ) -> None:
        self._place, self._store, self._rooms, self._workshop = place, store, rooms, workshop
        self._looking, self._pool, self._zips = looking, pool, Pool(1)
        self._making: dict[str, asyncio.Task[None]] = {}  # what waits for a model, by room

    def route(self, method: str, path: str, work: Work) -> Route:
        """Return a route that lets in the room's teacher."""

        async def known(request: Request) -> Response:
            room = self._rooms().of_id(request.path_params["room"])
            if not room.is_key(request.cookies.get(cookie(room))):
                raise NotTeacherError
            room.seen()
            return await work(request, room)

        return route(method, path, known)

    async def open(self, request: Request) -> Response:
        """Open a room."""
        HOST.require(request)
        await read_object(request, "lang")

        def work() -> tuple[Room, str]:
            model = self._store().default_id()
            self._looking.require(model)  # so the first photo need not wait for it
            return self._rooms().open(model)

        return self._handed(request, *await run_in_threadpool(work))

    async def again(self, request: Request) -> Response:
        """Give the host another key: the old one stays behind where a laptop changes its address."""
        code = (await read_object(request, "code")).get("code")
        if HOST.key is None:  # everybody on this machine is its host, and its address does not change
            raise NotTeacherError
        HOST.require(request)
        room = self._rooms().of_code(codes.read(str(code)))
        return self._handed(request, room, await run_in_threadpool(room.renew_key))

    def _handed(self, request: Request, room: Room, key: str) -> Response:
        answer = answered(to_json({"id": room.id, "code": room.code}), 201)
        is_secure = request.url.scheme == "https"
        path = f"/rooms/{room.id}"
        answer.set_cookie(
            cookie(room),
            key,
            int(limits.ROOM_UNUSED_S) * 6,
            path=path,
            secure=is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def state(self, request: Request, room: Room) -> Response:
        """Say how the room is, as soon as it is otherwise."""
        since = request.query_params.get("since", "")
        left = asyncio.create_task(gone_away(request.receive))
        loop = asyncio.get_running_loop()
        end = loop.time() + limits.ROOM_POLL_S
        try:
            while not left.done() and loop.time() < end:
                before = version(room)
                if await self._version(room) != since:
                    break
                # A class set changes by itself, too: it learns. What changes in the room rings.
                patience = limits.POLL_AGAIN_S if room.phase is Phase.COLLECT else end - loop.time()
                is_other = partial(_is_other, room, before)
                rung = asyncio.create_task(room.bell.wait(is_other, patience))
                await asyncio.wait((left, rung), return_when=asyncio.FIRST_COMPLETED)
                rung.cancel()
            if since and not left.done():
                await asyncio.sleep(limits.ROOM_SOON_S)
        finally:
            left.cancel()
        return await self._told(request, room)

    async def _version(self, room: Room) -> str:
        project = await self._project(room)
        of = "" if project is None else (await run_in_threadpool(self._workshop().tell, project)).version
        return version(room, of)

    async def change(self, request: Request, room: Room) -> Response:
        """Lock the door, pause, show answers, take another model …"""
        told = await read_object(request, *_TOLD)
        await run_in_threadpool(self._change, room, told)
        return await self._told(request, room)

    def _change(self, room: Room, told: dict[str, object]) -> None:
        for name in _FLAGS.keys() & told.keys():
            if not isinstance(told[name], bool):
                raise UsageError(N_("{name} must be true or false."), name=name)
        phase = told.get("phase")
        if phase is not None and phase not in (Phase.PHOTOS, Phase.SHOWN, Phase.COLLECT):
            raise UsageError(N_("There is no part of a room called “{name}”."), name=phase)
        if phase == Phase.COLLECT and not room.project:
            raise UsageError(N_("Name the classes first that are to be collected."))
        model, pinned = told.get("model"), told.get("pinned")
        if "pinned" in told and not (pinned is None or type(pinned) is int):
            raise UsageError(N_("{name} must be a number, not “{value}”."), name="pinned", value=pinned)
        if model is not None:
            self._looking.require(str(model))
        with room.change():
            for name, flag in _FLAGS.items():
                if name in told:
                    setattr(room, flag, told[name])
            if "pinned" in told:
                room.pinned = pinned if isinstance(pinned, int) else None
        if phase is not None:
            room.show(Phase(str(phase)))
        if model is not None and model != room.model:
            room.next_round(earned(self._looking), str(model))

    async def next_round(self, request: Request, room: Room) -> Response:
        """Begin the next round."""
        await run_in_threadpool(room.next_round, earned(self._looking))
        return await self._told(request, room)

    async def hide(self, request: Request, room: Room) -> Response:
        """Hide a photo from everybody but its owner, or show it again."""
        told, shot = await read_object(request, "hidden"), room.shot(request.path_params["photo"])
        if not isinstance(is_hidden := told.get("hidden"), bool):
            raise UsageError(N_("{name} must be true or false."), name="hidden")
        with room.change(is_kept=False):
            shot.is_hidden = is_hidden
        return await self._told(request, room)

    async def picture(self, request: Request, room: Room) -> Response:
        """Show a photo."""
        shot, is_small = room.shot(request.path_params["photo"]), bool(request.query_params.get("side"))
        work = self._pool.line(f"room {room.id}").submit(picture, shot, is_small=is_small)
        return await asyncio.wrap_future(work)

    async def remove(self, request: Request, room: Room) -> Response:
        """Put somebody out."""
        await run_in_threadpool(room.remove, request.path_params["person"])
        return await self._told(request, room)

    async def collect(self, request: Request, room: Room) -> Response:
        """Collect photos for these classes."""
        names = (await read_object(request, "classes")).get("classes")
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(name, str) and name.strip() for name in names)
        ):
            raise UsageError(N_("Name the classes first that are to be collected."))
        if len(names) > limits.ROOM_CLASSES:
            raise UsageError(N_("A class set has up to {n} classes here."), n=limits.ROOM_CLASSES)

        def work() -> None:
            project = self._begun(room)
            project.classes_called(names)
            room.show(Phase.COLLECT)

        await run_in_threadpool(work)
        return await self._told(request, room)

    def _begun(self, room: Room) -> Project:
        """Return the room's class set, which is begun if there is none: one, and none after its end."""
        with room.change():
            project = self._workshop().find(room.project) if room.project else None
            if project is None:
                project = self._workshop().begin(room.code)
                room.project = project.id
        return project

    async def train(self, request: Request, room: Room) -> Response:
        """Make a class set of the wall's photos."""
        t = Translator(language_of(request))

        def work() -> None:
            found = piles(room, self._looking, t)
            take_over(found, self._begun(room))
            room.show(Phase.COLLECT)

        await run_in_threadpool(work)
        return await self._told(request, room)

    async def model(self, request: Request, room: Room) -> Response:
        """Make the class set's model; as soon as it is there, it answers in the room."""
        name, project = (await read_object(request, "name")).get("name"), await self._project(room)
        if project is None:
            raise UsageError(N_("Name the classes first that are to be collected."))
        if not isinstance(name, str) or not name.strip():
            raise UsageError(N_("The request does not say what it is to be called."))
        await run_in_threadpool(self._workshop().finish, project, name)
        if (before := self._making.pop(room.id, None)) is not None:
            before.cancel()
        self._making[room.id] = asyncio.create_task(self._use(room, project))
        return await self._told(request, room)

    async def _use(self, room: Room, project: Project) -> None:
        """Wait until a model is made, and let it answer; where it is not made, the class set says why."""
        while (job := self._workshop().job(project)) is not None and job.is_live:
            await asyncio.sleep(_LOOK_AGAIN_S)
        if job is None or job.state is not JobState.DONE:
            return
        model = await run_in_threadpool(self._workshop().model, project)
        if model is not None and room.phase is not Phase.ENDED:
            with suppress(AppError):  # it was removed at once
                await run_in_threadpool(self._looking.require, model.id)
                await run_in_threadpool(room.next_round, earned(self._looking), model.id)

    async def home(self, request: Request, room: Room) -> Response:
        """Give all of it away as one zip; it lies on the disk until it is sent."""
        t, store, workshop = Translator(language_of(request)), self._store(), self._workshop()
        place, cancelled = await run_in_threadpool(workshop.incoming), threading.Event()
        path = Path(place.name) / "home.zip"

        def make() -> None:
            what = gather(t, room, self._looking, workshop, store)
            pack(path, what, Scripts(store.data), t, cancelled=cancelled)

        work = self._zips.line(room.id).submit(make)
        try:
            await unless_gone(request.receive, work)
        except BaseException:
            cancelled.set()
            work.add_done_callback(lambda _: place.cleanup())
            raise
        headers, done = as_attachment(f"room-{room.code}.zip"), BackgroundTask(place.cleanup)
        return FileResponse(path, media_type="application/zip", headers=headers, background=done)

    async def end(self, request: Request, room: Room) -> Response:
        """End the room."""
        keep = (await read_object(request, "keep")).get("keep", False)
        if not isinstance(keep, bool):
            raise UsageError(N_("{name} must be true or false."), name="keep")
        if (making := self._making.pop(room.id, None)) is not None:
            making.cancel()
        left = await run_in_threadpool(self._rooms().end, room, keeps_set=keep)
        answer = answered(to_json({"left": asdict(left)}))
        answer.delete_cookie(cookie(room), path=f"/rooms/{room.id}", httponly=True, samesite="strict")
        return answer

    async def _project(self, room: Room) -> Project | None:
        return await run_in_threadpool(self._workshop().find, room.project) if room.project else None

    async def _told(self, request: Request, room: Room) -> Response:
        project, t = await self._project(room), Translator(language_of(request))

        def work() -> bytes:
            return to_json(wall(t, room, self._looking, self._workshop(), project, self._place()))

        return answered(await run_in_threadpool(work))


def _is_other(room: Room, before: str) -> bool:
    return version(room) != before
