"""The page Embed: code to take away, at work beside the app's own answer."""

import re
import shutil
import zipfile
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from lib.embed.packages import LITERT_FILES
from lib.photos.samples import find_samples
from lib.server import previews
from tests.embed import packages
from tests.support.pictures import encode
from tests.support.server import Server

pytestmark = pytest.mark.browser
pillow_heif.register_heif_opener()


@pytest.fixture(scope="module", autouse=True)
def scripts(home: Path) -> None:
    """Put the engine's scripts where the app keeps them, as if they had been downloaded."""
    packages.install()
    for file in LITERT_FILES:
        target = home / "packages" / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packages.MODULES / file.package / file.path, target)


def open_page(page: Page, server: Server, photo: Path | None = None) -> None:
    """Classify the cat, or another photo, and open the page Embed."""
    page.goto(server.url)
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    page.set_input_files("input[type=file]", photo or cat)
    expect(page.locator(".stage [data-verdict]")).to_be_visible(timeout=20_000)
    page.get_by_text("Embed", exact=True).first.click()
    expect(page.get_by_role("heading", name="Put it on your web page")).to_be_visible()


def choose(page: Page, target: str) -> None:
    """Choose what the code is for."""
    page.get_by_text(target, exact=True).first.click()


def test_the_generated_code_runs_in_a_frame_and_answers_as_the_app_does(page: Page, server: Server) -> None:
    open_page(page, server)
    frame = page.frame_locator("iframe[title='The generated code at work']")
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    expect(page.get_by_text("This app says:")).to_be_visible(timeout=20_000)
    expect(page.locator("p").filter(has_text="The browser says:").last).to_contain_text("cat")
    difference = page.get_by_text("The largest difference is").inner_text().split("is ")[1].split(" ")[0]
    assert float(difference) < 2
    # What it costs is said: sizes of real files, a time that was measured.
    assert re.search(r"loads \d[\d.]* MB for the model and 9\.\d MB for the scripts", page.locator("body").inner_text())
    assert re.search(r"The browser took \d+ ms .* alone took \d+ ms", page.locator("body").inner_text())


def test_a_previewed_photo_is_on_no_disk_and_the_weights_lie_there_once(page: Page, server: Server, home: Path) -> None:
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    open_page(page, server)
    frame = page.frame_locator("iframe[title='The generated code at work']")
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    for step in range(3):
        page.get_by_role("slider").first.press("ArrowLeft" if step % 2 else "ArrowRight")
        expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
        expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    written = [path for place in (previews.FOLDER, home) for path in place.rglob("*") if path.is_file()]
    assert [path.name for path in written if path.is_relative_to(previews.FOLDER / "m")] == ["model.tflite"]
    recent = [path for path in written if path.suffix not in {".tflite", ".js", ".wasm"}]
    assert cat.read_bytes() not in [path.read_bytes() for path in written]
    assert [path for path in recent if path.is_relative_to(previews.FOLDER)] == []


@pytest.mark.parametrize(("file", "form"), [("small.tif", "TIFF"), ("small.heic", "HEIF"), ("small.avif", "AVIF")])
def test_a_small_photo_that_browsers_do_not_draw_is_previewed(
    page: Page, server: Server, tmp_path: Path, file: str, form: str
) -> None:
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    small = tmp_path / file
    small.write_bytes(encode(Image.open(cat).convert("RGB").resize((226, 150)), form))
    open_page(page, server, small)
    frame = page.frame_locator("iframe[title='The generated code at work']")
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)


@pytest.mark.parametrize(
    ("target", "sign"),
    [
        ("Script tag", "<!doctype html>"),
        ("Vue", "<template>"),
        ("React", "useState"),
        ("Svelte", "$state"),
        ("Python (LiteRT)", "import"),
        ("Android", "class"),
        ("iOS", "import"),
    ],
)
def test_every_target_has_code_to_copy_and_to_download(page: Page, server: Server, target: str, sign: str) -> None:
    open_page(page, server)
    choose(page, target)
    expect(page.locator("[data-testid=stCode]").filter(has_text=sign).first).to_be_attached(timeout=20_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="The file").or_(page.get_by_role("button", name="All files")).first.click()
    assert Path(download.value.path()).stat().st_size > 300


def test_the_offline_bundle_is_a_zip_of_everything(page: Page, server: Server) -> None:
    open_page(page, server)
    page.get_by_label("The model comes from").click()
    page.get_by_text("The offline bundle", exact=True).click()
    page.get_by_role("button", name="Make the bundle").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="The bundle,").click(timeout=60_000)
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert any(name.endswith("index.html") for name in names)
    assert any(name.endswith(".wasm") for name in names)
    assert any(name.endswith(".tflite") for name in names)
