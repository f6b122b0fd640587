"""Ninety minutes with a class, as the plan has them, on a laptop without internet: arrive, classify, compare, train,
take home, end. Two phones are real browsers, four more are plain HTTP clients.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, expect

from lib.photos.samples import find_samples
from lib.server import addresses
from tests.embed import packages
from tests.support.cut import Cut
from tests.support.server import Server, start_class
from tests.support.train_page import photo

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
SAMPLES = {sample.path.name: sample.path for sample in find_samples()}
QUIET = ("Theo", "Sora", "Lea", "Joon")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a data folder with the scripts that `make class` fetches while there is a network."""
    folder = tmp_path / "home"
    folder.mkdir()
    packages.put_scripts(folder)
    return folder


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    return Cut(tmp_path / "log.txt")


@pytest.fixture
def server(home: Path, tmp_path: Path, cut: Cut) -> Iterator[Server]:
    """Start a class as `make class` does, with the network cut."""
    running = start_class(home, log=tmp_path / "log", **cut.environment)
    yield running
    running.process.terminate()
    running.process.wait(20)


class Class:
    """The teacher's browser, and those of the class."""

    def __init__(self, browser: Browser, server: Server, stack: ExitStack) -> None:
        self._browser, self._server, self._stack = browser, server, stack
        self.strangers: list[str] = []
        self.errors: list[str] = []

    def context(self, width: int, height: int) -> BrowserContext:
        """Return the browser of somebody who pressed what the warning asks for."""
        found = self._browser.new_context(
            viewport={"width": width, "height": height}, locale="en-US", ignore_https_errors=True,
            permissions=["camera"], has_touch=width < 500, accept_downloads=True,
        )  # fmt: skip
        self._stack.callback(found.close)
        found.on("request", lambda request: self._note(request.url))
        found.on("weberror", lambda error: self.errors.append(str(error.error)))
        return found

    def _note(self, address: str) -> None:
        if not address.startswith((self._server.url, "data:", "blob:", "file:")):
            self.strangers.append(address)


def host(page: Page, server: Server) -> None:
    """Open the link that the terminal says to the teacher."""
    assert server.log is not None
    link = re.findall(r"works once: \S+(/\?host=\S+)", server.log.read_text("utf-8"))[0]
    page.goto(server.url + link)
    page.wait_for_selector("body.ready", state="attached")


def joined(phone: Page, server: Server, code: str, name: str) -> None:
    """Type the code that stands on the screen, and a name."""
    phone.goto(f"{server.url}/r")
    phone.locator("[name=code]").fill(code)
    phone.keyboard.press("Enter")
    phone.locator("#name").fill(name)
    phone.locator("#name").press("Enter")
    expect(phone.locator("#me")).to_have_text(name)


def tab(phone: Page, name: str) -> None:
    phone.locator(".tabs").get_by_role("button", name=name).click()


def test_ninety_minutes(browser: Browser, server: Server, home: Path, cut: Cut, tmp_path: Path) -> None:
    with ExitStack() as stack:
        everybody = Class(browser, server, stack)
        wall = everybody.context(1600, 1000).new_page()
        phones = [everybody.context(375, 667).new_page() for _ in range(2)]
        host(wall, server)
        code = arrived(wall, phones, server)
        quiet = {name: everybody.context(375, 667).request for name in QUIET}
        guessed(wall, phones, quiet, f"{server.url}/r/{code}")
        classified_and_compared(wall, server)
        trained(wall, phones, quiet, f"{server.url}/r/{code}")
        offered_in_code(wall, server)
        taken = taken_home(wall, tmp_path / "home.zip")
        opened_at_home(everybody, taken, tmp_path)
        ended(wall, phones)
        assert everybody.strangers == []
        assert everybody.errors == []
    nobody = f"reach {addresses._OUTSIDE[0]}"  # to which nothing is sent: the system says which network would be taken
    assert [line for line in cut.attempts if line.startswith("reach") and line != nobody] == []
    left = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith(("rooms/", "projects/", "models/stripes"))]
    assert not [path for path in home.rglob("*") if path.is_file() and b"Mina" in path.read_bytes()]


