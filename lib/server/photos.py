"""How photos come in and answers go out without a page being drawn anew: routes under `/visits/{visit}`.

Who has the visit's id may use them; pages of other sites may not, whatever they know. A request that asks for answers
says in its address how it wants them (`lib.server.asked`). A photo is read only when there is room for it
(`lib.server.bodies`), looked at when its visitor's turn comes (`lib.server.pool`), and its file is dropped then, if it
is large (`lib.server.album`).

    POST   /visits/V/photos?name=…&order=…&ASKED    a raw photo, or no body and `sample=NAME`: its card
    GET    /visits/V/photos/N/answer?ASKED          its card, looked at now if this model has not yet
    GET    /visits/V/answers?ASKED                  {"cards": […]}, of all photos that this model has looked at
    POST   /visits/V/camera?ASKED                   a picture of the camera: its card; nothing of it is kept
    DELETE /visits/V/photos/N, /visits/V/photos     one photo is forgotten, or all
    POST   /visits/V/photos/N?ASKED                 the photo that was removed last comes back: its card
    GET    /visits/V/photos/N.jpg                   its picture; ?side=320: small
    GET    /visits/V/results.csv, .jsonl?ASKED      all answers, in the order of adding
    GET    /visits/V/photos/N/where?class=…&against=…&ASKED    where the model looked (`lib.server.where`)
    GET    /visits/V/photos/N/covered?part=L,T,R,B&ASKED       its card if this part were covered: shares of its sides
    GET    /visits/V/photos/N/answer.csv, .json, bars.svg, bars.vl.json?ASKED

What goes wrong is answered as `application/problem+json`, but for a photo that cannot be read: that is a card, too.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from functools import cache, partial
from typing import TypeVar

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lib.charts.bars import bars
from lib.charts.drawing import alone, to_svg
from lib.classify.explain import MASKS
from lib.classify.infer import conclude, infer
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.reports.classifications import to_csv, to_json_line, to_object
from lib.results import Answer, Failure, Outcome
from lib.server import limits
from lib.server.album import Photo
from lib.server.asked import Asked
from lib.server.bodies import Bodies, Body
from lib.server.exchange import answered, as_attachment, to_json, unless_gone, visit_route
from lib.server.kept import Kept
from lib.server.metrics import METRICS, Told
from lib.server.models import Found, Models, labels, server_models
from lib.server.pool import POOL, Pool, Rank
from lib.server.refusal import Refusal
from lib.server.visits import VISITS, Visit, Visits
from lib.server.ways import Way
from lib.server.where import Map, Maps
from lib.work.progress import Progress

T = TypeVar("T")
Card = dict[str, object]
Draw = Callable[[Translator, Visit, Photo, Outcome | None, Asked], Card]
"""How a photo is shown; the outcome is None as long as it was not looked at."""

_CHART_PX = 640
_CAMERA = "camera.jpg"


class UnknownPhotoError(Refusal):
    """The photo was removed, or never was."""

    code = "photo-unknown"


def routes(
    draw: Draw, *, visits: Visits = VISITS, pool: Pool = POOL, models: Callable[[], Models] = server_models
) -> list[Route]:
    """Return the routes.

    Args:
        draw: How a photo is shown; JSON values.
        visits: Whose photos they are.
        pool: Where models look at them.
        models: Returns the models.
    """
    road = _Road(draw, visits, pool, models)
    photos, one = "/visits/{visit}/photos", "/visits/{visit}/photos/{photo:number}"
    return [
        road.route("POST", photos, road.add),
        road.route("POST", "/visits/{visit}/camera", road.camera),
        road.route("DELETE", photos, road.clear),
        road.route("DELETE", one, road.remove),
        road.route("POST", one, road.put_back),
        road.route("GET", one + ".jpg", road.picture),
        road.route("GET", one + "/answer", road.answer),
        road.route("GET", one + "/where", road.where),
        road.route("GET", one + "/covered", road.covered),
        road.route("GET", one + "/answer.{form}", road.table_of_one),
        road.route("GET", one + "/bars.{form:path}", road.chart),
        road.route("GET", "/visits/{visit}/answers", road.answers),
        road.route("GET", "/visits/{visit}/results.{form}", road.table),
    ]


class _Road:
    """The routes' work; see `routes`."""

    def __init__(self, draw: Draw, visits: Visits, pool: Pool, models: Callable[[], Models]) -> None:
        self._draw, self._visits, self._pool, self._models = draw, visits, pool, models
        self._bodies, self._maps = Bodies(), cache(lambda: Maps(models()))
        self._maps_pool = Pool(1)  # for models of which only covering parts can tell: one map at a time

    def route(self, method: str, path: str, work: Callable[[Request, Visit], Awaitable[Response]]) -> Route:
        """Return a route that lets in whom it knows."""
        return visit_route(self._visits, method, path, work, N_("These photos are gone. Reload the page."))

    async def add(self, request: Request, visit: Visit) -> Response:
        """Take a photo in, and answer about it."""
        with METRICS.counted(Way.PAGE) as told:
            return await self._add(request, visit, told)

    async def _add(self, request: Request, visit: Visit, told: Told) -> Response:
        body = Body(request)
        try:
            asked, order = Asked.read(request.query_params), _whole(request, "order")
            model = await self._find(asked)
            told.model = model.folder.spec.id
            async with self._bodies.room_for(visit.id, body):
                name, data = request.query_params.get("name", "photo"), await body.read()
                if sample := request.query_params.get("sample"):
                    name, data = await run_in_threadpool(_sample, sample)
                self._visits.space(visit).take(len(data) + _answer_bytes(model))
                photo = visit.album.add(name, data, order)
                del data  # the album's alone, which drops it soon
                return await self._card_of(request, visit, photo, asked, model, told)
        except AppError:
            await body.pass_over()
            raise

    async def camera(self, request: Request, visit: Visit) -> Response:
        """Answer about a picture of the camera, which nobody keeps."""
        with METRICS.counted(Way.LIVE) as told:
            asked, body = Asked.read(request.query_params), Body(request)
            model, t = await self._find(asked), Translator(asked.language)
            told.model = model.folder.spec.id
            async with self._bodies.room(visit.id, body.size):
                data = await body.read()

                def work() -> bytes:
                    found = infer(Source.of_bytes(data, _CAMERA), self._models().classifier(model))
                    outcome = _concluded(found, model, asked)
                    told.is_about(outcome)
                    shown = Photo(0, _CAMERA, 0, Kept(b""), lambda _: None)
                    return to_json(self._draw(t, visit, shown, outcome, asked))

                return answered(await self._in_line(request, visit, work))

    async def answer(self, request: Request, visit: Visit) -> Response:
        """Answer about a photo that is here."""
        asked, photo = Asked.read(request.query_params), _photo(request, visit)
        model = await self._find(asked)
        if visit.album.answer(model.folder.spec.key, photo) is not None:
            return await self._card_of(request, visit, photo, asked, model, Told())
        with METRICS.counted(Way.PAGE) as told:
            told.model = model.folder.spec.id
            self._visits.space(visit).take(_answer_bytes(model))
            return await self._card_of(request, visit, photo, asked, model, told)

    async def put_back(self, request: Request, visit: Visit) -> Response:
        """Undo the last removal, and answer about the photo."""
        visit.album.put_back(request.path_params["photo"])
        return await self.answer(request, visit)

    async def _card_of(
        self, request: Request, visit: Visit, photo: Photo, asked: Asked, model: Found, told: Told
    ) -> Response:
        def work() -> bytes:
            outcome = self._look(visit, photo, asked, model)
            told.is_about(outcome)
            return to_json(self._draw(Translator(asked.language), visit, photo, outcome, asked))

        return answered(await self._in_line(request, visit, work))

    async def answers(self, request: Request, visit: Visit) -> Response:
        """Answer about all photos that the model has looked at."""
        asked = Asked.read(request.query_params)
        model, t = await self._find(asked), Translator(asked.language)

        def work() -> bytes:
            found = self._outcomes(visit, asked, model)
            return to_json({"cards": [self._draw(t, visit, photo, outcome, asked) for photo, outcome in found]})

        return answered(await run_in_threadpool(work))

    async def remove(self, request: Request, visit: Visit) -> Response:
        """Forget a photo."""
        visit.album.remove(_photo(request, visit))
        return Response(status_code=204)

    async def clear(self, request: Request, visit: Visit) -> Response:
        """Forget all photos."""
        visit.album.clear()
        return Response(status_code=204)

    async def picture(self, request: Request, visit: Visit) -> Response:
        """Show a photo."""
        photo = _photo(request, visit)
        if photo.picture is None:
            raise UnknownPhotoError(404, N_("There is no preview of {file}."), file=photo.name)
        data, kind = photo.picture
        if request.query_params.get("side"):
            made = await self._in_line(request, visit, lambda: photo.thumbnail)
            data, kind = made or data, "image/jpeg" if made else kind
        return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=86400, immutable"})

    async def table(self, request: Request, visit: Visit) -> Response:
        """Give all answers away as a file."""
        asked, form = Asked.read(request.query_params), request.path_params["form"]
        t, model = Translator(asked.language), await self._find(asked)

        def work() -> bytes:
            outcomes = [outcome for _, outcome in self._outcomes(visit, asked, model)]
            if form == "csv":
                return to_csv(outcomes, t, top=asked.settings.top)
            return "".join(to_json_line(outcome, t) + "\n" for outcome in outcomes).encode()

        return _file(
            await run_in_threadpool(work), _kind(form, csv="text/csv", jsonl="application/jsonl"), f"discern.{form}"
        )

    async def table_of_one(self, request: Request, visit: Visit) -> Response:
        """Give a photo's answer away as a file."""
        asked, form = Asked.read(request.query_params), request.path_params["form"]
        kind, t = _kind(form, csv="text/csv", json="application/json"), Translator(asked.language)

        def work(outcome: Outcome) -> bytes:
            if form == "csv":
                return to_csv([outcome], t, top=asked.settings.top)
            return json.dumps(to_object(outcome, t), allow_nan=False, indent=2).encode()

        return await self._of_one(request, visit, asked, work, kind, form)

    async def chart(self, request: Request, visit: Visit) -> Response:
        """Give a photo's bars away as a drawing, or as the chart that it is."""
        asked, form = Asked.read(request.query_params), request.path_params["form"]
        kind = _kind(form, svg="image/svg+xml", **{"vl.json": "application/json"})

        def work(outcome: Outcome) -> bytes:
            if isinstance(outcome, Failure):
                raise outcome.error
            spec = alone(bars(outcome), width=_CHART_PX)
            return to_svg(spec) if form == "svg" else json.dumps(spec, allow_nan=False, indent=2).encode()

        return await self._of_one(request, visit, asked, work, kind, form)

    async def where(self, request: Request, visit: Visit) -> Response:
        """Show where a model looked; where that takes long, lines before it say how far it is. Who leaves ends it."""
        asked, photo = Asked.read(request.query_params), _photo(request, visit)
        model, t = await self._find(asked), Translator(asked.language)
        index, against = (_whole(request, name) for name in ("class", "against"))
        draw = partial(self._maps().draw, t, model, photo, index, against)
        if await run_in_threadpool(self._maps().is_quick, model, photo, index, against):
            return answered(await self._in_line(request, visit, lambda: to_json(draw())))
        draw = partial(draw, line=self._pool.line(visit.id, Rank.JOB))
        lines = self._lines(t, self._maps_pool.line(visit.id), draw)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    async def _lines(self, t: Translator, line: Executor, draw: Callable[..., Map]) -> AsyncIterator[bytes]:
        """Yield how far a map is, a line each time, and the map; or what went wrong."""
        over, told = threading.Event(), [Progress(total=MASKS)]
        work = line.submit(draw, over, told.append)
        done = asyncio.wrap_future(work)
        try:
            while not done.done():
                await asyncio.wait((done,), timeout=limits.TELL_S)
                yield to_json({"done": told[-1].done, "total": told[-1].total}) + b"\n"
            yield to_json(done.result()) + b"\n"
        except AppError as error:
            yield to_json({"detail": t.message(error.message)}) + b"\n"
        finally:
            over.set()
            work.cancel()
            done.cancel()  # what is at work ends soon, and nobody asks how

    async def covered(self, request: Request, visit: Visit) -> Response:
        """Answer about a photo as if a part of it were covered; nothing of that is kept."""
        asked, photo, box = Asked.read(request.query_params), _photo(request, visit), _part(request)
        model, t = await self._find(asked), Translator(asked.language)

        def work() -> bytes:
            found = self._maps().cover(model, photo, box)
            return to_json(self._draw(t, visit, photo, _concluded(found, model, asked), asked))

        return answered(await self._in_line(request, visit, work))

    async def _of_one(
        self, request: Request, visit: Visit, asked: Asked, make: Callable[[Outcome], bytes], kind: str, form: str
    ) -> Response:
        photo, model = _photo(request, visit), await self._find(asked)

        def work() -> bytes:
            return make(self._look(visit, photo, asked, model))

        return _file(await self._in_line(request, visit, work), kind, f"{photo.name}.{form}")

    async def _in_line(self, request: Request, visit: Visit, work: Callable[[], T]) -> T:
        """Return what `work` does when this visitor's turn comes; who goes away leaves the line.

        Raises:
            ClientDisconnect: The visitor went away.
        """
        return await unless_gone(request.receive, self._pool.line(visit.id).submit(work))

    async def _find(self, asked: Asked) -> Found:
        """Return the model as it is now.

        Raises:
            ModelError: There is none of this id, or it cannot be used.
            DownloadError: There is no room to write it.
        """
        models = self._models()
        known = models.known(asked.model, is_whole=asked.is_whole)
        if known is not None:
            return known
        return await run_in_threadpool(partial(models.find, asked.model, is_whole=asked.is_whole))

    def _look(self, visit: Visit, photo: Photo, asked: Asked, model: Found) -> Outcome:
        """Return what the model says of a photo, which it looks at now if it has not yet."""
        album, key, models = visit.album, model.folder.spec.key, self._models()
        album.renew(key, model.stamp)
        if album.answer(key, photo) is None:
            album.ask(models.classifier(model), photo, model.stamp, models.sides)
        answer = album.answer(key, photo)
        if answer is None and album.get(photo.id) is None:
            raise _gone()
        if answer is None:
            raise Refusal(503, N_("The model was changed while it classified the photo. Try again."))
        return _concluded(answer, model, asked)

    def _outcomes(self, visit: Visit, asked: Asked, model: Found) -> list[tuple[Photo, Outcome]]:
        """Return what the model says of all photos that it has looked at; what other files said is forgotten."""
        visit.album.renew(model.folder.spec.key, model.stamp)
        return visit.album.outcomes(model.folder.spec.key, labels(model, asked.language), asked.settings)


