"""The page of a phone in a room, in a real browser against a real server."""

import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from lib.photos.samples import find_samples
from tests.embed import packages
from tests.support.axe import unusable
from tests.support.server import Server, start_server
from tests.support.train_page import photos

pytestmark = pytest.mark.browser
PHOTOS = [sample.path for sample in find_samples()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    running = start_server(home)
    yield running
    running.process.terminate()
    running.process.wait(20)


@dataclass
class Somebody:
    """A teacher, or somebody with a phone whose page is not looked at."""

    context: BrowserContext
    url: str
    place: str = ""
    code: str = ""

    def ask(self, method: str, path: str, told: object = None) -> dict[str, Any]:
        answer = self.context.request.fetch(f"{self.url}{self.place}{path}", method=method, data=told)
        assert answer.ok, answer.text()
        return dict(answer.json()) if answer.status != 204 else {}


@dataclass
class Meeting:
    """A room with its teacher, and whoever comes.

    Attributes:
        browser: Chromium.
        server: A running one.
        opened: To be closed.
        wrong: Errors of scripts, requests to other hosts, and what the page's own headers forbid.
    """

    browser: Browser
    server: Server
    opened: list[BrowserContext] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.teacher = self._somebody()
        told = self.teacher.ask("POST", "/rooms", {})
        self.teacher.place, self.code = f"/rooms/{told['id']}", told["code"].replace(" ", "")

    def _somebody(self) -> Somebody:
        self.opened.append(self.browser.new_context())
        return Somebody(self.opened[-1], self.server.url)

    def other(self, name: str, *photos: Path) -> Somebody:
        """Let somebody in who sends photos."""
        found = self._somebody()
        found.place = f"/r/{self.code}"
        found.ask("POST", "/join", {"name": name})
        for photo in photos:
            found.ask("POST", f"/photos?name={photo.name}", photo.read_bytes())
        return found

    def page(self, width: int = 375, height: int = 667, **of: Any) -> Page:
        """Open the room's page on a phone."""
        of = {"locale": "en-US", "permissions": ["camera"]} | of
        self.opened.append(self.browser.new_context(viewport={"width": width, "height": height}, has_touch=True, **of))
        page = self.opened[-1].new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if "Content Security" in said.text else None)
        page.on("request", self._note_stranger)
        page.goto(f"{self.server.url}/r/{self.code}")
        return page

    def _note_stranger(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.wrong.append(request.url)

    def phone(self, name: str = "Mina", **of: Any) -> Page:
        """Open it, and join."""
        page = self.page(**of)
        page.locator("#name").fill(name)
        page.locator("#name").press("Enter")
        expect(page.locator("#me")).to_have_text(name)
        return page


@pytest.fixture
def meet(browser: Browser, server: Server) -> Iterator[Callable[[], Meeting]]:
    """Open rooms; each is ended."""
    held: list[Meeting] = []

    def opened() -> Meeting:
        held.append(Meeting(browser, server))
        return held[-1]

    yield opened
    for one in held:
        one.teacher.context.request.fetch(f"{server.url}{one.teacher.place}", method="DELETE", data={"keep": False})
        for context in one.opened:
            context.close()
        assert one.wrong == []


def send(page: Page, *photos: Path) -> None:
    """Choose photos, and wait until they are on the wall."""
    before = page.locator("#mine .own [data-do=remove]:visible").count()
    page.locator("#mine [data-pick=wall]").last.set_input_files([*map(str, photos)])
    expect(page.locator("#mine .own [data-do=remove]:visible")).to_have_count(before + len(photos))


def tab(page: Page, name: str) -> None:
    page.locator(".tabs").get_by_role("button", name=name).click()


def test_a_code_leads_to_a_room_and_a_tap_on_a_name_into_it(meet: Callable[[], Meeting], server: Server) -> None:
    room = meet()
    page = room.page(java_script_enabled=False)
    page.goto(f"{server.url}/r?lang=en")
    page.get_by_label("What is the code?").fill(f"{room.code[:-2].title()} – {room.code[-2:]}")
    page.get_by_role("button", name="Go to the room").click()
    assert page.url.partition("?")[0] == f"{server.url}/r/{room.code}"
    page.goto(f"{server.url}/r/nothing99")
    expect(page.get_by_role("alert")).to_have_text("There is no room with this code. Look at the screen once more.")

    page = room.page()
    names = page.locator("#join .names button")
    expect(names).to_have_count(12)
    first = names.first.inner_text()
    room.other("Theo")
    page.wait_for_timeout(400)
    assert names.first.inner_text() == first  # it stays under the finger while others come in
    page.get_by_role("button", name="Other names").click()
    expect(names.first).not_to_have_text(first)
    chosen = names.nth(3).inner_text()
    names.nth(3).click()
    expect(page.locator("#me")).to_have_text(chosen)
    page.reload()
    expect(page.locator("#me")).to_have_text(chosen)


def test_a_round_from_the_photo_to_the_vote(meet: Callable[[], Meeting]) -> None:
    room = meet()
    page = room.phone()
    expect(page.get_by_role("heading", name="My photo")).to_be_visible()
    send(page, PHOTOS[0])
    expect(page.locator(".own li")).to_contain_text("It is on the wall. What will it say?")
    tab(page, "Guess")
    expect(page.locator("#guess")).to_contain_text("Nothing to guess yet.")
    theo = room.other("<b>Theo</b>", PHOTOS[1], PHOTOS[2])
    expect(page.locator("#guess .at")).to_have_text("1 of 2 · 2 still to guess")
    options = page.locator("#guess .opts button:visible")
    options.first.click()
    expect(options.first).to_have_attribute("aria-pressed", "true")
    options.nth(1).click()
    expect(options.first).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#guess .have")).to_have_text("1 of 1 have guessed. The teacher shows the answer.")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#guess .at")).to_have_text("2 of 2 · 1 still to guess")
    page.get_by_role("button", name="It will not be sure").click()
    expect(page.locator("#guess .at")).to_have_text("2 of 2 · all guessed, well done")
    own = theo.ask("GET", "/state")["guess"][0]
    theo.ask("POST", "/guess", {"photo": own["photo"], "guess": "unsure"})

    room.teacher.ask("PATCH", "", {"phase": "shown"})
    expect(page.locator("#shown [data-verdict]")).to_be_visible()
    expect(page.locator("#news")).to_have_text("The answers are here.")
    expect(page.locator("#shown .at")).to_contain_text("Photo of <b>Theo</b>")
    expect(page.locator("#shown .mark")).to_contain_text("You guessed")
    page.get_by_role("button", name="It is wrong").click()
    expect(page.locator("#shown .votes")).to_have_text("It is right: 0 · It is wrong: 1")
    page.get_by_role("button", name="It is right").click()
    expect(page.locator("#shown .votes")).to_have_text("It is right: 1 · It is wrong: 0")
    tab(page, "My photo")
    expect(page.locator(".own li")).to_contain_text("of 1 guessed what it says.")
    expect(page.locator(".own [data-bars]")).to_be_visible()
    room.teacher.ask("POST", "/next")
    expect(page.locator(".own li")).to_have_count(0)
    expect(page.locator(".tabs")).to_contain_text("Guess")


def test_no_more_photos_than_a_round_takes_and_a_bad_one_says_why(meet: Callable[[], Meeting], tmp_path: Path) -> None:
    page = meet().phone()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    page.locator("#mine [data-pick=wall]").last.set_input_files(str(broken))
    expect(page.locator("#mine .refused li")).to_have_count(1)
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#mine .refused li")).to_have_count(0)
    page.locator("#mine [data-pick=wall]").last.set_input_files(photos(0, 9))  # the same one twice would count once
    expect(page.locator(".own [data-do=remove]:visible")).to_have_count(8)
    expect(page.locator("#mine .take")).to_be_hidden()
    expect(page.locator("#mine .how")).to_contain_text("You have sent 8 photos")
    page.locator(".own [data-do=remove]").first.click()
    expect(page.locator("#mine .take")).to_be_visible()


def test_a_photo_goes_out_small_upright_and_without_what_the_camera_wrote_beside_it(
    meet: Callable[[], Meeting],
) -> None:
    photo, exif, file = Image.new("RGB", (3000, 1000), "red"), Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010F] = 6, "Maker of the camera"  # turned by a quarter
    photo.save(file, "JPEG", exif=exif)
    page = meet().phone()
    script = page.locator("script[type=module]").get_attribute("src") or ""
    sent = page.evaluate(
        """async ([script, photo]) => {
          const { smaller } = await import(script), file = await (await fetch(photo)).blob();
          return [...new Uint8Array(await (await smaller(file)).arrayBuffer())];
        }""",
        [
            script.replace("phone.js", "phone-photos.js"),
            f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}",
        ],
    )
    arrived = Image.open(io.BytesIO(bytes(sent)))
    assert arrived.size == (533, 1600)
    assert not arrived.getexif()


