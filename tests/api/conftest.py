"""The API over three tiny models, asked without a server."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from lib.api.guard import Guard
from lib.api.routes import routes
from lib.server.models import Models
from lib.server.pool import Pool
from tests.support import asgi
from tests.support.user_models import TINY, store_of

Form = list[tuple[str, str, bytes]]
"""Fields: name, file name, content."""
BOUNDARY = "boundary"


@dataclass
class Api:
    """Whoever asks."""

    models: Models
    guard: Guard = Guard()
    pool: Pool = field(default_factory=lambda: Pool(2))

    def __post_init__(self) -> None:
        self.app = Starlette(routes=routes(self.guard, models=self.models, pool=self.pool))

    def ask(
        self, method: str, path: str, body: bytes = b"", *, pieces: list[Message] | None = None, **headers: str
    ) -> asgi.Asked:
        """Return what is answered to a body, or to one that comes in pieces; `path` is below /api/v1, or whole."""
        address = path if path.startswith("/") else f"/api/v1/{path}"
        headers = {"content_length": str(len(body))} | headers if pieces is None else headers
        sends: list[Message] = [{"type": "http.request", "body": body}] if pieces is None else pieces
        return asyncio.run(asgi.answered(self.app, asgi.scope(address, method=method, **headers), sends))

    def post(self, path: str, fields: Form, **headers: str) -> asgi.Asked:
        """Return what is answered to a form."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", path, form(fields), content_type=kind, **headers)


def form(fields: Form) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'.encode() + content
        for name, file, content in fields
    ]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def problem(answer: asgi.Asked) -> tuple[int, str]:
    """Return the status and the code of a refusal that is built as it must be."""
    told = json.loads(answer.body)
    assert answer.headers["content-type"] in ("application/problem+json", "application/json")
    assert answer.status == told["status"]
    assert told["detail"].endswith(".")
    return told["status"], told["code"]


def lines(answer: asgi.Asked) -> list[dict[str, Any]]:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.body.splitlines()]


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port of this machine, as `python -m lib serve` does, and give its host and port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def host(models: Models) -> Iterator[str]:
    """The API on a real socket."""
    with served(Api(models).app) as address:
        yield address


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    bases = {f"tiny-{form}": TINY / form for form in ("float32", "uint8", "int8")}
    return Models(store_of(tmp_path_factory.mktemp("home"), bases))


@pytest.fixture
def api(models: Models) -> Api:
    return Api(models)
