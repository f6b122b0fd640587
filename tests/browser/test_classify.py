"""The page Classify as a person uses it: real photos in a real browser."""

import csv
import io
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lib.photos.samples import find_samples
from tests.support.pictures import BLUE, RED, encode, noise, plain
from tests.support.server import ROOT, Server, start_server
from tests.support.user_models import put

pytestmark = pytest.mark.browser
INPUT, STAGE, TILES = "input[type=file]", ".stage [data-verdict]", ".sheet [data-verdict]"
PASTE = """async () => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
    canvas.getContext("2d").fillRect(0, 0, 64, 48);
    const blob = await new Promise(done => canvas.toBlob(done, "image/png"));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([blob], "image.png", {type: "image/png"}));
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
}"""
SHIFT = """() => new Promise(done => new PerformanceObserver(list => done(
    list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0)
)).observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 500))"""


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


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return photos of all shapes."""
    folder = tmp_path_factory.mktemp("noises")
    paths = [folder / f"{n:02}.jpg" for n in range(24)]
    for n, path in enumerate(paths):
        path.write_bytes(encode(noise(300 + 40 * (n % 5), 300 + 30 * (n % 7), n), "JPEG"))
    return paths


def open_app(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/{query}")
    page.locator("#stage.ready").wait_for()


def drop(page: Page, *paths: Path, count: int | None = None) -> None:
    """Hand files over, and wait until all have been looked at."""
    page.set_input_files(INPUT, list(paths))
    expect(page.locator("#stage .verdict.busy, .sheet .busy")).to_have_count(0, timeout=30_000)
    expect(page.locator(".stage .verdict")).to_be_visible()
    if count is not None:
        expect(page.locator(".sheet li")).to_have_count(count)


def tile(page: Page, name: str) -> Locator:
    return page.get_by_title(name, exact=True)


def say(page: Page) -> str:
    return page.locator(".stage .say").inner_text()


@pytest.mark.parametrize("size", [(375, 812), (1280, 800)])
@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_verdict_and_five_bars_of_a_dropped_photo_are_on_the_first_screen(
    browser: Browser, server: Server, photos: dict[str, Path], size: tuple[int, int], language: str
) -> None:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, locale=language, color_scheme="dark")
    page = context.new_page()
    open_app(page, server)
    drop(page, photos["chelsea.png"])
    rows = page.locator(".stage [data-bars] tbody tr")
    expect(rows).to_have_count(5)
    for part in (page.locator(STAGE), *rows.all()):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] > 0
        assert box["y"] + box["height"] < height
    assert page.locator("[data-testid=stMain]").evaluate("e => e.scrollTop === 0 && e.scrollWidth <= e.clientWidth")
    context.close()


def test_below_the_verdict_stands_how_often_it_was_right_or_a_way_to_count(
    page: Page, server: Server, home: Path, photos: dict[str, Path]
) -> None:
    put(home, "uncounted")
    open_app(page, server, "?model=starter-scratch")
    drop(page, photos["chelsea.png"])
    expect(page.locator(".stage .verdict .track")).to_contain_text("(1,525 photos it had not seen)")
    open_app(page, server, "?model=uncounted")
    page.locator(".stage .track a").click(timeout=20_000)
    expect(page).to_have_url(re.compile(r"/compare\?show=labelled&models=uncounted"))
    expect(page.get_by_text("Upload a zip file or a folder")).to_be_visible(timeout=20_000)


def test_many_photos_are_tiles_newest_first_and_the_chips_are_filters(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["cut off.png"], photos["china.jpg"], photos["text.jpg"])
    assert page.locator(".sheet button").evaluate_all("all => all.map(e => e.title)") == [
        "chelsea.png", "cut off.png", "china.jpg", "text.jpg",
    ]  # fmt: skip
    drop(page, photos["coffee.png"], count=5)
    expect(page.locator(".file summary")).to_have_text("coffee.png")
    expect(page.locator(f"{STAGE}, {TILES}")).to_have_count(3)  # each once; failed ones have no verdict
    page.get_by_role("button", name="2 failed").click()
    expect(page.locator(".sheet li")).to_have_count(2)
    expect(page.locator(".file summary")).to_have_text("cut off.png")
    expect(page.locator(".stage .why")).to_have_text("cut off.png is incomplete: the end of the photo is missing.")
    page.get_by_role("button", name="5 photos").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".file summary")).to_have_text("china.jpg")
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator(".hero [data-do=choose]")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".sheet li")).to_have_count(5)
    page.locator("[data-do=whole]").press("Enter")
    expect(page).to_have_url(re.compile("view=whole"))
    page.locator("[data-do=whole]").press("Enter")
    expect(page).not_to_have_url(re.compile("view"))


def test_a_tile_far_down_brings_its_answer_into_view(page: Page, server: Server, noises: list[Path]) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    open_app(page, server)
    drop(page, *noises)
    last = page.locator(".sheet li").last.locator("button")
    last.scroll_into_view_if_needed()
    assert page.locator(".stage .verdict").bounding_box()["y"] < 0  # type: ignore[index]
    last.click()
    expect(last).to_have_attribute("aria-current", "true")
    expect(page.locator(".stage .verdict")).to_be_in_viewport(ratio=1)


def test_photos_wait_for_a_model_that_is_not_here(page: Page, server: Server, photos: dict[str, Path]) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"])
    visit = page.evaluate("sessionStorage.getItem('discern-visit')")
    page.goto(f"{server.url}/?model=mobilenet-v1-0.25-128-quant")
    expect(page.locator(".stage .say")).to_have_text("Waiting")
    expect(page.locator(".stage .why")).to_contain_text("Your photos wait for it.")
    expect(page.locator(STAGE)).to_have_count(0)
    page.goto(f"{server.url}/")
    expect(page.locator(STAGE)).to_be_visible(timeout=20_000)
    assert page.evaluate("sessionStorage.getItem('discern-visit')") == visit


def test_how_strict_follows_while_it_is_dragged_and_is_in_the_address(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server, "?model=starter-scratch")
    drop(page, photos["chelsea.png"])
    expect(page.locator(STAGE)).to_have_attribute("data-verdict", "clear")
    page.get_by_text("How strict?").click()
    slider = page.locator("form input[name=floor]")
    slider.evaluate("e => { e.value = 0.95; e.dispatchEvent(new Event('input', {bubbles: true})) }")
    expect(page.locator("label:has([name=floor]) output")).to_have_text("95%")
    expect(page.locator("[data-bars] .note")).to_have_text("95% needed")
    expect(page).not_to_have_url(re.compile("floor"))
    slider.evaluate("e => e.dispatchEvent(new Event('change', {bubbles: true}))")
    expect(page).to_have_url(re.compile("floor20=0.95"))
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.locator("label:has([name=floor]) output")).to_have_text("50%")
    expect(page.locator("[data-bars] .note")).to_have_text("50% needed")
    expect(page).not_to_have_url(re.compile("floor"))


def test_from_which_vote_on_a_photo_is_familiar_follows_while_it_is_dragged_and_the_price_with_it(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server, "?model=starter")
    drop(page, photos["chelsea.png"])
    expect(page.locator(STAGE)).to_have_attribute("data-verdict", "clear")
    page.get_by_text("How strict?").click()
    price, slider = page.locator("form .price"), page.locator("form input[name=familiar]")
    expect(price).to_contain_text("This keeps 95 of 100 clear answers about things it knows.")
    slider.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input', {bubbles: true})) }")
    expect(page.locator(".stage .verdict")).to_have_class("verdict strange")
    expect(page.locator(STAGE)).to_have_attribute("data-verdict", "clear")
    expect(page.locator(".stage .why")).to_contain_text("less than the 8.6 needed")
    expect(page.locator("[data-bars] .note")).to_contain_text("8.6 needed")
    expect(price).to_contain_text("This keeps 50 of 100")
    slider.evaluate("e => e.dispatchEvent(new Event('change', {bubbles: true}))")
    expect(page).to_have_url(re.compile(r"familiar-starter=8\.[56]"))
    page.reload()
    expect(page.locator(".stage .verdict")).to_have_class("verdict strange")
    page.get_by_text("How strict?").click()
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.locator(".stage .verdict")).to_have_class("verdict clear")
    expect(page).not_to_have_url(re.compile("familiar"))


def test_paste_works_again_and_again_wherever_the_focus_is(page: Page, server: Server) -> None:
    open_app(page, server)
    for count in (1, 2, 3):
        page.evaluate(PASTE)
        expect(page.locator(".file summary")).to_have_text(f"pasted-{count}.png")
        expect(page.locator(STAGE)).to_be_visible()
    expect(page.locator(".sheet li")).to_have_count(3)


def test_the_keyboard_alone_brings_a_sample_cuts_it_asks_another_model_and_removes_with_undo(
    page: Page, server: Server
) -> None:
    open_app(page, server)
    page.locator(".hero [data-do=choose]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".file summary")).to_have_text("chelsea.png")
    expect(page.locator(STAGE)).to_be_visible()
    assert page.evaluate("document.activeElement.matches('.intake [data-do=choose]')")
    page.locator(".act [data-do=crop]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".file summary")).to_have_text("chelsea (cut).jpg")
    expect(page.locator(STAGE)).to_be_visible()
    assert page.evaluate("document.activeElement.dataset.do") == "crop"
    page.locator(".act [data-do=remove]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".file summary")).to_have_text("chelsea.png")
    assert page.evaluate("document.activeElement.dataset.do") == "remove"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".sheet li")).to_have_count(2)
    page.locator(".asking summary").focus()
    page.keyboard.press("Enter")
    page.locator("[data-model=starter-scratch]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-bars] .note")).to_have_text("50% needed", timeout=20_000)
    expect(page).to_have_url(re.compile("model=starter-scratch"))
    expect(page.get_by_role("combobox", name="Model")).to_have_value("Discern starter (from nothing)")


def test_a_class_guesses_before_the_projector_shows_what_the_model_says(
    page: Page, server: Server, photos: dict[str, Path], tmp_path: Path
) -> None:
    scan = tmp_path / "scan.tiff"
    scan.write_bytes(encode(plain(RED, 64, 48), "TIFF"))
    open_app(page, server)
    drop(page, scan, photos["text.jpg"], photos["china.jpg"], count=3)
    opener = page.get_by_role("button", name="Projector")
    opener.focus()
    page.keyboard.press("p")
    view = page.get_by_role("dialog", name="Projector")
    count = view.locator(".count")
    expect(count).to_have_text("Photo 1 of 3")
    verdict, bars, status = view.locator(".say"), view.get_by_role("table"), view.get_by_role("status")
    expect(verdict).to_have_text(say(page))
    expect(bars.get_by_role("row")).to_have_count(5)
    expect(status).to_contain_text(say(page))
    assert (page.locator("[data-verdict]").count(), page.locator("[data-bars]").count()) == (2, 1), "each once"
    for image in page.locator(".pic img:not(.cells)").all():  # also a kind of file that only the server can read
        expect(image).not_to_have_js_property("naturalWidth", 0)
    assert view.locator(".said").evaluate("e => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")
    page.keyboard.press("h")
    expect(view.get_by_role("heading")).to_have_text("What will it say?")
    expect(bars).to_have_count(0)
    expect(verdict).to_have_count(0)
    expect(status).to_have_text("Photo 1 of 3. What will it say?")
    page.keyboard.press("Space")
    expect(status).to_contain_text(say(page))
    page.keyboard.press("ArrowRight")
    expect(view.locator(".why")).to_contain_text("text.jpg is not a photo.")
    page.keyboard.press("n")
    expect(count).to_have_text("Photo 3 of 3")
    expect(verdict).to_have_count(0)
    page.evaluate(PASTE)
    expect(count).to_have_text("Photo 1 of 4")
    expect(view.get_by_role("heading")).to_have_text("What will it say?")
    view.get_by_role("button", name="Show the answer").click()
    expect(bars.get_by_role("row")).to_have_count(5)
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()
    expect(opener).to_be_focused()
    assert page.locator(STAGE).count() + page.locator(TILES).count() == 3


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
    expect(page.locator(".stage .say")).to_contain_text("blue")
    expect(page.locator(".seen")).to_be_visible()
    page.get_by_role("button", name="Whole photo").click()
    expect(page.locator(".stage .say")).to_contain_text("red")
    expect(page.locator(".seen")).to_be_hidden()
    expect(page).to_have_url(re.compile("view=whole"))
    page.get_by_role("button", name="Only its part").click()
    expect(page.locator(".stage .say")).to_contain_text("blue")
    expect(page).not_to_have_url(re.compile("view="))
    shutil.rmtree(folder)


def test_where_it_looked_is_drawn_on_the_photo_for_a_class_and_against_another(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["coffee.png"])
    switch, said = page.get_by_role("button", name="Where it looked"), page.locator(".where .says p")
    expect(page.locator(".where")).to_be_hidden()
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(said.nth(1)).to_contain_text("It adds up: the mean of the squares")
    expect(said.last).to_have_text("A map shows where the model looked, not why.")
    cells, frame = page.locator(".pic .cells"), page.locator(".pic .seen")
    expect(cells).to_have_js_property("naturalWidth", 7)
    assert cells.bounding_box() == pytest.approx(frame.bounding_box(), abs=1)
    first = said.first.text_content()
    expect(cells).to_have_attribute("alt", first or "")
    against = page.get_by_label("and not")
    rival = against.locator("option").nth(1).text_content()
    against.select_option(index=1)
    expect(said.first).to_contain_text(f" and not {rival} it looked")
    answer = page.locator(".stage .answer .bars").inner_text()
    page.get_by_role("button", name="Cover a part").click()
    part = page.locator(".over .box")
    expect(part).to_be_focused()
    expect(page.locator(".stage .answer .bars")).not_to_have_text(answer)
    for _ in range(4):
        part.press("Shift+ArrowRight")
    page.get_by_role("button", name="Cover a part").click()
    expect(part).to_have_count(0)
    assert page.locator(".stage .answer .bars").inner_text() == answer
    page.locator(TILES).last.click()  # another photo: no class is against it any more
    expect(said.first).not_to_have_text(first or "")
    expect(said.first).not_to_contain_text("and not")
    page.get_by_role("button", name="Where it looked").click()
    expect(page.locator(".where")).to_be_hidden()
    expect(cells).to_be_hidden()


def test_a_map_is_asked_for_anew_only_by_what_it_depends_on_and_never_left_on_another_photo(
    page: Page, server: Server, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["coffee.png"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/where?" in request.url else None)
    page.get_by_role("button", name="Where it looked").click()
    expect(page.locator(".where .scale")).to_be_visible()
    page.get_by_text("How strict?").click()
    page.locator("form input[name=floor]").fill("0.9")
    expect(page).to_have_url(re.compile("floor=0.9"))
    expect(page.locator(".stage .pic .cells")).to_be_visible()
    assert len(asked) == 1
    page.keyboard.press("Escape")
    page.route("**/where?**", lambda route: None)  # it never comes
    page.locator(TILES).last.click()
    expect(page.locator(".where .says")).to_have_text("Looking again …")
    expect(page.locator(".pic .cells")).to_be_hidden()
    assert len(asked) == 2


def test_photos_survive_a_reload_another_page_another_language_and_only_in_their_own_tab(
    page: Page, server: Server, browser: Browser, photos: dict[str, Path]
) -> None:
    open_app(page, server)
    drop(page, photos["chelsea.png"], photos["china.jpg"], photos["text.jpg"], count=3)
    said = say(page)
    page.reload()
    expect(page.locator(".stage .say")).to_have_text(said, timeout=20_000)
    page.get_by_role("link", name="Models").click()
    page.wait_for_url("**/models**")
    expect(page.locator("#stage")).to_have_count(0)
    page.get_by_role("link", name="Classify").first.click()
    expect(page.locator(".stage .say")).to_have_text(said, timeout=20_000)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="日").click()
    expect(page.locator(".chip").first).to_have_text("写真 3枚", timeout=20_000)
    expect(page.locator(".stage .say")).not_to_have_text(said)
    page.wait_for_url("**lang=ja**")
    stranger = browser.new_context(locale="en-US").new_page()
    open_app(stranger, server, page.url.removeprefix(f"{server.url}/"))
    expect(stranger.locator(".hero")).to_be_visible()
    stranger.context.close()


def test_page_tables_and_command_line_say_the_same(page: Page, server: Server, photos: dict[str, Path]) -> None:
    open_app(page, server, "?model=starter")
    paths = [photos["chelsea.png"], photos["china.jpg"]]
    drop(page, *paths, count=2)
    command = [sys.executable, "-m", "lib", "classify", "--json", "--model", "starter", *map(str, paths)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in run.stdout.splitlines()]
    lines = {path.name: {**line, "file": path.name} for path, line in zip(paths, told, strict=True)}
    page.get_by_text("Save all").click()
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(take(page, "Table (CSV)", ".many-only")))}
    page.get_by_text("Save all").click()
    objects = {line["file"]: line for line in map(json.loads, take(page, "JSON", ".many-only").splitlines())}
    assert rows.keys() == objects.keys() == lines.keys()
    for name, line in lines.items():
        assert objects[name] == line
        assert (rows[name]["verdict"], rows[name]["message"]) == (line["verdict"], line["message"])
        assert float(rows[name]["top1_probability"]) == line["predictions"][0]["probability"]
        tile(page, name).click()
        expect(page.locator(STAGE)).to_have_attribute("data-verdict", line["verdict"])
    page.locator(".saving summary").click()
    one = json.loads(take(page, "JSON", ".saving"))
    assert one == lines[one["file"]]
    page.locator(".saving summary").click()
    with page.expect_download() as download:
        page.locator("[data-do=png]").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def take(page: Page, link: str, inside: str) -> str:
    """Press a link that gives away a file and return what is in it."""
    with page.expect_download() as download:
        page.locator(inside).get_by_role("link", name=link).click()
    return Path(download.value.path()).read_text("utf-8-sig")


def test_the_camera_takes_one_photo_after_the_other(page: Page, server: Server) -> None:
    open_app(page, server)
    page.locator(".hero [data-do=camera]").click()
    shoot = page.get_by_role("button", name="Take a photo")
    expect(shoot).to_be_focused(timeout=20_000)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet li")).to_have_count(2)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".file summary")).to_have_text("camera-2.jpg")
    expect(page.locator(STAGE)).to_be_visible()


def test_names_are_text(page: Page, server: Server, tmp_path: Path) -> None:
    name = "<img src=x onerror=\"document.title='hacked'\"> 😀 'q' & **b**.png"
    (tmp_path / name).write_bytes(encode(plain(RED, 64, 48), "PNG"))
    (tmp_path / "b.png").write_bytes(encode(plain(BLUE, 64, 48), "PNG"))
    open_app(page, server)
    drop(page, tmp_path / name, tmp_path / "b.png", count=2)
    expect(page.locator(".file summary")).to_have_text(name)
    expect(tile(page, name)).to_be_visible()
    assert page.title() != "hacked"


def test_work_can_be_stopped_and_taken_up_again(page: Page, server: Server, tmp_path: Path) -> None:
    slow = encode(plain(RED, 6000, 4000), "PNG")
    paths = [tmp_path / f"{n:03}.png" for n in range(16)]
    for path in paths:
        path.write_bytes(slow)
    open_app(page, server)
    page.set_input_files(INPUT, paths)
    page.get_by_role("button", name="Stop", exact=True).dispatch_event("click", timeout=60_000)
    expect(page.locator(".progress")).to_contain_text("not classified")
    expect(page.locator(".sheet .busy")).not_to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".progress")).to_be_hidden(timeout=60_000)
    assert page.locator(STAGE).count() + page.locator(TILES).count() == 16


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_moves_when_photos_come_in(browser: Browser, server: Server, noises: list[Path], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-US")
    page = context.new_page()
    open_app(page, server)
    page.set_input_files(INPUT, noises[0])
    expect(page.locator(STAGE)).to_be_visible()
    page.reload()  # the change from an empty page to a stage is meant
    expect(page.locator(STAGE)).to_be_visible(timeout=20_000)
    loading = page.evaluate(SHIFT)
    for path in noises[1:12]:
        page.set_input_files(INPUT, path)
        expect(page.locator(".verdict.busy")).to_have_count(0, timeout=20_000)
    singly = page.evaluate(SHIFT) - loading
    page.set_input_files(INPUT, noises)
    expect(page.locator("#stage .busy")).to_have_count(0, timeout=30_000)
    together = page.evaluate(SHIFT) - loading - singly
    print(f"\nlayout shift at {width} px: {loading:.3f} loading, {singly:.3f} one by one, {together:.3f} together")
    assert max(loading, singly, together) < 0.1
    context.close()


def test_bars_are_there_soon_after_the_drop(page: Page, server: Server, noises: list[Path]) -> None:
    open_app(page, server)
    drop(page, noises[0])
    seconds = []
    for path in noises[1:14]:
        begun = time.monotonic()
        page.set_input_files(INPUT, path)
        expect(page.locator(".file summary")).to_have_text(path.name)
        page.locator(STAGE).wait_for()
        seconds.append(time.monotonic() - begun)
    print(f"\nfrom drop to bars: median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")
    assert statistics.median(seconds) < 0.4


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[list[Any]]:
    """Serve an app that a test ends and starts again at the same address."""
    running = [start_server(tmp_path / "home")]
    yield running
    running[-1].process.terminate()
    running[-1].process.wait(20)


def another_edition(folder: Path) -> Path:
    """Return a copy of the app whose scripts have other addresses: an open page loads them beside those it has."""
    for part in ("lib", "pages", "models", "static", ".streamlit"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "streamlit_app.py", folder)
    with (folder / "lib/ui/web/answer.css").open("a", encoding="utf-8") as style:
        style.write("/* another */")
    return folder


def test_photos_are_brought_again_to_a_server_that_was_started_anew(
    page: Page, restartable: list[Server], tmp_path: Path, photos: dict[str, Path]
) -> None:
    first = restartable[0]
    open_app(page, first)
    drop(page, photos["chelsea.png"], photos["china.jpg"], count=2)
    first.process.terminate()
    first.process.wait(20)
    page.set_input_files(INPUT, photos["coffee.png"])
    port = int(first.url.rsplit(":", 1)[1])
    restartable.append(start_server(tmp_path / "home", port=port, root=another_edition(tmp_path / "app")))
    expect(page.locator(f"{STAGE}, {TILES}")).to_have_count(3, timeout=60_000)
    expect(page.locator("#stage .busy")).to_have_count(0)
