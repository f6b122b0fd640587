"""A class of two phones, played at a real server: started as `make class` does, on a data folder that goes again."""

import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, HTTPSHandler, ProxyHandler, Request, build_opener

import psutil
from PIL import Image, ImageDraw

from lib.catalogue.store import SHIPPED
from lib.cli.class_ import ROOT
from lib.errors import AppError
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.server.host import PARAM, kept_key
from lib.server.room.rooms import FOLDER
from lib.work.files import HOME_VARIABLE

_START_S, _ASK_S, _AGAIN_S, _END_S = 60.0, 30.0, 0.1, 5.0
_COLOURS = ("#c8443c", "#3b6fd0")
_LEFT = N_("The room has ended, and something of it is still there.")
_SIDE = 320  # pixels, of a photo that is drawn


class RehearsalError(AppError):
    """Something of a class did not go as it should."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A server that is up.

    Attributes:
        data: Its data folder.
        key: Its host's.
        start_s: How long it took to answer.
    """

    data: Path
    key: str
    start_s: float

    def require_forgotten(self) -> None:
        """Check that the disk holds no room. Raises RehearsalError: it does."""
        _require(not list((self.data / FOLDER).glob("*")), _LEFT)


@contextmanager
def started(port: int, model: ModelFolder) -> Iterator[Stage]:
    """Start the app for a class, and end it, however the block ends.

    Args:
        port: One that is free.
        model: What answers where nobody chose; it is lent to the server, whose data folder is empty.

    Raises:
        RehearsalError: It did not start.
    """
    with tempfile.TemporaryDirectory(prefix="discern-", ignore_cleanup_errors=True) as folder:
        data, log, began = Path(folder), Path(folder) / "log.txt", time.monotonic()
        key = kept_key(data)
        if SHIPPED not in model.path.parents:
            shutil.copytree(model.path, data / "models" / model.path.name)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "lib", "class", f"--port={port}", "--no-browser"],
                cwd=ROOT,
                env={**os.environ, HOME_VARIABLE: folder},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(process, f"https://127.0.0.1:{port}", log)
            yield Stage(data, key, time.monotonic() - began)
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(RehearsalError):
            if Client(address).ask("GET", "/_stcore/health").status == 200:
                return
        time.sleep(_AGAIN_S)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise RehearsalError(N_("The server did not start. It said last: {words}"), words=said[-1] if said else "–")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program and those that it started: on Windows the server is one of these."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process.pid)
        family = [*top.children(recursive=True), top]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.terminate()
        for one in psutil.wait_procs(family, timeout=_END_S)[1]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
    process.wait()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: HTTP's.
        headers: By name, whose capitals do not count.
        body: As it came.
    """

    status: int
    headers: Message
    body: bytes


class Client:
    """A browser without pages: it keeps cookies, and takes a certificate that nobody vouches for.

    Args:
        address: Of the server, such as "https://192.168.1.5:8501".
    """

    def __init__(self, address: str) -> None:
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        self._address = address
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=unchecked), HTTPCookieProcessor())

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Return what is answered, whatever its status.

        Raises:
            RehearsalError: Nothing is.
        """
        kind = "application/octet-stream" if body is None or body[:1] != b"{" else "application/json"
        request = Request(self._address + path, body, {"Content-Type": kind}, method=method)
        try:
            with self._opener.open(request, timeout=_ASK_S) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise RehearsalError(
                N_("{address} did not answer: {reason}."), address=self._address, reason=reason
            ) from error

    def tell(self, method: str, path: str, told: object = None) -> dict[str, Any]:
        """Return the JSON that is answered to some JSON, or to the bytes of a photo.

        Raises:
            RehearsalError: The server refuses.
        """
        body = told if told is None or isinstance(told, bytes) else json.dumps(told).encode()
        answer = self.ask(method, path, body)
        said: dict[str, Any] = {}
        with suppress(ValueError):
            said = dict(json.loads(answer.body or b"{}"))
        if answer.status >= 400:
            reason = said.get("detail", answer.status)
            raise RehearsalError(N_("The server refused {what}: {reason}"), what=f"{method} {path}", reason=reason)
        return said


def host(address: str, key: str) -> Client:
    """Return the browser of a class's teacher, who came by an invitation."""
    found = Client(address)
    found.ask("GET", f"/?{PARAM}={key}")
    return found


class Asks(Protocol):
    """Who asks a server for JSON."""

    def tell(self, method: str, path: str, told: object = None, /) -> dict[str, Any]:
        """Return what is answered. Raises RehearsalError: it refuses."""


def meet(teacher: Asks, phone: Callable[[], Asks]) -> None:
    """Open a room, let two phones join, send a photo each, guess and see the answer; end it, and look what is left.

    Args:
        teacher: The host.
        phone: Returns one more.

    Raises:
        RehearsalError: Something is not as it should be.
    """
    room = teacher.tell("POST", "/rooms", {})
    own, theirs = f"/rooms/{room['id']}", f"/r/{room['code']}"
    phones = [phone() for _ in _COLOURS]
    for one, colour in zip(phones, _COLOURS, strict=True):
        name = one.tell("GET", f"{theirs}/state")["names"][0]
        one.tell("POST", f"{theirs}/join", {"name": name})
        one.tell("POST", f"{theirs}/photos?name=drawn.png", drawn(colour))
    for one in phones:
        others = one.tell("GET", f"{theirs}/state")["guess"]
        _require(len(others) == 1, N_("A phone was not shown the photo of the other one."))
        option = others[0]["options"][0]["id"]
        one.tell("POST", f"{theirs}/guess", {"photo": others[0]["photo"], "guess": option})
    wall = teacher.tell("PATCH", own, {"phase": "shown"})
    is_whole = [photo["guesses"] for photo in wall["photos"]] == [1, 1]
    _require(is_whole, N_("The wall has not two photos with a guess each."))
    for one in phones:
        shown = one.tell("GET", f"{theirs}/state")["shown"]
        _require(bool(shown) and all(photo["answer"] for photo in shown), N_("A phone was not shown the answers."))
    left = teacher.tell("DELETE", own, {"keep": False})["left"]
    _require(not any(left.values()), _LEFT)


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise RehearsalError(otherwise)


def drawn(colour: str) -> bytes:
    """Return a photo of a disc, as PNG."""
    picture = Image.new("RGB", (_SIDE, _SIDE), "#e8e2d4")
    ImageDraw.Draw(picture).ellipse((60, 60, _SIDE - 60, _SIDE - 60), fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
