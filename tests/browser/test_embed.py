"""The page Code: code to copy and to take away, at work beside it."""

import re
import zipfile
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect

from lib.photos.samples import find_samples
from lib.server import previews
from tests.embed import packages
from tests.support.pictures import encode
from tests.support.server import Server

pytestmark = pytest.mark.browser
pillow_heif.register_heif_opener()
CAT = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")


@pytest.fixture(scope="module", autouse=True)
def scripts(home: Path) -> None:
    """Put the engine's scripts where the app keeps them, as if they had been downloaded."""
    packages.put_scripts(home)


def open_page(page: Page, server: Server, query: str = "") -> FrameLocator:
    """Open the page and return the frame in which the code runs."""
    page.goto(f"{server.url}/embed{query}")
    expect(page.get_by_role("heading", name="Use the model in your own page or app")).to_be_visible(timeout=20_000)
    return page.frame_locator("iframe[title='The generated code, running']")


def test_the_code_is_short_is_copied_and_runs_beside_it_and_answers_as_the_app_does(page: Page, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    frame = open_page(page, server)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    expect(page.get_by_text("11 lines").or_(page.get_by_text("12 lines"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"downloads \d+ MB, once"))).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "<discern-classifier" in page.evaluate("navigator.clipboard.readText()")
    told = page.get_by_text("The largest difference from this app is").inner_text(timeout=20_000)
    assert float(re.findall(r"\d+\.\d", told)[0]) < 2
    page.get_by_text("Both answers").click()
    expect(page.locator("p").filter(has_text="This app says:")).to_contain_text("cat")
    expect(page.locator("p").filter(has_text="The browser says:")).to_contain_text("cat")
    # The module's own few lines run as they are.
    page.get_by_text("ES module", exact=True).click()
    expect(frame.locator("discern-classifier")).to_have_count(0, timeout=20_000)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)


def test_a_previewed_photo_is_on_no_disk_and_the_weights_lie_there_once(page: Page, server: Server, home: Path) -> None:
    def weights() -> set[Path]:
        return set((previews.FOLDER / "m").rglob("*.tflite"))

    before = weights()  # of other pages
    frame = open_page(page, server)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    page.get_by_role("button", name="How strict?").click()
    for step in range(3):
        page.get_by_role("slider").first.press("ArrowLeft" if step % 2 else "ArrowRight")
        expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
        expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    written = [path for place in (previews.FOLDER, home) for path in place.rglob("*") if path.is_file()]
    shared = [path for path in written if path.is_relative_to(previews.FOLDER / "m")]
    assert {path.name for path in shared} == {"model.tflite", "model.json", "discern.js"}
    assert len(weights() - before) <= 1
    assert CAT.read_bytes() not in [path.read_bytes() for path in written]
    kinds = {path.suffix for path in written if path.is_relative_to(previews.FOLDER)}
    assert kinds <= {".tflite", ".json", ".js", ".wasm"}


def test_a_photo_of_ones_own_that_browsers_do_not_draw_is_previewed(page: Page, server: Server, tmp_path: Path) -> None:
    photo = tmp_path / "small.heic"
    photo.write_bytes(encode(Image.open(CAT).convert("RGB").resize((226, 150)), "HEIF"))
    page.goto(server.url)
    page.set_input_files("input[type=file]", photo)
    expect(page.locator("[data-verdict]").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Code", exact=True).click()
    frame = page.frame_locator("iframe[title='The generated code, running']")
    expect(frame.get_by_alt_text("small.heic")).to_be_attached(timeout=60_000)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)


def test_what_is_taken_away_is_there(page: Page, server: Server, tmp_path: Path) -> None:
    frame = open_page(page, server)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    taken = {}
    for name in ("Everything as a zip", "Bundle for use without internet", "One file that opens by double-click"):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name=name).click()
        taken[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(taken[name])
    plain, bundle, single = taken.values()
    names = {Path(name).name for name in zipfile.ZipFile(plain).namelist()}
    assert names == {"index.html", "discern.js", "model.json", "model.tflite"}
    kinds = {Path(name).suffix for name in zipfile.ZipFile(bundle).namelist()}
    assert kinds >= {".html", ".js", ".wasm", ".tflite"}
    assert single.read_bytes().count(b'type="application/gzip" id=') == len(packages.LITERT_FILES) + 1


def test_a_link_opens_the_code_for_a_target(page: Page, server: Server) -> None:
    open_page(page, server, "?for=python")
    expect(page.locator("[data-testid=stCode]").filter(has_text="import numpy").first).to_be_visible(timeout=20_000)
