"""Phones in a room: routes under `/r`, which the phone's page and nobody else uses.

Who joined has a token in a cookie that no script reads. A photo is read when there is room for it
(`lib.server.bodies`) and looked at in its sender's line (`lib.server.pool`).

    GET    /r                       the page that asks for a code; with ?code= on to its room
    GET    /r/CODE                  the phone's page
    POST   /r/CODE/join {"name"}    201, the state, and the cookie
    POST   /r/CODE/leave            204: this person and their photos are forgotten
    GET    /r/CODE/state?since=V&answers=K   the state, see `lib.server.room.state`; where V is its version, as soon as
                                    there is another, or after 20 s; without the answers, where the phone has those of K
    POST   /r/CODE/photos?name=…    a raw photo for the wall: {"photo", "state"}
    DELETE /r/CODE/photos/N         the state; an own photo is taken down
    GET    /r/CODE/photos/N.jpg     its picture, small
    POST   /r/CODE/classes/K?name=… a raw photo for the class set: {"added", "reason", "state"}
    POST   /r/CODE/guess {"photo", "guess"}  the state
    POST   /r/CODE/vote {"photo", "right"}   the state
    POST   /r/CODE/look             a raw picture that nobody keeps: {"kind", "answer"}

All take `lang`. What goes wrong is answered as `application/problem+json`. A code that is none is answered late, and
later each time.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.projects.project import Project
from lib.server import limits
from lib.server.bodies import Bodies, Body, read_object
from lib.server.exchange import answered, gone_away, language_of, route, to_json, unless_gone
from lib.server.host import Guesses
from lib.server.metrics import METRICS
from lib.server.pool import POOL, Pool
from lib.server.room import codes
from lib.server.room.guessing import UNSURE, options
from lib.server.room.looking import Looking, picture
from lib.server.room.room import NoPhotoError, Person, Phase, Room, Shot, UnknownPersonError, UnknownRoomError
from lib.server.room.rooms import Rooms
from lib.server.room.state import State, ended, phone, step, version
from lib.server.ways import Way
from lib.server.workshop import Workshop

T = TypeVar("T")
COOKIE = "discern-phone"
_COOKIE_S = 24 * 3600
Work = Callable[[Request, Room, Person], Awaitable[Response]]


class Page(Protocol):
    """The page that phones get."""

    def __call__(self, language: str, code: str | None, problem: str = "") -> str:
        """Return it.

        Args:
            language: The reader's.
            code: Of the room; None for the page that asks for one.
            problem: What is said above it; a sentence in the reader's language.
        """


def routes(
    page: Page,
    rooms: Callable[[], Rooms],
    workshop: Callable[[], Workshop],
    looking: Looking,
    pool: Pool = POOL,
    guesses: Guesses | None = None,
) -> list[Route]:
    """Return the routes.

    Args:
        page: The page that phones get.
        rooms: Returns the rooms.
        workshop: Returns where class sets are.
        looking: What looks at photos.
        pool: Where it does.
        guesses: How long codes that are none are waited for.
    """
    road = _Road(page, rooms, workshop, looking, pool, guesses or Guesses())
    own = "/r/{code}"
    return [
        route("GET", "/r", road.door),
        route("GET", own, road.page),
        route("POST", own + "/join", road.join),
        road.route("POST", own + "/leave", road.leave),
        route("GET", own + "/state", road.state),
        road.route("POST", own + "/photos", road.add),
        road.route("DELETE", own + "/photos/{photo:number}", road.take_down),
        road.route("GET", own + "/photos/{photo:number}.jpg", road.picture),
        road.route("POST", own + "/classes/{klass:number}", road.collect),
        road.route("POST", own + "/guess", road.guess),
        road.route("POST", own + "/vote", road.vote),
        road.route("POST", own + "/look", road.look),
    ]


class _Road:
    """The routes' work; see `routes`."""

    def __init__(
        self,
        page: Page,
        rooms: Callable[[], Rooms],
        workshop: Callable[[], Workshop],
        looking: Looking,
        pool: Pool,
        guesses: Guesses,
    ) -> None:
        self._page, self._rooms, self._workshop = page, rooms, workshop
        self._looking, self._pool, self._guesses = looking, pool, guesses
        self._bodies = Bodies()

    def route(self, method: str, path: str, work: Work) -> Route:
        """Return a route that lets in who has joined."""

        async def known(request: Request) -> Response:
            room = await self._room(request)
            person = room.person(request.cookies.get(COOKIE))
            if person is None or person.is_out:
                raise UnknownPersonError
            return await work(request, room, person)

        return route(method, path, known)

    async def _room(self, request: Request) -> Room:
        """Return the room of a request; who asks for one that is none waits for the answer, and so for the next one."""
        code, rooms = codes.read(request.path_params["code"]), self._rooms()
        with suppress(UnknownRoomError):
            if (room := rooms.of_code(code)).person(request.cookies.get(COOKIE)) is not None:
                return room
        address = request.client.host if request.client else ""
        async with self._guesses.turn(address):
            try:
                return rooms.of_code(code)
            except UnknownRoomError:
                if not rooms.has_ended(code):
                    await asyncio.sleep(self._guesses.wait_s(address))
                raise

    async def door(self, request: Request) -> Response:
        """Ask for a code, or lead on to its room."""
        typed, language = request.query_params.get("code", ""), language_of(request)
        if code := codes.read(typed):
            lang = request.query_params.get("lang")
            return RedirectResponse(f"/r/{code}" + (f"?lang={language}" if lang else ""), 303)
        problem = Translator(language).message(UnknownRoomError().message) if typed else ""
        return HTMLResponse(self._page(language, None, problem), headers={"Cache-Control": "no-store"})

    async def page(self, request: Request) -> Response:
        """Give the page away; where there is no such room, the one that asks for a code."""
        language, headers = language_of(request), {"Cache-Control": "no-store", "Vary": "Accept-Language"}
        try:
            room = await self._room(request)
        except UnknownRoomError as error:
            t, has_ended = Translator(language), self._rooms().has_ended(codes.read(request.path_params["code"]))
            said = t("This room has ended. Nothing of it was kept.") if has_ended else t.message(error.message)
            return HTMLResponse(self._page(language, None, said), 404, headers)
        if request.path_params["code"] != room.code:  # cookies go by the address
            return RedirectResponse(f"/r/{room.code}" + (f"?{request.url.query}" if request.url.query else ""), 303)
        return HTMLResponse(self._page(language, room.code), headers=headers)

    async def join(self, request: Request) -> Response:
        """Let somebody in; who is in already stays who they are."""
        room = await self._room(request)
        name = (await read_object(request, "name")).get("name")
        if not isinstance(name, str):
            raise UsageError(N_("The request must be a JSON object with {names} and nothing else."), names="name")
        person = room.person(request.cookies.get(COOKIE))
        if person is not None:
            return await self._told(request, room, person)
        person, token = await run_in_threadpool(room.join, name)
        answer = await self._told(request, room, person, 201)
        is_secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, token, _COOKIE_S, path=f"/r/{room.code}", secure=is_secure, httponly=True, samesite="strict"
        )
        return answer

    async def leave(self, request: Request, room: Room, person: Person) -> Response:
        """Let somebody go."""
        await run_in_threadpool(room.leave, person)
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, path=f"/r/{room.code}", httponly=True, samesite="strict")
        return answer

    async def state(self, request: Request) -> Response:
        """Say how the room is, as soon as it is otherwise."""
        try:
            room = await self._room(request)
        except UnknownRoomError:
            if self._rooms().has_ended(codes.read(request.path_params["code"])):
                return answered(to_json(ended()))
            raise
        person = room.person(request.cookies.get(COOKIE))
        if (since := request.query_params.get("since", "")) == version(room):
            await self._change(request, room, since)
            person = room.person(request.cookies.get(COOKIE))  # they may have left meanwhile
        return await self._told(request, room, person)

    async def _change(self, request: Request, room: Room, since: str) -> None:
        """Wait until there is another version than `since`, or long enough, or until the phone is gone."""
        left = asyncio.create_task(gone_away(request.receive))
        wait = asyncio.create_task(room.bell.wait(lambda: version(room) != since, limits.ROOM_POLL_S))
        try:
            await asyncio.wait((left, wait), return_when=asyncio.FIRST_COMPLETED)
            if not left.done() and wait.done() and wait.result():
                if step(version(room)) == step(since):
                    later = asyncio.create_task(
                        room.bell.wait(lambda: step(version(room)) != step(since), limits.ROOM_LATER_S)
                    )
                    await asyncio.wait((left, later), return_when=asyncio.FIRST_COMPLETED)
                    later.cancel()
                await asyncio.sleep(limits.ROOM_SOON_S)
        finally:
            left.cancel()
            wait.cancel()

    async def add(self, request: Request, room: Room, person: Person) -> Response:
        """Put a photo on the wall, once the model has looked at it."""
        body = Body(request)
        try:
            with METRICS.counted(Way.ROOM) as told:
                told.model = room.model
                room.require_open(Phase.PHOTOS)
                room.require_space(person, body.size if body.is_told else 0)
                self._rooms().require_space(body.size if body.is_told else 0)
                async with self._bodies.room_for(self._line(room, person), body):
                    data = await body.read()
                    room.require_open(Phase.PHOTOS)
                    room.require_space(person, len(data))
                    name = request.query_params.get("name", "photo")
                    work = partial(self._put_up, room, person, name, data)
                    shot = await self._in_line(request, room, person, work)
                told.outcome = "ok"
            return await self._told(request, room, person, more={"photo": shot.photo.id})
        except AppError:
            await body.pass_over()
            raise

    def _put_up(self, room: Room, person: Person, name: str, data: bytes) -> Shot:
        """Look at a photo and put it on the wall, in one go: whose sender goes away is not left in between."""
        return room.put_up(person, self._looking.look(room, name, data), hashlib.sha256(data).hexdigest())

    async def take_down(self, request: Request, room: Room, person: Person) -> Response:
        """Take an own photo down."""
        shot = room.shot(request.path_params["photo"])
        if shot.person != person.id:
            raise UnknownPersonError
        await run_in_threadpool(room.take_down, shot)
        return await self._told(request, room, person)

    async def picture(self, request: Request, room: Room, person: Person) -> Response:
        """Show a photo of the wall, small; one that the teacher hid only to its owner."""
        shot = room.shot(request.path_params["photo"])
        if shot.is_hidden and shot.person != person.id:
            raise NoPhotoError
        return await self._in_line(request, room, person, lambda: picture(shot, is_small=True))

    async def collect(self, request: Request, room: Room, person: Person) -> Response:
        """Take a photo into the class set."""
        body, klass = Body(request), request.path_params["klass"]
        try:
            room.require_open(Phase.COLLECT)
            project = await self._project(room)
            if project is None or (room.pinned is not None and klass != room.pinned):
                raise UsageError(N_("The class collects something else now."))
            room.require_shots(person)
            with METRICS.counted(Way.ROOM) as told:
                async with self._bodies.room_for(self._line(room, person), body):
                    name, burst = request.query_params.get("name", "photo"), request.query_params.get("burst")
                    series, data = None if burst is None else f"{person.id}-{burst}", await body.read()
                    room.require_open(Phase.COLLECT)
                    room.require_in(person)
                    work = self._workshop().add(project, klass, name, data, series)
                    kept = await unless_gone(request.receive, work)
                told.outcome = "ok"
            is_added = kept.aside is None
            await run_in_threadpool(room.collected, person, klass if is_added else None)
            reason = "" if kept.aside is None else Translator(language_of(request)).message(kept.aside)
            return await self._told(request, room, person, more={"added": int(is_added), "reason": reason})
        except AppError:
            await body.pass_over()
            raise

    async def guess(self, request: Request, room: Room, person: Person) -> Response:
        """Take a guess."""
        told, t = await read_object(request, "photo", "guess"), Translator(language_of(request))
        number, guess = told.get("photo"), told.get("guess")
        if not isinstance(number, int) or not isinstance(guess, str):
            raise UsageError(
                N_("The request must be a JSON object with {names} and nothing else."), names="photo, guess"
            )
        said = await run_in_threadpool(self._looking.said, room, room.shot(number), t)
        known = [one.id for one in options(t, said.found)]
        room.guess(person, number, guess, [*known, UNSURE])
        return await self._told(request, room, person)

    async def vote(self, request: Request, room: Room, person: Person) -> Response:
        """Take a vote."""
        told = await read_object(request, "photo", "right")
        number, is_right = told.get("photo"), told.get("right")
        if not isinstance(number, int) or not isinstance(is_right, bool):
            raise UsageError(
                N_("The request must be a JSON object with {names} and nothing else."), names="photo, right"
            )
        room.vote(person, number, is_right=is_right)
        return await self._told(request, room, person)

    async def look(self, request: Request, room: Room, person: Person) -> Response:
        """Answer about a picture that nobody keeps."""
        body, t = Body(request), Translator(language_of(request))
        try:
            with METRICS.counted(Way.ROOM) as told:
                told.model = room.model
                room.require_open()
                async with self._bodies.room_for(self._line(room, person), body):
                    name, data = request.query_params.get("name", "camera.jpg"), await body.read()
                    work = partial(self._looking.glance, room.model, name, data, t)
                    kind, html = await self._in_line(request, room, person, work)
                told.outcome = kind.value
            return answered(to_json({"kind": kind.value, "answer": html}))
        except AppError:
            await body.pass_over()
            raise

    def _line(self, room: Room, person: Person) -> str:
        return f"room {room.id} {person.id}"

    async def _in_line(self, request: Request, room: Room, person: Person, work: Callable[[], T]) -> T:
        return await unless_gone(request.receive, self._pool.line(self._line(room, person)).submit(work))

    async def _project(self, room: Room) -> Project | None:
        return await run_in_threadpool(self._workshop().find, room.project) if room.project else None

    async def _told(
        self, request: Request, room: Room, person: Person | None, status: int = 200, more: State | None = None
    ) -> Response:
        project = await self._project(room) if room.phase is Phase.COLLECT else None
        t, has = Translator(language_of(request)), request.query_params.get("answers", "")

        def work() -> bytes:
            now = phone(t, room, person, self._looking, has, project)
            return to_json(now if more is None else {**more, "state": now})

        return answered(await run_in_threadpool(work), status)
