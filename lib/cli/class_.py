"""`class`: the app for a room full of phones, on all networks of this machine and over TLS."""

import argparse
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.server import addresses, certificate, host
from lib.work.files import data_folder

ROOT = Path(__file__).resolve().parents[2]
PORT, _EVERYWHERE = 8501, "0.0.0.0"  # IPv4: what a room's network gives to phones


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `class` to `parser`, and `run`."""
    parser.add_argument("--port", type=int, default=PORT, help=f"where it listens (default {PORT})")
    parser.add_argument("--no-browser", action="store_true", help="open no browser here")
    parser.add_argument(
        "--plain", action="store_true", help="without TLS: phones warn of nothing, but pages may not use their cameras"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, say: Translator) -> int:
    require_free(arguments.port)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    command += [f"--server.address={_EVERYWHERE}", f"--server.port={arguments.port}"]
    if not arguments.plain:
        pem = _certificate()
        command += [f"--server.sslCertFile={pem}", f"--server.sslKeyFile={pem}"]
    if arguments.no_browser:
        command += ["--server.headless=true"]
    command += ["--", f"--lang={say.language}"]
    return _start(command)


def _start(command: list[str]) -> int:
    """Go on as another program; on Windows, where that would end this one, wait for it instead."""
    if os.name != "nt":
        os.chdir(ROOT)
        os.execv(command[0], command)
    return subprocess.call(command, cwd=ROOT)


def _certificate() -> Path:
    folder = data_folder() / host.FOLDER
    try:
        return certificate.ready(folder, addresses.names(), addresses.lan())
    except OSError as error:
        text = N_("The certificate could not be written to {folder}: {reason}.")
        raise UsageError(text, folder=folder, reason=error.strerror or error) from error


def require_free(port: int) -> None:
    """Check that nobody listens on a port.

    Raises:
        UsageError: Somebody does, or it is none.
    """
    if not 0 < port < 2**16:
        raise UsageError(N_("{port} is no port. Choose one from 1024 to 65535."), port=port)
    with socket.socket() as tried:
        if os.name != "nt":
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended do not count
        try:
            tried.bind((_EVERYWHERE, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                text = N_("Port {port} may not be used here. Choose one from 1024 to 65535, such as {other}.")
            else:
                text = N_(
                    "Port {port} is taken, perhaps by another Discern. End that one, or choose another port: "
                    "--port {other}, or make class PORT={other}."
                )
            raise UsageError(text, port=port, other=PORT + 1 if port == PORT else PORT) from error