def arrived(wall: Page, phones: list[Page], server: Server) -> str:
    """Start the plan's clock, and open a room; two phones join."""
    wall.goto(f"{server.url}/room?lang=en&view=plan")
    wall.get_by_role("button", name="Start the clock").click(timeout=WAIT_MS)
    expect(wall.locator("#plan section[aria-current]")).to_contain_text("Arrive")
    wall.goto(f"{server.url}/room?lang=en")
    wall.get_by_role("button", name="Open a room").click()
    shown = wall.locator("#room .code")
    expect(shown).to_have_text(re.compile(r"^[a-z]+ \d\d$"), timeout=WAIT_MS)
    code = shown.inner_text()
    for phone, name in zip(phones, ("Mina", "Kai"), strict=True):
        joined(phone, server, code, name)
    expect(wall.get_by_text("2 are here")).to_be_visible(timeout=WAIT_MS)
    return code.replace(" ", "")


def guessed(wall: Page, phones: list[Page], quiet: dict[str, APIRequestContext], place: str) -> None:
    """Everybody sends a photo and guesses; the teacher shows the answers; the class votes."""
    names = ["chelsea.png", "coffee.png", *[name for name in SAMPLES if name not in ("chelsea.png", "coffee.png")]]
    for phone, name in zip(phones, names, strict=False):
        tab(phone, "My photo")
        phone.locator("#mine [data-pick=wall]").last.set_input_files(SAMPLES[name])
        expect(phone.locator("#mine .own [data-do=remove]:visible")).to_have_count(1, timeout=WAIT_MS)
    for (name, asks), file in zip(quiet.items(), names[2:], strict=False):
        assert asks.post(f"{place}/join", data={"name": name}).ok
        assert asks.post(f"{place}/photos?name={file}", data=SAMPLES[file].read_bytes()).ok
        for one in asks.get(f"{place}/state").json()["guess"]:
            assert asks.post(f"{place}/guess", data={"photo": one["photo"], "guess": one["options"][0]["id"]}).ok
    expect(wall.get_by_text("6 are here")).to_be_visible(timeout=WAIT_MS)
    expect(wall.locator("#room .one:not(.empty)")).to_have_count(6, timeout=WAIT_MS)
    for phone in phones:
        tab(phone, "Guess")
        phone.get_by_role("button", name="It will not be sure").click()
        expect(phone.get_by_role("button", name="It will not be sure")).to_have_attribute("aria-pressed", "true")
    wall.get_by_role("button", name="Show answers").click()
    expect(wall.get_by_role("heading", level=1)).to_have_text("Did you guess what it says?", timeout=WAIT_MS)
    for phone in phones:
        expect(phone.locator("[data-verdict]:visible").first).to_be_visible(timeout=WAIT_MS)
        phone.get_by_role("button", name="It is wrong").click()
    expect(wall.locator("#room .total")).to_contain_text("right guesses")


def classified_and_compared(wall: Page, server: Server) -> None:
    """The teacher goes to the other pages in the same browser, and the room goes on meanwhile."""
    wall.goto(f"{server.url}/?lang=en")
    wall.set_input_files("input[type=file]", SAMPLES["chelsea.png"])
    expect(wall.locator(".stage [data-verdict]")).to_contain_text("cat", timeout=WAIT_MS)
    wall.goto(f"{server.url}/compare?lang=en&models=starter,starter-small")
    expect(wall.locator("[data-verdict]")).to_have_count(2, timeout=WAIT_MS)


