"""A few damaged files of each kind in every test run; `make fuzz` tries many."""

import pytest

from tests.fuzz.__main__ import KINDS
from tests.fuzz.models import mutant


@pytest.mark.parametrize(("kind", "count"), [("photos", 200), ("zips", 200), ("models", 24)])
def test_damaged_files_cost_nobody_anything(kind: str, count: int) -> None:
    report = KINDS[kind](count, 8)
    assert not report.wrong, report.wrong
    assert report.outcomes.total() == count
    assert min(report.outcomes["answered"], report.outcomes["refused"]) > 0.04 * count, str(report)


def test_one_seed_gives_the_same_files() -> None:
    assert mutant(5, seed=1) == mutant(5, seed=1) != mutant(5, seed=2)