def test_what_is_pressed_while_the_room_is_out_of_reach_is_told_later(meet: Callable[[], Meeting]) -> None:
    room = meet()
    room.other("Theo", PHOTOS[1])
    page = room.phone()
    expect(page.locator("#guess .at")).to_have_text("1 of 1 · 1 still to guess")
    page.context.set_offline(True)
    page.locator("#guess .opts button:visible").first.click()
    expect(page.locator(".toast span")).to_have_text("Trying to reach the teacher’s computer …")
    expect(page.locator("#guess .at")).to_have_text("1 of 1 · all guessed, well done")
    tab(page, "My photo")
    page.locator("#mine [data-pick=wall]").last.set_input_files(str(PHOTOS[0]))
    expect(page.locator(".own li")).to_contain_text("On its way …")
    page.context.set_offline(False)
    expect(page.locator(".toast span")).to_have_text("You are back in the room.")
    expect(page.locator(".own li")).to_contain_text("It is on the wall.")
    photos = room.teacher.ask("GET", "/state")["photos"]
    assert [one["guesses"] for one in photos] == [1, 0]


def test_a_phone_that_wakes_asks_at_once(meet: Callable[[], Meeting]) -> None:
    page = meet().phone()
    page.wait_for_timeout(500)  # now it waits for news
    for event in ("pageshow", "online"):
        with page.expect_request(lambda asked: "/state?" in asked.url and "since=" not in asked.url):
            page.evaluate(f"window.dispatchEvent(new Event('{event}'))")


