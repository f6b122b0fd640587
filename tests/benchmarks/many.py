"""20,000 photos through Ray Data and through the plain pool; killed half-way and gone on with.

python -m tests.benchmarks.many [--photos N] measures fewer. Ray is looked for here, else in the environment of
`make test-scale`. What is timed begins with the first answer: Ray takes some seconds to start, whatever there is to do.
"""

import argparse
import collections
import importlib.util
import itertools
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from lib.catalogue.store import Store
from lib.classify.infer import Settings, conclude, infer_photos
from lib.classify.opening import open_classifier
from lib.i18n import Translator
from lib.photos.finding import find
from lib.photos.source import Source, find_photos
from lib.reports.classifications import to_object
from lib.reports.kept import Parts
from lib.results import Answer
from lib.work.shards import Shard
from tests.benchmarks.measuring import Figure

ROOT = Path(__file__).resolve().parents[2]
PHOTOS, MODEL = 20_000, "starter"
WITH_RAY = ROOT / ".venv-scale" / "bin" / "python"


def run_once(photos: Path, actors: int, threads: int | None) -> dict[str, float]:
    """Classify a folder into another one, and return photos a second and the seconds before the first answer.

    Args:
        photos: The folder.
        actors: Of Ray; 0 for the plain pool.
        threads: Of the plain pool; None for one a core.
    """
    sources = (found.source for found in find(str(photos), print))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as out, Parts(Path(out), {}, Shard()) as kept:
        counts = _on_ray(sources, kept, actors) if actors else _here(sources, kept, threads)
        first, at_first = next(counts), time.perf_counter()
        rest, at_last = sum(counts), time.perf_counter()
    return {"rate": rest / (at_last - at_first), "before": at_first - begun, "photos": first + rest}


def _here(sources: Iterator[Source], kept: Parts, threads: int | None) -> Iterator[int]:
    folder, say = Store().open_folder(MODEL), Translator()
    labels = folder.read_labels()
    for answer in infer_photos(sources, open_classifier(folder, workers=threads)):
        kept.add([to_object(conclude(answer, labels) if isinstance(answer, Answer) else answer, say)])
        yield 1


def _on_ray(sources: Iterator[Source], kept: Parts, actors: int) -> Iterator[int]:
    from lib.scale.data import classify

    for table in classify(sources, [Store().open_folder(MODEL)], Settings(), "en", actors=actors):
        kept.add_table(table)
        yield table.num_rows


def killed_and_resumed(python: str, photos: Path, out: Path, count: int) -> dict[str, float]:
    """Kill a run on Ray half-way, go on with it, and return how many photos have one answer, and how many others."""
    command = [python, "-m", "lib", "classify", str(photos), "--model", MODEL, "--engine", "ray", "--out", str(out)]
    run = subprocess.Popen([*command, "--resume"], cwd=ROOT, stderr=subprocess.DEVNULL)
    while run.poll() is None and 2 * _rows(out) < count:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    was_killed = run.wait() == -signal.SIGKILL
    kept = _rows(out)
    subprocess.run([*command, "--resume"], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    answers = collections.Counter(pq.read_table(out, columns=["file"]).column("file").to_pylist())
    once = sum(number == 1 for number in answers.values())
    return {"once": once, "otherwise": len(answers) - once, "kept when killed": kept, "was killed": was_killed}


def _rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def python_with_ray() -> str:
    """Return the Python to run."""
    if importlib.util.find_spec("ray") is not None:
        return sys.executable
    if not WITH_RAY.exists():
        raise SystemExit("Ray is not installed: make test-scale")
    return str(WITH_RAY)


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    return measure_some(shared, PHOTOS)


def measure_some(shared: Path, count: int) -> list[Figure]:
    """Measure with `count` photos: those there are, again and again by other names."""
    python = python_with_ray()
    real = find_photos(shared / "photos" / "imagenet-sample")
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        photos.mkdir()
        for number, source in zip(range(count), itertools.cycle(real), strict=False):
            (photos / f"{number:06}.jpg").symlink_to(Path(source.name).absolute())
        found = {}
        for who in ("--threads 2", "--actors 2", "--actors 1", "--threads 1"):
            command = [python, "-m", "tests.benchmarks.many", "--once", str(photos), *who.split()]
            said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[who] = json.loads(said.splitlines()[-1])
        ended = killed_and_resumed(python, photos, Path(scratch) / "out", count)
    plain, two, one = (found[who]["rate"] for who in ("--threads 2", "--actors 2", "--actors 1"))
    rates = {f"{who.removeprefix('--')}, photos/s": each["rate"] for who, each in found.items()}
    detail = {
        name: round(value, 1) for name, value in {**rates, "Ray's start, s": found["--actors 2"]["before"]}.items()
    }
    ray = f"{count} photos, Ray Data"
    return [
        Figure(f"{ray}: speed of the plain pool kept", two / plain, "x", at_least=0.8, detail=detail),
        Figure(f"{ray}: from one actor to two", two / one, "x", at_least=1.7, detail=detail),
        Figure(
            f"{ray}, killed half-way and resumed: share of photos with one answer",
            ended["once"] / (count + ended["otherwise"]) * ended["was killed"],
            "x",
            at_least=1.0,
            detail=ended,
        ),
    ]


def main() -> int:
    """Measure with fewer photos, or be one of the processes that are measured."""
    from tests.benchmarks.__main__ import SHARED, show

    parser = argparse.ArgumentParser("python -m tests.benchmarks.many")
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--actors", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once is not None:
        print(json.dumps(run_once(arguments.once, arguments.actors, arguments.threads)))
        return 0
    figures = measure_some(SHARED, arguments.photos)
    show(figures)
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
