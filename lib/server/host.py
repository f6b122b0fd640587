"""Who the host is: in a class the teacher alone changes what everybody uses.

Where only this machine reaches the server, everybody is the host. Elsewhere the host is who came by an invitation: a
link that the server says where it was started, or that a host made. It works once, since a terminal may be on the
projector; the browser then keeps the host's key as a cookie that no script of a page reads.
"""

import asyncio
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.messages import N_
from lib.server.refusal import Refusal, refuse
from lib.work.files import read_small, write_private

COOKIE = "discern-host"
PARAM = "host"  # of the address, as in https://192.168.1.5:8501/?host=INVITATION
FOLDER = "class"  # in the data folder; nobody else may enter it
_FILE = "host.key"
_KEY = re.compile(r"[\w-]{32}")
_KEY_BYTES = 24
_INVITATION_BYTES, _MOST_INVITATIONS = 12, 20
_FIRST_S, _LONGEST_S, _FORGET_S, _MOST = 0.25, 8.0, 600.0, 1000
_MOST_AT_ONCE = 32  # tries of one address that wait


class NotHostError(Refusal):
    """A visitor may not do what only the host may."""

    code = "not-host"

    def __init__(self, text: str = N_("In a class only the teacher can do this."), **values: object) -> None:
        super().__init__(403, text, **values)


class Host:
    """Tells the host from visitors.

    Attributes:
        key: What the host has; None where everybody is the host.
    """

    def __init__(self, key: str | None = None) -> None:
        self.key = key
        self._invitations: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def invite(self) -> str:
        """Return what makes who brings it a host, once; the oldest of too many that nobody used goes."""
        invitation = secrets.token_urlsafe(_INVITATION_BYTES)
        with self._lock:
            self._invitations[invitation] = None
            if len(self._invitations) > _MOST_INVITATIONS:
                self._invitations.popitem(last=False)
        return invitation

    def admits(self, brought: str) -> bool:
        """Whether somebody who brings this becomes a host: an invitation, which is used up, or the key itself."""
        with self._lock:
            found = [each for each in self._invitations if hmac.compare_digest(each.encode(), brought.encode())]
            for each in found:
                del self._invitations[each]
        return bool(found) or self.knows(brought)

    def knows(self, key: str | None) -> bool:
        """Whether whoever has this key is the host; takes as long for a wrong key as for the right one."""
        return self.key is None or hmac.compare_digest(self.key.encode(), (key or "").encode())

    def knows_cookies(self, cookies: Mapping[str, str]) -> bool:
        """Whether these are the host's cookies."""
        return self.key is None or self.knows(cookies.get(COOKIE))

    def require(self, request: Request) -> None:
        """Let a request pass that only the host may make.

        Raises:
            NotHostError: It is a visitor's.
        """
        if not self.knows_cookies(request.cookies):
            raise NotHostError


# Of this server. What starts it gives it a key where others reach it.
HOST = Host()


def is_for_all(address: str | None) -> bool:
    """Whether a server that listens on this address is reached from other machines; None for all addresses."""
    if address == "localhost":
        return False
    try:
        return not ip_address(address or "0.0.0.0").is_loopback
    except ValueError:
        return True


def kept_key(data: Path) -> str:
    """Return the key of this data folder: the host stays the host when the server is started anew.

    Where the folder cannot be written the key is another one each time.
    """
    file = data / FOLDER / _FILE
    with suppress(OSError, ValueError):
        kept = read_small(file).decode("ascii")
        if _KEY.fullmatch(kept):
            return kept
    key = secrets.token_urlsafe(_KEY_BYTES)
    with suppress(OSError):
        write_private(file, key.encode())
    return key


@dataclass(slots=True)
class _Line:
    """The tries of one address: one at a time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Guesses:
    """Wrong keys, by who sent them: each makes the next one wait twice as long, up to some seconds.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._of: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and when the last one came

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait until the earlier tries of an address have been answered: many at once would not have to wait.

        Raises:
            Refusal: Too many wait already.
        """
        line = self._lines.setdefault(address, _Line())
        if line.waiting >= _MOST_AT_ONCE:
            raise Refusal(429, N_("Too many wrong tries. Try again in a moment."))
        line.waiting += 1
        try:
            async with line.lock:
                yield
        finally:
            line.waiting -= 1
            if not line.waiting:
                self._lines.pop(address, None)

    def wait_s(self, address: str) -> float:
        """Note one more wrong key, and return how long its answer is to wait."""
        count, at = self._of.pop(address, (0, 0.0))
        now = self._clock()
        count = 1 if now - at > _FORGET_S else count + 1
        self._of[address] = count, now
        if len(self._of) > _MOST:
            self._of.popitem(last=False)
        return min(_LONGEST_S, _FIRST_S * 2.0 ** min(count - 1, 20))


class Entrance:
    """Middleware that takes an invitation out of an address, and puts the key into a cookie.

    So it stands neither in the address that the class sees on the screen nor in the one that somebody copies.
    """

    def __init__(self, app: ASGIApp, host: Host, guesses: Guesses | None = None) -> None:
        self.app = app
        self._host = host
        self._guesses = guesses or Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it brings an invitation."""
        query = QueryParams(scope["query_string"]) if scope["type"] == "http" else QueryParams()
        if self._host.key is None or PARAM not in query:
            await self.app(scope, receive, send)
            return
        if not self._host.admits(query[PARAM]):
            await asyncio.sleep(self._guesses.wait_s(str((scope.get("client") or ("",))[0])))
            sentence = N_(
                "This link makes nobody a host any more: each works once. A host finds new ones on the page Join, and "
                "`make class` says one when it starts."
            )
            await refuse(scope, receive, send, Refusal(403, sentence))
            return
        rest = urlencode([(name, value) for name, value in query.multi_items() if name != PARAM])
        there = "/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else "")  # "//" would be another host
        answer = RedirectResponse(there, 303, {"Cache-Control": "no-store"})
        is_secure = scope["scheme"] == "https"
        answer.set_cookie(COOKIE, self._host.key, path="/", secure=is_secure, httponly=True, samesite="strict")
        await answer(scope, receive, send)
