"""The server is killed while photos come in, and started anew on the same port.

An open page goes on by itself: it sends again what it still holds. A project on the disk has every photo that was
answered, whole, and no other that is damaged.
"""

import asyncio
import contextlib
import hashlib
import json
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.load import browser
from tests.load.machine import load
from tests.load.options import DEFAULTS, Options
from tests.load.wire import Wire
from tests.support.server import Server, free_port, start_server

PHOTOS, LEAST_TAKEN = 40, 5
DOWN_S = 3.0
_ANSWERED = "least => document.querySelectorAll('.sheet li:not(.busy)').length > least"
_WAITING = "() => document.querySelectorAll('.sheet .busy').length"


def measure(shared: Path, _options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(killed_and_started(Path(folder), paths[:PHOTOS], paths[PHOTOS:]))


async def killed_and_started(folder: Path, page_photos: Sequence[Path], project_photos: Sequence[Path]) -> list[Figure]:
    """Kill the server half-way through a visitor's photos and a project's; return what became of both."""
    home, port, log = folder / "home", free_port(), folder / "log"
    server = start_server(home, port=port, log=log)
    try:
        async with browser.chromium() as running, browser.visiting(running, server) as page:
            project, taken = await _project(server), list[Path]()
            filling = asyncio.create_task(_fill(server, project, project_photos, taken))
            await browser.drop(page, page_photos)
            await page.wait_for_function(_ANSWERED, arg=len(page_photos) // 4)
            while len(taken) < LEAST_TAKEN:
                await asyncio.sleep(0.01)
            _kill(server)
            await filling
            waiting = await page.evaluate(_WAITING)
            await asyncio.sleep(DOWN_S)
            server = await asyncio.to_thread(start_server, home, port=port, log=log)
            up = time.monotonic()
            await browser.all_answered(page, len(page_photos))
            seconds = time.monotonic() - up
            await browser.drop(page, page_photos[:1])
            await browser.all_answered(page, len(page_photos) + 1)
            failed = await page.locator(".sheet [data-kind=failed]").count()
        lost = max(0, len(taken) - await _listed(server, project))
        damaged = damaged_files(home / "projects" / project / "photos")
    finally:
        _kill(server)
    detail = {"photos": len(page_photos), "waiting when it was killed": waiting, **load()}
    of_project = {"answered before the kill": len(taken)}
    return [
        Figure("a killed server: from its start to an open page's last answer", seconds, "s", 0, 30, detail),
        Figure("the same: photos of the page that failed", failed, "", at_most=0),
        Figure("the same: photos lost that a project had taken", lost, "", at_most=0, detail=of_project),
        Figure("the same: half-written files in the project", len(damaged), "", at_most=0),
    ]


async def _project(server: Server) -> str:
    """Begin a project with one class, and return its id."""
    async with Wire(server) as wire:
        project = str(json.loads((await wire.ask("POST", "/projects", b"{}")).body)["id"])
        await wire.ask("POST", f"/projects/{project}/classes", b'{"name": "a"}')
    return project


async def _fill(server: Server, project: str, photos: Sequence[Path], taken: list[Path]) -> None:
    """Add photos to a project until the server is gone; those that it had taken are noted in `taken`."""
    address = f"/projects/{project}/classes/1/photos?name="
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        async with Wire(server) as wire:
            for path in photos:
                await wire.ask("POST", f"{address}{path.name}", path.read_bytes())
                taken.append(path)


async def _listed(server: Server, project: str) -> int:
    async with Wire(server) as wire:
        return len(json.loads((await wire.ask("GET", f"/projects/{project}/classes/1/photos")).body)["photos"])


def damaged_files(folder: Path) -> list[str]:
    """Return the files that are not what their names say: photos are named by their SHA-256."""
    return [path.name for path in folder.iterdir() if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def _kill(server: Server) -> None:
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(20)
