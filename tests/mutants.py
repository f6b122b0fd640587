"""Small wrongs put into the library, one at a time: do its tests notice?   make mutants

Each mutant replaces one piece of source in a copy of the library, wherever the file has moved to, and runs the tests
named after the module. A mutant whose piece is gone, or is there twice, is an error: look for the new piece.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class LostMutantError(LookupError):
    """The piece of source that a mutant replaces is not there exactly once."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong that tests should notice.

    Attributes:
        claim: What is no longer true.
        source: The piece that is replaced; stands once in all of `lib`.
        wrong: What it becomes.
        tests: Name of the test files, without folder and ending.
        equivalent: Why no test can notice; empty for a mutant that should die.
    """

    claim: str
    source: str
    wrong: str
    tests: str
    equivalent: str = ""


MUTANTS = (
    Mutant(
        "a winner at exactly the floor is not weak, be it class or group",
        "has_rival, is_weak = p2 >= ratio * p1, p1 < floor",
        "has_rival, is_weak = p2 >= ratio * p1, p1 <= floor",
        "test_verdict",
    ),
    Mutant(
        "a clear class is never replaced by its group",
        "group.verdict is VerdictKind.CLEAR and verdict.kind.is_ambiguous else None",
        "group.verdict is VerdictKind.CLEAR else None",
        "test_verdict",
    ),
    Mutant(
        "the rest competes with the groups",
        "leader, second = _order(sums, 2).tolist()",
        "leader, second = _order(sums[:-1], 2).tolist()",
        "test_verdict",
    ),
    Mutant(
        "a label is meant where the photos tell its like apart by name",
        "and beside.isdisjoint(set(meant) - set(alike))",
        "",
        "test_matching",
    ),
    Mutant(
        "a class at exactly the ratio is named as a rival",
        "probabilities >= thresholds.ratio * p1",
        "probabilities > thresholds.ratio * p1",
        "test_verdict",
    ),
    Mutant(
        "exactly 50% is not called a lot",
        "verdict.winner.probability < FLOOR_FEW",
        "verdict.winner.probability <= FLOOR_FEW",
        "test_verdict",
    ),
    Mutant(
        "photos are scaled by the filter that the model's figures were measured with",
        "spec.size_wh, _FILTERS[spec.filter])",
        "spec.size_wh, _FILTERS['bilinear'])",
        "test_preprocess",
    ),
    Mutant(
        "an odd rest of a square part is above and to the left",
        "(width - seen_width + 1) // 2, (height - seen_height + 1) // 2",
        "(width - seen_width) // 2, (height - seen_height) // 2",
        "test_preprocess",
    ),
    Mutant(
        "answers of a model that looks in two ways are kept apart",
        'return f"{self.id} {self.input.resize}"',
        'return f"{self.id}"',
        "test_album",
    ),
    Mutant(
        "a frame is drawn where much is outside, at whichever edge",
        "max(left / width, 1 - right / width, top / height, 1 - bottom / height)",
        "max(left / width, 1 - right / width)",
        "test_preprocess",
    ),
    Mutant(
        "bytes go into a tensor as they are only to within one step",
        "np.abs(table - plain) <= 1",
        "np.abs(table - plain) <= 2",
        "test_preprocess",
    ),
    Mutant(
        "a probability below zero by more than rounding is refused",
        "_TOLERANCE = 1e-5",
        "_TOLERANCE = 1e-2",
        "test_outputs",
    ),
    Mutant(
        "the second of two classes has a probability",
        "self.probabilities.shape[1] == 1",
        "self.probabilities.shape[1] <= 2",
        "test_verdicts",
    ),
    Mutant(
        "a difference is called one at 95% confidence",
        "self.corrected < 1 - CONFIDENCE",
        "self.corrected < 0.1",
        "test_significance",
    ),
    Mutant(
        "the curve of the verdict's worth keeps the chosen floor",
        "Thresholds(ratio, thresholds.floor)",
        "Thresholds(ratio)",
        "test_verdicts",
    ),
    Mutant(
        "either half may get the odd photo",
        "start = int(rng.integers(2))",
        "start = 0",
        "test_conformal",
        equivalent="both are halves drawn at random",
    ),
)


def copy_into(folder: Path) -> None:
    """Copy what the tests need; shipped models, which no mutant changes, are linked."""
    for name in ("lib", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "models").symlink_to(ROOT / "models")


def find(mutant: Mutant, folder: Path) -> Path:
    """Return the file of the copy in `folder` that holds the mutant's piece.

    Raises:
        LostMutantError: None does, or there are several pieces, or no tests.
    """
    counts = {path: path.read_text(encoding="utf-8").count(mutant.source) for path in (folder / "lib").rglob("*.py")}
    found = [path for path, count in counts.items() if count]
    if sum(counts.values()) != 1:
        where = [path.relative_to(folder).as_posix() for path in found]
        raise LostMutantError(f"`{mutant.source}` must stand once in lib; it is in {where or 'no file'}.")
    if not tests_of(mutant, folder):
        raise LostMutantError(f"There is no {mutant.tests}.py.")
    return found[0]


def tests_of(mutant: Mutant, folder: Path) -> list[Path]:
    """Return the test files in `folder` that should notice the mutant."""
    return sorted((folder / "tests").rglob(f"{mutant.tests}.py"))


def fails(tests: list[Path], folder: Path) -> bool:
    """Whether one of the tests fails.

    Raises:
        RuntimeError: They could not be run.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, tests)]
    # Source of equal length, changed within a second, would be taken for the compiled file's.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stdout + run.stderr)
    return run.returncode == 1


def is_noticed(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests fail with the mutant in the copy; the copy is mended afterwards."""
    path, tests = find(mutant, folder), tests_of(mutant, folder)
    right = path.read_text(encoding="utf-8")
    if fails(tests, folder):
        raise RuntimeError(f"{mutant.tests} fails without a mutant.")
    path.write_text(right.replace(mutant.source, mutant.wrong), encoding="utf-8")
    try:
        return fails(tests, folder)
    finally:
        path.write_text(right, encoding="utf-8")


def main() -> int:
    """Print which mutants live; return 1 if one does that should not."""
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        copy_into(folder)
        for mutant in MUTANTS:
            try:
                noticed = is_noticed(mutant, folder)
            except LostMutantError as error:
                fate, bad = f"LOST: {error}", True
            else:
                fate = "killed" if noticed else f"alive, {mutant.equivalent or 'AND SHOULD NOT BE'}"
                bad = noticed == bool(mutant.equivalent)
            wrong += bad
            print(f"{mutant.tests:17} {mutant.claim}: {fate}", flush=True)
    print(f"{wrong} of {len(MUTANTS)} are not as they should be.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
