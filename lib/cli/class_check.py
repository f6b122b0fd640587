"""`class-check`: all that a class needs, tried the evening before, line by line."""

import argparse
import os
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

import psutil
from cryptography import x509

from lib.catalogue.store import DEFAULT_ID, State, Store
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.cli import rehearsal
from lib.cli.class_ import PORT, require_free
from lib.cli.rehearsal import Client, RehearsalError
from lib.cli.terminal import ALL_WELL, SOME_FAILED, ended_by_sigterm, put
from lib.embed.packages import LITERT_FILES
from lib.embed.scripts import Scripts
from lib.errors import AppError
from lib.i18n import Translator
from lib.messages import N_, Listed, Message
from lib.model.spec import ModelFolder
from lib.photos.source import Source
from lib.results import Failure
from lib.server import addresses
from lib.server.certificate import named
from lib.work.files import HOME_VARIABLE, data_folder, disk_error

GB = 10**9
# A class's photos take up to a third of a gigabyte in memory, its class set as much on disk, the server itself half a
# gigabyte.
_DISK, _DISK_LEAST = 2 * GB, GB // 4
_MEMORY, _MEMORY_LEAST = 2 * GB, 3 * GB // 4
_LEAST_DAYS = 2  # that a certificate is still valid


class Stand(StrEnum):
    """How something stands."""

    OK = N_("ok")
    TO_DO = N_("to do")  # a class can be held, with something missing
    FAILED = N_("failed")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at.

    Attributes:
        stand: How it stands.
        found: What was found.
        advice: What to do.
    """

    stand: Stand
    found: Message
    advice: Message | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `class-check` to `parser`, and `run`."""
    parser.add_argument("--port", type=int, default=PORT, help=f"where the class will be (default {PORT})")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, say: Translator) -> int:
    """Look at one thing after the other, say each as soon as it is known, and return the exit code."""
    has_failed = False
    with ended_by_sigterm(), closing(check(arguments.port)) as lines:
        for line in lines:
            has_failed |= line.stand is Stand.FAILED
            put(*written(line, say))
    end = N_("Not ready yet: see what failed.") if has_failed else N_("A class can be held. Start it with: make class")
    put("", say(end))
    return SOME_FAILED if has_failed else ALL_WELL


def written(line: Line, say: Translator) -> list[str]:
    """Return a line as the terminal shows it, and below it what to do."""
    width = max(len(say(stand)) for stand in Stand) + 2
    first = f"{say(line.stand):<{width}}{say.message(line.found)}"
    return [first] if line.advice is None else [first, " " * width + say.message(line.advice)]


def check(port: int) -> Generator[Line]:
    """Look at one thing after the other; what is started ends with the iterator."""
    store = Store()
    model = None
    try:
        model, line = default_model(store)
        yield line
    except AppError as error:
        yield Line(Stand.FAILED, error.message)
    yield others(sum(entry.state is State.READY for entry in store.entries()))
    yield scripts(len(Scripts(store.data).missing(LITERT_FILES)))
    yield room_for(data_folder())
    yield memory(psutil.virtual_memory().available)
    known = addresses.lan()
    yield network(known)
    try:
        require_free(port)
        yield Line(Stand.OK, Message(N_("Port {port} is free."), {"port": port}))
    except AppError as error:
        yield Line(Stand.FAILED, error.message)
        port = _free_port()
    if model is not None:
        yield from rehearse(port, model, known[0] if known else "127.0.0.1")
    yield Line(
        Stand.TO_DO,
        Message(N_("Firewall and Wi-Fi cannot be tried from here: they may keep phones out.")),
        Message(N_("In the room start `make class`, and open the address with one phone before the class comes.")),
    )


def default_model(store: Store) -> tuple[ModelFolder, Line]:
    """Return what answers where nobody chose, and how long it takes.

    Raises:
        AppError: It cannot answer.
    """
    folder = store.open_folder(store.default_id())
    model = open_classifier(folder, workers=1)
    photo = Source.of_bytes(rehearsal.drawn("#c8443c"), "drawn.png")
    infer(photo, model)  # the first one takes longer
    began = time.perf_counter()
    answer = infer(photo, model)
    milliseconds = 1000 * (time.perf_counter() - began)
    if isinstance(answer, Failure):
        return folder, Line(Stand.FAILED, answer.error.message)
    values = {"model": folder.spec.name, "n": f"{milliseconds:.0f}"}
    found = Message(N_("“{model}” answers, in {n} ms."), values)
    problem = store.find(DEFAULT_ID).problem
    return folder, Line(
        Stand.OK if problem is None else Stand.TO_DO, found, None if problem is None else problem.message
    )


def others(ready: int) -> Line:
    """Say whether there is a model to compare with."""
    found = Message(N_("Models ready without internet: {n}."), {"n": ready})
    if ready >= 2:
        return Line(Stand.OK, found)
    return Line(Stand.TO_DO, found, Message(N_("To compare, two are needed: see `python -m lib models`.")))


