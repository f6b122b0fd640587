"""The first minute on a machine that has just been installed and has no internet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.photos.samples import find_samples
from tests.support.cut import Cut
from tests.support.server import Server, start_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    return Cut(tmp_path_factory.mktemp("cut") / "log.txt")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cut: Cut) -> Iterator[Server]:
    """Serve the app with an empty data folder and no network."""
    running = start_server(tmp_path_factory.mktemp("home"), **cut.environment)
    yield running
    running.process.terminate()
    running.process.wait(20)


def test_a_dropped_photo_gets_the_verdict_of_a_model_of_a_thousand_classes(
    page: Page, server: Server, cut: Cut
) -> None:
    cat: Path = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    page.goto(server.url)
    page.set_input_files("input[type=file]", cat)
    verdict = page.locator(".stage [data-verdict]")
    expect(verdict).to_be_visible(timeout=20_000)
    expect(verdict).to_contain_text("cat")
    expect(page.get_by_text("What this model knows: 1000 classes")).to_be_visible()
    assert cut.attempts == []