def _concluded(found: Answer | Failure, model: Found, asked: Asked) -> Outcome:
    return found if isinstance(found, Failure) else conclude(found, labels(model, asked.language), asked.settings)


def _photo(request: Request, visit: Visit) -> Photo:
    photo = visit.album.get(request.path_params["photo"])
    if photo is None:
        raise _gone()
    return photo


def _gone() -> UnknownPhotoError:
    return UnknownPhotoError(404, N_("This photo is not here any more."))


def _whole(request: Request, name: str) -> int | None:
    """Return a whole number of the address; None where it has none. Raises UsageError."""
    given = request.query_params.get(name)
    try:
        return None if given is None else int(given)
    except ValueError:
        raise UsageError(N_("{name} must be a number, not “{value}”."), name=name, value=given) from None


def _part(request: Request) -> tuple[float, float, float, float]:
    """Return the part of a photo that the address names. Raises UsageError."""
    given = request.query_params.get("part", "")
    try:
        left, top, right, bottom = map(float, given.split(","))
    except ValueError:
        raise UsageError(N_("{name} must be four numbers, not “{value}”."), name="part", value=given) from None
    return left, top, right, bottom


def _sample(name: str) -> tuple[str, bytes]:
    for sample in find_samples():
        if sample.name == name:
            return sample.name, sample.path.read_bytes()
    raise UsageError(N_("There is no sample called “{name}”."), name=name)


def _answer_bytes(model: Found) -> int:
    return model.folder.spec.output.classes * np.dtype(np.float64).itemsize


def _kind(form: str, **kinds: str) -> str:
    if form not in kinds:
        raise Refusal(404, N_("There is nothing here."))
    return kinds[form]


def _file(body: bytes, kind: str, name: str) -> Response:
    return Response(body, media_type=kind, headers=as_attachment(name))
