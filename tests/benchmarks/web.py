"""The app in a real browser: how soon the first answer comes, how long a photo takes, how much memory it needs."""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks.measuring import Figure
from tests.browser.install import find_browser
from tests.support.chromium import FLAGS
from tests.support.server import Server, free_port, start_server

SINGLES = 15
DROP_ZONE = "input[type=file]"
BARS = ".stage [data-bars]"


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    photos = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        page = browser.new_page(locale="en-US", viewport={"width": 1400, "height": 900})
        with _serving(home, port) as (server, launched):
            _drop(page, server, photos[0])
            cold = time.monotonic() - launched
        with _serving(home, port) as (server, launched):
            ready = time.monotonic() - launched
            _drop(page, server, photos[0])
            first = time.monotonic() - launched
            singles = [_one(page, server, photo) for photo in photos[1 : SINGLES + 1]]
            _many(page, server, photos)
            peak = _peak_megabytes(server.process.pid)
            has_tensorflow = "tensorflow" in Path(f"/proc/{server.process.pid}/maps").read_text()
        browser.close()
    starts = {"of which until the server answers, s": round(ready, 2), "with a browser never used, s": round(cold, 2)}
    return [
        Figure("first result after the launch of the server, page load included", first, "s", None, 3.0, starts),
        Figure(
            "one photo, from drop to bars, median",
            statistics.median(singles),
            "s",
            at_most=1.0,
            detail={"fastest, s": round(min(singles), 2), "slowest, s": round(max(singles), 2)},
        ),
        Figure(f"peak memory of the server after {len(photos)} photos", peak, "MB", at_most=350.0),
        Figure("TensorFlow loaded by the server", float(has_tensorflow), "", at_most=0.0),
    ]


@contextlib.contextmanager
def _serving(home: Path, port: int) -> Iterator[tuple[Server, float]]:
    launched = time.monotonic()
    server = start_server(home, port=port)
    try:
        yield server, launched
    finally:
        server.process.terminate()
        server.process.wait(20)


def _drop(page: Page, server: Server, photo: Path) -> float:
    """Open the page, drop one photo and return the seconds from the drop to its bars."""
    _open(page, server)
    start = time.monotonic()
    page.set_input_files(DROP_ZONE, photo)
    page.locator(BARS).first.wait_for(timeout=30_000)
    return time.monotonic() - start


def _open(page: Page, server: Server) -> None:
    """Open the app without the photos that this tab had before."""
    if page.url.startswith(server.url):
        page.evaluate("sessionStorage.clear()")
    page.goto(server.url)
    page.locator(DROP_ZONE).wait_for(state="attached")


def _one(page: Page, server: Server, photo: Path) -> float:
    seconds = _drop(page, server, photo)
    expect(page.locator(".file summary")).to_have_text(photo.name)
    return seconds


def _many(page: Page, server: Server, photos: list[Path]) -> None:
    _open(page, server)
    page.set_input_files(DROP_ZONE, photos)
    expect(page.locator(".sheet li")).to_have_count(len(photos), timeout=60_000)
    expect(page.locator(".sheet .busy")).to_have_count(0, timeout=60_000)


def _peak_megabytes(pid: int) -> float:
    """Return the largest resident set that the process ever had (Linux: VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
