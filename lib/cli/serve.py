"""`serve`: the HTTP API without the pages."""

import argparse
import os
import socket
import sys

from lib.cli.terminal import ALL_WELL, note
from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.server.door import SETTING, Names

HOST, PORT = "127.0.0.1", 8000
_ALL = ("0.0.0.0", "::", "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `serve` to `parser`, and `run`."""
    parser.add_argument(
        "--host", default=HOST, metavar="H", help=f"address to listen on; 0.0.0.0 for all (default {HOST})"
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="P", help=f"0 for any that is free (default {PORT})")
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="who answers: this process, or Ray Serve (requirements-scale.txt), here or where RAY_ADDRESS says",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Answer until interrupted, and return the exit code.

    Raises:
        UsageError: The address cannot be listened on, or a setting cannot be meant so.
    """
    import uvicorn

    from lib.api.app import build

    host, port = arguments.host, arguments.port
    if not 0 <= port < 2**16:
        raise UsageError(N_("--port must be 1 to 65535, or 0 for any that is free, not {port}."), port=port)
    own = [] if host in _ALL else [host]
    if arguments.engine == "ray":
        return _run_on_ray(host, port, own, say)
    app = build(Names.of(own, os.environ.get(SETTING, "")))
    listening = _listen(host, port)
    _tell(host, listening.getsockname()[1], say)
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
    return ALL_WELL


def _run_on_ray(host: str, port: int, own: list[str], say: Translator) -> int:
    from lib.scale.cluster import require_ray
    from lib.scale.serve import serve

    require_ray()
    with _listen(host, port) as free:  # Ray would try for long
        port = free.getsockname()[1]
    serve(host, port, own, lambda: _tell(host, port, say))
    return ALL_WELL


def _tell(host: str, port: int, say: Translator) -> None:
    shown = HOST if host in _ALL else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    note(say(N_("The API is at {address}/api/v1; it is described at {address}/api/v1/docs."), address=address))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs have one address
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        text = N_("{host}:{port} cannot be listened on: {reason}. Choose another with --host and --port.")
        reason = getattr(error, "strerror", None) or error
        raise UsageError(text, host=host, port=port, reason=reason) from error
    return listening
