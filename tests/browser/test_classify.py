"""The page Classify as a person uses it: real photos dropped in a real browser."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.photos.samples import find_samples
from tests.support.pictures import BLUE, RED, encode, plain
from tests.support.server import ROOT, Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return real photos by name, and broken ones made from them."""
    folder = tmp_path_factory.mktemp("photos")
    found = {sample.name: sample.path for sample in find_samples()}
    cut = folder / "cut off.png"
    cut.write_bytes(found["chelsea.png"].read_bytes()[:9000])
    text = folder / "text.jpg"
    text.write_text("This is no photo.")
    return {**found, "cut off.png": cut, "text.jpg": text}


def open_app(page: Page, server: Server, query: str = "") -> None:
    """Open the app and wait until it can take photos."""
    page.goto(f"{server.url}/{query}")
    page.locator("[data-testid=stFileUploaderDropzone]").wait_for()


def drop(page: Page, *paths: Path) -> None:
    """Hand files to the drop zone and wait for as many cards."""
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", list(paths))
    expect(page.locator("p.file")).to_have_count(len(paths), timeout=20_000)
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)


def card(page: Page, file: str):
    """Return the card of the photo `file`."""
    return page.locator("[class*='st-key-photo-'], [class*='st-key-single-']").filter(has_text=file).last


def test_dropped_photos_get_verdicts_and_bars_and_the_broken_one_its_reason(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["cut off.png"], photos["china.jpg"], photos["text.jpg"])
    for name in ("chelsea.png", "china.jpg"):
        expect(card(page, name).locator("p.verdict[data-verdict]")).to_be_visible()
        chart = card(page, name).locator("[aria-label*=' %']").first
        expect(chart).to_be_visible()
        expect(card(page, name).locator("canvas, svg.marks").first).to_be_visible()
    expect(card(page, "cut off.png")).to_contain_text("cut off.png is cut off: it ends before the picture does.")
    expect(card(page, "text.jpg")).to_contain_text("text.jpg is not a photo.")
    expect(page.locator("p.summary")).to_contain_text("2 failed")


