"""A loopback server in the place of the internet: serves files by bare name, and misbehaves on request."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


class Mirror:
    """What a workshop's own server would be.

    Attributes:
        files: By bare name: content, or a path to read it from.
        asked: How often each bare name was asked for.
        cut: Names whose answer is broken off half-way.
        paused: Names of which half is sent, and the rest when `release` is set.
        stalled: Names of which half is sent, then nothing until `release` is set.
        status: Names that are answered with this HTTP status and no file.
        redirects: Names that are answered with this address.
        unsized: Names that are sent without saying how long they are.
        delay_s: Waited before each answer.
        release: Ends all stalling.
    """

    def __init__(self, *folders: Path) -> None:
        self.files: dict[str, bytes | Path] = {}
        for folder in folders:
            self.files.update({path.name: path for path in folder.iterdir() if path.is_file()})
        self.asked: Counter[str] = Counter()
        self.cut: set[str] = set()
        self.stalled: set[str] = set()
        self.paused: set[str] = set()
        self.unsized: set[str] = set()
        self.status: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.delay_s = 0.0
        self.release = threading.Event()
        self.address = ""
        self._lock = threading.Lock()

    def count(self, name: str) -> None:
        with self._lock:
            self.asked[name] += 1

    def content(self, name: str) -> bytes | None:
        found = self.files.get(name)
        return found.read_bytes() if isinstance(found, Path) else found


@contextmanager
def serve(mirror: Mirror) -> Iterator[Mirror]:
    """Serve until the block ends; the address ends in "/files/"."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = unquote(self.path.rsplit("/", 1)[-1])
            mirror.count(name)
            time.sleep(mirror.delay_s)
            content = mirror.content(name)
            if name in mirror.redirects:
                self.send_response(302)
                self.send_header("Location", mirror.redirects[name])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if content is None or name in mirror.status or not self.path.startswith("/files/"):
                self.send_error(mirror.status.get(name, 404))
                return
            self.send_response(200)
            if name not in mirror.unsized:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            half = len(content) // 2 if name in mirror.cut | mirror.stalled | mirror.paused else len(content)
            self.wfile.write(content[:half])
            if name in mirror.stalled | mirror.paused:
                self.wfile.flush()
                mirror.release.wait(60)
            if name in mirror.paused:
                self.wfile.write(content[half:])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.address = f"http://127.0.0.1:{server.server_port}/files/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
