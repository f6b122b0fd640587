"""`POST /hf/{model}`: what clients of Hugging Face's image-classification ask, and what they expect to read.

The photo as the body, or JSON with the photo in base64 as `inputs` and with `parameters`; the answer is a list of
`label` and `score`, best first (huggingface.js, packages/tasks/src/tasks/image-classification/spec).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lib.api import json_body
from lib.api.desk import Desk, owner_of
from lib.api.parts import Part
from lib.api.photo import FRAMING_BYTES, kind_of, room_for_one
from lib.classify.infer import Settings
from lib.errors import UsageError
from lib.messages import N_, Listed
from lib.results import Failure
from lib.server import limits
from lib.server.asked import Asked
from lib.server.bodies import Body
from lib.server.exchange import answered, to_json
from lib.server.ways import Way

_PARAMETERS = ("function_to_apply", "top_k")


class HuggingFace:
    """The address.

    Args:
        desk: Where photos are answered.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def classify(self, request: Request) -> Response:
        """Answer with the likeliest classes."""
        asked = Asked.read({**request.query_params, "model": request.path_params["model"]})
        model = await self._desk.find(asked.model, is_whole=asked.is_whole)
        owner = owner_of(request)
        async with self._photo(request, owner, asked.settings) as (photo, settings):
            looking = self._desk.look(owner, Way.HF, model, photo.name, photo.data, replace(asked, settings=settings))
            outcome = await self._desk.looked(request, looking)
        if isinstance(outcome, Failure):
            raise outcome.error
        return answered(to_json([{"label": each.label, "score": each.probability} for each in outcome.predictions]))

    @asynccontextmanager
    async def _photo(self, request: Request, owner: str, settings: Settings) -> AsyncIterator[tuple[Part, Settings]]:
        """Read the photo, and how many classes are asked for; raises as `room_for_one` and `json_body.read`."""
        if kind_of(request) != json_body.KIND:
            async with room_for_one(request, self._desk, owner) as photo:
                yield photo, settings
            return
        body = Body(request, limits.PHOTO_BYTES * 4 // 3 + FRAMING_BYTES)
        async with self._desk.bodies.room_for(owner, body, limits.PHOTO_BYTES):
            content = await body.read()
            async with self._desk.parsing:
                data, settings = await run_in_threadpool(partial(_read, content, settings))
            del content
            yield Part(request.query_params.get("name", "photo"), data), settings


def _read(content: bytes, settings: Settings) -> tuple[bytes, Settings]:
    found = json_body.read(content)
    parameters = found.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise UsageError(N_("{name} must be an object in JSON."), name="parameters")
    if unknown := [*parameters.keys() - {*_PARAMETERS}]:
        sentence = N_("There is no parameter “{name}” here. Known: {known}.")
        raise UsageError(sentence, name=min(unknown), known=Listed(_PARAMETERS))
    _check_function(parameters)
    return json_body.photo(found.get("inputs")), replace(settings, top=_top(parameters, settings.top))


def _top(parameters: Mapping[str, Any], usual: int) -> int:
    if (top := parameters.get("top_k")) is None:
        return usual
    if not isinstance(top, int) or isinstance(top, bool):
        raise UsageError(N_("{name} must be a whole number, not “{value}”."), name="top_k", value=top)
    return top


def _check_function(parameters: Mapping[str, Any]) -> None:
    """Let only that pass which the scores are.

    Models here end in probabilities that are made to sum to 1; votes as they were before ("none") are in no 8-bit
    file, and "sigmoid" would call them independent of each other.
    """
    if (function := parameters.get("function_to_apply")) not in (None, "softmax"):
        sentence = N_("Scores are probabilities that sum to 1: {name} can only be “softmax”, not “{value}”.")
        raise UsageError(sentence, name="function_to_apply", value=function)
