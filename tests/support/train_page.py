"""The page Train in a browser: photos made in code, and two classes that have some."""

import numpy as np
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.support.pictures import encode
from tests.support.server import Server

WAIT_MS = 20_000


def photo(kind: int, number: int) -> bytes:
    """Return a photo: blue stripes that lie (0) or brown ones that stand (1), each a little different."""
    rng = np.random.default_rng(100 * kind + number)
    wave = np.sin(np.arange(240) * rng.uniform(0.28, 0.32) + rng.uniform(0, 6))
    shades = np.broadcast_to(wave if kind else wave[:, None], (240, 240))
    striped = 128 + shades[..., None] * np.array([(30, 60, 110), (110, 70, 30)][kind])
    return encode(Image.fromarray((striped + rng.normal(0, 8, striped.shape)).clip(0, 255).astype(np.uint8)), "JPEG")


def photos(kind: int, count: int, begin: int = 0) -> list[FilePayload]:
    """Return photos as a browser's file dialog hands them over."""
    return [
        {"name": f"{kind}-{n}.jpg", "mimeType": "image/jpeg", "buffer": photo(kind, n)}
        for n in range(begin, begin + count)
    ]


def add(page: Page, place: int, files: list[FilePayload]) -> None:
    """Add photos to a class by its button."""
    card = page.locator(".kl").nth(place)
    card.locator("summary").click()
    with page.expect_file_chooser() as chooser:
        card.get_by_role("button", name="Photos", exact=True).click()
    chooser.value.set_files(files)
    expect(card.locator("summary")).to_be_focused()


def counts(page: Page, *said: str) -> None:
    """Wait until the classes have so many photos, and all of them have arrived."""
    expect(page.locator(".kl .count")).to_have_text(list(said), timeout=WAIT_MS)
    expect(page.locator("#train")).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)


def with_two_classes(page: Page, server: Server) -> None:
    """Open the page and give two classes names and photos."""
    page.goto(f"{server.url}/train")
    expect(page.locator(".kl")).to_have_count(2, timeout=WAIT_MS)
    for place, name in enumerate(("lying", "standing")):
        page.get_by_role("textbox", name="Name of the class").nth(place).click()
        page.keyboard.type(name)  # its first name is selected
        page.keyboard.press("Enter")
        add(page, place, photos(place, 6))
    counts(page, "6 photos", "6 photos")
