"""One file from its public address, or from a mirror, onto this disk: whole and checked, or not at all."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from lib.catalogue.origins import MIRROR_VARIABLE, Remote
from lib.errors import Cancelled, DownloadError
from lib.messages import N_
from lib.work.files import FULL, data_error

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
MAX_REDIRECTS = 5
# What stays free beside the file: the system and other programs need room too.
SPARE_BYTES = 64 * 2**20
_CHUNK = 256 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)

OnBytes = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Received:
    """A file that arrived whole.

    Attributes:
        sha256: Lower-case hex.
        verified: Whether it was checked against a published digest.
    """

    sha256: str
    verified: bool


def download(
    remote: Remote,
    target: Path,
    *,
    model: str | None,
    mirror: str | None,
    on_bytes: OnBytes,
    cancelled: threading.Event,
) -> int:
    """Fetch `remote` into `target`, which is new or empty, and return its size; not yet checked against digests.

    Args:
        remote: The file.
        target: Where to write; removed again when anything fails.
        model: Id of the model it is for; None if it is for no model.
        mirror: See `Remote.url`.
        on_bytes: Called with the bytes so far and in all (None if the server does not say).
        cancelled: When set, the download stops.

    Raises:
        DownloadError: It did not arrive whole; the sentence says why and what to do.
        Cancelled: `cancelled` was set.
    """
    try:
        with _answer(remote, model, mirror, cancelled) as answer:
            total = _total(answer, remote)
            _check_room(target.parent, total or remote.expected_bytes or 0, remote.name)
            return _write(answer, target, total, remote, on_bytes, cancelled)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def verify(path: Path, remote: Remote) -> Received:
    """Check a downloaded file against every digest published for it.

    Raises:
        DownloadError: A digest differs.
    """
    size = path.stat().st_size
    digests = {
        "sha256": hashlib.sha256(),
        "md5": hashlib.md5(usedforsecurity=False),
        "git_blob": hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False),
        "sha512": hashlib.sha512(),
    }
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            for digest in digests.values():
                digest.update(chunk)
    found = {name: digest.hexdigest() for name, digest in digests.items()}
    for name, value in found.items():
        expected = getattr(remote, name)
        if expected and expected != value:
            raise DownloadError(
                N_(
                    "{file} is not the published file: its checksum ({kind}) should be {expected} but is "
                    "{found}. It was not saved. Another server may have answered instead of the real one."
                ),
                file=remote.name,
                kind=name,
                expected=expected,
                found=value,
            )
    return Received(found["sha256"], remote.has_digest)


def without_password(url: str) -> str:
    """Return an address without the user and password it may carry."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@contextmanager
