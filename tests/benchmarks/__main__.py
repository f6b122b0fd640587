"""Run the benchmarks, print a table and then JSON, and end with 1 where a value misses its mark.

python -m tests.benchmarks [NAME…]
"""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.measuring import Figure, cores_to_be_had

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1].parent / "shared"
NAMES = sorted(
    path.stem for path in HERE.glob("*.py") if "\ndef measure(shared: Path)" in path.read_text(encoding="utf-8")
)


def show(figures: Sequence[Figure]) -> None:
    """Print what was measured, one line a figure."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        mark = f"≥ {figure.at_least:g}" if figure.at_least is not None else f"≤ {figure.at_most:g}"
        result = "ok" if figure.is_met else "MISSED"
        print(f"{figure.name:{width}}  {figure.value:8.2f} {figure.unit:2}  {mark:>7}  {result}")
        print(f"{'':{width}}  " + ", ".join(f"{name} {value:g}" for name, value in figure.detail.items()))


def main() -> int:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if not (SHARED / "photos").is_dir():
        print("The benchmarks need real photos and models: there is no folder ../shared.", file=sys.stderr)
        return 2
    print(f"Cores to be had: {cores_to_be_had():.1f} of {os.cpu_count()}. On a busy machine no batch gets its due.")
    figures: list[Figure] = []
    for name in names:
        figures += importlib.import_module(f"tests.benchmarks.{name}").measure(SHARED)
    show(figures)
    print(json.dumps([{**asdict(figure), "is_met": figure.is_met} for figure in figures]))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
