"""The samples on the page Classify: their pictures, and the answer to one of them that shows what the page is about."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.classify.classifier import Classifier
from lib.classify.infer import conclude, infer
from lib.face.answer import bars, verdict_box
from lib.face.words import Kind, kind_of
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.opening import open_photo, thumbnail
from lib.photos.samples import Sample, find_samples
from lib.photos.source import Source
from lib.results import Answer, Classification
from lib.ui.models import loaded
from lib.verdict import sure_group

SHOWN = 6
_SIDE = 560
# Those of which models are seldom sure.
_DOUBTFUL = {"rocket.jpg", "chelsea.png", "astronaut.png", "coffee.png"}
_ROWS = 3


def shown() -> tuple[Sample, ...]:
    """Return the samples to click."""
    return find_samples()[:SHOWN]


def address(sample: Sample) -> str:
    """Return where a sample's picture is."""
    return f"/samples/{sample.name}"


def example(t: Translator, folder: ModelFolder) -> dict[str, str] | None:
    """Return a sample of which the model is not sure, with its answer; None if there is none.

    Args:
        t: The reader's language.
        folder: The model.

    Raises:
        AppError: The model cannot be used.
    """
    return _example(_Asked(loaded.stamp(folder), t.language, folder))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an example is made of: the stamp tells it apart, the folder finds it."""

    model: tuple[object, ...]
    language: str
    folder: ModelFolder = field(compare=False)


@lru_cache(maxsize=32)
def _example(asked: _Asked) -> dict[str, str] | None:
    t, classifier, labels = (
        Translator(asked.language),
        loaded.classifier(asked.folder),
        asked.folder.read_labels(asked.language),
    )
    unsure = [found for found in _answers(classifier, labels) if kind_of(found) not in (Kind.CLEAR, Kind.UNFAMILIAR)]
    plainly = [found for found in unsure if sure_group(found.verdict, found.group) is None]
    for found in [*plainly, *unsure]:
        box = verdict_box(t, found, heading=3, is_marked=False)
        return {"name": found.file, "html": box + bars(t, found, rows=_ROWS, is_marked=False)}
    return None


def _answers(classifier: Classifier, labels: tuple[str, ...]) -> list[Classification]:
    doubtful = [sample for sample in find_samples() if sample.name in _DOUBTFUL]
    answers = [infer(Source.of_bytes(sample.path.read_bytes(), sample.name), classifier) for sample in doubtful]
    return [conclude(answer, labels) for answer in answers if isinstance(answer, Answer)]


def routes() -> list[Route]:
    """Return the route that serves the samples' pictures."""
    return [Route("/samples/{name}", _serve)]


async def _serve(request: Request) -> Response:
    for sample in find_samples():
        if sample.name == request.path_params["name"]:
            small = await run_in_threadpool(_small, sample.path)
            return Response(small, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})
    return Response(status_code=404)


@lru_cache(maxsize=16)
def _small(path: Path) -> bytes:
    return thumbnail(open_photo(path.read_bytes(), path.name), side=_SIDE)
