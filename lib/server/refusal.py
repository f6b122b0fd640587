"""How a request is turned away: a status and one sentence in the visitor's language."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lib.errors import AppError
from lib.i18n import Translator, choose


class Refusal(AppError):  # noqa: N818 - no failure: handed on as a value, too
    """Why a request is turned away, with its HTTP status."""

    def __init__(self, status: int, text: str, **values: object) -> None:
        super().__init__(text, **values)
        self.status = status


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer a request or the start of a WebSocket with the sentence, and nothing else."""
    t = Translator(language(Headers(scope=scope).get("accept-language", "")))
    response = PlainTextResponse(t.message(refusal.message), refusal.status, {"Cache-Control": "no-store"})
    await response(scope, receive, send)


def language(accepted: str) -> str:
    """Return the language for an Accept-Language header; the order counts, as all browsers send the best first."""
    return choose(re.findall(r"[A-Za-z][\w-]*(?=\s*(?:[,;]|$))", accepted))
