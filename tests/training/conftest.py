"""What tests of training share."""

from collections.abc import Iterator

import pytest

from lib.work import process
from tests.support.workshop import Workshop


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """A process that has imported TensorFlow."""
    with Workshop() as process:
        yield process


@pytest.fixture
def warm(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainings work in that process instead of one of their own each."""
    monkeypatch.setattr(process, "run", workshop.work)
