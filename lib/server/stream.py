"""What a page may say to the server over its WebSocket.

Streamlit obeys more than pages ever ask for: "clear the cache" forgets everybody's models, "install skills" writes
files beside the app. Those messages are dropped here. What is no message at all ends the connection, without the
traceback that Streamlit would write.
"""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from lib.server import limits

_PLACE = "/_stcore/stream"
WANTED = frozenset(
    {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat", "deferred_file", "dataframe_chunk"}
)
_NOT_UNDERSTOOD, _SILENT = 1003, 1008  # RFC 6455, section 7.4.1: unsupported data; policy violation


class Stream:
    """Middleware that lets through what pages send, and nothing else.

    Args:
        app: What comes behind.
        kind: Returns what kind of message some bytes are, or "" if they are none.
    """

    def __init__(self, app: ASGIApp, kind: Callable[[bytes], str]) -> None:
        self.app = app
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on; its messages pass one by one."""
        if scope["type"] == "websocket" and scope["path"].endswith(_PLACE):
            wire = _Wire(receive, send, self._kind, limits.HEAD_S if _is_new(scope) else None)
            receive, send = wire.receive, wire.send
        await self.app(scope, receive, send)


def _is_new(scope: Scope) -> bool:
    """Whether a page connects for the first time: it then says something at once, and may be silent for hours after.

    One that was cut off (asleep, another network, the server started anew) names its session as a third subprotocol
    (Streamlit's way), and has nothing to say until its visitor does something.
    """
    return len(scope.get("subprotocols", ())) < 3


class _Wire:
    """One page's WebSocket."""

    def __init__(self, receive: Receive, send: Send, kind: Callable[[bytes], str], patience: float | None) -> None:
        self._receive, self._send, self._kind = receive, send, kind
        self._is_open = True
        self._patience = patience

    async def send(self, event: Event) -> None:
        """Send what the app has to say, unless the connection was ended here."""
        if self._is_open:
            await self._send(event)

    async def receive(self) -> Event:
        """Return the next message that a page may send, or the end of the connection."""
        while True:
            try:
                event = await asyncio.wait_for(self._receive(), self._patience)
            except TimeoutError:
                return await self._end(_SILENT)
            if event["type"] != "websocket.receive":
                return event
            kind = self._kind(event.get("bytes") or b"")
            if not kind:
                return await self._end(_NOT_UNDERSTOOD)
            if kind in WANTED:
                self._patience = None
                return event

    async def _end(self, code: int) -> Event:
        await self.send({"type": "websocket.close", "code": code})
        self._is_open = False
        return {"type": "websocket.disconnect", "code": code}