def test_page_csv_and_command_line_say_the_same(page: Page, server: Server, photos: dict[str, Path]) -> None:
    open_app(page, server, "?model=starter")
    drop(page, photos["chelsea.png"], photos["china.jpg"])
    rows = list(csv.DictReader(io.StringIO(take(page, "Table (CSV)"))))
    command = [sys.executable, "-m", "lib", "classify", "--json", "--model", "starter"]
    paths = [str(photos["chelsea.png"]), str(photos["china.jpg"])]
    run = subprocess.run([*command, *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    for row, line in zip(rows, map(json.loads, run.stdout.splitlines()), strict=True):
        assert row["verdict"] == line["verdict"]
        assert row["message"] == line["message"]
        assert row["unfamiliar"] == json.dumps(line["unfamiliar"])
        assert float(row["top1_probability"]) == line["predictions"][0]["probability"]
        expect(card(page, row["file"]).locator("p.verdict")).to_contain_text(line["message"])


def test_one_click_shows_the_model_the_whole_photo(page: Page, server: Server, home: Path, tmp_path: Path) -> None:
    folder = home / "models" / "middle"
    shutil.copytree(ROOT / "tests" / "models" / "float32", folder)
    described = (folder / "model.toml").read_text("utf-8").replace('id = "float32"', 'id = "middle"')
    (folder / "model.toml").write_text(described.replace('resize = "squash"', 'resize = "square"'), "utf-8")
    image = plain(RED, 1500, 300)
    image.paste(BLUE, (590, 0, 910, 300))
    (tmp_path / "wide.png").write_bytes(encode(image, "PNG"))
    open_app(page, server, "?model=middle")
    drop(page, tmp_path / "wide.png")
    expect(card(page, "wide.png")).to_contain_text("The model sees the part inside the frame.")
    expect(page.get_by_role("img", name="The model sees the part inside the frame.")).to_be_visible()
    expect(page.locator("p.verdict")).to_contain_text("blue")
    page.get_by_role("button", name="Let it see the whole photo").click()
    expect(page.locator("p.verdict")).to_contain_text("red")
    expect(page).to_have_url(re.compile("view=whole"))
    page.reload()
    expect(page.locator("p.verdict")).to_contain_text("red")
    page.get_by_role("button", name="Back to its own part").click()
    expect(page.locator("p.verdict")).to_contain_text("blue")
    expect(page).not_to_have_url(re.compile("view="))
    shutil.rmtree(folder)


def test_two_visitors_take_away_their_own_photos(
    page: Page, server: Server, browser: Browser, photos: dict[str, Path]
) -> None:
    other = browser.new_context(locale="en-US").new_page()
    for visitor, name in ((page, "chelsea.png"), (other, "china.jpg")):
        open_app(visitor, server)
        drop(visitor, photos[name])
    for visitor, name in ((page, "chelsea.png"), (other, "china.jpg")):
        assert [row["file"] for row in csv.DictReader(io.StringIO(take(visitor, "Table (CSV)")))] == [name]
        assert [json.loads(line)["file"] for line in take(visitor, "JSON").splitlines()] == [name]
    other.context.close()
    page.evaluate("sessionStorage.clear()")  # what a new tab has: a second visit of the same person
    open_app(page, server)
    drop(page, photos["coffee.png"])
    assert [json.loads(line)["file"] for line in take(page, "JSON").splitlines()] == ["coffee.png"]


def take(page: Page, button: str) -> str:
    """Press a button that gives away a file and return what is in it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_text("utf-8-sig")


def test_a_pasted_photo_is_classified(page: Page, server: Server) -> None:
    open_app(page, server)
    page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 48});
            canvas.getContext('2d').fillRect(0, 0, 64, 48);
            const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
            const data = new DataTransfer();
            data.items.add(new File([blob], 'pasted.png', {type: 'image/png'}));
            const zone = document.querySelector('[data-testid=stFileUploaderDropzone]');
            zone.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
        }"""
    )
    expect(page.locator("p.verdict[data-verdict]")).to_be_visible(timeout=20_000)


def test_the_camera_takes_a_photo(page: Page, server: Server) -> None:
    open_app(page, server)
    page.get_by_text("Camera", exact=True).click()
    shutter = page.locator("[data-testid=stCameraInputButton]")
    expect(shutter).to_be_enabled(timeout=20_000)
    shutter.click()
    expect(page.locator("p.file")).to_have_text("camera-1.jpg", timeout=20_000)
    expect(page.locator("p.verdict[data-verdict]")).to_be_visible()


def test_names_are_text(page: Page, server: Server, tmp_path: Path) -> None:
    name = "<img src=x onerror=\"document.title='hacked'\"> 😀 'q' & **b**.png"
    hostile = tmp_path / name
    hostile.write_bytes(encode(plain(RED, 64, 48), "PNG"))
    open_app(page, server)
    drop(page, hostile)
    expect(page.locator("p.file")).to_have_text(name)
    assert page.title() != "hacked"


def test_results_and_settings_survive_a_page_switch(page: Page, server: Server, photos: dict[str, Path]) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"])
    sentence = page.locator("p.verdict").inner_text()
    page.get_by_text("Models", exact=True).first.click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_text("Classify", exact=True).first.click()
    expect(page.locator("p.verdict")).to_have_text(sentence)


def test_photos_and_results_survive_a_reload_but_only_in_their_own_tab(
    page: Page, server: Server, browser: Browser, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"])
    sentence = page.locator("p.verdict").inner_text()
    page.reload()
    expect(page.locator("p.verdict")).to_have_text(sentence, timeout=20_000)
    stranger = browser.new_context(locale="en-US").new_page()
    open_app(stranger, server, page.url.removeprefix(f"{server.url}/"))
    expect(stranger.get_by_text("Bring a photo to begin")).to_be_visible(timeout=20_000)
    expect(stranger.locator("p.verdict")).to_have_count(0)
    stranger.context.close()


def test_the_language_can_be_switched_and_is_in_the_address(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["text.jpg"])
    page.get_by_role("link", name="한", exact=True).click()
    expect(page.locator("p.verdict.failed")).to_contain_text("text.jpg")
    expect(page.locator("p.verdict.failed")).not_to_contain_text("is not a photo")
    page.wait_for_url("**lang=ko**")


@pytest.mark.parametrize(("locale", "word"), [("ko-KR", "사진"), ("ja-JP", "写真")])
def test_the_browsers_language_is_the_default(browser: Browser, server: Server, locale: str, word: str) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    open_app(page, server)
    expect(page.locator("[data-testid=stMain]")).to_contain_text(word)
    context.close()


def test_sixty_photos_are_paged_filtered_and_sorted(page: Page, server: Server, tmp_path: Path) -> None:
    paths = []
    for n in range(60):
        path = tmp_path / f"{n:02}.png"
        path.write_bytes(encode(plain((4 * n, 255 - 4 * n, 128), 64, 48), "PNG") if n % 20 else b"broken")
        paths.append(path)
    open_app(page, server)
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", paths)
    expect(page.locator("p.summary")).to_contain_text("3 failed", timeout=30_000)
    expect(page.locator("p.file")).to_have_count(12)
    page.get_by_text("Failed", exact=True).click()
    expect(page.locator("p.file")).to_have_text(["00.png", "20.png", "40.png"])


def test_long_work_can_be_cancelled_and_taken_up_again(page: Page, server: Server, tmp_path: Path) -> None:
    slow = encode(plain(RED, 8000, 6000), "PNG")  # half a second each: not done before a slow browser can press Cancel
    paths = [tmp_path / f"{n:03}.png" for n in range(24)]
    for path in paths:
        path.write_bytes(slow)
    open_app(page, server)
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", paths)
    page.get_by_role("button", name="Cancel", exact=True).dispatch_event("click", timeout=60_000)
    expect(page.get_by_text("not looked at")).to_be_visible(timeout=60_000)
    expect(page.locator("p.verdict[data-verdict]").first).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("not looked at")).to_have_count(0, timeout=180_000)
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0, timeout=180_000)
    counts = [int(text.split()[1]) for text in page.locator(".chip").all_inner_texts()]
    assert sum(counts) == 24


@pytest.mark.parametrize("width", [375, 1600])
def test_nothing_sticks_out_sideways(browser: Browser, server: Server, photos: dict[str, Path], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark", locale="en-US")
    page = context.new_page()
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["text.jpg"])
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    context.close()


def test_the_keyboard_reaches_the_drop_zone_and_the_samples(page: Page, server: Server) -> None:
    open_app(page, server)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''"))
    assert any("Upload" in text for text in reached)
    assert any("Try a sample" in text for text in reached)
    page.get_by_role("button", name="Try a sample").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="A cat", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("p.verdict[data-verdict]")).to_be_visible(timeout=20_000)
