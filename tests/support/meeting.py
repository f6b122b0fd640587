"""A class that meets: the routes of rooms, a teacher, and people with phones; without a server."""

import asyncio
import json
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from lib.catalogue.store import Store
from lib.projects.project import Settings
from lib.projects.store import Projects
from lib.server.host import Guesses
from lib.server.models import Models
from lib.server.pool import Pool
from lib.server.room import phones, teacher
from lib.server.room.looking import Looking
from lib.server.room.room import Room
from lib.server.room.rooms import Rooms
from lib.server.room.state import Place
from lib.server.workshop import Workshop
from lib.work.queue import Queue
from tests.support import asgi
from tests.support.colours import Colours
from tests.support.pictures import encode, plain
from tests.support.user_models import TINY, put

MODEL = "net"


def photo(colour: tuple[int, int, int], width: int = 12) -> bytes:
    """Return a photo of one colour; of another width it is another photo."""
    return encode(plain(colour, width), "PNG")


@dataclass
class Meeting:
    """The routes.

    Attributes:
        data: An empty data folder.
        waits: How long each code that is none was waited for.
        addresses: Where others find the server.
        wait_s: How long they are waited for in fact.
    """

    data: Path
    waits: list[float] = field(default_factory=list)
    addresses: tuple[str, ...] = ("http://192.168.1.5:8501/",)
    wait_s: float = 0.0

    def __post_init__(self) -> None:
        (self.data / "catalogue.toml").write_text("[origins]\n", encoding="utf-8")
        put(self.data, MODEL, TINY / "float32")
        self.store, self.queue = Store(self.data, shipped=self.data), Queue(self.data / "jobs")
        self.pool, self.learner = Pool(2), Colours()
        self.start()

    def start(self) -> None:
        """Start the server, or start it anew after it was killed."""
        self.workshop = Workshop(Projects(self.data, self.queue), self.store, self.queue, self._learner, self.pool)
        self.models = Models(self.store)
        self.looking = Looking(lambda: self.models)
        self.rooms = Rooms(self.data, lambda: self.workshop)
        self.rooms.forget = self.looking.forget
        waits, meeting = self.waits, self

        class Noted(Guesses):
            def wait_s(self, address: str) -> float:
                waits.append(super().wait_s(address))
                return meeting.wait_s

        def page(language: str, code: str | None, problem: str = "") -> str:
            return f"{language} {code} {problem}"

        parts = (lambda: self.rooms), (lambda: self.workshop), self.looking, self.pool
        self.app = Starlette(
            routes=[
                *phones.routes(page, *parts, Noted()),
                *teacher.routes(lambda: Place(self.addresses, "http://127.0.0.1:8501/"), lambda: self.store, *parts),
            ]
        )

    def _learner(self, _settings: Settings) -> Colours:
        return self.learner

    def open(self) -> "Teacher":
        """Open a room."""
        found = Teacher(self)
        told = found.told("POST", "/rooms", {}, status=201)
        found.id, found.code = told["id"], told["code"]
        return found


@dataclass
class Browser:
    """Whoever asks, with cookies."""

    meeting: Meeting
    cookies: dict[str, str] = field(default_factory=dict)
    id: str = ""
    code: str = ""

    @property
    def place(self) -> str:
        """Return what addresses begin with."""
        return f"/r/{self.code}"

    @property
    def room(self) -> Room:
        """Return the room."""
        return self.meeting.rooms.of_id(self.id)

    async def asked(self, method: str, path: str, body: bytes = b"", **headers: str) -> asgi.Asked:
        """Return what is answered; `path` is below the room, or begins with a slash."""
        address = path if path.startswith("/") else f"{self.place}/{path}".rstrip("/")
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | headers
        scope = asgi.scope(address, method=method, content_length=str(len(body)), **headers)
        answer = await asgi.answered(self.meeting.app, scope, [{"type": "http.request", "body": body}])
        for name, given in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            self.cookies[name] = given.value
        return answer

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> asgi.Asked:
        """Return the same outside of a loop."""
        return asyncio.run(self.asked(method, path, body, **headers))

    async def tells(self, method: str, path: str, told: object = None, *, status: int = 200) -> dict[str, Any]:
        """Return the JSON that is answered to some JSON, or to a photo."""
        body = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
        answer = await self.asked(method, path, body)
        assert answer.status == status, answer.body
        return dict(json.loads(answer.body)) if answer.body else {}

    def told(self, method: str, path: str, told: object = None, *, status: int = 200) -> dict[str, Any]:
        """Return the same outside of a loop."""
        return asyncio.run(self.tells(method, path, told, status=status))

    def state(self) -> dict[str, Any]:
        """Return how the room is."""
        return self.told("GET", "state")

    def problem(self, method: str, path: str, told: object = None) -> tuple[int, str]:
        """Return status and code of what is refused."""
        body = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
        answer = self.ask(method, path, body)
        assert answer.headers["content-type"] == "application/problem+json", answer.body
        return answer.status, str(json.loads(answer.body)["code"])


class Teacher(Browser):
    """Who opened a room."""

    @property
    def place(self) -> str:
        """Return what addresses begin with."""
        return f"/rooms/{self.id}"

    def phone(self, name: str) -> Browser:
        """Return a phone that has joined."""
        found = Browser(self.meeting, id=self.id, code=self.code)
        found.told("POST", "join", {"name": name}, status=201)
        return found

    def show(self, phase: str) -> dict[str, Any]:
        """Go to a phase."""
        return self.told("PATCH", "", {"phase": phase})
