"""How a request is turned away: a status and one sentence in the visitor's language."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from lib.errors import (
    AppError,
    DatasetError,
    FullError,
    ModelError,
    ModelNotReadyError,
    PhotoError,
    UnknownModelError,
    UsageError,
)
from lib.i18n import Translator, choose
from lib.server import limits
from lib.server.tracing import request_id
from lib.server.ways import Way, way_of

FOR_PROGRAMS = ("/api/", "/v2", "/healthz", "/readyz", "/metrics")
"""How the addresses begin at which programs ask, not pages."""

# What else fails, fails here: 503, but see `_status`.
_STATUS = {UsageError: 422, UnknownModelError: 422, PhotoError: 422, DatasetError: 422, FullError: 429}


# What programs are told where the tree of errors has no code for it.
_CODES = {
    400: "host", 401: "token", 403: "origin", 404: "address-unknown", 405: "method", 408: "too-slow",
    413: "too-large", 415: "media-type", 429: "full",
}  # fmt: skip


class Refusal(AppError):  # noqa: N818 - no failure: handed on as a value, too
    """Why a request is turned away, with its HTTP status."""

    def __init__(self, status: int, text: str, **values: object) -> None:
        super().__init__(text, **values)
        self.status = status
        if self.code == AppError.code:
            self.code = _CODES.get(status, self.code)  # type: ignore[misc]


def problem(error: AppError, language: str, way: Way | None = None) -> Response:
    """Return what is answered to a program that asked: the sentence and the error's code, as RFC 9457 has them.

    Clients of Hugging Face and of the Open Inference Protocol look for the sentence in `error`.

    Args:
        error: What went wrong.
        language: The reader's.
        way: By which way they asked.
    """
    status = _status(error, way)
    headers = {"Cache-Control": "no-store", **({"Retry-After": str(limits.RETRY_S)} if status == 429 else {})}
    sentence = Translator(language).message(error.message).encode("utf-8", "replace").decode()  # half a character
    told = {
        **({"error": sentence} if way in (Way.HF, Way.OIP) else {}),
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": error.code,
        **({} if (asked := request_id()) is None else {"request_id": asked}),
    }
    return JSONResponse(told, status, headers, "application/json" if way is Way.OIP else "application/problem+json")


def _status(error: AppError, way: Way | None) -> int:
    """Return the HTTP status of an error.

    Programs take a 503 for something that passes: load balancers send the request on to the next server, and Hugging
    Face's client for JavaScript asks again at once, and for ever. A model that is damaged or not here does not pass.
    """
    if isinstance(error, Refusal):
        return error.status
    status = _STATUS.get(type(error), 503)
    if status != 503 or way not in (Way.API, Way.HF, Way.OIP):
        return status
    if isinstance(error, ModelNotReadyError):
        return 409
    return 500 if isinstance(error, ModelError) or way is not Way.API else 503


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer a request or the start of a WebSocket with the sentence, and nothing else."""
    wanted = language(Headers(scope=scope).get("accept-language", ""))
    if scope["type"] == "http" and scope["path"].startswith(FOR_PROGRAMS):
        response = problem(refusal, wanted, way_of(scope["path"]))
    else:
        said = Translator(wanted).message(refusal.message)
        response = PlainTextResponse(said, refusal.status, {"Cache-Control": "no-store"})
    await response(scope, receive, send)


def language(accepted: str) -> str:
    """Return the language for an Accept-Language header; the order counts, as all browsers send the best first."""
    return choose(re.findall(r"[A-Za-z][\w-]*(?=\s*(?:[,;]|$))", accepted))
