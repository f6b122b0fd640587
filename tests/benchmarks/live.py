"""The live camera in a real browser: how often it answers, how far behind the picture it is, and what it takes.

The camera shows a film of sample photos. The browser draws in software and shares the cores with the server, so a phone
with a processor of its own has it easier.
"""

import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from lib.photos.samples import find_samples
from tests.benchmarks.measuring import Figure
from tests.browser.install import find_browser
from tests.embed import packages
from tests.support import film
from tests.support.chromium import FLAGS
from tests.support.server import Server, start_server

SETTLE_S, MEASURE_S, LONG_S = 3, 10, 300
FIRST = ".shots .looks >> nth=0"


def measure(shared: Path) -> list[Figure]:
    """Measure; of `shared` nothing is needed."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        packages.put_scripts(home)
        camera = film.make(Path(folder) / "film.y4m", [sample.path for sample in find_samples()][:4])
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        server = start_server(home)
        try:
            return [*_measure(browser, server, "device"), *_measure(browser, server, "server")]
        finally:
            browser.close()
            server.process.terminate()
            server.process.wait(20)


def _measure(browser: Browser, server: Server, where: str) -> list[Figure]:
    page = browser.new_page(locale="en-US", viewport={"width": 1400, "height": 900})
    if where == "server":
        page.route(
            "**/live?*",
            lambda route: route.fulfill(
                status=404, json={"detail": "As if it were not here.", "code": "scripts-missing"}
            ),
        )
    page.goto(server.url)
    page.locator(".hero [data-do=camera]").click()
    page.locator(f"{FIRST} >> [data-bars]").wait_for(timeout=60_000)
    assert page.locator(FIRST).get_attribute("data-live") == where
    time.sleep(SETTLE_S)
    begun, since, behind = _count(page), time.monotonic(), []
    while time.monotonic() - since < MEASURE_S:
        time.sleep(0.05)
        behind.append(int(page.locator(FIRST).get_attribute("data-ms") or 0))
    rate = (_count(page) - begun) / (time.monotonic() - since)
    load = {"load average": psutil.getloadavg()[0]}
    figures = [
        Figure(
            f"live, answered by the {where}: from the picture to the bars, median",
            statistics.median(behind),
            "ms",
            at_most=100.0 if where == "device" else 150.0,
            detail={"p90, ms": statistics.quantiles(behind, n=10)[-1], **load},
        )
    ]
    if where == "device":
        figures.append(Figure("live, on the device: answers a second", rate, "", at_least=15.0, detail=load))
        before = _megabytes(page)
        time.sleep(LONG_S)
        after = _megabytes(page)
        detail = {"before, MB": round(before, 1), "after, MB": round(after, 1)}
        figures.append(
            Figure("live, on the device: what the page grew in five minutes", after - before, "MB", None, 20.0, detail)
        )
    page.close()
    return figures


def _count(page: Page) -> int:
    return int(page.locator(FIRST).get_attribute("data-answers") or 0)


def _megabytes(page: Page) -> float:
    """Return the JavaScript heap after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6
