"""Requests without a server: what an ASGI app answers to one."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Asked:
    """What came back.

    Attributes:
        status: The HTTP status; 101 for a WebSocket that was let in.
        headers: The answer's, names in lower case.
        body: The answer's.
        scopes: What the app behind the middleware was handed; empty if the middleware answered itself.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    scopes: list[Scope] = field(default_factory=list)

    @property
    def got_in(self) -> bool:
        """Whether the app behind saw the request."""
        return bool(self.scopes)


class Behind:
    """The app behind a middleware: notes what it is handed, reads the whole body, answers "in"."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.received: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while self.received.append(await receive()) or self.received[-1]["type"] != "websocket.disconnect":
                pass
            return
        more = True
        while more:
            message = await receive()
            self.received.append(message)
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"in"})


def scope(
    address: str = "/", *, kind: str = "http", method: str = "GET", here: str = "127.0.0.1", **headers: str
) -> Scope:
    """Return a request as a server hands it over; `_` in a header's name stands for `-`."""
    path, _, query = address.partition("?")
    named = {"host": "127.0.0.1:8501", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": kind,
        **({"method": method} if kind == "http" else {}),
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "ws" if kind == "websocket" else "http",
        "server": (here, 8501),
        "client": ("127.0.0.1", 50_000),
        "headers": [(name.encode(), value.encode()) for name, value in named.items() if value],
        "extensions": {"websocket.http.response": {}},
        "subprotocols": [],
    }


def ask(app: ASGIApp, behind: Behind, asked: Scope, sends: Iterable[Message] = ()) -> Asked:
    """Return what `app` answers to a request whose body or frames are `sends`."""
    answer = asyncio.run(answered(app, asked, sends))
    answer.scopes = behind.scopes
    return answer


async def answered(app: ASGIApp, asked: Scope, sends: Iterable[Message] = ()) -> Asked:
    """Return the same within a running loop; who asks stays connected until it is answered."""
    opening: list[Message] = [{"type": "websocket.connect"}] if asked["type"] == "websocket" else []
    closing: Message = (
        {"type": "websocket.disconnect", "code": 1000} if opening else {"type": "http.request", "body": b""}
    )
    incoming = chain(opening, sends, [closing])
    answer = Asked()

    async def receive() -> Message:
        for message in incoming:
            return message
        return await asyncio.Future()

    async def send(message: Message) -> None:
        kind = message["type"].removeprefix("websocket.")
        if kind == "accept":
            answer.status = 101
        elif kind == "close":
            answer.status = answer.status or 403
            answer.headers["close"] = str(message.get("code"))
        elif kind == "http.response.start":
            answer.status = message["status"]
            answer.headers |= {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(asked, receive, send)
    return answer
