"""What visitors upload, counted while it comes in.

Streamlit knows one limit, for a single file, and keeps what was uploaded until the visitor is forgotten. So this counts
per file, per session and in all, and stops reading at the limit.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal, refuse

_PLACE = "/_stcore/upload_file/"
_ZIP = b"\r\n\r\nPK"  # the end of a part's headers in a multipart body, and how every zip begins
_HEAD_BYTES = 8192  # within which they are looked for
_FRAMING_BYTES = 65_536  # what a multipart body may hold beside the file


class Uploads:
    """Middleware that refuses uploads beyond the limits with 413, and those that stand still with 408.

    Args:
        app: What comes behind.
        held: Returns how many bytes of finished uploads each session holds.
        server_bytes: How many all sessions together may hold and send.
        visit_bytes: How many one of them may.
    """

    def __init__(
        self,
        app: ASGIApp,
        held: Callable[[], Mapping[str, int]],
        server_bytes: int = limits.WAITING_BYTES,
        visit_bytes: int = limits.WAITING_BYTES_OF_SESSION,
    ) -> None:
        self.app = app
        self._ask = held
        self._server_bytes, self._visit_bytes = server_bytes, visit_bytes
        self._arriving: Counter[str] = Counter()
        self._held: Mapping[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the body of an upload is counted while the app behind reads it."""
        session = _session(scope)
        if session is None:
            return await self.app(scope, receive, send)
        self._held = self._ask()
        arrived, head = 0, b""

        async def counted() -> Event:
            nonlocal arrived, head
            event = await _next(receive)
            piece = event.get("body", b"")
            head += piece[: _HEAD_BYTES - len(head)]
            arrived += len(piece)
            self._arriving[session] += len(piece)
            _check_size(arrived, limits.ARCHIVE_BYTES if _ZIP in head else limits.PHOTO_BYTES)
            self._check_room(session)
            return event

        try:
            announced = Headers(scope=scope).get("content-length", "")
            _check_size(int(announced) if announced.isdecimal() else 0, limits.ARCHIVE_BYTES)
            await self.app(scope, counted, send)
        except Refusal as refusal:
            await refuse(scope, receive, send, refusal)
        finally:
            self._arriving[session] -= arrived
            self._arriving += Counter()  # forgets those at zero
            self._held = self._ask()

    def _check_room(self, session: str) -> None:
        if self._full(session):
            self._held = self._ask()  # some may have been taken by a page since
            if full := self._full(session):
                raise full

    def _full(self, session: str) -> Refusal | None:
        """Return what is full, if anything is."""
        if self._held.get(session, 0) + self._arriving[session] > self._visit_bytes:
            sentence = N_(
                "More than {limit} of your files are waiting to be read. Wait a moment, then upload the rest."
            )
            return Refusal(413, sentence, limit=_megabytes(self._visit_bytes))
        if sum(self._held.values()) + self._arriving.total() > self._server_bytes:
            return Refusal(413, N_("The server is full right now. Try again in a minute."))
        return None


def _session(scope: Scope) -> str | None:
    """Return whose upload a request is, or None if it is none."""
    if scope["type"] != "http" or scope["method"] != "PUT" or _PLACE not in scope["path"]:
        return None
    return str(scope["path"].partition(_PLACE)[2].partition("/")[0])


async def _next(receive: Receive) -> Event:
    try:
        return await asyncio.wait_for(receive(), limits.STALLED_S)
    except TimeoutError:
        sentence = N_("The upload stopped for {seconds} seconds. Try again.")
        raise Refusal(408, sentence, seconds=round(limits.STALLED_S)) from None


def _check_size(size: int, limit: int) -> None:
    if size > limit + _FRAMING_BYTES:
        sentence = N_("The file is larger than {limit}. Photos can have up to 64 MB, zip files up to 512 MB.")
        raise Refusal(413, sentence, limit=_megabytes(limit))


def _megabytes(count: int) -> str:
    return f"{count // 2**20} MB"
