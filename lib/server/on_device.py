"""A model for browsers that run it themselves: its file, the code around it and the engine, where pages find them.

    GET /live?ASKED         {"library": …, "model": …}: addresses of discern.js and of the model's description; and
                            "votes", what tells where it looked: {"address", "depth", "parts", "isNormalised", "view"}
    GET /live/eyes?model=ID&look=whole|square   the same of a model that only sees, for the page Train
    GET /live/votes?ASKED   the weights of the last layer by classes, shape (K, D), float32, little-endian

Nothing that a visitor shows such a page comes here: the page asks for files, and for no answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.classify.explain import class_rows, read_fitting
from lib.embed import Options, Target, packages, preview_files, weights_file
from lib.embed.options import DESCRIPTION, LIBRARY, MODEL_FILE, Engine, Input
from lib.embed.scripts import Scripts
from lib.embed.web import library
from lib.errors import UsageError
from lib.formats.graft import Pooling
from lib.formats.score import with_map
from lib.formats.votes import Votes
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.server import previews
from lib.server.asked import Asked
from lib.server.exchange import answered, route, to_json
from lib.server.models import Models, Stamp, server_models, stamp
from lib.server.refusal import Refusal
from lib.training.features import LOOKS


class NoScriptsError(Refusal):
    """The engine is not on this machine."""

    code = "scripts-missing"


@dataclass(frozen=True, slots=True)
class _File:
    """A model's file for browsers: the stamp tells it apart, the folder finds it."""

    stamp: Stamp
    has_map: bool
    folder: ModelFolder = field(compare=False)

    def content(self) -> bytes:
        """Return what is in it. Raises ModelFileError."""
        content = weights_file(self.folder)
        return with_map(content, self.folder.spec.weights) if self.has_map else content


def put(options: Options, folder: ModelFolder, scripts: Scripts, *, has_map: bool = False) -> str:
    """See to it that browsers find code, model and engine; return the address of their folder, ending in "/".

    Args:
        options: What code.
        folder: The model.
        scripts: The engine's files, all of which are here.
        has_map: Whether the model is to give its last map, too.

    Raises:
        ModelFileError: The model's file cannot be read, or the folder not be written.
    """
    file = _File(stamp(folder), has_map, folder)
    digest = _digest(file)
    beside = preview_files(options, weights=f"../{digest}/{MODEL_FILE}", scripts="../../npm/", has_map=has_map)
    own = hashlib.sha256("".join(beside.values()).encode()).hexdigest()
    previews.share(
        {
            **{f"npm/{each.place}": scripts.path(each).read_bytes for each in packages.LITERT_FILES},
            **{f"m/{own}/{name}": text.encode for name, text in beside.items()},
            f"m/{digest}/{MODEL_FILE}": file.content,
        }
    )
    return f"{previews.ADDRESS}/m/{own}/"


@lru_cache(maxsize=64)
def _digest(file: _File) -> str:
    return hashlib.sha256(file.content()).hexdigest()


def routes(models: Callable[[], Models] = server_models) -> list[Route]:
    """Return the routes.

    Args:
        models: Returns the models.
    """

    async def live(request: Request) -> Response:
        asked = Asked.read(request.query_params)
        return answered(to_json(await run_in_threadpool(_live, models(), asked)))

    async def votes(request: Request) -> Response:
        asked = Asked.read(request.query_params)
        return Response(await run_in_threadpool(_votes, models(), asked), media_type="application/octet-stream")

    async def eyes(request: Request) -> Response:
        wanted, look = (request.query_params.get(name, "") for name in ("model", "look"))
        return answered(to_json(await run_in_threadpool(_eyes, models(), wanted, look)))

    return [route("GET", "/live", live), route("GET", "/live/eyes", eyes), route("GET", "/live/votes", votes)]


def _eyes(models: Models, wanted: str, look: str) -> dict[str, object]:
    if (how := next((each for each in LOOKS.items() if each[0] == look), None)) is None:
        text = N_("{name} must be one of {values}, not “{value}”.")
        raise UsageError(text, name="look", values=", ".join(LOOKS), value=look)
    folder, scripts, (rule, filtering) = models.find(wanted).folder, _scripts(models), how[1]
    seeing = folder.looking_as(replace(folder.spec.input, resize=rule, filter=filtering))
    place = put(Options(seeing, Target.SCRIPT, input=Input.CAMERA), seeing, scripts, has_map=True)
    return {"library": _library(), "model": place + DESCRIPTION, "votes": None}


def _scripts(models: Models) -> Scripts:
    """Return the engine's files. Raises NoScriptsError."""
    scripts = Scripts(models.store.data)
    if scripts.missing(packages.LITERT_FILES):
        raise NoScriptsError(404, N_("The scripts that run models in browsers are not on this computer yet."))
    return scripts


def _live(models: Models, asked: Asked) -> dict[str, object]:
    folder, scripts = _folder(models, asked), _scripts(models)
    top, thresholds = asked.settings.top, asked.settings.thresholds
    options = Options(_as_strict(folder, asked), Target.SCRIPT, asked.language, top, thresholds, input=Input.CAMERA)
    votes = _last_layer(_File(stamp(folder), True, folder))
    place = put(options, folder, scripts, has_map=votes is not None)
    told = None if votes is None else _told(votes, folder, asked)
    return {"library": _library(), "model": place + DESCRIPTION, "votes": told}


def _as_strict(folder: ModelFolder, asked: Asked) -> ModelFolder:
    """Return the same model, which takes for unfamiliar what the visitor does."""
    novelty, familiar = folder.spec.novelty, asked.settings.familiar
    if novelty is None or familiar is None:
        return folder
    return replace(folder, spec=replace(folder.spec, novelty=replace(novelty, threshold=familiar)))


def _library() -> str:
    """Return the address of the code, which is the same for all models: a page that shows two loads it once."""
    code = library(Engine.LITERT).encode()
    place = f"m/{hashlib.sha256(code).hexdigest()}/{LIBRARY}"
    previews.share({place: lambda: code})
    return f"{previews.ADDRESS}/{place}"


def _told(votes: Votes, folder: ModelFolder, asked: Asked) -> dict[str, object]:
    return {
        "address": f"/live/votes?{asked.query()}",
        "depth": votes.weight.shape[1],
        "parts": 1 if votes.pooling is Pooling.WHOLE else 4,
        "isNormalised": votes.is_normalised,
        "view": folder.spec.input.resize,
    }


def _votes(models: Models, asked: Asked) -> bytes:
    folder = _folder(models, asked)
    votes = _last_layer(_File(stamp(folder), True, folder))
    if votes is None:
        raise Refusal(404, N_("There is nothing here."))
    weight, _ = class_rows(votes, folder.spec.output)
    return weight.astype("<f4").tobytes()


def _folder(models: Models, asked: Asked) -> ModelFolder:
    return models.find(asked.model, is_whole=asked.is_whole).folder


@lru_cache(maxsize=4)
def _last_layer(file: _File) -> Votes | None:
    """Return a model's last layer, if it has one that tells and its map is a square one."""
    width, height = file.folder.spec.input.size_wh
    return read_fitting(file.folder) if width == height else None
