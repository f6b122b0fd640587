"""Where programs' photos are answered: the models, the room for what is sent, the caller's turn among all visitors."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request

from lib.classify.classifier import Classifier
from lib.classify.infer import conclude, infer
from lib.errors import UnknownModelError, UsageError
from lib.i18n import LANGUAGES, speaks
from lib.messages import N_, Listed
from lib.photos.source import Source
from lib.results import Answer, Failure, Outcome
from lib.server import limits
from lib.server.asked import Asked
from lib.server.bodies import Bodies
from lib.server.exchange import unless_gone
from lib.server.metrics import METRICS
from lib.server.models import Found, Models, labels
from lib.server.pool import Pool
from lib.server.refusal import Refusal
from lib.server.ways import Way

T = TypeVar("T")
Shown = Callable[[Classifier], Answer | Failure]
"""Shows a model something."""
Seen = tuple[Answer | Failure, Outcome]
"""What a model said, and what that comes to."""


@dataclass
class Desk:
    """What all doors for programs share.

    Attributes:
        models: The server's.
        pool: Where they look at photos: visitors of the pages wait in the same line, each in turn.
        bodies: The room for what is being read.
        parsing: One body of JSON is taken apart at a time: nothing else runs meanwhile, and it grows to a multiple.
    """

    models: Models
    pool: Pool
    bodies: Bodies = field(default_factory=lambda: Bodies(limits.REQUESTS_BYTES, limits.REQUESTS_BYTES_OF_ONE))
    parsing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @property
    def ahead(self) -> int:
        """How many photos of one request wait in line at most: enough for all cores, and never all of the line."""
        return min(limits.AHEAD_EACH * self.pool.workers, limits.WAITING_OF_LINE // 2)

    async def asked(self, request: Request, known: tuple[str, ...]) -> tuple[Asked, Found]:
        """Return what the address asks, and the model; without `model` the one that answers where nobody chose.

        Args:
            request: The request.
            known: The fields that its query may have.

        Raises:
            UsageError: A field is unknown or stands there twice, or its value cannot be meant so.
            ModelError: There is no such model, or it cannot be used.
        """
        _check_fields(request.query_params, known)
        model = request.query_params.get("model") or str(await run_in_threadpool(self.models.store.default_id))
        asked = Asked.read({**request.query_params, "model": model})
        return asked, await self.find(asked.model, is_whole=asked.is_whole)

    async def find(self, model_id: str, *, is_whole: bool = False) -> Found:
        """Return a model.

        Raises:
            Refusal: There is none of this id; 404.
            ModelError: It cannot be used.
        """
        if (known := self.models.known(model_id, is_whole=is_whole)) is not None:
            return known
        try:
            return await run_in_threadpool(partial(self.models.find, model_id, is_whole=is_whole))
        except UnknownModelError as error:
            raise NoModelError(404, error.message.text, **error.message.values) from None

    def look(self, owner: str, door: Way, model: Found, name: str, data: bytes, asked: Asked) -> "Future[Outcome]":
        """Let a model look at a photo when its owner's turn comes; a bad photo gives a Failure.

        Args:
            owner: Whose photo it is, see `owner_of`.
            door: By which way it came.
            model: The model.
            name: The photo's.
            data: The file.
            asked: How it is judged and worded.
        """
        since = time.perf_counter()
        return self.pool.line(owner).submit(lambda: self._look(since, door, model, of_photo(name, data), asked)[1])

    def see(self, owner: str, door: Way, model: Found, shown: Shown, asked: Asked) -> "Future[Seen]":
        """Do the same with anything that a model can be shown, and return what it said beside what that comes to."""
        return self.pool.line(owner).submit(self._look, time.perf_counter(), door, model, shown, asked)

    def _look(self, since: float, door: Way, model: Found, shown: Shown, asked: Asked) -> Seen:
        with METRICS.counted(door, since) as told:
            answer = shown(self.models.classifier(model))
            if isinstance(answer, Failure):
                outcome: Outcome = answer
            else:
                METRICS.inference(answer.model, answer.milliseconds / 1e3)
                outcome = conclude(answer, labels(model, asked.language), asked.settings)
            told.is_about(outcome)
        return answer, outcome

    async def looked(self, request: Request, work: "Future[T]") -> T:
        """Return what work comes to; it is cancelled if the caller goes away.

        Raises:
            ClientDisconnect: The caller did.
        """
        return await unless_gone(request.receive, work)


def _check_fields(query: QueryParams, known: tuple[str, ...]) -> None:
    """Refuse what would be passed over: who mistypes a field would never learn of it."""
    names = [name for name, _ in query.multi_items()]
    for name in names:
        if name not in known:
            raise UsageError(N_("There is no parameter “{name}” here. Known: {known}."), name=name, known=Listed(known))
        if names.count(name) > 1:
            raise UsageError(N_("The address has the parameter “{name}” more than once. Keep one."), name=name)
    if (language := query.get("lang", "")) and not speaks(language):
        text = N_("{name} must be one of {values}, not “{value}”.")
        raise UsageError(text, name="lang", values=Listed((*LANGUAGES,)), value=language)


def of_photo(name: str, data: bytes) -> Shown:
    """Return how a model is shown a photo.

    Args:
        name: The photo's.
        data: The file.
    """
    return partial(infer, Source.of_bytes(data, name))


class NoModelError(Refusal, UnknownModelError):
    """There is no model of the id in the address."""


def owner_of(request: Request) -> str:
    """Return whose line a request waits in: each address has one."""
    return f"api:{request.client.host if request.client else ''}"
