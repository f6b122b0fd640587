"""What all routes of our own have in common: whom they let in, and how they answer.

Pages of other sites may not use them, whatever they know. What goes wrong is answered as `application/problem+json`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar
from urllib.parse import quote

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive

from lib.errors import AppError
from lib.i18n import choose
from lib.messages import N_
from lib.server.refusal import Refusal, language, problem
from lib.server.visits import Visit, Visits

T = TypeVar("T")
Work = Callable[[Request], Awaitable[Response]]
_MOST_DIGITS = 15
_OWN_PAGES = (None, "same-origin", "none")  # Sec-Fetch-Site: absent outside browsers, none for what a person typed


def route(method: str, path: str, work: Work) -> Route:
    """Return a route that lets in the server's own pages, and says what went wrong."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("sec-fetch-site") not in _OWN_PAGES:
                raise Refusal(403, N_("Pages from other sites may not use this server."))
            return await work(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except AppError as error:
            return problem(error, language_of(request))

    return Route(path, endpoint, methods=[method])


class UnknownVisitError(Refusal):
    """The visit was forgotten, or never was."""

    code = "visit-unknown"


def visit_route(
    visits: Visits, method: str, path: str, work: Callable[[Request, Visit], Awaitable[Response]], gone: str
) -> Route:
    """Return a route under `/visits/{visit}` that lets in whom it knows.

    Args:
        visits: The visits.
        method: See `route`.
        path: See `route`.
        work: What answers.
        gone: What is said where there is no such visit; one sentence.
    """

    async def known(request: Request) -> Response:
        visit = visits.find(request.path_params["visit"])
        if visit is None:
            raise UnknownVisitError(404, gone)
        return await work(request, visit)

    return route(method, path, known)


class _Number(IntegerConvertor):
    """A number in an address, `{photo:number}`; -1 for one that is longer than any of ours."""

    def convert(self, value: str) -> int:
        """Return it; Python refuses to read thousands of digits, and Starlette would answer 500."""
        return int(value) if len(value) <= _MOST_DIGITS else -1


register_url_convertor("number", _Number())


def language_of(request: Request) -> str:
    """Return the reader's language: what the address says, else what the browser prefers."""
    wanted = request.query_params.get("lang")
    return choose([wanted]) if wanted else language(request.headers.get("accept-language", ""))


async def gone_away(receive: Receive) -> None:
    """Wait until who asked has gone away; what still comes of the request is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(receive: Receive, work: "Future[T]") -> T:
    """Return what `work` comes to; it is cancelled if who asked goes away.

    Raises:
        ClientDisconnect: They did.
    """

    done, left = asyncio.wrap_future(work), asyncio.create_task(gone_away(receive))
    try:
        await asyncio.wait((done, left), return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise ClientDisconnect
        return done.result()
    finally:
        left.cancel()
        work.cancel()
        done.cancel()  # what is at work goes on, and nobody asks what it came to


def to_json(value: object) -> bytes:
    """Return JSON in as few bytes as it takes."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def answered(body: bytes, status: int = 200) -> Response:
    """Return JSON that nobody stores."""
    return Response(body, status, media_type="application/json", headers={"Cache-Control": "no-store"})


def as_attachment(name: str) -> dict[str, str]:
    """Return the headers of a file that the reader keeps under this name."""
    return {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
    }
