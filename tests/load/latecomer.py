"""One visitor with five hundred photos of a phone, and others who come meanwhile with one small photo each."""

import asyncio
import io
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks.measuring import Figure
from tests.load.machine import load, megabytes, serving
from tests.load.options import DEFAULTS, Options
from tests.load.page import Page, opened, warmed
from tests.support.server import Server

SIZE_WH = 4032, 3024
LATECOMERS = 20
_DIFFERENT = 8  # photos, which the visitor brings again and again


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    small = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    large = [phone_photo(path) for path in small[:_DIFFERENT]]
    with serving() as server:
        return asyncio.run(beside(server, large, [path.read_bytes() for path in small[:LATECOMERS]], options))


def phone_photo(path: Path) -> bytes:
    """Return a photo enlarged to 12 megapixels, with a sensor's noise: a JPEG of some 4 MB, as a phone's."""
    with Image.open(path) as photo:
        pixels = np.asarray(photo.convert("RGB").resize(SIZE_WH, Image.Resampling.BICUBIC), np.float32)
    noise = np.random.default_rng(0).normal(0, 9, pixels.shape).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


async def beside(server: Server, large: Sequence[bytes], small: Sequence[bytes], options: Options) -> list[Figure]:
    """Let one visitor bring large photos, and as long as these last another one a small one now and then."""
    await warmed(server, options.model, small[0])
    before = megabytes(server)
    many = [(f"{number}.jpg", large[number % len(large)]) for number in range(options.large)]
    async with opened(server, options.model) as page:
        bringing = asyncio.create_task(page.bring(many))
        await asyncio.sleep(1)
        waits, peak = await _come_late(server, small, options, bringing)
        answers = await bringing
        seen = len(await page.results())
    sizes = {"MB a photo": round(sum(map(len, large)) / len(large) / 1e6, 1), "photos": len(answers)}
    detail = {"median, s": round(statistics.median(waits), 2), "latecomers": len(waits), **sizes, **load()}
    name = f"a latecomer's photo beside a visitor with {options.large} of 12 megapixels: the longest wait"
    return [
        Figure(name, max(waits), "s", at_most=0.5, detail=detail),
        Figure("the same: large photos answered", seen, "", at_least=options.large),
        Figure("the same: what the server grew", peak - before, "MB", at_most=600.0, detail={"before": round(before)}),
    ]


async def _come_late(
    server: Server, small: Sequence[bytes], options: Options, bringing: "asyncio.Task[list[object]]"
) -> tuple[list[float], float]:
    """Return how long each latecomer waited, and the most that the server held, in MB."""
    waits: list[float] = []
    peak = megabytes(server)
    for photo in small:
        if waits and bringing.done():
            break
        async with opened(server, options.model) as late:
            waits.append(await _one(late, photo))
        peak = max(peak, megabytes(server))
        await asyncio.sleep(0.3)
    return waits, peak


async def _one(page: Page, photo: bytes) -> float:
    (answer,) = await page.bring([("late.jpg", photo)])
    return answer.seconds
