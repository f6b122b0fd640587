"""Whether the server is alive, and whether it can answer: for load balancers and the like."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lib.errors import AppError
from lib.messages import N_
from lib.server import limits
from lib.server.models import Models
from lib.server.refusal import Refusal


class Health:
    """Answers the two questions.

    Args:
        models: The server's.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._loading: asyncio.Task[None] | None = None

    async def alive(self, _request: Request) -> Response:
        """Answer 200: who reads this is served."""
        return _well()

    async def ready(self, _request: Request) -> Response:
        """Answer 200 if the store can be read and the model that answers where nobody chose is loaded; else 503."""
        await self.check()
        return _well()

    async def check(self) -> None:
        """Return when the server is ready.

        Raises:
            Refusal: It is not, and may be soon: the model is being loaded.
            AppError: It is not, and why.
        """
        if self._loading is None:
            self._loading = asyncio.create_task(run_in_threadpool(self._load))
        done, _ = await asyncio.wait({self._loading}, timeout=limits.READY_S)
        if not done:
            raise Refusal(503, N_("The model is being loaded. Try again in a moment."))
        self._loading = None
        try:
            done.pop().result()
        except AppError as error:
            raise _NotReadyError(503, error.message.text, **error.message.values) from error

    def _load(self) -> None:
        self._models.classifier(self._models.find(self._models.store.default_id()))


class _NotReadyError(Refusal):
    """Why the server cannot answer."""

    code = "not-ready"


def _well() -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