def test_a_swipe_goes_on_to_the_next_photo(meet: Callable[[], Meeting]) -> None:
    room = meet()
    room.other("Theo", PHOTOS[1], PHOTOS[2])
    page = room.phone()
    expect(page.locator("#guess .at")).to_contain_text("1 of 2")
    wire = page.context.new_cdp_session(page)

    def swipe(start: int, end: int) -> None:
        for kind, points in (("touchStart", [start]), ("touchMove", [end]), ("touchEnd", [])):
            wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 200} for x in points]})

    swipe(300, 100)
    expect(page.locator("#guess .at")).to_contain_text("2 of 2")
    expect(page.locator("#news")).to_contain_text("2 of 2")
    swipe(100, 300)
    expect(page.locator("#guess .at")).to_contain_text("1 of 2")


def test_it_comes_back_after_the_server_was_killed_and_sends_its_photo_again(browser: Browser, tmp_path: Path) -> None:
    server = start_server(tmp_path)
    port = int(server.url.rpartition(":")[2])
    try:
        room = Meeting(browser, server)
        page = room.phone()
        send(page, PHOTOS[0])
        server.process.kill()
        server.process.wait(20)
        expect(page.locator(".toast span")).to_have_text("Trying to reach the teacher’s computer …")
        server = start_server(tmp_path, port=port)
        expect(page.locator(".toast span")).to_contain_text("You are back in the room.", timeout=20_000)
        expect(page.locator("#me")).to_have_text("Mina")
        expect(page.locator("#mine .again")).to_contain_text("Photos on the wall are gone")
        expect(page.locator(".toast")).to_be_hidden(timeout=10_000)
        tab(page, "Guess")
        expect(page.locator(".toast")).to_contain_text("Photos on the wall are gone")
        tab(page, "My photo")
        page.locator("#mine .again").get_by_role("button", name="Send my photos again").click()
        expect(page.locator(".own [data-do=remove]:visible")).to_have_count(1)
        expect(page.locator("#mine .again button")).to_be_hidden()
        for context in room.opened:
            context.close()
    finally:
        server.process.terminate()
        server.process.wait(20)


