"""A loopback object store: as much of S3 as listing and reading needs, out of a dictionary."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket:
    """What is in the one bucket.

    Attributes:
        objects: By key.
        asked: The method and path of each request.
        options: What an address has to say to reach it: "?endpoint_override=…".
    """

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.asked: list[str] = []
        self.options = ""


def _listing(objects: dict[str, bytes], prefix: str, delimiter: str) -> bytes:
    """ListObjectsV2 (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), all in one answer."""
    keys = [key for key in sorted(objects) if key.startswith(prefix)]
    rests = {key: key.removeprefix(prefix).partition(delimiter) if delimiter else (key, "", "") for key in keys}
    folders = {f"{prefix}{head}{mark}" for head, mark, _ in rests.values() if mark}
    files = [key for key, (_, mark, _) in rests.items() if not mark]
    contents = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(objects[key])}</Size>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        for key in files
    )
    common = "".join(f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders))
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>false</IsTruncated><KeyCount>{len(files) + len(folders)}</KeyCount>{contents}{common}"
        "</ListBucketResult>"
    ).encode()


@contextmanager
def serve(bucket: Bucket) -> Iterator[Bucket]:
    """Serve the bucket `photos` until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            bucket.asked.append(f"{self.command} {parts.path}")
            name, _, key = unquote(parts.path).strip("/").partition("/")
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if name != "photos":
                self._send(404, b"")
            elif not key and "list-type" in asked:
                self._send(200, _listing(bucket.objects, asked.get("prefix", ""), asked.get("delimiter", "")))
            elif not key:
                self._send(200, b"")
            elif key in bucket.objects:
                self._send_part(bucket.objects[key])
            else:
                self._send(404, b"")

        def _send_part(self, data: bytes) -> None:
            if (wanted := self.headers.get("Range")) is None:
                self._send(200, data)
                return
            first, last = wanted.removeprefix("bytes=").split("-")
            part = data[int(first) : int(last) + 1]
            self._send(206, part, f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}")

        def _send(self, status: int, body: bytes, span: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if span:
                self.send_header("Content-Range", span)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket.options = f"?scheme=http&region=here&endpoint_override=127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
