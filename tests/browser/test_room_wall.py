"""The page Room in a real browser: the teacher's wall, with phones that are plain HTTP clients."""

import json
import re
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lib.photos.samples import find_samples
from tests.browser.test_face import SHIFT, room, settle
from tests.support.axe import unusable
from tests.support.pictures import encode, noise
from tests.support.server import Server

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
CARDS = "#room .one:not(.empty)"
_SAMPLES = [sample.path.read_bytes() for sample in find_samples()]


class Phone:
    """Somebody who has joined a room.

    Args:
        server: The server.
        code: The room's code, such as "fox 47".
        name: What they call themselves.
    """

    def __init__(self, server: Server, code: str, name: str) -> None:
        self._there = f"{server.url}/r/{code.replace(' ', '')}"
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.ask("POST", "/join", {"name": name})

    def ask(self, method: str, path: str, told: object = None) -> Any:
        """Return what the server answers; `told` is JSON, or the bytes of a photo."""
        body = told if isinstance(told, bytes) else None if told is None else json.dumps(told).encode()
        with self._opener.open(Request(self._there + path, body, method=method)) as answer:
            return json.loads(answer.read() or b"{}")

    def send(self, photo: int) -> int:
        """Send a photo to the wall, each number another one, and return its number there."""
        data = _SAMPLES[photo] if photo < len(_SAMPLES) else encode(noise(40, 30, photo), "PNG")
        found: int = self.ask("POST", "/photos?name=a.png", data)["photo"]
        return found

    def guess(self, photo: int, name: str) -> None:
        """Guess that the model will say this of a photo."""
        (options,) = (one["options"] for one in self.ask("GET", "/state?lang=en")["guess"] if one["photo"] == photo)
        (id_,) = (one["id"] for one in options if one["name"] == name)
        self.ask("POST", "/guess", {"photo": photo, "guess": id_})


Join = Callable[[str], Phone]


@pytest.fixture
def join(page: Page, server: Server) -> Iterator[Join]:
    """Open a room on the page, and return what lets a phone join it; end the room after the test."""
    page.goto(f"{server.url}/room?lang=en")
    settle(page)
    page.get_by_role("button", name="Open a room").click()
    code = page.locator("#room .code")
    expect(code).to_have_text(re.compile(r"^[a-z]+ \d\d$"), timeout=WAIT_MS)
    shown_as = code.inner_text()
    yield lambda name: Phone(server, shown_as, name)
    if page.locator("#room .code").count():
        end(page)


def end(page: Page) -> None:
    """End the room."""
    page.locator(".foot").get_by_role("button", name="End: forget everything").click()
    page.get_by_role("button", name="End and forget").click()
    expect(page.locator("#room .receipt")).to_be_visible(timeout=WAIT_MS)


def test_a_round_from_the_first_photo_to_the_votes(page: Page, join: Join) -> None:
    expect(page.get_by_role("button", name="Show answers")).to_be_disabled()
    mina, theo = join("Mina"), join("<b>Theo</b>")
    expect(page.locator("#room .here")).to_have_text("2 are here")
    photo = theo.send(0)
    expect(page.locator(CARDS)).to_have_count(1)
    expect(page.locator(f"{CARDS} .who")).to_have_text("<b>Theo</b>")
    mina.guess(photo, "Egyptian cat")
    expect(page.locator(f"{CARDS} .ans")).to_have_text("1 of 1 have guessed")
    expect(page.get_by_role("heading", level=1)).to_have_text("What will the model say?")
    assert "cat" not in page.locator("#room .cards").inner_text()

    page.get_by_role("button", name="Show answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Did you guess what it says?")
    expect(page.locator(f"{CARDS} .ans")).to_contain_text("cat")
    expect(page.locator("#room .total")).to_contain_text("surprise")
    mina.ask("POST", "/vote", {"photo": photo, "right": False})
    expect(page.locator(f"{CARDS} .votes")).to_have_text("Votes: 0 right, 1 wrong")
    page.get_by_role("button", name="Disagreements 1").click()
    expect(page.locator("#room .dispute")).to_have_count(1)
    page.get_by_role("button", name="Piles").click()
    expect(page.locator("#room .pile")).to_have_count(1)

    page.get_by_role("button", name="Photo by <b>Theo</b>, show it large").click()
    large = page.locator("#room .large")
    expect(large.locator(".verdict .say")).to_contain_text("cat")
    expect(large.locator(".tally tr")).to_have_count(5)
    expect(large.locator(".tally tr.right em")).to_have_text("what it says")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()

    page.get_by_role("button", name="Next round").click()
    expect(page.locator(CARDS)).to_have_count(0)
    page.reload()
    settle(page)
    expect(page.locator("#room .here")).to_have_text("2 are here", timeout=WAIT_MS)


