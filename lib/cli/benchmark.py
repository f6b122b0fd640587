"""`benchmark`: how fast models are here."""

import argparse
import json
from pathlib import Path

from lib.catalogue.store import DEFAULT_ID, Store
from lib.catalogue.variants import make_variant, variants
from lib.cli.terminal import ALL_WELL, SOME_FAILED, complain, default_model, note, put_table, steps_in_place
from lib.errors import AppError
from lib.evaluation.speed import SECONDS_PER_MODEL, Benchmark, Measurement, benchmark, thread_counts
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.reports.models import published_object
from lib.work.files import size_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `benchmark` to `parser`, and `run`."""
    parser.add_argument(
        "--model", action="extend", nargs="+", metavar="ID", help=f"models to measure (default {DEFAULT_ID})"
    )
    parser.add_argument(
        "--threads",
        action="extend",
        nargs="+",
        type=int,
        metavar="N",
        help=f"numbers of threads (default {' '.join(map(str, thread_counts()))})",
    )
    parser.add_argument(
        "--variants", action="store_true", help="each model as float32, float16, dynamic and int8, made where needed"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS_PER_MODEL,
        help=f"to time each model for (default {SECONDS_PER_MODEL:g})",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run_benchmark)


def run_benchmark(arguments: argparse.Namespace, say: Translator) -> int:
    """Measure, print what came of it, and return the exit code."""
    store = Store()
    folders = store.open_folders(arguments.model or [default_model(store, say)])
    failed = False
    if arguments.variants:
        folders, problems = _with_variants(folders)
        failed = bool(problems)
        for problem in problems:
            complain(problem, say)
    with steps_in_place() as on_progress:
        found = benchmark(folders, arguments.threads, seconds_per_model=arguments.seconds, on_progress=on_progress)
    if arguments.json:
        print(json.dumps(benchmark_object(found, say)))
    else:
        put_table([_header(say), *(_row(one) for one in found.measurements)])
    for failure in found.failures:
        complain(failure.error, say)
    if found.reason is not None:
        note(say.message(found.reason))
    return SOME_FAILED if failed or found.failures else ALL_WELL


def _with_variants(folders: list[ModelFolder]) -> tuple[list[ModelFolder], list[AppError]]:
    """Return all formats of all models, each once, and what could not be made."""
    found: dict[Path, ModelFolder] = {}
    problems: list[AppError] = []
    for folder in folders:
        for variant in variants(folder):
            try:
                made = variant.folder or make_variant(folder, variant.format)
                found[made.path] = made
            except AppError as error:
                problems.append(error)
    return list(found.values()), problems


def benchmark_object(found: Benchmark, say: Translator) -> dict[str, object]:
    """Return a measurement as `benchmark --json` prints it."""
    return {
        "models": [_measurement_object(one) for one in found.measurements],
        "failed": [{"id": one.model, "error": say.message(one.error.message)} for one in found.failures],
        "cores": found.cores,
        "quiet": found.quiet,
        "reason": None if found.reason is None else say.message(found.reason),
    }


def _measurement_object(found: Measurement) -> dict[str, object]:
    return {
        "id": found.model,
        "threads": found.threads,
        "median_ms": round(found.median_ms, 4),
        "p90_ms": round(found.p90_ms, 4),
        "photos_per_s": round(found.photos_per_s, 2),
        "bytes": found.bytes,
        "memory_bytes": found.memory_bytes,
        "runs": found.runs,
        "published": published_object(found.published),
    }


def _header(say: Translator) -> tuple[str, ...]:
    names = (
        N_("model"), N_("threads"), N_("median"), N_("90% within"), N_("photos per second"),
        N_("file size"), N_("memory"),
    )  # fmt: skip
    return tuple(say(name) for name in names)


def _row(found: Measurement) -> tuple[str, ...]:
    return (
        found.model,
        str(found.threads),
        f"{found.median_ms:.2f} ms",
        f"{found.p90_ms:.2f} ms",
        f"{found.photos_per_s:.1f}",
        size_words(found.bytes),
        "" if found.memory_bytes is None else size_words(found.memory_bytes),
    )
