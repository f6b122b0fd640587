"""A real Chromium among the visitors."""

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.install import find_browser
from tests.support.chromium import FLAGS
from tests.support.server import Server

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PATIENCE_MS = 60_000
PHOTOS = "input[type=file][multiple]"


@contextlib.asynccontextmanager
async def chromium() -> "AsyncIterator[Browser]":
    """Start one."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def visiting(browser: "Browser", server: Server) -> "AsyncIterator[Page]":
    """Open the page Classify as a new visitor."""
    context = await browser.new_context(locale="en-US", viewport={"width": 1400, "height": 900})
    page = await context.new_page()
    await page.goto(server.url)
    await page.locator(PHOTOS).wait_for(state="attached", timeout=PATIENCE_MS)
    yield page
    await context.close()


async def drop(page: "Page", photos: Sequence[Path]) -> None:
    """Drop photos."""
    await page.set_input_files(PHOTOS, photos)


async def all_answered(page: "Page", count: int) -> None:
    """Wait until so many photos are on the page and none of them waits."""
    from playwright.async_api import expect

    await expect(page.locator(".sheet li")).to_have_count(count, timeout=PATIENCE_MS)
    await expect(page.locator(".sheet .busy")).to_have_count(0, timeout=PATIENCE_MS)
    await expect(page.locator(".stage [data-verdict]").first).to_have_attribute("data-verdict", re.compile("."))