def test_photos_come_without_moving_anything_and_keys_turn_the_pages(page: Page, join: Join) -> None:
    lea, kai = join("Lea"), join("Kai")
    expect(page.locator("#room .here")).to_have_text("2 are here")
    page.wait_for_timeout(600)  # what was pressed may move things that long
    page.evaluate(SHIFT)
    page.evaluate("window.shifted = 0")
    for photo in range(10, 19):
        (lea if photo % 2 else kai).send(photo)
    expect(page.locator(CARDS)).to_have_count(8)
    expect(page.locator(".pager .at")).to_have_text("1 / 2")
    assert page.evaluate("window.shifted") < 0.002
    page.keyboard.press("ArrowRight")
    expect(page.locator(CARDS)).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="More, smaller").click()
    expect(page.locator(CARDS)).to_have_count(9)
    page.keyboard.press("f")
    expect(page.locator("#head")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.locator("#head")).to_be_visible()


def test_a_photo_is_hidden_and_shown_again_and_a_person_removed(page: Page, join: Join) -> None:
    ines, yuki = join("Ines"), join("Yuki")
    ines.send(1)
    yuki.send(2)
    page.get_by_role("button", name="Photo by Ines, show it large").click()
    page.get_by_role("button", name="Hide this photo").click()
    expect(page.locator(f"{CARDS} .who")).to_have_text(["Yuki"])
    page.get_by_role("button", name="Hidden (1)").click()
    page.get_by_role("button", name="Show again").click()
    expect(page.locator(CARDS)).to_have_count(2)
    page.locator("#room .sheet").get_by_role("button", name="Close").click()

    page.get_by_role("button", name="2 are here").click()
    state = page.get_by_role("cell", name="here", exact=True).first
    assert state.evaluate("(cell) => getComputedStyle(cell).whiteSpace") == "nowrap"  # no word is broken
    page.get_by_role("button", name="Remove from room Yuki").click()
    expect(page.locator("#room .sheet h2")).to_have_text("Remove Yuki?")
    page.get_by_role("button", name="Remove from room", exact=True).click()
    expect(page.locator("#room .sheet tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(f"{CARDS} .who")).to_have_text(["Ines"])
    assert yuki.ask("GET", "/state")["out"] is True


def test_the_door_is_locked_and_the_room_paused(page: Page, join: Join) -> None:
    page.locator("#room .menu summary").click()
    page.get_by_label("Lock the door").check()
    page.get_by_label("Pause").check()
    expect(page.locator("#room .doors span")).to_have_text(["The door is locked", "Paused"])
    page.get_by_label("Points for right guesses").uncheck()
    expect(page.locator(".foot").get_by_role("button", name="Points")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#room .menu .pop")).to_be_hidden()


def test_classes_are_collected_the_model_goes_to_all_phones_and_the_end_leaves_nothing(page: Page, join: Join) -> None:
    sora = join("Sora")
    page.get_by_role("button", name="Collect", exact=True).click()
    page.get_by_label("Class 1").fill("mug")
    page.get_by_label("Class 2").fill("<i>pen")
    page.get_by_role("button", name="Collect photos").click()
    expect(page.locator("#room .class h2")).to_have_text(["mug", "<i>pen"])
    make = page.get_by_role("button", name="Make the model")
    expect(make).to_be_disabled()
    expect(page.locator("#room-stand")).to_have_text("A model needs photos of at least two classes.")
    mug, pen = (one["id"] for one in sora.ask("GET", "/state")["collect"]["classes"])
    for number, klass in enumerate((mug, mug, pen, pen)):
        sora.ask("POST", f"/classes/{klass}?name=a.png", _SAMPLES[number])
    expect(page.locator("#room .class header b")).to_have_text(["2", "2"], timeout=WAIT_MS)
    page.get_by_role("button", name="All phones: mug").click()
    expect(page.get_by_role("button", name="All phones take mug now")).to_have_attribute("aria-pressed", "true")
    assert sora.ask("GET", "/state")["collect"]["pinned"] == mug
    expect(page.get_by_role("link", name="Open in Train")).to_have_attribute("href", re.compile("project=[\\w-]+$"))

    make.click()
    expect(page.locator("#room .calm")).to_contain_text("“mug, <i>pen” is on all phones now", timeout=60_000)
    assert sora.ask("GET", "/state")["model"]["name"] == "mug, <i>pen"
    page.route(re.compile(r"/rooms/[^/]+/state"), restored)
    join("Lea")
    join("Joon")
    expect(page.locator("#room .calm")).to_contain_text("The server was started anew.", timeout=WAIT_MS)
    page.unroute_all(behavior="ignoreErrors")

    page.locator(".foot").get_by_role("button", name="End: forget everything").click()
    expect(page.locator("#room .gone li")).to_have_text(
        ["0 photos", "3 people with guesses and points", "the class set “mug, <i>pen” with 4 photos, and its model"]
    )
    expect(page.get_by_label("Keep the class set and its model")).not_to_be_checked()
    page.get_by_role("button", name="End and forget").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything of this room is gone", timeout=WAIT_MS)
    expect(page.locator("#room .receipt dd")).to_have_text(["0"] * 5)
    expect(page).not_to_have_url(re.compile("room="))


def restored(route: Route) -> None:
    """Answer as a server that was started anew."""
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"restored": "The server was started anew."})


def test_a_class_set_is_kept_where_that_is_chosen(page: Page, join: Join) -> None:
    join("Uli")
    collecting(page)
    page.get_by_label("Another class").fill("bark")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#room .class h2")).to_have_text(["leaf", "stone", "bark"])
    expect(page.get_by_label("Another class")).to_have_value("")
    page.locator(".foot").get_by_role("button", name="End: forget everything").click()
    page.get_by_label("Keep the class set and its model").check()
    page.get_by_role("button", name="End and forget").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All is gone but the class set that you kept")
    expect(page.locator("#room .receipt dd")).to_have_text(["0"] * 3)
    page.get_by_role("link", name="Open in Train").click()
    expect(page.locator("#train .kl")).to_have_count(3, timeout=WAIT_MS)


def test_a_second_tab_is_told_that_the_room_has_ended(page: Page, join: Join) -> None:
    join("Noah")
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator("#room .code")).to_be_visible(timeout=WAIT_MS)
    end(page)
    expect(second.locator("#room .trouble")).to_have_text("This room has ended.", timeout=WAIT_MS)
    second.close()


