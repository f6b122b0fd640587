"""`POST /explain`: where a model looked at a photo, in numbers or drawn on it."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lib.api.desk import Desk, owner_of
from lib.api.photo import room_for_one
from lib.classify.classifier import Classifier
from lib.classify.explain import Explainer, explain
from lib.classify.infer import pixels_needed
from lib.i18n import Translator
from lib.photos.opening import open_with_size
from lib.reports.explanations import class_of, explanation_object, explanation_png
from lib.server.exchange import answered, to_json
from lib.server.models import Found
from lib.server.pool import Pool, Rank
from lib.server.where import InTurn, Maps

PNG, JSON = "image/png", "application/json"
_FIELDS = ("model", "whole", "lang", "class", "against", "name")


class Explaining:
    """The address.

    Args:
        desk: Where photos are answered.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._maps = Maps(desk.models)
        self._slow = Pool(1)  # for models of which only covering parts can tell: one map at a time

    async def explain(self, request: Request) -> Response:
        """Answer where the model looked: the object of `explain --json`; a picture for who takes that and no JSON."""
        asked, model = await self._desk.asked(request, _FIELDS)
        language, owner = asked.language, owner_of(request)
        index, against = [await self._class(request, model, name, language) for name in ("class", "against")]
        accepted = request.headers.get("accept", "").lower()
        wants_png = PNG in accepted and JSON not in accepted
        async with room_for_one(request, self._desk, owner) as photo:
            how = await run_in_threadpool(self._maps.how, model)
            pool = self._desk.pool
            if not isinstance(how, Explainer):
                how, pool = InTurn(how, pool.line(owner, Rank.JOB)), self._slow
            work = partial(_explain, how, model, photo.name, photo.data, index, against, wants_png, language)
            made = await self._desk.looked(request, pool.line(owner).submit(work))
        return Response(made, media_type=PNG, headers={"Cache-Control": "no-store"}) if wants_png else answered(made)

    async def _class(self, request: Request, model: Found, name: str, language: str) -> int | None:
        given = request.query_params.get(name)
        return None if given is None else await run_in_threadpool(class_of, given, model.folder, language)


def _explain(
    how: Explainer | Classifier,
    model: Found,
    name: str,
    photo: bytes,
    index: int | None,
    against: int | None,
    wants_png: bool,
    language: str,
) -> bytes:
    classifier = how.classifier if isinstance(how, Explainer) else how
    image, size_wh = open_with_size(photo, name, at_least=pixels_needed(classifier))
    found, answer = explain(name, how, image, size_wh, index, against)
    if wants_png:
        return explanation_png(found, photo, name)
    return to_json(explanation_object(found, answer, model.folder, Translator(language)))
