"""A model for browsers that run it themselves: its file, the code around it and the engine, where pages find them.

    GET /live?ASKED      {"library": …, "model": …}: addresses of discern.js and of the model's description

Nothing that a visitor shows such a page comes here: the page asks for files, and for no answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.embed import Options, Target, packages, preview_files, weights_file
from lib.embed.options import DESCRIPTION, LIBRARY, MODEL_FILE, Input
from lib.embed.scripts import Scripts
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.server import previews
from lib.server.asked import Asked
from lib.server.exchange import answered, route, to_json
from lib.server.models import Models, Stamp, server_models, stamp
from lib.server.refusal import Refusal


class NoScriptsError(Refusal):
    """The engine is not on this machine."""

    code = "scripts-missing"


@dataclass(frozen=True, slots=True)
class _Weights:
    """A model's file: the stamp tells it apart, the folder finds it."""

    stamp: Stamp
    folder: ModelFolder = field(compare=False)


def put(options: Options, folder: ModelFolder, scripts: Scripts) -> str:
    """See to it that browsers find code, model and engine; return the address of their folder, ending in "/".

    Args:
        options: What code.
        folder: The model.
        scripts: The engine's files, all of which are here.

    Raises:
        ModelFileError: The model's file cannot be read, or the folder not be written.
    """
    digest = _digest(_Weights(stamp(folder), folder))
    beside = preview_files(options, weights=f"../{digest}/{MODEL_FILE}", scripts="../../npm/")
    own = hashlib.sha256("".join(beside.values()).encode()).hexdigest()
    previews.share(
        {
            **{f"npm/{file.place}": scripts.path(file).read_bytes for file in packages.LITERT_FILES},
            **{f"m/{own}/{name}": text.encode for name, text in beside.items()},
            f"m/{digest}/{MODEL_FILE}": partial(weights_file, folder),
        }
    )
    return f"{previews.ADDRESS}/m/{own}/"


@lru_cache(maxsize=64)
def _digest(weights: _Weights) -> str:
    """Return a digest of the model's file as the code takes it."""
    return hashlib.sha256(weights_file(weights.folder)).hexdigest()


def routes(models: Callable[[], Models] = server_models) -> list[Route]:
    """Return the route.

    Args:
        models: Returns the models.
    """

    async def live(request: Request) -> Response:
        asked = Asked.read(request.query_params)
        return answered(to_json(await run_in_threadpool(_live, models(), asked)))

    return [route("GET", "/live", live)]


def _live(models: Models, asked: Asked) -> dict[str, str]:
    folder, scripts = models.find(asked.model, is_whole=asked.is_whole).folder, Scripts(models.store.data)
    if scripts.missing(packages.LITERT_FILES):
        raise NoScriptsError(404, N_("The scripts that run models in browsers are not on this computer yet."))
    top, thresholds = asked.settings.top, asked.settings.thresholds
    options = Options(folder, Target.SCRIPT, asked.language, top, thresholds, input=Input.CAMERA)
    place = put(options, folder, scripts)
    return {"library": place + LIBRARY, "model": place + DESCRIPTION}
