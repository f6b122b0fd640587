"""The Open Inference Protocol, which clients of KServe, Triton, Seldon or OpenVINO's Model Server speak.

    GET  /v2, /v2/health/live, /v2/health/ready
    GET  /v2/models/ID, /v2/models/ID/ready
    POST /v2/models/ID/infer           and the three again under /v2/models/ID/versions/1

A model is shown photos as they are (`photos`), or the very numbers that its file takes (`tensor`). It answers with the
probabilities of its classes, their names, and of each photo the object of `classify --json`.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import lib
from lib.api import json_body, tensors
from lib.api.desk import Desk, Seen, Shown, of_photo, owner_of
from lib.api.health import Health
from lib.api.photo import kind_of
from lib.classify.classifier import Classifier
from lib.classify.infer import answer_of
from lib.classify.preprocess import to_floats
from lib.errors import ModelOutputError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import InputSpec
from lib.reports.classifications import to_json_line
from lib.results import Answer, Classification, Failure
from lib.server import limits
from lib.server.asked import Asked
from lib.server.bodies import Body
from lib.server.exchange import answered, to_json
from lib.server.models import Found, labels
from lib.server.refusal import Refusal
from lib.server.ways import Way

VERSION = "1"
PHOTOS, TENSOR = INPUTS = ("photos", "tensor")
PROBABILITIES, LABELS, ANSWERS = OUTPUTS = ("probabilities", "labels", "answers")
_OUT_OF_RANGE = 2.0  # so often half the range from its middle: filters overshoot, but 0 … 255 is not -1 … 1


class OpenInference:
    """The addresses.

    Args:
        desk: Where photos are answered.
        health: Whether the server is ready.
    """

    def __init__(self, desk: Desk, health: Health) -> None:
        self._desk, self._health = desk, health

    async def server(self, _request: Request) -> Response:
        """Answer who this is, and what it knows beyond the protocol."""
        extensions = ["binary_tensor_data", "classification"]
        return _told({"name": "discern", "version": lib.__version__, "extensions": extensions})

    async def live(self, _request: Request) -> Response:
        """Answer that the server is alive."""
        return _told({"live": True})

    async def ready(self, _request: Request) -> Response:
        """Answer whether the server can answer; 503 while it cannot."""
        await self._health.check()
        return _told({"ready": True})

    async def model_ready(self, request: Request) -> Response:
        """Answer whether a model can be asked."""
        _, model = await self._asked(request)
        return _told({"name": model.folder.spec.id, "ready": True})

    async def model(self, request: Request) -> Response:
        """Answer what a model takes and gives."""
        asked, model = await self._asked(request)
        shown = await run_in_threadpool(self._shown, model)
        classes = model.folder.spec.output.classes
        return _told(
            {
                "name": asked.model,
                "versions": [VERSION],
                "platform": "litert",
                "inputs": [
                    _described(PHOTOS, "BYTES", -1),
                    _described(TENSOR, tensors.DATATYPES[shown.dtype.name], -1, *shown.shape[1:]),
                ],
                "outputs": [
                    _described(PROBABILITIES, "FP32", -1, classes),
                    _described(LABELS, "BYTES", classes),
                    _described(ANSWERS, "BYTES", -1),
                ],
            }
        )

    async def infer(self, request: Request) -> Response:
        """Answer about the photos or tensors in the body."""
        asked, model = await self._asked(request)
        owner = owner_of(request)
        if (kind := kind_of(request)) not in ("", json_body.KIND, "application/octet-stream"):
            raise Refusal(415, N_("Send JSON, not {kind}."), kind=kind)
        body = Body(request, limits.INFERENCE_BYTES, N_("The request is larger than {limit} MB."))
        shown = await run_in_threadpool(self._shown, model)
        async with self._desk.bodies.room_for(owner, body):
            content = await body.read()
            head_length = request.headers.get(tensors.HEAD_LENGTH)
            async with self._desk.parsing:
                inquiry, showing = await run_in_threadpool(partial(_read, content, head_length, model, shown))
            seen = await self._all_seen(request, owner, model, showing, asked)
        return await run_in_threadpool(partial(_answer, inquiry, seen, model, asked))

    async def _asked(self, request: Request) -> tuple[Asked, Found]:
        if (version := request.path_params.get("version", VERSION)) != VERSION:
            sentence = N_("There is no version {version} of this model, only {known}.")
            raise Refusal(404, sentence, version=version, known=VERSION)
        asked = Asked.read({**request.query_params, "model": request.path_params["model"]})
        return asked, await self._desk.find(asked.model, is_whole=asked.is_whole)

    def _shown(self, model: Found) -> NDArray[Any]:
        """Return what the model's file is shown of a photo, as an example: shape (1, H, W, 3), its own type."""
        return np.asarray(self._desk.models.classifier(model).prepare(Image.new("RGB", (1, 1))))

    async def _all_seen(
        self, request: Request, owner: str, model: Found, showing: Sequence[Shown], asked: Asked
    ) -> list[tuple[Answer, Classification]]:
        """Return what the model says of each; a few at a time wait in line, each for its own turn.

        Raises:
            AppError: Of the first that cannot be answered.
            ClientDisconnect: The caller went away.
        """
        ahead: deque[Future[Seen]] = deque()
        seen = []
        try:
            for shown in showing:
                if len(ahead) == self._desk.ahead:
                    seen.append(_sound(await self._desk.looked(request, ahead.popleft())))
                ahead.append(self._desk.see(owner, Way.OIP, model, shown, asked))
            while ahead:
                seen.append(_sound(await self._desk.looked(request, ahead.popleft())))
        finally:
            for each in ahead:
                each.cancel()
        return seen


