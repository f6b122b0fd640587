"""`POST /classify`: one photo, and its answer; or many, and a line for each as soon as it is known."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.api.desk import Desk, owner_of
from lib.api.parts import KIND, Part, Parts
from lib.api.photo import kind_of, no_photo, room_for_one
from lib.errors import AppError
from lib.i18n import Translator
from lib.reports.classifications import to_json_line
from lib.results import Failure, Outcome
from lib.server import limits
from lib.server.asked import Asked
from lib.server.bodies import Body
from lib.server.exchange import answered, to_json
from lib.server.models import Found
from lib.server.ways import Way

LINES = "application/x-ndjson"
_FIELDS = ("model", "whole", "lang", "top", "ratio", "floor", "familiar", "name")


class Classifying:
    """The address.

    Args:
        desk: Where photos are answered.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def classify(self, request: Request) -> ASGIApp:
        """Answer about the photo or photos in the body."""
        asked, model = await self._desk.asked(request, _FIELDS)
        owner = owner_of(request)
        if kind_of(request) == KIND:
            body = Body(request, limits.REQUEST_BYTES)
            batch = _Batch(self._desk, owner, model, asked, Parts(body, request.headers["content-type"]), body)
            return await batch.answer(request, wants_lines=LINES in request.headers.get("accept", ""))
        async with room_for_one(request, self._desk, owner) as photo:
            looking = self._desk.look(owner, Way.API, model, photo.name, photo.data, asked)
            outcome = await self._desk.looked(request, looking)
        return answered(one(outcome, asked))


def one(outcome: Outcome, asked: Asked) -> bytes:
    """Return the object of a photo that came alone.

    Raises:
        AppError: The photo could not be answered.
    """
    if isinstance(outcome, Failure):
        raise outcome.error
    return to_json_line(outcome, Translator(asked.language)).encode()


class _Batch:
    """Many photos: read while those before them are looked at, answered in their order.

    Reading waits for the models, never for who reads the answers: most clients listen when they have sent all.
    """

    def __init__(self, desk: Desk, owner: str, model: Found, asked: Asked, parts: Parts, body: Body) -> None:
        self._desk, self._owner, self._model, self._asked = desk, owner, model, asked
        self._parts, self._body = parts, body
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._freed = asyncio.Event()
        self._in_line: dict[asyncio.Future[Outcome], int] = {}
        self._answers: asyncio.Queue[asyncio.Future[Outcome] | None] = asyncio.Queue()
        self._count = 0
        self._reading = asyncio.create_task(self._read())

    async def answer(self, request: Request, *, wants_lines: bool) -> ASGIApp:
        """Return an answer that begins when it is known whether there are many photos."""
        begun = asyncio.create_task(self._begin())
        try:
            await asyncio.wait({begun, self._reading}, return_when=asyncio.FIRST_COMPLETED)
            if self._reading.done():
                self._reading.result()
            if self._count > 1 or wants_lines:
                return self.lines
            outcome = await self._looked(request)
        except BaseException:
            self.end()
            raise
        finally:
            begun.cancel()
        return answered(one(outcome, self._asked))

    async def _begin(self) -> None:
        await self._begun.wait()

    async def _looked(self, request: Request) -> Outcome:
        first = self._answers.get_nowait()
        assert first is not None
        left = asyncio.create_task(_leaving(request.receive))
        try:
            racing: set[asyncio.Future[Any]] = {left, first}
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                raise ClientDisconnect
            return first.result()
        finally:
            left.cancel()

    async def lines(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send a line for each photo; who leaves ends the work."""
        head = [(b"content-type", LINES.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        tasks = {asyncio.create_task(self._send(send)), asyncio.create_task(self._leave(receive))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            self.end()

    async def _send(self, send: Send) -> None:
        t = Translator(self._asked.language)
        while (answer := await self._answers.get()) is not None:
            line = to_json_line(await answer, t).encode()
            await send({"type": "http.response.body", "body": line + b"\n", "more_body": True})
        try:
            await self._reading
        except ClientDisconnect:
            return
        except AppError as error:  # it came after the answer had begun: no status can say it any more
            line = to_json({"error": t.message(error.message), "code": error.code})
            await send({"type": "http.response.body", "body": line + b"\n", "more_body": True})
        await send({"type": "http.response.body"})

    async def _leave(self, receive: Receive) -> None:
        await self._over.wait()
        await _leaving(receive)

    def end(self) -> None:
        """End the work that goes on."""
        self._reading.cancel()
        for answer in [*self._in_line]:
            answer.cancel()

    async def _read(self) -> None:
        try:
            async with self._desk.bodies.room_for(self._owner, self._body, limits.AHEAD_BYTES):
                async for part in self._parts:
                    await self._room_for(len(part.data))
                    self._put(part)
                    if self._count > 1 and self._parts.read_bytes > limits.BEGIN_BYTES:
                        self._begun.set()
                if not self._count:
                    raise no_photo()
                self._over.set()
                self._begun.set()
                self._answers.put_nowait(None)
                while self._in_line:
                    await self._free()
        except BaseException:
            self._answers.put_nowait(None)
            raise

    def _put(self, part: Part) -> None:
        """Let a photo wait in line."""
        self._count += 1
        if part.problem is not None:
            answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            answer.set_result(Failure(part.name, self._model.folder.spec.id, part.problem))
        else:
            looking = self._desk.look(self._owner, Way.API, self._model, part.name, part.data, self._asked)
            answer = asyncio.wrap_future(looking)
            self._in_line[answer] = len(part.data)
            answer.add_done_callback(self._leave_line)
        self._answers.put_nowait(answer)

    def _leave_line(self, answer: "asyncio.Future[Outcome]") -> None:
        del self._in_line[answer]
        self._freed.set()

    async def _room_for(self, size: int) -> None:
        """Wait until few enough photos are in line."""
        most = self._desk.ahead
        while self._in_line and (len(self._in_line) >= most or sum(self._in_line.values()) + size > limits.AHEAD_BYTES):
            await self._free()

    async def _free(self) -> None:
        self._freed.clear()
        await self._freed.wait()


async def _leaving(receive: Receive) -> None:
    """Return when who asked has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
