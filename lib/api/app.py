"""The API without the pages: what `python -m lib serve` starts, and a replica behind a load balancer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware

from lib.api.guard import Guard
from lib.api.health import Health
from lib.api.routes import routes, to_docs
from lib.errors import AppError
from lib.server import limits, memory
from lib.server.connections import Connections, raise_open_files, watched
from lib.server.door import Door, Names
from lib.server.metrics import METRICS
from lib.server.models import server_models
from lib.server.security_headers import Headers
from lib.server.tracing import Tracing, logs_requests


def build(names: Names, guard: Guard | None = None) -> Starlette:
    """Return the app.

    Args:
        names: Those that the server goes by; requests for others are turned away.
        guard: Who may ask; None for what the settings say.

    Raises:
        UsageError: A setting cannot be meant so.
    """
    memory.share_arenas()
    guard = guard or Guard.of_environment()
    own = [*routes(guard), guard.route("/", is_open=True, GET=to_docs)]
    return Starlette(
        routes=own,
        middleware=[
            Middleware(Tracing, routes=own, logs=logs_requests()),
            Middleware(Headers),
            Middleware(Door, names=names, admits=guard.admits),
        ],
        lifespan=_lifespan,
    )


@contextlib.asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Load the model that answers where nobody chose, while the first requests may come already."""
    loading = asyncio.create_task(_load())
    connections = Connections(*limits.connections(raise_open_files()))
    METRICS.watch("discern_connections", "Open connections.", lambda: {"": connections.count})
    async with watched(connections):
        yield
    loading.cancel()


async def _load() -> None:
    with contextlib.suppress(AppError):  # /readyz says it
        await Health(server_models()).check()