def trained(wall: Page, phones: list[Page], quiet: dict[str, APIRequestContext], place: str) -> None:
    """Everybody collects for two classes; the model is made, and answers on all phones, with the camera, too."""
    wall.goto(place.partition("/r/")[0] + "/room?lang=en")
    wall.get_by_role("button", name=re.compile("^Go back to")).first.click()
    wall.get_by_role("button", name="Collect", exact=True).click(timeout=WAIT_MS)
    wall.get_by_label("Class 1").fill("lying")
    wall.get_by_label("Class 2").fill("standing")
    wall.get_by_role("button", name="Collect photos").click()
    expect(wall.locator("#room .class h2")).to_have_text(["lying", "standing"], timeout=WAIT_MS)
    for number, asks in enumerate(quiet.values()):
        for klass in asks.get(f"{place}/state").json()["collect"]["classes"]:
            kind = ("lying", "standing").index(klass["name"])
            for shot in range(3):
                data = photo(kind, 10 * number + shot)
                assert asks.post(f"{place}/classes/{klass['id']}?name={shot}.jpg", data=data).json()["added"] == 1
    for number, phone in enumerate(phones):
        expect(phone.locator("#collect")).to_be_visible(timeout=WAIT_MS)
        phone.get_by_role("button", name=re.compile("^(lying|standing)")).nth(number).click()
        one = {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": photo(number, 77)}
        phone.locator("#collect input[type=file]").last.set_input_files(one)  # type: ignore[arg-type]
    expect(wall.locator("#room .class header b")).to_have_text(["13", "13"], timeout=WAIT_MS)
    wall.get_by_role("button", name="Make the model").click()
    expect(wall.locator("#room .calm")).to_contain_text("is on all phones now", timeout=60_000)
    for phone in phones:
        expect(phone.locator("#guess")).to_be_visible(timeout=WAIT_MS)
        tab(phone, "My photo")
        phone.get_by_role("button", name="Live camera").click()
        expect(phone.get_by_text("Answered on this device: the picture does not leave it.")).to_be_visible(
            timeout=60_000
        )
        expect(phone.locator("[data-bars]:visible tbody th[title]")).to_have_count(2, timeout=WAIT_MS)
        phone.get_by_role("button", name="Back to my photos").click()


def offered_in_code(wall: Page, server: Server) -> None:
    """The page Code has the class's model."""
    place = wall.url
    models = wall.request.get(f"{server.url}/api/v1/models").json()
    (own,) = (one["id"] for one in models if one["name"] == "lying, standing")
    wall.goto(f"{server.url}/embed?lang=en&model={own}")
    expect(wall.get_by_text("lying, standing").first).to_be_visible(timeout=WAIT_MS)
    expect(wall.locator("[data-testid=stCode]").first).to_be_visible(timeout=WAIT_MS)
    wall.goto(place)
    expect(wall.locator("#room .code")).to_be_visible(timeout=WAIT_MS)


def taken_home(wall: Page, target: Path) -> zipfile.ZipFile:
    """Take the room home as one zip."""
    wall.locator(".foot").get_by_role("button", name="End: forget everything").click()
    with wall.expect_download(timeout=60_000) as download:
        wall.get_by_role("link", name=re.compile("home")).click()
    download.value.save_as(target)
    found = zipfile.ZipFile(target)
    assert found.testzip() is None
    names = found.namelist()
    assert {"README.txt", "sheet.html", "answers.csv", "page.html"} <= set(names)
    assert len([name for name in names if name.startswith("photos/")]) == 6
    assert len([name for name in names if name.startswith("class set/")]) == 26
    assert any(name.startswith("model/") and name.endswith(".tflite") for name in names)
    assert len(list(csv.reader(io.StringIO(found.read("answers.csv").decode("utf-8-sig"))))) == 7
    return found


def opened_at_home(everybody: Class, taken: zipfile.ZipFile, folder: Path) -> None:
    """At home, without the server and without internet, the page answers by double-click."""
    taken.extractall(folder / "taken")
    context = everybody.context(1280, 800)
    context.set_offline(True)
    page = context.new_page()
    page.goto((folder / "taken" / "page.html").as_uri())
    shot = {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": photo(1, 500)}
    page.locator("input[type=file]").first.set_input_files(shot)  # type: ignore[arg-type]
    expect(page.get_by_text(re.compile("standing")).first).to_be_visible(timeout=60_000)
    page.goto((folder / "taken" / "sheet.html").as_uri())
    expect(page.get_by_text("Mina").first).to_be_visible()


def ended(wall: Page, phones: list[Page]) -> None:
    """The room ends; the page says what is left of it, and phones say so, too."""
    wall.get_by_role("button", name="End and forget").click()
    expect(wall.locator("#room .receipt dd")).to_have_text(["0"] * 5, timeout=WAIT_MS)
    for phone in phones:
        expect(phone.get_by_text("The room has ended").first).to_be_visible(timeout=WAIT_MS)
