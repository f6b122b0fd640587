"""The frame of every page: header, language, Streamlit's own parts out of sight, and nothing that jumps."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.photos.samples import find_samples
from tests.support.axe import unusable
from tests.support.server import Server, start_server
from tests.support.train_page import with_two_classes

pytestmark = pytest.mark.browser

ROOMS = {
    "": "Classify",
    "compare": "Compare",
    "train": "Train",
    "learn": "Learn",
    "room": "Room",
    "models": "Models",
    "embed": "Code",
}
SHIFT = """() => { window.shifted = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""


# Parts as Streamlit makes them, and a visitor's own word that is one of its.
PARTS = """() => { document.body.insertAdjacentHTML("beforeend", `<button id="list" aria-label="Open">⌄</button>
<div data-testid="stFileUploader"><button id="upload">Upload</button></div><b id="theirs">Upload</b>`); }"""


def settle(page: Page) -> None:
    """Wait until the page is drawn."""
    page.locator("body.ready [data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=30_000)
    expect(page.locator("[data-testid=stMain] h1").first).to_be_visible(timeout=20_000)


def room(page: Page, name: str) -> None:
    """Go to another page by the header."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


def test_the_header_leads_everywhere_and_back(page: Page, server: Server) -> None:
    page.goto(server.url)
    for path, name in list(ROOMS.items())[1:]:
        room(page, name)
        expect(page).to_have_title(f"{name} – Discern", timeout=20_000)
        expect(page).to_have_url(f"{server.url}/{path}")
        expect(page.locator(".rooms [aria-current=page]")).to_have_text(name)
    page.go_back()
    expect(page).to_have_title("Models – Discern")
    expect(page.locator(".rooms [aria-current=page]")).to_have_text("Models")
    expect(page.get_by_role("heading", name="Pick a model", exact=True)).to_be_visible()
    page.get_by_role("link", name="Discern", exact=True).click()
    expect(page).to_have_title("Classify – Discern")


def test_a_room_opens_in_a_new_tab(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/models?lang=ko")
    settle(page)
    with page.context.expect_page() as opened:
        page.locator("#head a[href^='/compare']").click(modifiers=["Control"])
    expect(opened.value).to_have_title("비교 – Discern", timeout=20_000)
    expect(page).to_have_title("모델 – Discern")


def test_language_of_page_title_header_and_streamlits_words_follow_the_switch(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/models")
    settle(page)
    page.get_by_role("link", name="日", exact=True).click()
    expect(page).to_have_title("モデル – Discern")
    expect(page).to_have_url(re.compile(r"\?lang=ja$"))
    assert page.evaluate("document.documentElement.lang") == "ja"
    expect(page.locator(".rooms a").nth(1)).to_have_text("比較")
    expect(page.locator(".rooms a").nth(1)).to_have_attribute("href", "/compare?lang=ja")
    page.locator(".rooms a").nth(1).click()
    expect(page).to_have_url(re.compile(r"/compare\?lang=ja"))
    page.evaluate(PARTS)
    expect(page.locator("#list")).to_have_attribute("aria-label", "開く")
    expect(page.locator("#upload")).to_have_text("ファイルを選ぶ")
    expect(page.locator("#theirs")).to_have_text("Upload")
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page).to_have_title("Compare – Discern")
    expect(page.locator("#list")).to_have_attribute("aria-label", "Open")
    expect(page.locator("#upload")).to_have_text("Choose files")


def test_a_wrong_address_leads_to_the_first_page(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/nowhere")
    expect(page).to_have_title("Classify – Discern", timeout=20_000)
    expect(page).to_have_url(f"{server.url}/")


def test_nothing_of_streamlits_frame_is_in_sight(page: Page, server: Server) -> None:
    page.goto(server.url)
    settle(page)
    page.locator("h1").first.hover()
    for part in ("stHeader", "stToolbar", "stSidebar", "stStatusWidget", "stSkipToContent", "stHeaderActionElements"):
        for found in page.get_by_test_id(part).all():
            expect(found).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_server_that_is_gone_is_missed_in_our_words_until_it_is_back(browser: Browser, tmp_path: Path) -> None:
    server = start_server(tmp_path)
    with browser.new_context(locale="ko") as window:
        page = window.new_page()
        page.goto(server.url.replace("127.0.0.1", "localhost"))  # where Streamlit names a command, too
        settle(page)
        server.process.terminate()
        server.process.wait(20)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("이 컴퓨터의 서버가 응답하지 않아요.", timeout=20_000)
        assert "streamlit" not in dialog.inner_text().lower()
        server = start_server(tmp_path, port=int(server.url.rsplit(":", 1)[1]))
        expect(dialog).to_have_count(0, timeout=30_000)
    server.process.terminate()
    server.process.wait(20)


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_jumps_while_a_page_loads(browser: Browser, server: Server, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, locale="en-US") as window:
        page = window.new_page()
        page.add_init_script(f"({SHIFT})()")
        shifts = {}
        for path in ROOMS:
            page.goto(f"{server.url}/{path}")
            settle(page)
            page.wait_for_timeout(300)
            shifts[path] = page.evaluate("window.shifted")
            head = page.locator("#head").bounding_box()
            assert head is not None
            assert head["height"] == (56 if width > 700 else 95)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert max(shifts.values()) < 0.1, shifts


def opened(path: str) -> Callable[[Page, Server], None]:
    """Return what opens a page and waits until it is drawn."""

    def prepare(page: Page, server: Server) -> None:
        page.goto(f"{server.url}/{path}")
        settle(page)

    return prepare


def with_photos(page: Page, server: Server) -> None:
    """Open Classify with good photos and a broken one."""
    page.goto(server.url)
    paths = [sample.path for sample in find_samples()[:3]]
    page.set_input_files("input[type=file]", [*paths, Path(__file__)])
    expect(page.locator(".sheet li")).to_have_count(4)
    expect(page.locator("#stage .busy")).to_have_count(0, timeout=30_000)
    settle(page)


def with_a_class_open(page: Page, server: Server) -> None:
    """Open Train with two classes and all photos of one of them."""
    with_two_classes(page, server)
    page.locator(".th8").first.click()
    expect(page.locator(".grid li")).to_have_count(6)


# What brings a page into a state; one more line for one more state.
STATES = {
    **{name: opened(path) for path, name in ROOMS.items()},
    "Join, for one machine": opened("join"),
    "Classify with photos": with_photos,
    "Train with photos": with_two_classes,
    "Train with a class open": with_a_class_open,
}


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_it(page: Page, server: Server, axe: str, state: str) -> None:
    STATES[state](page, server)
    found = unusable(page, axe)
    assert not found, "\n".join(found)
