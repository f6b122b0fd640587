"""The page Models: found by what they know, fetched with one click, seen by every visitor, deleted when asked twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.mirror import Mirror, serve
from tests.support.server import Server, start_server
from tests.support.user_models import TINY

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
    context = browser.new_context(viewport={"width": 375, "height": 812}, locale="en-US")
    yield context.new_page()
    context.close()


def sheet(page: Page) -> Locator:
    """Return the details that are open."""
    return page.locator("dialog[open]")


def test_one_click_downloads_a_model_and_it_classifies_and_it_is_deleted(
    page: Page, mirror: Mirror, mirrored: Server, shared: Path
) -> None:
    page.goto(f"{mirrored.url}/models?model={SMALL}")
    download = sheet(page).get_by_role("button", name="Download 0.5 MB")
    expect(download).to_be_visible(timeout=20_000)
    assert mirror.asked[SMALL_FILE] == 0, "nothing may be fetched before the click"
    download.click()
    sheet(page).get_by_role("button", name="Use it").click(timeout=60_000)
    page.wait_for_url(f"**/?model={SMALL}")
    page.set_input_files("input[type=file]", [shared / "photos" / "misc" / "parrot.jpg"])
    expect(page.locator(".stage [data-verdict]")).to_contain_text("macaw", timeout=60_000)
    assert mirror.asked[SMALL_FILE] == 1
    page.goto(f"{mirrored.url}/models?model={SMALL}")
    delete = sheet(page).get_by_role("button", name="Delete it")
    expect(sheet(page)).to_be_visible(timeout=20_000)
    expect(delete).to_be_hidden()
    sheet(page).get_by_text("Delete this model").click()
    expect(sheet(page)).to_contain_text("This frees 0.5 MB. It can be downloaded again.")
    delete.click()
    expect(sheet(page)).to_have_count(0)
    page.goto(f"{mirrored.url}/models?model={SMALL}")
    expect(download).to_be_visible(timeout=20_000)


def test_two_visitors_share_one_download_and_see_its_progress(
    page: Page, visitor: Page, mirror: Mirror, mirrored: Server
) -> None:
    mirror.paused.add(LARGER_FILE)
    mirror.release.clear()
    page.goto(f"{mirrored.url}/models?model={LARGER}")
    sheet(page).get_by_role("button", name="Download 1.4 MB").click(timeout=20_000)
    expect(sheet(page).get_by_role("progressbar")).to_be_visible()
    visitor.goto(f"{mirrored.url}/models?model={LARGER}")
    for each in (page, visitor):
        expect(sheet(each).get_by_text("Downloading 0.7 of 1.4 MB")).to_be_visible(timeout=20_000)
    expect(sheet(visitor).get_by_role("button", name="Cancel")).to_have_count(0)
    mirror.release.set()
    for each in (page, visitor):
        expect(sheet(each).get_by_role("button", name="Use it")).to_be_visible(timeout=60_000)
    assert mirror.asked[LARGER_FILE] == 1


def test_a_blocked_network_is_one_sentence(page: Page, mirror: Mirror, mirrored: Server) -> None:
    mirror.status["mobilenet_v2_1.0_224_quant.tflite"] = 503
    page.goto(f"{mirrored.url}/models?model=mobilenet-v2-1.0-224-quant")
    download = sheet(page).get_by_role("button", name="Download 3.6 MB")
    download.click(timeout=20_000)
    failed = sheet(page).get_by_role("status")
    expect(failed).to_contain_text("mobilenet_v2_1.0_224_quant.tflite", timeout=30_000)
    expect(download).to_be_visible()


def test_models_are_found_and_opened_with_the_keyboard_and_back_leads_back(page: Page, mirrored: Server) -> None:
    page.goto(f"{mirrored.url}/models")
    field = page.get_by_role("searchbox")
    field.click(timeout=20_000)
    page.keyboard.type("penguin")
    rows = page.locator(".m-all tbody tr")
    expect(rows.first).to_contain_text("knows “king penguin”")
    expect(field).to_be_focused()
    expect(page).to_have_url(f"{mirrored.url}/models?q=penguin")
    page.get_by_role("columnheader", name="Size").get_by_role("link").press("Enter")
    expect(page.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "ascending")
    link = rows.first.get_by_role("link")
    name = link.inner_text()
    link.press("Enter")
    expect(sheet(page).get_by_role("heading", name=name)).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet(page)).to_have_count(0)
    expect(page).to_have_url(f"{mirrored.url}/models?q=penguin&sort=size")
    page.go_back()
    expect(sheet(page)).to_be_visible()
    page.go_back()
    expect(sheet(page)).to_have_count(0)
    expect(field).to_have_value("penguin")


def test_a_point_of_the_picture_opens_its_model_again_and_again(page: Page, mirrored: Server) -> None:
    page.goto(f"{mirrored.url}/models")
    for _ in range(2):
        page.locator(".st-key-models-picture svg.marks").click(timeout=30_000)
        expect(sheet(page)).to_be_visible(timeout=20_000)
        expect(page).to_have_url(f"{mirrored.url}/models?model=squeezenet-224")
        sheet(page).get_by_role("link", name="Close").click()
        expect(page).to_have_url(f"{mirrored.url}/models")


def test_nothing_is_wider_than_a_phone_and_a_source_opens_inside_its_card(visitor: Page, mirrored: Server) -> None:
    for language in ("en", "ko", "ja"):
        visitor.goto(f"{mirrored.url}/models?lang={language}&show=all")
        source = visitor.locator(".m-source").first
        source.locator("summary").click(timeout=20_000)
        expect(source.locator("span")).to_be_visible()
        card, told = visitor.locator(".m-card").first.bounding_box(), source.locator("span").bounding_box()
        assert card is not None
        assert told is not None
        assert card["x"] < told["x"]
        assert told["x"] + told["width"] < card["x"] + card["width"]
        page = "document.querySelector('[data-testid=stMain]')"
        assert visitor.evaluate(f"{page}.scrollWidth <= {page}.clientWidth"), language


def test_a_model_from_teachable_machine_is_added_and_tried(page: Page, mirrored: Server, tmp_path: Path) -> None:
    labels = "0 red\n1 green\n2 blue\n"
    weights = (TINY / "float32" / "model.tflite").read_bytes()
    unpacked = [tmp_path / "model_unquant.tflite", tmp_path / "labels.txt"]  # as Safari leaves the zip
    unpacked[0].write_bytes(weights)
    unpacked[1].write_text(labels)
    (tmp_path / "broken.tflite").write_bytes(weights[:200])
    page.goto(f"{mirrored.url}/train")
    page.get_by_role("link", name="Bring a model from Teachable Machine").click(timeout=20_000)
    section = page.locator(".st-key-adding")
    section.locator("input[type=file]").set_input_files(tmp_path / "broken.tflite")
    expect(section.get_by_text("broken.tflite is damaged")).to_be_visible(timeout=20_000)
    section.get_by_role("button", name="Choose another file").click()
    section.locator("input[type=file]").set_input_files(unpacked)
    expect(section.get_by_label("Its 3 classes")).to_have_value("red\ngreen\nblue", timeout=20_000)
    section.get_by_label("Name").fill("Our colours")
    section.get_by_role("button", name="Add this model").click()
    section.get_by_role("button", name="Try it in Classify").click(timeout=20_000)
    page.wait_for_url("**/?model=our-colours*")
    expect(page.get_by_text("Our colours").first).to_be_visible()
