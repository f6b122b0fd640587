"""The lessons' routes: under `/visits/{visit}/lessons`. Pages come as HTML, for the script of the page Learn.

    GET    /visits/V/lessons?lang=…                      {"html", "sheet"}: all lessons, and the progress on paper
    GET    /visits/V/lessons/L/N?set=…&CONTROL=…&lang=…  {"html", "sheet"}: step N; with `part=play` {"play"} alone,
                                                         with `part=frame` {"html"} at once, nothing worked out yet
    POST   /visits/V/lessons/L/N?choice=K&question=Q&…   {"check", "dots"}: the answer is marked, and kept; 409: Q is
                                                         not the fingerprint of the question about these pictures
    DELETE /visits/V/lessons                             what was answered is forgotten

`set` says whose pictures: samples, mine (the newest of the visit's album) or drawn. What is worked out of them is kept
with the visit up to `limits.LESSON_BYTES`; of samples and drawn pictures once for everybody.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Lock
from typing import TypeVar

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.classify.litert import LiteRTClassifier
from lib.errors import UsageError
from lib.i18n import Translator
from lib.lessons import player, sheet
from lib.lessons.bench import Bench, Memo, Opened, Picture, open_model
from lib.lessons.lesson import Lesson, Step
from lib.lessons.pictures import SHOWN, drawn, samples
from lib.messages import N_
from lib.photos.pixels import DECODE_FLOOR
from lib.server import limits
from lib.server.album import Photo
from lib.server.exchange import answered, language_of, to_json, unless_gone, visit_route
from lib.server.kept import see
from lib.server.models import Models, labels, server_models
from lib.server.pool import POOL, Pool
from lib.server.refusal import Refusal
from lib.server.visits import VISITS, Visit, Visits

T = TypeVar("T")


def routes(*, visits: Visits = VISITS, pool: Pool = POOL, models: Callable[[], Models] = server_models) -> list[Route]:
    """Return the routes; arguments as for `lib.server.photos.routes`."""
    desk = _Desk(visits, pool, models)
    every, one = "/visits/{visit}/lessons", "/visits/{visit}/lessons/{lesson}/{step}"
    return [
        desk.route("GET", every, desk.overview),
        desk.route("DELETE", every, desk.forget),
        desk.route("GET", one, desk.step),
        desk.route("POST", one, desk.answer),
    ]


class _Desk:
    """The routes' work; see `routes`."""

    def __init__(self, visits: Visits, pool: Pool, models: Callable[[], Models]) -> None:
        self._visits, self._pool, self._models = visits, pool, models
        self._long = Pool(1)  # for what takes seconds in one piece
        self._drawn = Memo(limits.LESSONS_BYTES)
        self._opened: OrderedDict[object, LiteRTClassifier] = OrderedDict()
        self._lock = Lock()

    def route(self, method: str, path: str, work: Callable[[Request, Visit], Awaitable[Response]]) -> Route:
        """Return a route that lets in whom it knows."""
        return visit_route(self._visits, method, path, work, N_("This visit is over. Reload the page."))

    async def overview(self, request: Request, visit: Visit) -> Response:
        """Show all lessons."""
        t = Translator(language_of(request))
        return answered(
            to_json({"html": player.overview(t, visit.lessons), "sheet": sheet.of_progress(t, visit.lessons)})
        )

    async def forget(self, request: Request, visit: Visit) -> Response:
        """Begin again."""
        visit.lessons.clear()
        return Response(status_code=204)

    async def step(self, request: Request, visit: Visit) -> Response:
        """Show a step, or what there is to move of it as it was set now."""
        lesson, number = _which(request)
        step = lesson.steps[number]
        bench = self._bench(request, visit, step)
        t, chosen = bench.t, bench.chosen
        sets = player.sets(t, chosen, len(_mine(visit))) if step.uses_pictures else ""
        if request.query_params.get("part") == "frame":
            html = player.frame(t, lesson, number, visit.lessons, sets=sets, chosen=chosen)
            return answered(to_json({"html": html}))
        values = player.values_of(request.query_params)
        if request.query_params.get("part") == "play":
            play = await self._in_line(request, visit, step, lambda: player.play(bench, step, values))
            return answered(to_json({"play": play}))
        if "set" in request.query_params:
            visit.lessons.pictures = chosen
        visit.lessons.seen.add((lesson.id, number))

        def work() -> bytes:
            progress = visit.lessons
            play, asked = player.play(bench, step, values), player.asked(bench, step)
            check = "" if asked is None else player.check(t, asked, progress.marked.get((lesson.id, number)))
            html = player.frame(t, lesson, number, progress, play=play, check=check, sets=sets, chosen=chosen)
            return to_json({"html": html, "sheet": sheet.of_lesson(t, lesson, bench.pictures, ())})

        return answered(await self._in_line(request, visit, step, work))

    async def answer(self, request: Request, visit: Visit) -> Response:
        """Mark an answer, and keep it."""
        lesson, number = _which(request)
        step = lesson.steps[number]
        bench = self._bench(request, visit, step)
        given, question = (request.query_params.get(name, "") for name in ("choice", "question"))

        def work() -> bytes:
            asked = player.asked(bench, step)
            if asked is None or (place := _number(given)) is None or place >= len(asked.options):
                raise UsageError(N_("There is no answer with the number {value}."), value=given[:20])
            if question != asked.fingerprint:
                raise Refusal(409, N_("The pictures have changed. Look again."))
            option = asked.options[place]
            marked = visit.lessons.answer(lesson.id, number, question, option.number, is_right=option.is_right)
            dots = player.dots(bench.t, lesson, number, visit.lessons)
            return to_json({"check": player.check(bench.t, asked, marked), "dots": dots})

        return answered(await self._in_line(request, visit, step, work))

    async def _in_line(self, request: Request, visit: Visit, step: Step, work: Callable[[], T]) -> T:
        """Return what `work` does when this visitor's turn comes."""
        pool = self._long if step.is_long else self._pool
        return await unless_gone(request.receive, pool.line(visit.id).submit(work))

    def _bench(self, request: Request, visit: Visit, step: Step) -> Bench:
        t = Translator(language_of(request))
        chosen = request.query_params.get("set") or visit.lessons.pictures or step.starts_with
        own = _mine(visit) if chosen == player.MINE else []
        pictures = [_of_photo(visit, photo) for photo in own]
        if not pictures and chosen != player.DRAWN:
            pictures = samples(t)
            chosen = player.SAMPLES
        if not pictures:
            pictures, chosen = drawn(t), player.DRAWN
        memo = visit.lesson_memo if own else self._drawn
        models = self._models()
        return Bench(
            t,
            pictures,
            partial(self._open, t.language),
            memo,
            self._drawn,
            models.store.default_id(),
            chosen,
        )

    def _open(self, language: str, model_id: str) -> Opened:
        """Return a model as lessons ask it. Raises ModelError: it is not here, or cannot be used."""
        models = self._models()
        found = models.find(model_id)
        with self._lock:
            if found.stamp not in self._opened:
                self._opened[found.stamp] = open_model(found.folder)
            self._opened.move_to_end(found.stamp)
            while len(self._opened) > limits.LESSON_MODELS:
                self._opened.popitem(last=False)
            classifier = self._opened[found.stamp]
        return Opened(found.folder, classifier, labels(found, language))


