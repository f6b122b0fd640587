"""Who may come in: requests for this server by one of its names, from its own pages.

Two kinds of strangers are turned away before Streamlit sees them. A web page elsewhere whose name was made to point to
this machine ("DNS rebinding") asks by its own name: the Host header is foreign. A web page elsewhere that connects to
this machine says where it comes from: the Origin header is foreign; Streamlit would ask a public address about it,
twice, while everybody waits.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.errors import UsageError
from lib.messages import N_
from lib.server.refusal import FOR_PROGRAMS, Refusal, refuse

SETTING, ORIGINS_SETTING = "DISCERN_HOSTS", "DISCERN_API_ORIGINS"
_CLOSED = ("/_stcore/metrics", "/_stcore/agent")  # Streamlit tells anybody there what runs, and how
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Names:
    """The names this server goes by.

    Attributes:
        own: Names and addresses it was started under, in lower case.
        given: Names that its owner listed, such as a proxy's; `*` stands for anything.
    """

    own: frozenset[str] = frozenset()
    given: tuple[str, ...] = ()

    @classmethod
    def of(cls, own: list[str], given: str) -> "Names":
        """Return the names of a server.

        Args:
            own: What it was told to listen on and to call itself.
            given: `DISCERN_HOSTS`: names separated by commas or spaces.

        Raises:
            UsageError: One of `given` is no host name.
        """
        listed = tuple(given.lower().replace(",", " ").split())
        for name in listed:
            if set(name) & set("/:@"):
                sentence = N_("{name} in {setting} is not a host name. Write only names, such as discern.example.org.")
                raise UsageError(sentence, setting=SETTING, name=name)
        machine = socket.gethostname().lower()
        return cls(frozenset({*map(str.lower, own), "localhost", machine, f"{machine}.local"}), listed)

    def know(self, host: str | None, here: str | None = None) -> bool:
        """Whether `host` means this server.

        Args:
            host: A name or address without port.
            here: The address at which the visitor reached this server; it may change while the server runs.
        """
        if not host:
            return False
        name = host.lower().rstrip(".")
        address = _address(name)
        is_here = address is not None and (address.is_loopback or address == _address(here or ""))
        return is_here or name in self.own or self.lists(name)

    def lists(self, host: str | None) -> bool:
        """Whether the owner listed this name."""
        return host is not None and any(fnmatchcase(host.lower().rstrip("."), name) for name in self.given)


def nobody(_origin: str, _path: str) -> bool:
    """Admit no page of another site anywhere."""
    return False


class Door:
    """Middleware that turns away requests for another host, and those of other hosts' pages.

    Args:
        app: What comes behind.
        names: The server's.
        admits: Whether pages of an origin may use an address all the same.
    """

    def __init__(self, app: ASGIApp, names: Names, admits: Callable[[str, str], bool] = nobody) -> None:
        self.app = app
        self.names = names
        self.admits = admits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            host, origin = (Headers(scope=scope).get(name) for name in ("host", "origin"))
            if refusal := self._refusal(scope, host, origin):
                return await refuse(scope, receive, send, refusal)
            if scope["type"] == "websocket" and origin is not None:
                # A proxy may have changed the Host. Streamlit believes an Origin that equals it, and asks nobody.
                MutableHeaders(scope=scope)["host"] = _split(origin).netloc
        return await self.app(scope, receive, send)

    def _refusal(self, scope: Scope, host: str | None, origin: str | None) -> Refusal | None:
        here = (scope.get("server") or (None,))[0]
        if not self.names.know(_split(f"//{host}").hostname if host else None, here):
            sentence = N_(
                "This server does not answer to the name {host}. To allow it, add the name to the setting {setting}."
            )
            return Refusal(400, sentence, host=host or "–", setting=SETTING)
        is_admitted = origin is None or self.admits(origin, scope["path"])
        if origin is not None and not is_admitted and not self._is_own(scope, origin, host, here):
            if scope["path"].startswith(FOR_PROGRAMS):
                sentence = N_(
                    "Pages from {origin} may not ask here. To allow them, add that address to the setting {setting}."
                )
                return Refusal(403, sentence, origin=origin, setting=ORIGINS_SETTING)
            sentence = N_(
                "Pages from {origin} may not use this server. To allow them, add that name to the setting {setting}."
            )
            return Refusal(403, sentence, origin=origin, setting=SETTING)
        if any(closed in scope["path"] for closed in _CLOSED):
            return Refusal(404, N_("There is nothing here."))
        return None

    def _is_own(self, scope: Scope, origin: str, host: str | None, here: str | None) -> bool:
        """Whether a request comes from a page of this server: same name and port, or a name that the owner listed."""
        if origin == "null":  # a frame that is shut off from its page, as the preview of generated code is
            return scope.get("method") in ("GET", "HEAD")
        page = _split(origin)
        if self.names.lists(page.hostname):
            return True
        if page.scheme == "http" and scope["scheme"] in ("https", "wss"):
            return False  # nothing of ours is shown without TLS here: somebody in between made that page up
        return self.names.know(page.hostname, here) and _port(page) == _port(_split(f"{page.scheme}://{host}"))


def _split(address: str) -> SplitResult:
    """Return the parts of an address; none of one that cannot be read."""
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        return urlsplit("")
    return parts


def _port(address: SplitResult) -> int | None:
    return address.port or _DEFAULT_PORTS.get(address.scheme)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that `name` is, or None; IPv4 within IPv6 counts as IPv4."""
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
