"""The plan for ninety minutes in a real browser: its clock, its two pages of paper, and that everybody can use it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.axe import unusable
from tests.support.server import Server

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
NOW = "#plan section[aria-current]"


def opened(page: Page, server: Server, language: str = "en") -> Page:
    page.goto(f"{server.url}/room?view=plan&lang={language}")
    expect(page.locator("#plan section")).to_have_count(6, timeout=WAIT_MS)
    return page


def test_the_clock_says_where_one_should_be_and_outlives_a_reload(page: Page, server: Server) -> None:
    page.clock.install()
    opened(page, server)
    expect(page.locator(NOW)).to_have_count(0)
    page.get_by_role("button", name="Start the clock").click()
    expect(page.locator(NOW)).to_contain_text("Arrive")
    expect(page.locator("#plan .now")).to_have_text("Minute 1 of 90")
    page.clock.fast_forward("36:00")
    page.clock.run_for(5000)
    expect(page.locator(NOW)).to_contain_text("Compare")
    expect(page.locator("#plan .now")).to_have_text("Minute 37 of 90")
    opened(page, server)
    expect(page.locator(NOW)).to_contain_text("Compare")
    page.clock.fast_forward("55:00")
    page.clock.run_for(5000)
    expect(page.locator(NOW)).to_have_count(0)
    expect(page.locator("#plan .now")).to_have_text("Minute 91: the time is over")
    page.get_by_role("button", name="Stop the clock").click()
    expect(page.locator("#plan .now")).to_be_hidden()
    opened(page, server)
    expect(page.get_by_role("button", name="Start the clock")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_it_is_printed_on_two_pages(page: Page, server: Server, language: str) -> None:
    opened(page, server, language)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 2


def test_the_paper_goes_with_the_page_and_the_room_leads_to_the_plan(page: Page, server: Server) -> None:
    opened(page, server)
    page.get_by_role("link", name="To the room").click()
    expect(page.get_by_role("link", name="Plan for ninety minutes")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("body > .paper")).to_have_count(0)
    page.get_by_role("link", name="Plan for ninety minutes").click()
    expect(page.locator("#plan section")).to_have_count(6, timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(page: Page, server: Server, axe: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened(page, server).get_by_role("button", name="Start the clock").click()
    assert not unusable(page, axe)


def test_it_fits_a_phone(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    opened(page, server, "ko")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
