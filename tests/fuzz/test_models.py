"""A few damaged models in every test run; `python -m tests.fuzz.models 3000` tries many."""

from tests.fuzz.models import mutant, run


def test_damaged_models_cost_nobody_anything() -> None:
    report = run(24, seed=8)
    assert not report.faults, str(report)
    assert sum(report.outcomes.values()) == 24
    assert len(report.outcomes) > 1, "some are refused, some answer"


def test_one_seed_gives_the_same_files() -> None:
    assert mutant(5, seed=1) == mutant(5, seed=1) != mutant(5, seed=2)
