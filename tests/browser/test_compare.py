"""The page Compare as a person uses it."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance
from playwright.sync_api import Browser, Page, expect

from lib.photos.samples import find_samples
from tests.support.server import Server

pytestmark = pytest.mark.browser

TWO = "starter-scratch,starter-small"
THREE = "starter-scratch,starter-small,starter-xception"


def open_page(page: Page, server: Server, models: str) -> None:
    """Open the page with these models chosen."""
    page.goto(f"{server.url}/compare?models={models}")
    expect(page.get_by_text("Side by side", exact=True)).to_be_visible(timeout=20_000)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return ten photos: the samples, and darker versions of them."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [sample.path for sample in find_samples()]
    for sample in find_samples()[: 10 - len(paths)]:
        dark = folder / f"dark-{sample.name}.png"
        ImageEnhance.Brightness(Image.open(sample.path).convert("RGB").resize((200, 150))).enhance(0.3).save(dark)
        paths.append(dark)
    return paths[:10]


@pytest.fixture(scope="module")
def labelled(photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a zip of photos in class folders, with a broken one, one of an unknown class, and one that climbs out."""
    path = tmp_path_factory.mktemp("zip") / "photos.zip"
    by_class = {"chelsea.png": "cat", "china.jpg": "building", "motorcycle_left.png": "motorcycle"}
    with zipfile.ZipFile(path, "w") as packed:
        for sample in find_samples():
            if sample.name in by_class:
                for turn in range(4):
                    image = Image.open(sample.path).convert("RGB").resize((160, 120)).rotate(5 * turn)
                    buffer = io.BytesIO()
                    image.save(buffer, "JPEG")
                    packed.writestr(f"{by_class[sample.name]}/{turn}-{sample.name}.jpg", buffer.getvalue())
        packed.writestr("cat/broken.jpg", b"\xff\xd8\xff and no more")
        packed.writestr("../outside.jpg", b"\xff\xd8\xff")
    return path


def test_three_models_stand_level_on_twelve_photos_and_the_address_brings_them_back(
    page: Page, server: Server, photos: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff and no more")
    open_page(page, server, THREE)
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [*photos, broken])
    rows = page.locator(".compared article")
    expect(rows).to_have_count(11, timeout=30_000)
    expect(page.get_by_role("radio", name="1 failed")).to_be_visible()
    expect(rows.last).to_contain_text("broken.jpg")
    expect(rows.first.locator("[data-verdict]")).to_have_count(3)
    ends = rows.first.evaluate("row => [...row.querySelectorAll('.t')].map(bar => bar.getBoundingClientRect().bottom)")
    assert len(ends) == 9
    assert ends[:3] == ends[3:6] == ends[6:]  # one class, one line
    lengths = page.evaluate(
        "new Set([...document.querySelectorAll('.compared tr:not(.no) .t')].map(bar => bar.offsetWidth)).size"
    )
    assert lengths == 1  # one axis for all

    page.get_by_role("radio", name="1 failed").click()
    expect(rows).to_have_count(1)
    page.get_by_text("Speed and size", exact=True).click()
    expect(page).to_have_url(f"{server.url}/compare?models={THREE.replace(',', '%2C')}&show=speed")
    page.go_back()
    expect(rows).to_have_count(1, timeout=30_000)
    page.go_forward()
    expect(page.get_by_role("button", name="Measure")).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_role("button", name="Measure")).to_be_visible(timeout=20_000)


def evaluate(page: Page, server: Server, labelled: Path) -> None:
    """Evaluate two models on the labelled zip."""
    open_page(page, server, TWO)
    page.get_by_text("On labelled photos", exact=True).click()
    page.set_input_files("[class*='st-key-zip-'] input", labelled)
    page.get_by_role("button", name="Evaluate with").click(timeout=20_000)
    expect(page.get_by_role("heading", name="How often each model is right")).to_be_visible(timeout=60_000)


def test_a_labelled_zip_is_evaluated_and_what_was_left_out_is_listed(
    page: Page, server: Server, labelled: Path
) -> None:
    evaluate(page, server, labelled)
    expect(page.get_by_role("cell", name="12", exact=True).first).to_be_visible()
    page.get_by_text("files were left out").click()
    expect(page.get_by_text("broken.jpg").first).to_be_visible()


def test_a_confusion_cell_shows_its_photos(page: Page, server: Server, labelled: Path) -> None:
    evaluate(page, server, labelled)
    page.locator("path[aria-label*='true class: 0']").first.click(timeout=20_000)
    expect(page.locator("p.cell")).to_contain_text("building", timeout=20_000)
    expect(page.locator("[data-testid=stMain] img").first).to_be_visible()


def test_the_report_opens_with_the_network_cut(
    page: Page, server: Server, browser: Browser, labelled: Path, tmp_path: Path
) -> None:
    evaluate(page, server, labelled)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report to hand out").click()
    report = tmp_path / "report.html"
    download.value.save_as(report)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    figures = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [model["photos"] for model in figures["models"]] == [12, 12]
    context = browser.new_context(offline=True)
    asked: list[str] = []
    reader = context.new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(report.as_uri())
    expect(reader.locator("svg").first).to_be_visible()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    context.close()


def test_speed_is_measured_and_survives_a_reload(page: Page, server: Server) -> None:
    open_page(page, server, f"{TWO}&show=speed")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("Measuring")).to_be_visible(timeout=2_000)
    expect(page.get_by_role("columnheader", name="Model alone")).to_be_visible(timeout=90_000)
    page.reload()
    expect(page.get_by_role("columnheader", name="Model alone")).to_be_visible(timeout=20_000)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Return a phone-sized dark page."""
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme="dark", locale="en-US")
    yield context.new_page()
    context.close()


def test_nothing_sticks_out_sideways_on_a_phone(phone: Page, server: Server, photos: list[Path]) -> None:
    open_page(phone, server, TWO)
    phone.set_input_files("[data-testid=stFileUploaderDropzoneInput]", photos[:2])
    expect(phone.locator(".compared article")).to_have_count(2, timeout=30_000)
    assert phone.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth <= e.clientWidth")
