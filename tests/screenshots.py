"""The pictures of the README, taken of the app itself: `make screenshots`.

The app starts as people start it, with an empty data folder; the pictures are English, light, and always of one size.
Only photos that may be shown are brought. Whatever is not as it should be ends it with an error.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from lib.datasets.shapes import read_shapes
from lib.photos.samples import find_samples
from tests.browser.install import find_browser
from tests.embed import packages
from tests.support.chromium import FLAGS
from tests.support.server import ROOT, Server, start_class, start_server

FOLDER = ROOT / "docs"
# Public domain, CC0 or CC BY; the README names who made them. Of the sample of a motorcycle no licence is known.
FREE = ("chelsea.png", "flower.jpg", "coffee.png", "rocket.jpg", "china.jpg", "astronaut.png")
PEOPLE = ("Blue Fox", "Red Panda", "Pink Owl", "Golden Cat", "Silver Whale", "Green Frog")
MOST_BYTES = 250_000
WAIT_MS = 60_000


def take(folder: Path = FOLDER) -> list[Path]:
    """Take the pictures anew, and return where they are.

    Args:
        folder: For the pictures.
    """
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        packages.put_scripts(Path(home))
        server = start_server(Path(home))
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        lesson = start_class(Path(home), log=Path(home) / "log", STREAMLIT_BROWSER_SERVER_ADDRESS="discern.local")
        try:
            return [
                _classify(_open(browser, server.url), folder),
                _compare(_open(browser, server.url), folder),
                _train(_open(browser, f"{server.url}/train"), folder),
                _code(_open(browser, f"{server.url}/embed", height=1000), folder),
                _room(browser, lesson, folder),
            ]
        finally:
            browser.close()
            for running in (server, lesson):
                running.process.terminate()
                running.process.wait(20)


def free_samples() -> list[Path]:
    """Return the photos that may be shown; each of them must be installed."""
    places = {sample.name: sample.path for sample in find_samples()}
    return [places[name] for name in FREE]


def _open(browser: Browser, address: str, *, height: int = 800) -> Page:
    page = browser.new_page(
        locale="en-US",
        color_scheme="light",
        reduced_motion="reduce",
        viewport={"width": 1280, "height": height},
        device_scale_factor=2,
        ignore_https_errors=True,
    )
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    return page


def _bring(page: Page) -> None:
    page.locator("#stage.ready").wait_for()
    page.set_input_files("#stage input[type=file]", free_samples())
    expect(page.locator(".sheet [data-verdict], .stage [data-verdict]")).to_have_count(len(FREE), timeout=WAIT_MS)
    expect(page.locator("#stage .busy")).to_have_count(0)


def _classify(page: Page, folder: Path) -> Path:
    _bring(page)
    page.get_by_title("chelsea.png", exact=True).click()
    expect(page.locator(".stage [data-verdict]")).to_contain_text("Most likely a cat")
    expect(page.locator(".stage [data-bars] tbody tr")).to_have_count(5)
    return _keep(page, folder / "classify.webp")


def _compare(page: Page, folder: Path) -> Path:
    _bring(page)
    page.get_by_role("link", name="Compare", exact=True).click()
    rows = page.locator(".compared article")
    expect(rows).to_have_count(len(FREE), timeout=WAIT_MS)
    expect(rows.first).to_contain_text("Only one is sure")
    return _keep(page, folder / "compare.webp")


def _train(page: Page, folder: Path) -> Path:
    """Show the practice photos, which the program draws, and what the model says of one it has not seen."""
    page.get_by_text("Practice photos").click()
    page.get_by_role("button", name="Circles, squares and triangles").click()
    expect(page.locator("#train .result .fig")).to_be_visible()
    new = read_shapes(seed=1).photos[-1]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Try a photo").click()
    chooser.value.set_files(FilePayload(name=new.source.name, mimeType="image/jpeg", buffer=new.source.read()))
    expect(page.locator("#train [data-verdict]")).to_contain_text("triangle")
    return _keep(page, folder / "train.webp")


def _code(page: Page, folder: Path) -> Path:
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("status")).to_contain_text("Most likely a cat", timeout=WAIT_MS)
    expect(page.get_by_text("The largest difference from this app is")).to_be_attached(timeout=WAIT_MS)
    expect(page.locator("[data-testid=stCode]").first).to_contain_text("<discern-classifier")
    return _keep(page, folder / "code.webp")


def _room(browser: Browser, server: Server, folder: Path) -> Path:
    """Show a wall whose photos six people have guessed at."""
    assert server.log is not None
    invitation = re.findall(r"works once: \S+(/\?host=\S+)", server.log.read_text("utf-8"))[0]
    page = _open(browser, server.url + invitation)
    page.locator("#stage.ready").wait_for()
    page.goto(f"{server.url}/room")
    page.get_by_role("button", name="Open a room").click()
    code = page.locator("#room .code")
    expect(code).to_have_text(re.compile(r"^[a-z]+ \d\d$"))
    place = f"{server.url}/r/{code.inner_text().replace(' ', '')}"
    phones = [browser.new_context(ignore_https_errors=True).request for _ in PEOPLE]
    for name, phone, photo in zip(PEOPLE, phones, free_samples(), strict=True):
        assert phone.post(f"{place}/join", data={"name": name}).ok
        assert phone.post(f"{place}/photos?name={photo.name}", data=photo.read_bytes()).ok
    for number, phone in enumerate(phones):
        for one in phone.get(f"{place}/state").json()["guess"]:
            options = [*(option["id"] for option in one["options"]), "unsure"]
            guess = options[(number + one["photo"]) % len(options)]
            assert phone.post(f"{place}/guess", data={"photo": one["photo"], "guess": guess}).ok
    page.get_by_role("button", name="Show answers").click()
    expect(page.locator("#room .one:not(.empty) .ans")).to_have_count(len(FREE))
    return _keep(page, folder / "room.webp")


def _keep(page: Page, path: Path) -> Path:
    """Keep what is on the screen, once everything is drawn, and close the page."""
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
    page.mouse.move(640, 2)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("document.fonts.status == 'loaded' && [...document.images].every(image => image.complete)")
    seen = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    seen.convert("RGB").save(path, quality=80, method=6)
    page.context.close()
    size = path.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"{path.name} has {size:,} bytes; at most {MOST_BYTES:,} are good for a README.")
    return path


if __name__ == "__main__":
    for place in take():
        print(f"{place.relative_to(ROOT)}: {place.stat().st_size:,} bytes")
