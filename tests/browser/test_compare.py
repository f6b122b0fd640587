"""The page Compare as a person uses it."""

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


def test_speed_is_measured_and_survives_a_reload(page: Page, server: Server) -> None:
    open_page(page, server, f"{TWO}&show=speed")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("Measuring")).to_be_visible(timeout=2_000)
    expect(page.get_by_role("columnheader", name="Model only")).to_be_visible(timeout=90_000)
    page.reload()
    expect(page.get_by_role("columnheader", name="Model only")).to_be_visible(timeout=20_000)


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
