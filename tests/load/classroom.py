"""A class: thirty visitors who each bring twenty photos in the same second, and what it costs the server.

Each has a page open and posts as a browser does. The server runs in a process of its own; who asks shares its cores.
Every answer is compared with the command line's: the same numbers to the last digit. Two waves; the photos of the first
are removed before the second, as visitors do. Those of the second are still there when the pages close.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.catalogue.store import Store
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.photos.source import Source
from tests.benchmarks.measuring import Figure
from tests.load.machine import cpu_s, load, megabytes, serving
from tests.load.options import DEFAULTS, Options
from tests.load.page import Page, opened, warmed
from tests.load.rival import gradio_s
from tests.support.server import ROOT, Server

WAVES = 2


@dataclass(frozen=True, slots=True)
class Wave:
    """What came of one wave.

    Attributes:
        first_s: Of each visitor, when the first answer was there.
        all_s: When the last one of all was.
        cpu_s: What the server took.
        megabytes: What it held at the end.
        right: How many answers equal the command line's.
    """

    first_s: list[float]
    all_s: float
    cpu_s: float
    megabytes: float
    right: int

    @property
    def first_p95_s(self) -> float:
        """Return the time within which 19 of 20 visitors had their first answer."""
        return statistics.quantiles(self.first_s, n=20)[-1] if len(self.first_s) > 1 else self.first_s[0]


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    folder = shared / "photos" / "imagenet-sample"
    photos = {path.name: path.read_bytes() for path in sorted(folder.glob("*.JPEG"))}
    with serving() as server:
        before, waves = asyncio.run(waves_of(server, photos, options, told_by_command_line(folder, options.model)))
    alone_s = alone_cpu_s([*photos.values()], options.model) * options.visitors * options.photos
    rival_s = gradio_s(options, [*photos.values()])
    return [*_figures(waves, before, alone_s, options), *_against(rival_s, waves)]


def told_by_command_line(folder: Path, model: str) -> dict[str, dict[str, Any]]:
    """Return what `classify --json` says of the photos in a folder, by their names, without the names."""
    command = [sys.executable, "-m", "lib", "classify", str(folder), "--model", model, "--json"]
    out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    told = [json.loads(line) for line in out.splitlines()]
    return {Path(one.pop("file")).name: one for one in told}


async def waves_of(
    server: Server, photos: Mapping[str, bytes], options: Options, expected: Mapping[str, Mapping[str, Any]]
) -> tuple[float, list[Wave]]:
    """Return what the server held before, in MB, and what came of each wave."""
    await warmed(server, options.model, next(iter(photos.values())))
    async with AsyncExitStack() as pages:
        visitors = [await pages.enter_async_context(opened(server, options.model)) for _ in range(options.visitors)]
        before, waves = megabytes(server), []
        for number in range(WAVES):
            if number:
                await asyncio.gather(*(page.clear() for page in visitors))
                await asyncio.sleep(1)
            waves.append(await _wave(server, visitors, photos, options, expected))
    return before, waves


async def _wave(
    server: Server,
    visitors: Sequence[Page],
    photos: Mapping[str, bytes],
    options: Options,
    expected: Mapping[str, Mapping[str, Any]],
) -> Wave:
    cycle = [*photos.items()] * (1 + options.photos // len(photos) + options.visitors * 7 // len(photos))
    theirs = [cycle[number * 7 : number * 7 + options.photos] for number in range(len(visitors))]
    cpu, start = cpu_s(server), time.monotonic()
    answers = await asyncio.gather(*(page.bring(mine) for page, mine in zip(visitors, theirs, strict=True)))
    took, all_s = cpu_s(server) - cpu, max(each[-1].at_s for each in answers) - start
    held = megabytes(server)
    told = await asyncio.gather(*(page.results() for page in visitors))
    right = sum(expected.get(one.pop("file")) == one for one in itertools.chain(*told))
    return Wave([each[0].at_s - start for each in answers], all_s, took, held, right)


def alone_cpu_s(photos: Sequence[bytes], model: str) -> float:
    """Return the processor time that decoding, scaling and inference of a photo take here and now, nothing else.

    On a busy machine the same work takes more processor time, since cores share caches and units: this says how much.
    """
    classifier = open_classifier(Store().open_folder(model))
    infer(Source.of_bytes(photos[0], "first.jpg"), classifier)
    start = time.thread_time()
    for photo in photos:
        infer(Source.of_bytes(photo, "a.jpg"), classifier)
    return (time.thread_time() - start) / len(photos)


def _figures(waves: Sequence[Wave], before: float, alone_s: float, options: Options) -> list[Figure]:
    first, ends = [wave.first_p95_s for wave in waves], [wave.all_s for wave in waves]
    took, held = [wave.cpu_s for wave in waves], [wave.megabytes for wave in waves]
    count, right = options.visitors * options.photos, min(wave.right for wave in waves)
    many = f"{options.visitors} visitors with {options.photos} photos each"
    work = {**_each("s", took), "decoding, scaling and inference alone, s": round(alone_s, 2)}
    grown = {"before, MB": round(before), **_each("MB", held)}
    return [
        Figure(f"{many}: first answer, p95", max(first), "s", at_most=0.5, detail=_each("s", first) | load()),
        Figure("the same: all answers", max(ends), "s", at_most=3.0, detail=_each("s", ends)),
        Figure("the same: processor time of the server", max(took), "s", at_most=5.0, detail=work),
        Figure("the same: answers equal to the command line's", right, "", at_least=count),
        Figure("the same: what the server grew", max(held) - before, "MB", at_most=150.0, detail=grown),
    ]


def _against(rival_s: float | None, waves: Sequence[Wave]) -> list[Figure]:
    if rival_s is None:
        return []
    ends = max(wave.all_s for wave in waves)
    detail = {"Gradio, s": round(rival_s, 2), "Discern, s": round(ends, 2)}
    return [
        Figure("the same: all answers, as a share of Gradio's time", ends / rival_s, "x", at_most=0.3, detail=detail)
    ]


def _each(unit: str, values: Sequence[float]) -> dict[str, float]:
    return {f"wave {number}, {unit}": round(value, 2) for number, value in enumerate(values, 1)}
