"""What stands in the place of the internet: a loopback web server, and a CDN that is the installed npm packages.

Everything else that a page asks for is refused and noted.
"""

import functools
import mimetypes
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.embed.packages import MODULES, json_version

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

_CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/(?P<package>(?:@[^/@]+/)?[^/@]+)@(?P<version>[^/]+)/(?P<file>[^?]+)")
_UNTIL_THE_END = ExitStack()
_FOR_EVERYBODY = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


class Site:
    """A loopback web server.

    Attributes:
        files: By path ("dist/index.html"): content, or a path to read it from.
        folders: By prefix ("photos/"): a folder to serve below it.
        asked: How often each path was asked for.
        held: Paths whose answer waits until the event is set.
        status: Paths that are answered with this HTTP status and no file.
        headers: Of every answer, beside the usual ones.
        address: Of the server, ending in "/".
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes | Path] = {}
        self.folders: dict[str, Path] = {}
        self.asked: Counter[str] = Counter()
        self.held: dict[str, threading.Event] = {}
        self.status: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.address = ""
        self._lock = threading.Lock()

    def put(self, files: Mapping[str, str | bytes | Path], below: str = "") -> None:
        """Serve `files` below the folder `below`."""
        for name, content in files.items():
            self.files[below + name] = content.encode() if isinstance(content, str) else content

    def content(self, path: str) -> bytes | None:
        """Return what is served at `path`, or None."""
        found = self.files.get(path)
        for prefix, folder in self.folders.items():
            if found is None and path.startswith(prefix) and (folder / path.removeprefix(prefix)).is_file():
                found = folder / path.removeprefix(prefix)
        return found.read_bytes() if isinstance(found, Path) else found

    def count(self, path: str) -> None:
        with self._lock:
            self.asked[path] += 1


@contextmanager
def serve() -> Iterator[Site]:
    """Serve until the block ends."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
            site.count(path)
            if (event := site.held.get(path)) is not None:
                event.wait(60)
            content = site.content(path)
            status = site.status.get(path, 404 if content is None else 200)
            self.send_response(status)
            body = content if content is not None and status == 200 else b""
            self.send_header("Content-Type", _type(path))
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            for header in site.headers.items():
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        for event in site.held.values():
            event.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Cut:
    """The cut network of a browser context: loopback passes, the CDN is the npm packages, all else is refused.

    Args:
        context: The browser context.
        has_cdn: Whether the CDN is there at all.

    Attributes:
        strangers: Addresses that were refused.
        altered: Bytes the CDN serves instead of a file's own, by package and path ("@litertjs/core/dist/index.js").
        asked: How often each file of the CDN was asked for, likewise.
        elsewhere: What other hosts serve, by address without a query.
    """

    def __init__(self, context: "BrowserContext", *, has_cdn: bool = True) -> None:
        self.strangers: list[str] = []
        self.altered: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.elsewhere: dict[str, Path] = {}
        self._has_cdn = has_cdn
        # Loopback is let through by not being routed: a routed request loses the browser's cache.
        context.route(re.compile(r"^(?!http://127\.0\.0\.1[:/]|data:|blob:|file:)"), self._answer)

    def _answer(self, route: "Route") -> None:
        url = route.request.url
        bare = url.partition("?")[0]
        if bare in self.elsewhere:
            route.fulfill(path=self.elsewhere[bare], headers=_FOR_EVERYBODY)
            return
        wanted = _CDN.fullmatch(bare)
        if not self._has_cdn or wanted is None:
            self.strangers.append(url)
            route.abort("internetdisconnected")
            return
        package, file = wanted["package"], wanted["file"]
        path, name = MODULES / package / file, f"{package}/{file}"
        if wanted["version"] != json_version(package) or not path.is_file():
            self.strangers.append(url)
            route.fulfill(status=404, body="")
            return
        self.asked[name] += 1
        altered = self.altered.get(name)
        if altered is not None:
            route.fulfill(body=altered, content_type=_type(file), headers=_FOR_EVERYBODY)
        else:  # a megabyte that Playwright itself hands over takes a quarter of a second
            route.fulfill(status=302, headers={**_FOR_EVERYBODY, "Location": f"{_packages()}{name}"})


@functools.cache
def _packages() -> str:
    """Serve the npm packages until this process ends, and return the address."""
    site = _UNTIL_THE_END.enter_context(serve())
    site.folders[""] = MODULES
    site.headers.update(_FOR_EVERYBODY)
    return site.address


def _type(path: str) -> str:
    suffix = Path(path).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
