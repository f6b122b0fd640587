"""Memory comes back: two waves of a class, and two minutes after all have closed their pages."""

import asyncio
import time
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.load.classroom import told_by_command_line, waves_of
from tests.load.machine import load, megabytes, serving
from tests.load.options import DEFAULTS, Options

REST_S = 120.0
LAST_S = 180.0


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    folder = shared / "photos" / "imagenet-sample"
    photos = {path.name: path.read_bytes() for path in sorted(folder.glob("*.JPEG"))}
    expected = told_by_command_line(folder, options.model)
    with serving() as server:
        before, waves = asyncio.run(waves_of(server, photos, options, expected))
        left, after = time.monotonic(), {}
        for seconds in (0.0, 30.0, 60.0, REST_S, LAST_S):
            time.sleep(max(0.0, left + seconds - time.monotonic()))
            after[f"{seconds:g} s after, MB"] = round(megabytes(server))
    peak = {f"wave {number}, MB": round(wave.megabytes) for number, wave in enumerate(waves, 1)}
    grown = after[f"{REST_S:g} s after, MB"] - before
    detail = {"before, MB": round(before), **peak, **after, **load()}
    return [Figure("memory two minutes after a class has left, against before", grown, "MB", at_most=50, detail=detail)]
