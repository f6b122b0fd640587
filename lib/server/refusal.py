"""How a request is turned away: a status and one sentence in the visitor's language."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lib.i18n import Translator, choose
from lib.messages import Message


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: Message) -> None:
    """Answer a request or the start of a WebSocket with `sentence`, and nothing else."""
    t = Translator(language(Headers(scope=scope).get("accept-language", "")))
    response = PlainTextResponse(t.message(sentence), status, {"Cache-Control": "no-store"})
    await response(scope, receive, send)


def language(accepted: str) -> str:
    """Return the language for an Accept-Language header; the order counts, as all browsers send the best first."""
    return choose(re.findall(r"[A-Za-z][\w-]*(?=\s*(?:[,;]|$))", accepted))
