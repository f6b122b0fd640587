"""Fixtures for all tests, and what did not run said last."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import hypothesis
import pytest

from lib.classify.classifier import Classifier
from lib.classify.opening import open_classifier
from lib.model.spec import ModelFolder, load
from tests.support.chromium import browser

__all__ = ["browser"]

ROOT = Path(__file__).resolve().parents[1]
TINY_MODELS = ROOT / "tests" / "models"
NEEDS_SHARED = "needs ../shared"

# The machine may be busy, and a run that fails must fail again; `--hypothesis-profile=long` looks further.
hypothesis.settings.register_profile("short", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("long", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("short")


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests leave away from the data folder of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISCERN_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photos and models that lies beside the repository and is no part of it."""
    folder = ROOT.parent / "shared"
    if not (folder / "photos").is_dir():
        pytest.skip(NEEDS_SHARED)
    return folder


@pytest.fixture(scope="session")
def tiny_model() -> Callable[[str], ModelFolder]:
    """Open one of the folders in tests/models: a model whose answer can be worked out by hand."""
    return lambda name: load(TINY_MODELS / name)


@pytest.fixture(scope="session")
def colours() -> Classifier:
    """A real LiteRT model that answers with a picture's mean red, green and blue."""
    return open_classifier(load(TINY_MODELS / "float32"), workers=2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests did not run and why, and which took two tries; also in DISCERN_DID_NOT_RUN, a file."""
    skipped = terminalreporter.stats.get("skipped", [])
    line = did_not_run(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    line += took_two_tries(report.nodeid for report in terminalreporter.stats.get("rerun", []))
    terminalreporter.section("What did not run", yellow=bool(skipped))
    terminalreporter.line(line)
    kept = os.environ.get("DISCERN_DID_NOT_RUN")
    if kept and not hasattr(terminalreporter.config, "workerinput"):  # what runs a part of them says so to the one
        with Path(kept).open("a", encoding="utf-8") as file:
            file.write(f"{' '.join(terminalreporter.config.args)}: {line}\n")


def did_not_run(reasons: Iterable[str]) -> str:
    """Return what is said of a run that skipped a test for each of these reasons."""
    counts = Counter(reasons)
    each = ", ".join(f"{count} × {reason}" for reason, count in counts.most_common())
    tests = "1 test" if counts.total() == 1 else f"{counts.total()} tests"
    return f"{tests} did not run: {each}." if counts else "No test was skipped."


def took_two_tries(tests: Iterable[str]) -> str:
    """Return what is said of tests that failed at first: a browser may have been late, or there is a race."""
    return "".join(f"\n  failed once and was tried again: {test}" for test in tests)