def test_locked_paused_removed_ended_and_left_are_plain_pages(meet: Callable[[], Meeting]) -> None:
    room = meet()
    page = room.page()
    expect(page.locator("#join")).to_be_visible()
    room.teacher.ask("PATCH", "", {"locked": True})
    expect(page.get_by_role("heading", name="The door is locked")).to_be_visible()
    room.teacher.ask("PATCH", "", {"locked": False})
    page.locator("#name").fill("x" * 25)
    assert len(page.locator("#name").input_value()) == 20
    page.get_by_role("button", name="Join").click()
    tab(page, "Leave")
    page.locator("#leave").get_by_role("button", name="Stay").click()
    tab(page, "Leave")
    page.locator("#leave").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    assert room.teacher.ask("GET", "/state")["people"] == []
    page.get_by_role("button", name="Join again").click()
    page.locator("#join .names button").first.click()
    expect(page.locator("#me")).not_to_be_empty()

    room.teacher.ask("PATCH", "", {"paused": True})
    expect(page.locator(".toast span")).to_have_text("The teacher has paused the room.")
    tab(page, "My photo")
    expect(page.locator("#mine .take")).to_be_hidden()
    room.teacher.ask("PATCH", "", {"paused": False})
    expect(page.locator(".toast")).to_be_hidden()
    other = room.phone("Theo")
    person = room.teacher.ask("GET", "/state")["people"][0]["id"]
    room.teacher.ask("DELETE", f"/people/{person}")
    expect(page.locator("#over")).to_contain_text("The teacher has removed you from this room.")
    room.teacher.ask("DELETE", "", {"keep": False})
    expect(other.locator("#over")).to_contain_text("The room has ended. Nothing of it is kept.")
    other.reload()
    expect(other.get_by_role("alert")).to_have_text("This room has ended. Nothing of it was kept.")


def test_photos_for_a_class_are_chosen_or_shot_while_a_class_is_held_down(meet: Callable[[], Meeting]) -> None:
    room = meet()
    page = room.phone()
    state = room.teacher.ask("POST", "/collect", {"classes": ["<i>mug</i>", "pen"]})
    tab(page, "Collect")
    mug = page.locator(".class").first
    expect(mug).to_contain_text("<i>mug</i>")
    with page.expect_file_chooser() as chooser:
        mug.get_by_role("button").click()
    chooser.value.set_files([*map(str, PHOTOS[:2])])
    expect(mug).to_contain_text("Photos: 2yours: 2", timeout=15_000)
    page.get_by_role("button", name="Use the camera here").click()
    expect(page.locator("#collect .how")).to_contain_text("Hold a class down")
    pen = page.locator(".class").nth(1)
    pen.hover()
    page.mouse.down()
    expect(pen).not_to_contain_text("Photos: 0", timeout=15_000)
    page.mouse.up()
    room.teacher.ask("PATCH", "", {"pinned": state["collect"]["classes"][0]["id"]})
    expect(page.locator(".class")).to_have_count(1)
    tab(page, "My photo")
    expect(page.locator("#collect video")).to_be_hidden()
    assert page.evaluate("document.querySelector('#collect video').srcObject") is None  # the camera is off


