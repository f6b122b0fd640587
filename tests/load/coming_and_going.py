"""Visitors who come and go for a while, one of them with a real Chromium: memory stays flat."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import Figure
from tests.load import browser
from tests.load.machine import load, megabytes, serving
from tests.load.options import DEFAULTS, Options
from tests.load.page import opened, warmed
from tests.support.server import Server

SEATS = 8  # visitors at a time
MOST_PHOTOS, PAUSE_S = 20, 4.0
SAMPLE_S = 5.0
ROWS = 20  # of the table


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with serving() as server:
        curve, came = asyncio.run(busy(server, paths, options))
    # While a closed page's visit is kept, memory grows; from then on as many are forgotten as come.
    steady = [(minutes, held) for minutes, held in curve if minutes >= options.minutes / 2]
    slope = float(np.polyfit(*np.array(steady).T, 1)[0]) if len(steady) > 2 else 0.0
    table = {f"minute {minutes:.1f}, MB": round(held) for minutes, held in curve[:: max(1, len(curve) // ROWS)]}
    detail = {"visitors": came["page"], "with Chromium": came["chromium"], **table, **load()}
    name = f"{options.minutes:g} minutes of visitors coming and going: growth in the second half"
    return [
        Figure(name, slope, "MB a minute", at_most=1.0, detail=detail),
        Figure("the same: what went wrong", came["wrong"], "", at_most=0),
    ]


async def busy(
    server: Server, paths: Sequence[Path], options: Options
) -> tuple[list[tuple[float, float]], dict[str, int]]:
    """Keep the server busy; return minutes and MB now and then, and how many came."""
    photos = {path.name: path.read_bytes() for path in paths}
    came = {"page": 0, "chromium": 0, "wrong": 0}
    await warmed(server, options.model, next(iter(photos.values())))
    start, curve = time.monotonic(), []
    seats = [asyncio.create_task(_seat(server, photos, options, came, number)) for number in range(SEATS)]
    seats.append(asyncio.create_task(_with_chromium(server, paths, came)))
    while (passed := time.monotonic() - start) < options.minutes * 60:
        curve.append((passed / 60, megabytes(server)))
        await asyncio.sleep(min(SAMPLE_S, options.minutes * 60 - passed))
    for seat in seats:
        seat.cancel()
    for seat in seats:
        with suppress(asyncio.CancelledError):
            await seat
    return curve, came


async def _seat(
    server: Server, photos: Mapping[str, bytes], options: Options, came: dict[str, int], number: int
) -> None:
    """Come, bring photos in a few goes, look at the answers, go; again and again."""
    chance = random.Random(number)
    while True:
        mine = chance.sample(sorted(photos.items()), chance.randint(1, MOST_PHOTOS))
        async with opened(server, options.model) as page:
            for some in (mine[::2], mine[1::2]):
                if some:
                    await page.bring(some)
                await asyncio.sleep(chance.uniform(0, PAUSE_S))
            came["wrong"] += len(mine) - len(await page.results())
            if chance.random() < 0.3:
                await page.clear()
        came["page"] += 1


async def _with_chromium(server: Server, paths: Sequence[Path], came: dict[str, int]) -> None:
    chance = random.Random(-1)
    async with browser.chromium() as running:
        while True:
            mine = chance.sample(paths, 5)
            async with browser.visiting(running, server) as page:
                await browser.drop(page, mine)
                await browser.all_answered(page, len(mine))
            came["chromium"] += 1
            await asyncio.sleep(chance.uniform(0, PAUSE_S))