def _answer(
    remote: Remote, model: str | None, mirror: str | None, cancelled: threading.Event
) -> Iterator["requests.Response"]:
    """Ask for the file and yield the server's answer, status 200, nothing of its body read yet."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # no .netrc, and proxies only as `_follow` says
        session.headers.update({"Accept-Encoding": "identity", "User-Agent": "discern"})
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        url = remote.url(mirror)
        try:
            answer = _follow(session, url, mirror, may_be_plain=remote.may_be_plain)
            with answer, _stoppable(answer, cancelled):
                _check_status(answer, remote, mirror)
                yield answer
        except OSError as error:  # those of requests are such too
            if error.errno in FULL:
                raise data_error(error, remote.name) from error
            raise (Cancelled() if cancelled.is_set() else _unreachable(url, model, mirror)) from error


def _follow(session: "requests.Session", url: str, mirror: str | None, *, may_be_plain: bool) -> "requests.Response":
    """Return the answer at the end of the redirects; an origin may not lead away from https."""
    import requests

    for _ in range(MAX_REDIRECTS + 1):
        _check_scheme(url, may_be_plain=may_be_plain or mirror is not None)
        answer = session.get(
            url,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            # The system's for an origin; a mirror stands in the same room and is asked directly.
            proxies={} if mirror else requests.utils.get_environ_proxies(url),
        )
        if answer.status_code not in _REDIRECTS or "Location" not in answer.headers:
            return answer
        url = urljoin(url, answer.headers["Location"])
        answer.close()
    raise DownloadError(N_("{host} redirects in an endless loop."), host=_host(url))


def _check_scheme(url: str, *, may_be_plain: bool) -> None:
    allowed = ("http", "https") if may_be_plain else ("https",)
    if urlsplit(url).scheme not in allowed:
        raise DownloadError(
            N_("{host} redirects to an address that is not secure, so the download was stopped."), host=_host(url)
        )


@contextmanager
def _stoppable(answer: "requests.Response", cancelled: threading.Event) -> Iterator[None]:
    """Wake a read that waits for a stalled server when somebody cancels."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            if cancelled.is_set():
                shutdown = getattr(answer.raw, "shutdown", None)  # urllib3 2.3 or later
                if shutdown and not done.is_set():
                    shutdown()
                return

    watcher = threading.Thread(target=watch, name="discern-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _check_status(answer: "requests.Response", remote: Remote, mirror: str | None) -> None:
    if answer.status_code == 200:
        return
    if mirror:
        text = N_("The mirror {host} does not have {file} (HTTP {status}). Put the file there, or unset {variable}.")
    elif answer.status_code in (404, 410):
        text = N_("{host} no longer has {file} (HTTP {status}).")
    else:
        text = N_(
            "{host} did not send {file} (HTTP {status}). It may be busy, or this network may block it. Try "
            "again later, or set {variable} to the address of a mirror."
        )
    raise DownloadError(
        text, host=_host(answer.url), file=remote.name, status=answer.status_code, variable=MIRROR_VARIABLE
    )


def _total(answer: "requests.Response", remote: Remote) -> int | None:
    text = answer.headers.get("Content-Length", "")
    total = int(text) if text.isascii() and text.isdigit() else None
    if total is not None and total > remote.max_bytes:
        raise _too_large(remote)
    return total


def _check_room(folder: Path, needed: int, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise DownloadError(
            N_("There is not enough space for {file}: it needs {needed} MB, but {folder} has only {free} MB free."),
            file=name,
            needed=-(-(needed + SPARE_BYTES) // 2**20),
            free=free // 2**20,
            folder=folder,
        )


def _write(
    answer: "requests.Response",
    target: Path,
    total: int | None,
    remote: Remote,
    on_bytes: OnBytes,
    cancelled: threading.Event,
) -> int:
    import urllib3

    done = 0
    on_bytes(0, total)
    try:
        with target.open("wb") as file:
            while chunk := answer.raw.read1(_CHUNK, decode_content=False):
                if cancelled.is_set():
                    raise Cancelled
                done += len(chunk)
                if done > remote.max_bytes:
                    raise _too_large(remote)
                file.write(chunk)
                on_bytes(done, total)
            file.flush()
            os.fsync(file.fileno())
    except urllib3.exceptions.HTTPError as error:
        raise (Cancelled() if cancelled.is_set() else _cut_off(remote, done, total)) from error
    if cancelled.is_set():
        raise Cancelled
    if total is not None and done < total:
        raise _cut_off(remote, done, total)
    if remote.expected_bytes is not None and done != remote.expected_bytes:
        raise DownloadError(
            N_("{file} arrived with the wrong size: {found} bytes instead of {expected}. It was not saved."),
            file=remote.name,
            expected=f"{remote.expected_bytes:,}",
            found=f"{done:,}",
        )
    return done


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f}"


def _cut_off(remote: Remote, done: int, total: int | None) -> DownloadError:
    if total is None:
        return DownloadError(
            N_("The download of {file} was interrupted. Nothing was saved. Try again."), file=remote.name
        )
    return DownloadError(
        N_("The download of {file} was interrupted after {done} of {total} MB. Nothing was saved. Try again."),
        file=remote.name,
        done=_megabytes(done),
        total=_megabytes(total),
    )


def _too_large(remote: Remote) -> DownloadError:
    return DownloadError(
        N_("{file} is larger than the allowed {limit} MB. It was not saved."),
        file=remote.name,
        limit=_megabytes(remote.max_bytes),
    )


def _unreachable(url: str, model: str | None, mirror: str | None) -> DownloadError:
    if mirror:
        text = N_("The mirror {host} could not be reached. Check that it is running and that {variable} is right.")
    elif model is None:
        text = N_(
            "{host} could not be reached: this computer is offline, or the network blocks it. Set {variable} "
            "to the address of a mirror."
        )
    else:
        text = N_(
            "{host} could not be reached: this computer is offline, or the network blocks it. Set {variable} "
            "to the address of a mirror, or run `python -m lib fetch {model}` where there is internet."
        )
    return DownloadError(text, host=_host(url), model=model, variable=MIRROR_VARIABLE)


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or url