def scripts(missing: int) -> Line:
    """Say whether browsers can be handed what runs models in them."""
    if not missing:
        found = N_("The scripts for pages to take home and for models on phones are here.")
        return Line(Stand.OK, Message(found))
    return Line(
        Stand.TO_DO,
        Message(
            N_(
                "The scripts for pages to take home are missing: there will be no page that opens by double-click, and "
                "phones ask this computer about each picture of their live camera."
            )
        ),
        Message(N_("With internet and npm, run: python -m lib.embed.scripts")),
    )


def room_for(folder: Path) -> Line:
    """Say whether the data folder takes what a class leaves there."""
    standing = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(standing, os.W_OK):
        return Line(
            Stand.FAILED,
            Message(N_("The data folder {folder} cannot be written to."), {"folder": folder}),
            Message(N_("Make it writable, or choose another one with {setting}."), {"setting": HOME_VARIABLE}),
        )
    return disk(shutil.disk_usage(standing).free)


def disk(free: int) -> Line:
    """Say whether class sets and models fit; `free` in bytes."""
    found = Message(N_("Free on the disk of the data folder: {size}."), {"size": _gb(free)})
    return _enough(free, _DISK, _DISK_LEAST, found, N_("Delete what is not needed there."))


def memory(free: int) -> Line:
    """Say whether photos and models fit; `free` in bytes."""
    found = Message(N_("Free memory: {size}."), {"size": _gb(free)})
    return _enough(free, _MEMORY, _MEMORY_LEAST, found, N_("Close programs that are not needed."))


def _enough(free: int, wanted: int, least: int, found: Message, advice: str) -> Line:
    if free >= wanted:
        return Line(Stand.OK, found)
    return Line(Stand.TO_DO if free >= least else Stand.FAILED, found, Message(advice))


def network(known: Sequence[str]) -> Line:
    """Say at which address phones will find this computer."""
    if not known:
        return Line(
            Stand.FAILED,
            Message(N_("This computer is on no network: no phone can reach it.")),
            Message(
                N_("Join the room’s Wi-Fi, or let a phone make one (hotspot; it needs no internet). Then try again.")
            ),
        )
    if known[1:]:
        text = N_("This computer’s address is {address}; it also has {others}.")
        return Line(Stand.OK, Message(text, {"address": known[0], "others": Listed(tuple(known[1:]))}))
    return Line(Stand.OK, Message(N_("This computer’s address is {address}."), {"address": known[0]}))


def rehearse(port: int, model: ModelFolder, address: str) -> Iterator[Line]:
    """Hold a class of two phones at a server of its own.

    Args:
        port: Where; it is free.
        model: What answers.
        address: Of this machine on its network.
    """
    there = f"https://{address}:{port}"
    try:
        with rehearsal.started(port, model) as stage:
            answer = Client(there).ask("GET", "/r")
            seconds = f"{stage.start_s:.0f}"
            text = N_("The server started in {n} s and answers at {address}.")
            yield Line(Stand.OK, Message(text, {"n": seconds, "address": there}))
            yield camera(answer.headers.get("Permissions-Policy", ""), served(address, port), address)
            began = time.monotonic()
            rehearsal.meet(rehearsal.host(there, stage.key), partial(Client, there))
            stage.require_forgotten()
            text = N_("Two phones joined a room, sent photos, guessed and saw the answers ({n} s). Then all was gone.")
            yield Line(Stand.OK, Message(text, {"n": f"{time.monotonic() - began:.1f}"}))
    except RehearsalError as error:
        yield Line(Stand.FAILED, error.message)
    except OSError as error:
        yield Line(Stand.FAILED, disk_error(error, tempfile.gettempdir()).message)


def served(address: str, port: int) -> x509.Certificate:
    """Return the certificate that a server shows. Raises RehearsalError: it shows none."""
    try:
        return x509.load_pem_x509_certificate(ssl.get_server_certificate((address, port), timeout=10).encode())
    except OSError as error:
        text = N_("{address} did not answer: {reason}.")
        raise RehearsalError(text, address=f"{address}:{port}", reason=error.strerror or error) from error


def camera(policy: str, certificate: x509.Certificate, address: str, now: datetime | None = None) -> Line:
    """Say whether pages may use a phone's camera: over TLS, with a certificate for this address, if allowed.

    Args:
        policy: The header Permissions-Policy.
        certificate: What the server shows.
        address: How phones ask for it.
        now: For tests.
    """
    days = (certificate.not_valid_after_utc - (now or datetime.now(UTC))).days
    if address not in named(certificate):
        return Line(Stand.FAILED, Message(N_("The certificate does not name {address}."), {"address": address}))
    if days < _LEAST_DAYS:
        text = N_("The certificate is valid for {n} days only.")
        return Line(Stand.FAILED, Message(text, {"n": days}), Message(N_("Is this computer’s clock right?")))
    if "camera=(self)" not in policy:
        return Line(Stand.FAILED, Message(N_("The server does not allow its pages to use the camera.")))
    text = N_("Pages may use phones’ cameras: the certificate names {address} and is valid for {n} days.")
    return Line(Stand.OK, Message(text, {"address": address, "n": days}))


def _gb(size: int) -> str:
    return f"{size / GB:.1f} GB"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("", 0))
        port: int = free.getsockname()[1]
    return port
