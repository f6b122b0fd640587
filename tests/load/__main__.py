"""Put a load on a server of its own, on this machine alone, and say what came of it; end with 1 where a value misses.

python -m tests.load [NAME…]
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from tests.benchmarks.__main__ import SHARED, show
from tests.benchmarks.measuring import Figure
from tests.load.options import Options

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.py") if "\ndef measure(" in path.read_text(encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the loads that are named, all unless told."""
    parser = argparse.ArgumentParser("python -m tests.load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if none is given")
    for field in fields(Options):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default, metavar="N")
    told = vars(parser.parse_args(arguments))
    names = told.pop("names") or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if not (SHARED / "photos").is_dir():
        print("The loads need real photos: there is no folder ../shared.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names:
        found = importlib.import_module(f"tests.load.{name}").measure(SHARED, Options(**told))
        show(found)
        figures += found
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
