"""Many people and programs at one server: what `python -m tests.load` measures, as far as it takes a minute or so."""

from dataclasses import replace
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.load import api, classroom, latecomer
from tests.load.options import DEFAULTS


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    fewer = replace(DEFAULTS, large=150)
    return [*classroom.measure(shared), *latecomer.measure(shared, fewer), *api.measure(shared)]
