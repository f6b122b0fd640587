"""Damaged models in Keras's and Teachable Machine's forms: each is converted or refused in one sentence.

Each in a process of its own, forked from one that has imported TensorFlow, since that takes seconds.
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
        # A file that takes its process down with a signal is refused by whoever waits for that (`in_child`).
        if found.get("died") == -1 or "\n" in found.get("error", ""):
            report.wrong.append(f"{name}: {found}")
        else:
            report.outcomes["answered" if "answer" in found else "refused"] += 1
    return report