def _which(request: Request) -> tuple[Lesson, int]:
    """Return the lesson and the step that an address names. Raises Refusal: there is none."""
    lesson, number = player.find(request.path_params["lesson"]), _number(request.path_params["step"])
    if lesson is None or number is None or number >= len(lesson.steps):
        raise Refusal(404, N_("There is no such lesson."))
    return lesson, number


def _number(text: str) -> int | None:
    """Return the number that a part of an address says; None for none, and for one of more than three digits."""
    return int(text) if text.isdecimal() and len(text) < 4 else None


def _mine(visit: Visit) -> list[Photo]:
    """Return the photos of a visit that can be shown, the newest first."""
    shown = [photo for photo in visit.album.photos if photo.picture is not None]
    return sorted(shown, key=lambda photo: -photo.order)[:SHOWN]


def _of_photo(visit: Visit, photo: Photo) -> Picture:
    def opened(side: int) -> Image.Image:
        seen = see(photo.name, photo.kept, {max(side, DECODE_FLOOR)}, None)
        for image in seen.pictures.values():
            return image
        raise seen.problem

    src = f"/visits/{visit.id}/photos/{photo.id}.jpg?side=320"
    return Picture(f"{visit.id} {photo.id}", photo.name, src, opened, photo.size_wh or (1, 1))
