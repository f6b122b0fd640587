"""The page Train in a real browser: photos come in, answers at once, a model at the end, nothing left when deleted."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Request, expect

from tests.browser.test_face import SHIFT, room, settle
from tests.embed import packages
from tests.support.server import Server
from tests.support.train_page import WAIT_MS, add, counts, photo, photos, with_two_classes

pytestmark = pytest.mark.browser


def test_two_classes_learn_answer_become_a_model_and_leave_nothing(page: Page, server: Server) -> None:
    with_two_classes(page, server)
    expect(page.locator(".result .fig")).to_be_visible(timeout=WAIT_MS)

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Try a photo").click()
    chooser.value.set_files(photos(1, 1, 51))
    expect(page.locator(".answer .say")).to_contain_text("standing", timeout=WAIT_MS)
    expect(page.locator(".answer tbody th")).to_have_text(["lying", "standing"])
    expect(page.locator(".near img[src]")).to_have_count(3)

    expect(page.locator(".chosen")).to_contain_text("Chosen by test on your photos: ", timeout=WAIT_MS)
    page.locator(".looks summary").click()
    expect(page.locator(".looks li").first).to_contain_text("It looks at")
    for setting, told in (("backbone", "starter"), ("pooling", "2x2"), ("look", "square"), ("mirror", "off")):
        with page.expect_response(lambda response: response.request.method == "PATCH") as answer:
            page.locator(f"[data-setting={setting}]").select_option(told)
        assert answer.value.json()["settings"][setting] == told
    expect(page.locator(".looks li")).to_have_count(0, timeout=WAIT_MS)  # nothing is left to be tested
    expect(page.locator(".result .fig")).to_be_visible(timeout=WAIT_MS)

    broken: FilePayload = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    add(page, 0, [broken, *photos(0, 1, 60)])
    counts(page, "7 photos", "6 photos")
    expect(page.locator(".aside summary")).to_have_text("Set aside: 1")
    page.locator(".aside summary").click()
    expect(page.locator(".aside li")).to_contain_text("letter.jpg")
    expect(page.locator(".aside li button")).to_have_count(0)  # what is no photo cannot be put back

    page.reload()
    counts(page, "7 photos", "6 photos")
    expect(page.locator(".answer .say")).to_have_text("Ready to look")
    page.get_by_label("Name of the model").fill("Stripes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Try it in Classify")).to_be_focused(timeout=60_000)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Classify – Discern", timeout=WAIT_MS)
    page.set_input_files("#stage input[type=file]", photos(0, 1, 70))
    expect(page.locator("#stage .stage .say")).to_contain_text("lying", timeout=WAIT_MS)

    room(page, "Train")
    counts(page, "7 photos", "6 photos")
    expect(page.locator(".st-key-take-away")).to_be_attached(timeout=WAIT_MS)
    page.locator(".st-key-delete").get_by_role("button").click()
    page.get_by_role("button", name="Delete all").click()
    receipt = page.get_by_role("table", name="What is left")
    expect(receipt.get_by_role("cell")).to_have_text(["0", "0", "0", "0"], timeout=WAIT_MS)
    counts(page, "no photos yet", "no photos yet")


def test_a_press_on_the_button_shoots_until_it_is_let_go(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    settle(page)
    page.evaluate(f"({SHIFT})()")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".rec")).to_be_visible()
    expect(page.locator("#train .pic video")).not_to_have_js_property("videoWidth", 0)
    button = page.locator(".shoot").first
    button.hover()
    page.mouse.down()
    expect(page.locator(".kl .count").first).to_have_text(re.compile(r"^([5-9]|\d\d) photos"), timeout=WAIT_MS)
    page.mouse.up()
    page.locator(".shoot").nth(1).focus()
    page.keyboard.press("Space")
    expect(page.locator(".kl .count").nth(1)).to_have_text("1 photo", timeout=WAIT_MS)
    assert page.evaluate("window.shifted") < 0.1
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator(".answer .say")).to_have_text("Ready to look")


def test_the_device_sees_by_itself_and_sends_no_picture(page: Page, server: Server, home: Path) -> None:
    packages.put_scripts(home)
    with_two_classes(page, server)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("#train .pic")).to_have_attribute("data-live", "device", timeout=60_000)
    expect(page.locator("#train .watch .by")).to_contain_text("the picture stays on it")
    expect(page.locator("#train .answer .bars tbody tr").first).to_be_visible(timeout=WAIT_MS)
    sent.clear()
    page.wait_for_timeout(2000)
    asked = [request for request in sent if "/look" in request.url]
    assert asked
    assert {request.headers["content-type"] for request in asked} == {"application/x-seen"}
    page.get_by_role("button", name="Stop the camera").click()


def test_what_is_said_of_a_wrong_file_can_be_put_away(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    settle(page)
    page.locator(".mine summary").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a project file").click()
    chooser.value.set_files({"name": "no.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    expect(page.locator(".notice")).to_contain_text("zip", timeout=WAIT_MS)
    page.locator(".notice").get_by_role("button", name="Close").click()
    expect(page.locator(".notice")).to_be_hidden()


def test_a_photo_is_taken_out_of_its_class_and_comes_back(page: Page, server: Server) -> None:
    with_two_classes(page, server)
    page.get_by_role("button", name="All photos: lying").click()
    dialog = page.get_by_role("dialog", name="lying")
    dialog.get_by_role("checkbox").first.check()
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog.locator(".grid li")).to_have_count(5)
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.locator(".grid li")).to_have_count(6)
    dialog.get_by_role("checkbox").first.check()
    dialog.get_by_role("button", name="standing").click()
    expect(dialog.locator(".grid li")).to_have_count(5)
    page.keyboard.press("Escape")
    counts(page, "5 photos", "7 photos")


def test_a_project_goes_on_in_another_browser_which_sees_every_change(
    page: Page, browser: Browser, server: Server
) -> None:
    with_two_classes(page, server)
    page.locator(".mine summary").click()
    page.get_by_role("button", name="Continue on another device").click()
    expect(page.locator(".mine .link")).to_be_visible(timeout=WAIT_MS)
    link = page.locator(".mine .link input").input_value()
    with browser.new_context(locale="ko", viewport={"width": 375, "height": 812}) as phone:
        other = phone.new_page()
        other.goto(link)
        expect(other.locator(".kl .count")).to_have_text(["사진 6장", "사진 6장"], timeout=WAIT_MS)
        assert "project" not in other.url
        assert other.evaluate("document.documentElement.scrollWidth") <= 375
        add(page, 0, photos(0, 1, 80))
        expect(other.locator(".kl .count").first).to_have_text("사진 7장", timeout=WAIT_MS)


def test_folders_of_a_zip_become_classes(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    settle(page)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for kind, name in enumerate(("lying", "standing")):
            for n in range(2):
                archive.writestr(f"{name}/{n}.jpg", photo(kind, n))
    page.get_by_text("Folders as classes", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.locator(".more").get_by_role("button", name="Zip file").click()
    chooser.value.set_files({"name": "stripes.zip", "mimeType": "application/zip", "buffer": packed.getvalue()})
    counts(page, "2 photos", "2 photos")  # the two that nobody had used are gone
    for place, name in enumerate(("lying", "standing")):
        expect(page.locator(".kl header input").nth(place)).to_have_value(name)
