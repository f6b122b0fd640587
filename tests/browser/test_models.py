"""Models that are not here yet: fetched with one click, seen by every visitor, and nothing without the click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.mirror import Mirror, serve
from tests.support.server import Server, start_server

pytestmark = pytest.mark.browser

SMALL = "mobilenet-v1-0.25-128-quant"
SMALL_FILE = "mobilenet_v1_0.25_128_quant.tflite"
LARGER = "mobilenet-v1-0.5-160-quant"
LARGER_FILE = "mobilenet_v1_0.5_160_quant.tflite"


@pytest.fixture(scope="module")
def mirror(shared: Path) -> Iterator[Mirror]:
    """Serve the real models in the place of the internet."""
    with serve(Mirror(shared / "models" / "imagenet")) as running:
        yield running


@pytest.fixture(scope="module")
def mirrored(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the app with an empty data folder and the mirror."""
    running = start_server(tmp_path_factory.mktemp("mirrored"), DISCERN_MIRROR=mirror.address)
    yield running
    running.process.terminate()
    running.process.wait(20)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """Return a second visitor's page."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    yield context.new_page()
    context.close()


def download_button(page: Page):
    """Return the one button that fetches the chosen model."""
    return page.locator("[class*='st-key-fetch-'] button")


def test_one_click_downloads_a_model_and_it_classifies(
    page: Page, mirror: Mirror, mirrored: Server, shared: Path
) -> None:
    page.goto(f"{mirrored.url}/?model={SMALL}")
    expect(download_button(page)).to_contain_text("0.5 MB")
    assert mirror.asked[SMALL_FILE] == 0, "nothing may be fetched before the click"
    page.set_input_files("input[type=file]", [shared / "photos" / "misc" / "parrot.jpg"])
    download_button(page).click()
    expect(page.locator(".stage [data-verdict]")).to_contain_text("macaw", timeout=60_000)
    assert mirror.asked[SMALL_FILE] == 1


def test_two_visitors_share_one_download_and_see_its_progress(
    page: Page, visitor: Page, mirror: Mirror, mirrored: Server
) -> None:
    mirror.paused.add(LARGER_FILE)
    mirror.release.clear()
    for each in (page, visitor):
        each.goto(f"{mirrored.url}/?model={LARGER}")
    download_button(page).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("Downloading 0.7 of 1.4 MB")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_text("Downloading 0.7 of 1.4 MB")).to_be_visible()
    mirror.release.set()
    for each in (page, visitor):
        expect(each.get_by_text("This model is not on this computer yet.")).to_have_count(0, timeout=60_000)
    assert mirror.asked[LARGER_FILE] == 1


def test_a_blocked_network_is_one_sentence_and_no_other_model_steps_in(
    page: Page, mirror: Mirror, mirrored: Server, shared: Path
) -> None:
    mirror.status["mobilenet_v2_1.0_224_quant.tflite"] = 503
    page.goto(f"{mirrored.url}/?model=mobilenet-v2-1.0-224-quant")
    page.set_input_files("input[type=file]", [shared / "photos" / "misc" / "parrot.jpg"])
    download_button(page).click()
    expect(page.get_by_role("alert").filter(has_text="mobilenet_v2_1.0_224_quant.tflite")).to_be_visible(timeout=30_000)
    expect(page.locator(".stage [data-verdict]")).to_have_count(0)
    expect(download_button(page)).to_be_visible()


def test_the_catalogue_lists_every_family(page: Page, mirrored: Server) -> None:
    page.goto(f"{mirrored.url}/models")
    for family in ("MobileNet", "Inception", "ResNet", "DenseNet", "NASNet", "SqueezeNet", "MnasNet", "EfficientNet"):
        expect(page.get_by_role("heading", name=family, exact=True)).to_be_visible(timeout=20_000)
