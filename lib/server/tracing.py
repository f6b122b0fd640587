"""Every request has an id, and, where it is wanted, a line in the log.

The id is the one that a proxy or a client sent in `X-Request-ID`, if it is a short word, else a new one. It stands in
every answer's headers and in what is said of an error, so that what somebody saw can be found in the log.

With `DISCERN_LOG=json` each request of a route of our own is one JSON object on standard error: what was asked, by the
pattern of its address and never by the address itself, which may hold a visit's key, a project's link, a photo's name.
"""

import json
import logging
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.errors import UsageError
from lib.messages import N_
from lib.server.ways import way_of

SETTING = "DISCERN_LOG"
HEADER = "X-Request-ID"
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STARTS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
_LOG = logging.getLogger("discern.requests")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id() -> str | None:
    """Return the id of the request that is being answered; None outside of one."""
    return _request_id.get()


def logs_requests() -> bool:
    """Return whether requests are to be logged, as `DISCERN_LOG` says; where they are, prepare the log.

    Raises:
        UsageError: The setting is neither "json" nor empty.
    """
    given = os.environ.get(SETTING, "").strip()
    if given not in ("", "json"):
        raise UsageError(
            N_("{setting} is {given}. It must be “json”, for a line about each request, or empty."),
            setting=SETTING,
            given=given,
        )
    if given and not _LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        _LOG.addHandler(handler)
        _LOG.setLevel(logging.INFO)
        _LOG.propagate = False
    return bool(given)


class Tracing:
    """Middleware that gives requests their ids, and writes down what came of those that are our own.

    Args:
        app: What comes behind.
        routes: Our own.
        logs: Whether there is a line for each.
        clock: Returns seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Iterable[BaseRoute] = (),
        *,
        logs: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.app = app
        self._patterns = dict(_patterns(routes)) if logs else {}
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        line = _Line(scope, receive, send, _id_of(scope), self._clock)
        scope.setdefault("state", {})["request_id"] = line.id
        before = _request_id.set(line.id)
        try:
            await self.app(scope, line.receive if self._patterns else receive, line.send)
        except Exception:
            await line.fail(scope)
            raise  # a bug: whoever runs the server writes it down
        finally:
            _request_id.reset(before)
            # Starlette notes in the scope which route it took.
            if (pattern := self._patterns.get(scope.get("endpoint"))) is not None:
                _LOG.info(line.text(pattern))
        return None


def _id_of(scope: Scope) -> str:
    # Not `secrets`: asking the system for a number lets other threads go first, and nobody gains by guessing an id.
    given = Headers(scope=scope).get(HEADER, "")
    return given if _SAFE.fullmatch(given) else f"{random.getrandbits(64):016x}"


def _patterns(routes: Iterable[BaseRoute], before: str = "") -> Iterable[tuple[object, str]]:
    """Yield what answers at each address, and the address's pattern."""
    for route in routes:
        if isinstance(route, Mount):
            yield from _patterns(route.routes, before + route.path)
        elif isinstance(route, Route):
            yield route.endpoint, before + route.path


class _Line:
    """What is said of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, own_id: str, clock: Callable[[], float]) -> None:
        self.id = own_id
        self._method = scope.get("method", "")
        self._receive, self._send, self._clock = receive, send, clock
        self._began_s = clock()
        self._bytes = 0
        self._status: int | None = None

    async def receive(self) -> Message:
        """Return what comes next of the request."""
        event = await self._receive()
        self._bytes += len(event.get("body", b""))
        return event

    async def send(self, event: Message) -> None:
        """Send what comes next of the answer."""
        if event["type"] in _STARTS:
            self._status = event.get("status", 101)
            event.setdefault("headers", [])
            MutableHeaders(scope=event)[HEADER] = self.id
        await self._send(event)

    async def fail(self, scope: Scope) -> None:
        """Answer that something went wrong here, where nothing was answered yet."""
        if self._status is None and scope["type"] == "http":
            await PlainTextResponse("Internal Server Error", 500)(scope, self.receive, self.send)

    def text(self, pattern: str) -> str:
        """Return the line; `status` is null where who asked went away before there was one."""
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request_id": self.id,
            "door": way_of(pattern),
            "method": self._method,
            "route": pattern,
            "status": self._status,
            "ms": round((self._clock() - self._began_s) * 1e3, 1),
            "bytes_in": self._bytes,
        }
        return json.dumps(told)
