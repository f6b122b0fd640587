"""Which addresses there are for programs.

    POST /api/v1/classify        the object of `classify --json` for a photo, or a line for each of many
    POST /api/v1/explain         the object of `explain --json`, or a picture
    GET  /api/v1/models, /api/v1/models/ID
    POST /api/v1/hf/ID           what Hugging Face's clients ask (`lib.api.hf`)
    …    /v2/…                   what those of the Open Inference Protocol ask (`lib.api.oip`)
    GET  /api/v1/openapi.json, /api/v1/docs
    GET  /healthz, /readyz       at the root and under /api/v1
    GET  /metrics                as Prometheus reads it

Without a setting everybody who can reach the server may ask (`lib.api.guard`).
"""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lib.api import docs
from lib.api.classify import Classifying
from lib.api.desk import Desk
from lib.api.explain import Explaining
from lib.api.guard import Guard
from lib.api.health import Health
from lib.api.hf import HuggingFace
from lib.api.models import Listing
from lib.api.oip import OpenInference
from lib.messages import N_
from lib.server import metrics
from lib.server.models import Models, server_models
from lib.server.pool import POOL, Pool
from lib.server.refusal import Refusal

ROOT = "/api/v1"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(guard: Guard, *, models: Models | None = None, pool: Pool = POOL) -> list[Route]:
    """Return the routes.

    Args:
        guard: Who may ask.
        models: The models; None for the server's.
        pool: Where they look at photos.
    """
    desk = Desk(models or server_models(), pool)
    listing, health = Listing(desk), Health(desk.models)
    return [
        guard.route(f"{ROOT}/classify", POST=Classifying(desk).classify),
        guard.route(f"{ROOT}/explain", POST=Explaining(desk).explain),
        guard.route(f"{ROOT}/models", GET=listing.all),
        guard.route(f"{ROOT}/models/{{model}}", GET=listing.one),
        *(guard.route(f"{at}/healthz", is_open=True, GET=health.alive) for at in ("", ROOT)),
        *(guard.route(f"{at}/readyz", is_open=True, GET=health.ready) for at in ("", ROOT)),
        guard.route(f"{ROOT}/openapi.json", is_open=True, GET=docs.specification),
        guard.route(f"{ROOT}/docs", is_open=True, GET=docs.page),
        *(guard.route(at, is_open=True, GET=to_docs) for at in ("/api", "/api/", ROOT, f"{ROOT}/")),
        guard.route(f"{ROOT}/hf/{{model}}", POST=HuggingFace(desk).classify),
        *_open_inference(guard, OpenInference(desk, health)),
        guard.route("/metrics", GET=metrics.exposed),
        *(
            guard.route(f"{at}/{{rest:path}}", is_open=True, **dict.fromkeys(_METHODS, _nothing))
            for at in ("/api", "/v2")
        ),
    ]


def _open_inference(guard: Guard, door: OpenInference) -> Iterator[Route]:
    yield from (guard.route(at, GET=door.server) for at in ("/v2", "/v2/"))
    yield guard.route("/v2/health/live", is_open=True, GET=door.live)
    yield guard.route("/v2/health/ready", is_open=True, GET=door.ready)
    for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        yield guard.route(model, GET=door.model)
        yield guard.route(f"{model}/ready", GET=door.model_ready)
        yield guard.route(f"{model}/infer", POST=door.infer)


async def to_docs(_request: Request) -> Response:
    """Lead to the page that describes the API."""
    return RedirectResponse(f"{ROOT}/docs")


async def _nothing(request: Request) -> Response:
    raise Refusal(
        404,
        N_("There is nothing at {address}. The addresses are listed at {docs}."),
        address=request.url.path,
        docs=f"{ROOT}/docs",
    )
