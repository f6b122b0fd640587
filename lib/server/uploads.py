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

from lib.errors import AppError
from lib.messages import N_, Message
from lib.server import limits
from lib.server.refusal import refuse

_PLACE = "/_stcore/upload_file/"
_ZIP = b"\r\n\r\nPK"  # the end of a part's headers in a multipart body, and how every zip begins
_HEAD_BYTES = 8192  # within which they are looked for
_FRAMING_BYTES = 65_536  # what a multipart body may hold beside the file

_TOO_LARGE = N_("The file is larger than {limit}. Photos may have 64 MB, zip files 512 MB.")
_VISIT_FULL = N_("More than {limit} of your files wait to be read. Wait until they are, then upload the rest.")
_SERVER_FULL = N_("The server holds as many uploads as it can. Try again in a minute.")
_STALLED = N_("Nothing of the upload arrived for {seconds} seconds. Try again.")


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
        upload = _Upload(receive, lambda n: self._count(session, n))
        try:
            upload.announce(Headers(scope=scope).get("content-length", ""))
            await self.app(scope, upload.receive, send)
        except _RefusedError as refused:
            await refuse(scope, receive, send, refused.status, refused.message)
        finally:
            self._arriving[session] -= upload.bytes
            self._arriving += Counter()  # forgets those at zero
            self._held = self._ask()

    def _count(self, session: str, n: int) -> None:
        self._arriving[session] += n
        if self._full(session) is not None:
            self._held = self._ask()  # some may have been taken by a page since
            full = self._full(session)
            if full is not None:
                raise _RefusedError(413, full)

    def _full(self, session: str) -> Message | None:
        """Return what is full, if anything is."""
        if self._held.get(session, 0) + self._arriving[session] > self._visit_bytes:
            return Message(_VISIT_FULL, {"limit": _megabytes(self._visit_bytes)})
        if sum(self._held.values()) + self._arriving.total() > self._server_bytes:
            return Message(_SERVER_FULL, {})
        return None


class _Upload:
    """One body on its way in.

    Attributes:
        bytes: How many came.
    """

    def __init__(self, receive: Receive, count: Callable[[int], None]) -> None:
        self.bytes = 0
        self._receive, self._count = receive, count
        self._head = b""

    def announce(self, length: str) -> None:
        """Refuse at once what says that it is too large."""
        if length.isdecimal() and int(length) > limits.ARCHIVE_BYTES + _FRAMING_BYTES:
            raise _RefusedError(413, _too_large(limits.ARCHIVE_BYTES))

    async def receive(self) -> Event:
        """Return the next piece of the body."""
        try:
            event = await asyncio.wait_for(self._receive(), limits.STALLED_S)
        except TimeoutError:
            raise _RefusedError(408, Message(_STALLED, {"seconds": round(limits.STALLED_S)})) from None
        piece = event.get("body", b"")
        self.bytes += len(piece)
        self._head += piece[: _HEAD_BYTES - len(self._head)]
        limit = limits.ARCHIVE_BYTES if _ZIP in self._head else limits.PHOTO_BYTES
        if self.bytes > limit + _FRAMING_BYTES:
            raise _RefusedError(413, _too_large(limit))
        self._count(len(piece))
        return event


class _RefusedError(AppError):
    """Raised while a body is read, through the app that reads it."""

    def __init__(self, status: int, sentence: Message) -> None:
        super().__init__(sentence.text, **sentence.values)
        self.status = status


def _session(scope: Scope) -> str | None:
    """Return whose upload a request is, or None if it is none."""
    if scope["type"] != "http" or scope["method"] != "PUT" or _PLACE not in scope["path"]:
        return None
    return str(scope["path"].partition(_PLACE)[2].partition("/")[0])


def _too_large(limit: int) -> Message:
    return Message(_TOO_LARGE, {"limit": _megabytes(limit)})


def _megabytes(count: int) -> str:
    return f"{count // 2**20} MB"