def test_the_live_camera_is_answered_on_the_phone_itself(meet: Callable[[], Meeting], home: Path) -> None:
    packages.put_scripts(home)
    page = meet().phone(locale="ja-JP")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    page.locator("#mine [data-do=live]").click()
    expect(page.locator("#live .by")).to_contain_text("この端末で", timeout=60_000)
    expect(page.locator("#live [data-bars] tr")).to_have_count(5)
    verdict = page.locator("#live .verdict em").inner_text()
    assert verdict not in page.locator("#live .verdict .why").inner_text()  # it is said once
    assert sent == []


def test_the_live_camera_asks_the_server_where_the_engine_is_not_here(meet: Callable[[], Meeting]) -> None:
    page = meet().phone()
    page.route(
        "**/live?*", lambda route: route.fulfill(status=404, json={"detail": "None.", "code": "scripts-missing"})
    )
    page.get_by_role("button", name="Live camera").click()
    expect(page.locator("#live .answer [data-bars]")).to_be_visible(timeout=15_000)
    expect(page.locator("#live .by")).to_contain_text("It keeps no picture")
    page.get_by_role("button", name="Back to my photos").click()
    assert page.evaluate("document.querySelector('#live video').srcObject") is None


def test_over_plain_http_a_photo_can_be_asked_about_and_is_not_kept(meet: Callable[[], Meeting]) -> None:
    room = meet()
    page = room.page()
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.reload()
    page.locator("#join .names button").first.click()
    page.get_by_role("button", name="Live camera").click()
    expect(page.locator("#live .trouble")).to_contain_text("only on pages that come over https")
    page.locator("#live [data-pick=ask]").set_input_files(str(PHOTOS[0]))
    expect(page.locator("#live .answer [data-verdict]")).to_be_visible()
    assert room.teacher.ask("GET", "/state")["photos"] == []


@pytest.mark.parametrize(("width", "height"), [(320, 568), (188, 334), (667, 375)], ids=["small", "200 %", "lying"])
def test_everything_fits(meet: Callable[[], Meeting], width: int, height: int) -> None:
    room = meet()
    room.other("Theodora Longfellow", PHOTOS[1], PHOTOS[2])
    page = room.page(width=width, height=height)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    expect(page.locator("#join")).to_be_visible()
    fits()
    page.locator("#join .names button").first.click()
    for phase in ("photos", "shown"):
        room.teacher.ask("PATCH", "", {"phase": phase})
        expect(page.locator("#guess .some" if phase == "photos" else "#shown .some")).to_be_visible()
        fits()
    tab(page, "My photo")
    fits()
    tab(page, "Leave")
    fits()


def test_nobody_is_kept_out(meet: Callable[[], Meeting], axe: str) -> None:
    room = meet()
    room.other("Theo", PHOTOS[1], PHOTOS[2])
    page = room.page()
    expect(page.locator("#join")).to_be_visible()
    assert unusable(page, axe) == []
    page.keyboard.press("Tab")
    while page.evaluate("!document.activeElement.closest('.names')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What will it say?").first).to_be_focused()
    page.emulate_media(color_scheme="light")
    page.locator("#guess .opts button:visible").first.click()
    assert unusable(page, axe) == []
    sizes = page.evaluate(
        """[...document.querySelectorAll('main button, nav button')].filter((one) => one.offsetParent)
          .map((one) => Math.min(one.offsetHeight, one.offsetWidth))"""
    )
    assert min(sizes) >= 44
    room.teacher.ask("PATCH", "", {"phase": "shown"})
    expect(page.locator("#shown [data-verdict]")).to_be_visible()
    page.emulate_media(color_scheme="light")
    assert unusable(page, axe) == []
    page.emulate_media(color_scheme="light")
    tab(page, "My photo")
    expect(page.locator("#mine .how")).to_have_text("The next photos come with the next round.")
    assert unusable(page, axe) == []
