"""What all addresses for programs have in common: who may ask, and how they are told what went wrong.

Two settings open or close them. With `DISCERN_API_TOKEN` who asks has to show the token (RFC 6750); without it
everybody who can reach the server may ask. With `DISCERN_API_ORIGINS` pages of other sites may ask, too (CORS); without
it none.
"""

import os
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.api.tensors import HEAD_LENGTH
from lib.errors import AppError, UsageError
from lib.messages import N_
from lib.server.door import ORIGINS_SETTING
from lib.server.exchange import language_of
from lib.server.metrics import METRICS
from lib.server.refusal import FOR_PROGRAMS, Refusal, problem
from lib.server.ways import way_of

Work = Callable[[Request], Awaitable[ASGIApp]]
"""What answers a request: any ASGI app, most often a Response."""

TOKEN_SETTING = "DISCERN_API_TOKEN"
_ORIGIN = re.compile(r"(?P<http>http://[^/@?#]+?)(:80)?|(?P<https>https://[^/@?#]+?)(:443)?")


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may ask.

    Attributes:
        token: What they have to show; "" for nothing.
        origins: The sites whose pages may ask, as `https://example.org`, or `*` for all.
    """

    token: str = ""
    origins: tuple[str, ...] = ()

    @classmethod
    def of_environment(cls) -> "Guard":
        """Return what the settings say.

        Raises:
            UsageError: A setting cannot be meant so.
        """
        token = os.environ.get(TOKEN_SETTING, "")
        if token != token.strip() or not token.isascii() or not token.isprintable():
            raise UsageError(N_("{setting} must be printable ASCII without spaces around it."), setting=TOKEN_SETTING)
        given = os.environ.get(ORIGINS_SETTING, "").replace(",", " ").split()
        return cls(token, tuple(map(_origin, given)))

    def admits(self, origin: str, path: str) -> bool:
        """Whether pages of this origin may use this address."""
        return path.startswith(FOR_PROGRAMS) and ("*" in self.origins or origin in self.origins)

    def route(self, path: str, *, is_open: bool = False, **works: Work) -> Route:
        """Return a route.

        Args:
            path: Its address.
            is_open: Whether no token is needed.
            works: What answers each method, by its name.
        """
        endpoint: ASGIApp = _Endpoint(path, works, "" if is_open else self.token)
        if self.origins:
            endpoint = CORSMiddleware(
                endpoint,
                allow_origins=self.origins,
                allow_methods=[*works],
                allow_headers=["Authorization", "Content-Type", "X-Request-ID", HEAD_LENGTH],
                expose_headers=["Retry-After", "X-Request-ID", HEAD_LENGTH],
            )
        return Route(path, endpoint)


def _origin(given: str) -> str:
    """Return an origin as browsers write it: in lower case, without the port that its scheme has anyway."""
    found = _ORIGIN.fullmatch(given.lower())
    if given != "*" and found is None:
        sentence = N_("{origin} in {setting} is not an origin. Write it as https://example.org, or * for all.")
        raise UsageError(sentence, setting=ORIGINS_SETTING, origin=given)
    return "".join(part for part in found.group("http", "https") if part) if found else given


class _Endpoint:
    """One address: asks for the token, chooses by method, and answers what went wrong as `application/problem+json`.

    Every request is counted with the status of its answer.
    """

    def __init__(self, path: str, works: "dict[str, Work]", token: str) -> None:
        self._path, self._works, self._token = path, works, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._work(request)(request)
        except ClientDisconnect:
            METRICS.request(self._path, "gone")
            await Response(status_code=400)(scope, receive, send)  # nobody reads it
            return
        except AppError as error:
            answer = problem(error, language_of(request), way_of(request.url.path))
            self._add_headers(answer)
        except Exception:
            METRICS.request(self._path, "500")
            raise
        await answer(scope, receive, partial(self._send, send))

    async def _send(self, send: Send, message: Message) -> None:
        if message["type"] == "http.response.start":
            METRICS.request(self._path, str(message["status"]))
        await send(message)

    def _work(self, request: Request) -> Work:
        method = "GET" if request.method == "HEAD" else request.method
        work = self._works.get(method)
        if work is None and method == "OPTIONS":
            return self._options
        if work is None:
            raise Refusal(405, N_("This address does not know the method {method}."), method=request.method)
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        is_right = kind.lower() == "bearer" and secrets.compare_digest(shown.strip().encode(), self._token.encode())
        if self._token and not is_right:
            sentence = N_("This server asks for a token. Send it in the header “Authorization: Bearer …”.")
            raise Refusal(401, sentence)
        return work

    async def _options(self, _request: Request) -> Response:
        answer = Response(status_code=204)
        answer.headers["Allow"] = self._allowed
        return answer

    def _add_headers(self, answer: Response) -> None:
        if answer.status_code == 405:
            answer.headers["Allow"] = self._allowed
        if answer.status_code == 401:
            answer.headers["WWW-Authenticate"] = "Bearer"

    @property
    def _allowed(self) -> str:
        return ", ".join(sorted({*self._works, "OPTIONS", *(("HEAD",) if "GET" in self._works else ())}))
