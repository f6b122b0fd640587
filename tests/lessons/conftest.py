"""The bench of all lessons' tests."""

import pytest

from lib.catalogue.store import Store
from lib.lessons.bench import Bench
from tests.support.lessons import Benches


@pytest.fixture(scope="session")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Benches:
    store = Store(tmp_path_factory.mktemp("lessons"))
    store.ready()  # writes the models that come with a package
    return Benches(store)


@pytest.fixture
def bench(benches: Benches) -> Bench:
    """Return a bench with the samples, in English."""
    return benches.bench()
