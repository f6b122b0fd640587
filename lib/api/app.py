"""The API without the pages: what `python -m lib serve` starts, and a replica behind a load balancer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware

from lib.api.guard import Guard
from lib.api.health import Health
from lib.api.routes import routes
from lib.errors import AppError
from lib.server import limits
from lib.server.connections import Connections, raise_open_files, watched
from lib.server.door import Door, Names
from lib.server.models import server_models
from lib.server.security_headers import Headers


def build(names: Names, guard: Guard | None = None) -> Starlette:
    """Return the app.

    Args:
        names: Those that the server goes by; requests for others are turned away.
        guard: Who may ask; None for what the settings say.

    Raises:
        UsageError: A setting cannot be meant so.
    """
    guard = guard or Guard.of_environment()
    return Starlette(
        routes=routes(guard),
        middleware=[Middleware(Headers), Middleware(Door, names=names, admits=guard.admits)],
        lifespan=_lifespan,
    )


@contextlib.asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Load the model that answers where nobody chose, while the first requests may come already."""
    loading = asyncio.create_task(_load())
    async with watched(Connections(*limits.connections(raise_open_files()))):
        yield
    loading.cancel()


async def _load() -> None:
    with contextlib.suppress(AppError):  # /readyz says it
        await Health(server_models()).check()
