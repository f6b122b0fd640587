"""Try damaged files and print what became of them; ends with 1 where anything was wrong.

python -m tests.fuzz KIND [--count N] [--seed S]
"""

import argparse

from tests.fuzz import imports, models, photos, zips

KINDS = {"photos": photos.run, "zips": zips.run, "models": models.run, "imports": imports.run}


def main() -> int:
    """Run the named kind."""
    parser = argparse.ArgumentParser("python -m tests.fuzz")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    report = KINDS[asked.kind](asked.count, asked.seed)
    print(report)
    print(*report.wrong, sep="\n", end="\n" if report.wrong else "")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