def _read(
    content: bytes, head_length: str | None, model: Found, shown: NDArray[Any]
) -> tuple[tensors.Inquiry, list[Shown]]:
    inquiry = tensors.read(content, head_length, INPUTS, OUTPUTS)
    if inquiry.tensor.name == PHOTOS:
        photos = inquiry.tensor.photos()
        return inquiry, [of_photo(f"{PHOTOS}[{n}]", photo) for n, photo in enumerate(photos)]
    numbers = inquiry.tensor.numbers(shown.dtype, shown.shape[1:])
    _check_range(numbers, model.folder.spec.input)
    return inquiry, [partial(_of_tensor, f"{TENSOR}[{n}]", row[np.newaxis]) for n, row in enumerate(numbers)]


def _of_tensor(name: str, tensor: NDArray[Any], classifier: Classifier) -> Answer | Failure:
    spec = classifier.spec
    try:
        return answer_of(name, spec, classifier.run(tensor), spec.input.size_wh)
    except ModelOutputError as error:
        return Failure(name, spec.id, error)


def _check_range(numbers: NDArray[Any], spec: InputSpec) -> None:
    """Refuse real numbers that are not scaled as the model expects them, or are none: its answer would mean nothing."""
    if numbers.dtype.kind != "f":
        return
    low, high = to_floats(np.array([[[0] * 3, [255] * 3]], np.uint8), spec)[0]
    middle, half = (low + high) / 2, (high - low) / 2
    off = np.abs(numbers - middle)
    if not np.all(off <= _OUT_OF_RANGE * half):
        sentence = N_("{name} must hold numbers from {low} to {high}, as the model expects them. Found: {found}.")
        worst = numbers.reshape(-1)[int(np.argmax(np.nan_to_num(off / half, nan=np.inf)))]
        raise UsageError(
            sentence, name=TENSOR, low=f"{low.min():.3g}", high=f"{high.max():.3g}", found=f"{float(worst):.6g}"
        )


def _sound(seen: Seen) -> tuple[Answer, Classification]:
    answer, outcome = seen
    if isinstance(answer, Failure):
        raise answer.error
    assert isinstance(outcome, Classification)
    return answer, outcome


def _answer(
    inquiry: tensors.Inquiry, seen: Sequence[tuple[Answer, Classification]], model: Found, asked: Asked
) -> Response:
    probabilities = np.array([answer.probabilities for answer, _ in seen], np.float32)
    names = labels(model, asked.language)
    t = Translator(asked.language)
    made = []
    for wanted in inquiry.outputs:
        if wanted.name == PROBABILITIES:
            values = _classes(probabilities, names, wanted.top) if wanted.top else probabilities
        elif wanted.name == LABELS:
            values = np.array(names, object)
        else:
            values = np.array([to_json_line(outcome, t) for _, outcome in seen], object)
        made.append((tensors.Output(wanted.name, values), wanted.is_binary))
    head = {
        "model_name": asked.model,
        "model_version": VERSION,
        **({} if inquiry.id is None else {"id": inquiry.id}),
        "parameters": {"verdicts": ",".join(outcome.verdict.kind.value for _, outcome in seen)},
    }
    return tensors.answer(head, made)


def _classes(probabilities: NDArray[np.float32], names: Sequence[str], top: int) -> NDArray[Any]:
    """Return the likeliest classes of each photo as Triton writes them: `probability:index:name`."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    rows = zip(probabilities.tolist(), best.tolist(), strict=True)
    return np.array([[f"{row[at]:f}:{at}:{names[at]}" for at in places] for row, places in rows], object)


def _described(name: str, datatype: str, *shape: int) -> dict[str, object]:
    return {"name": name, "datatype": datatype, "shape": [*shape]}


def _told(value: object) -> Response:
    return answered(to_json(value))