def test_a_server_that_is_away_is_said_and_found_again(page: Page, join: Join) -> None:
    join("Noah")
    page.route("**/rooms/**", lambda route: route.abort())
    page.get_by_role("button", name="More, smaller").click()
    page.locator("#room .menu summary").click()
    page.get_by_label("Lock the door").check()
    expect(page.locator("#room .trouble")).to_have_text("This computer’s server does not answer. Trying again …")
    page.unroute("**/rooms/**")
    expect(page.locator("#room .trouble")).to_be_hidden(timeout=WAIT_MS)
    page.get_by_label("Lock the door").check()
    expect(page.locator("#room .doors span")).to_have_text(["The door is locked"])


def test_another_browser_is_told_whose_room_it_is_and_the_own_one_goes_back(
    page: Page, server: Server, join: Join, browser: Browser
) -> None:
    address, code = page.url, page.locator("#room .code").inner_text()
    context = browser.new_context(locale="en-US")
    other = context.new_page()
    other.goto(address)
    expect(other.locator("#room .trouble")).to_contain_text("Only the teacher who opened this room", timeout=WAIT_MS)
    expect(other.get_by_role("button", name="Open a room")).to_be_visible()
    context.close()
    page.goto(f"{server.url}/room?lang=en")
    page.get_by_role("button", name=f"Go back to {code}").click(timeout=WAIT_MS)
    expect(page.locator("#room .code")).to_have_text(code)
    expect(page).to_have_url(re.compile("room="))


def collecting(page: Page) -> None:
    """Name two classes."""
    page.get_by_role("button", name="Collect", exact=True).click()
    page.get_by_label("Class 1").fill("leaf")
    page.get_by_label("Class 2").fill("stone")
    page.get_by_role("button", name="Collect photos").click()
    expect(page.locator("#room .class")).to_have_count(2)


def shown(page: Page) -> None:
    """Show the answers."""
    page.get_by_role("button", name="Show answers").click()
    expect(page.locator(f"{CARDS} .sign")).to_be_visible()


def enlarged(page: Page) -> None:
    """Show the answer of one photo."""
    shown(page)
    page.get_by_role("button", name="show it large").click()
    expect(page.locator("#room .large .tally")).to_be_visible()


def counted(page: Page) -> None:
    """Show who is here."""
    page.get_by_role("button", name="1 is here").click()
    expect(page.locator("#room .sheet table")).to_be_visible()


def asked(page: Page) -> None:
    """Open the menu."""
    page.locator("#room .menu summary").click()


def test_the_room_waits_while_the_teacher_is_on_another_page_and_speaks_another_language(
    page: Page, join: Join
) -> None:
    code = page.locator("#room .code").inner_text()
    room(page, "Learn")
    expect(page.locator("#learn h1")).to_be_visible(timeout=WAIT_MS)
    page.wait_for_timeout(500)
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url) if "/rooms/" in request.url else None)
    join("Vera")
    page.wait_for_timeout(1500)
    assert asked_for == []
    room(page, "Room")
    expect(page.locator("#room .code")).to_have_text(code, timeout=WAIT_MS)
    expect(page.locator("#room .here")).to_have_text("1 is here")
    page.locator("#head [data-speak=ko]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("모델은 뭐라고 할까요?", timeout=WAIT_MS)
    page.locator("#head [data-speak=en]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What will the model say?", timeout=WAIT_MS)


@pytest.mark.parametrize("look", [asked, shown, enlarged, counted, collecting])
def test_the_wall_is_usable(page: Page, join: Join, axe: str, look: Callable[[Page], None]) -> None:
    join("Emma").send(0)
    expect(page.locator(CARDS)).to_have_count(1)
    look(page)
    assert unusable(page, axe) == []
    assert page.locator("#room .code").count() == 1  # the component is mounted anew when the colours change
    if page.locator("#room dialog[open]").count():
        page.keyboard.press("Escape")
