"""Damaged models in Keras's and Teachable Machine's forms: each is converted or refused in one sentence.

All of them in one process, as each that imports TensorFlow takes seconds: a file that takes it down is the last one.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import Report

ROOT = Path(__file__).resolve().parents[2]


def run(count: int, seed: int) -> Report:
    """Damage `count` files and let the library convert them."""
    report = Report("imports", seed)
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "tests.support.teachable", temporary, str(count), str(seed)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if ended.returncode != 0:
            report.wrong.append(f"the process ended with {ended.returncode}: {ended.stderr[-500:]}")
            return report
        results = json.loads((Path(temporary) / "converted.json").read_text(encoding="utf-8"))
    for name, found in results.items():
        if not name.startswith("damaged"):
            continue
        report.outcomes["refused" if "error" in found else "answered"] += 1
        if "\n" in found.get("error", ""):
            report.wrong.append(f"{name}: {found['error']}")
    return report
