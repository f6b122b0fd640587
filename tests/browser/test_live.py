"""The live camera: on the device itself, or by the server, and what leaves the page."""

import re
import statistics
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from lib.photos.samples import find_samples
from tests.embed import packages
from tests.support import film
from tests.support.server import Server

pytestmark = pytest.mark.browser
FIRST = ".shots .looks >> nth=0"


@pytest.fixture(scope="module", autouse=True)
def scripts(home) -> None:  # type: ignore[no-untyped-def]
    """Put the engine's scripts where the app keeps them, as if they had been downloaded."""
    packages.put_scripts(home)


def open_camera(page: Page, server: Server, query: str = "", where: str = "device") -> None:
    page.goto(f"{server.url}/{query}")
    page.locator(".hero [data-do=camera]").click()
    expect(page.locator(FIRST)).to_have_attribute("data-live", where, timeout=60_000)
    expect(page.locator(f"{FIRST} >> [data-bars]")).to_be_visible(timeout=30_000)


def count(page: Page) -> int:
    return int(page.locator(FIRST).get_attribute("data-answers") or 0)


def further(page: Page, before: int, count: int) -> None:
    """Wait until there are more than so many answers since."""
    answers = "+document.querySelector('.shots .looks').dataset.answers"
    page.wait_for_function(f"least => {answers} > least", arg=before + count, timeout=30_000)


def test_the_device_answers_and_no_picture_leaves_it(page: Page, server: Server) -> None:
    open_camera(page, server, "?model=starter")
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    before = count(page)
    further(page, before, 20)
    assert not [request.url for request in sent if request.method != "GET" or "/visits/" in request.url]
    expect(page.locator(".shots [data-verdict]")).to_have_count(1)
    expect(page.locator(".shots .by").first).to_contain_text("the picture does not leave it")
    expect(page.locator(".shots .rate").first).to_contain_text("answers a second")


def test_the_server_answers_where_the_engine_is_not_here(page: Page, server: Server) -> None:
    page.route(
        "**/live?*", lambda route: route.fulfill(status=404, json={"detail": "None.", "code": "scripts-missing"})
    )
    open_camera(page, server, "?model=starter", "server")
    waiting: list[Request] = []
    asked: list[Request] = []

    def note(request: Request) -> None:
        if "/camera?" in request.url:
            asked.append(request)
            waiting.append(request)

    page.on("request", note)
    page.on("requestfinished", lambda request: waiting.remove(request) if request in waiting else None)
    before = count(page)
    further(page, before, 5)
    assert len(waiting) <= 1  # the newest picture alone is asked about
    assert all(request.method == "POST" for request in asked)
    expect(page.locator(".shots .by").first).to_contain_text("It keeps no picture")
    assert page.locator(".sheet li").count() == 0


def test_it_can_be_paused_held_still_explained_and_asked_of_two_models(page: Page, server: Server) -> None:
    open_camera(page, server, "?model=starter")
    page.get_by_role("button", name="Where it looked").click()
    expect(page.locator(".shots canvas")).to_be_visible()
    page.get_by_label("Hold still").uncheck()
    page.locator(".shots select").select_option("starter-small")
    expect(page.locator(".shots .looks >> nth=1")).to_have_attribute("data-live", "device", timeout=60_000)
    expect(page.locator(".shots [data-bars]")).to_have_count(2, timeout=30_000)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(1500)
    before = count(page)
    page.wait_for_timeout(1000)
    assert count(page) == before
    pause.click()
    further(page, before, 0)
    page.get_by_role("button", name="Take a photo").click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".file summary")).to_have_text("camera-1.jpg")


def test_the_answers_are_those_of_the_app(page: Page, server: Server) -> None:
    """A still photo as the camera's picture: the same class, within what scaling a moving picture costs."""
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    page.goto(server.url)
    page.set_input_files("input[type=file] >> nth=0", cat)
    expect(page.locator(".stage [data-bars]")).to_be_visible(timeout=30_000)
    shares = page.locator(".stage [data-bars] tbody tr").first.inner_text()
    page.evaluate(
        """async () => {
          const picture = document.querySelector('.stage .pic img'), canvas = document.createElement('canvas');
          await picture.decode();
          Object.assign(canvas, { width: picture.naturalWidth, height: picture.naturalHeight });
          const draw = () => { canvas.getContext('2d').drawImage(picture, 0, 0); requestAnimationFrame(draw); };
          draw();
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
        }"""
    )
    page.locator(".intake [data-do=camera]").click()
    expect(page.locator(f"{FIRST} >> [data-bars]")).to_be_visible(timeout=60_000)
    live = page.locator(f"{FIRST} >> [data-bars] tbody tr").first
    name, share = re.split(r"\s*\n\s*|\t+", shares.strip())[0], int(re.findall(r"(\d+)%", shares)[-1])
    expect(live.locator("th")).to_have_text(name, timeout=20_000)
    assert abs(int(re.findall(r"(\d+)%", live.inner_text())[-1]) - share) <= 8


def test_a_film_does_where_there_is_no_camera(page: Page, server: Server, tmp_path: Path) -> None:
    cats = [sample.path for sample in find_samples() if sample.name == "chelsea.png"]
    page.add_init_script("navigator.mediaDevices.getUserMedia = async () => { throw new Error('there is none'); };")
    page.goto(f"{server.url}/?model=starter")
    expect(page.locator("input[type=file]")).to_have_count(1)
    page.locator(".hero [data-do=camera]").click()
    expect(page.locator(".shots .trouble")).to_contain_text("there is none")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="A video file").click()
    chooser.value.set_files(film.webm(page, tmp_path / "cat.webm", cats[0]))
    expect(page.locator(f"{FIRST} >> [data-bars]")).to_be_visible(timeout=60_000)
    expect(page.locator(f"{FIRST} >> tbody th").first).to_have_text("cat")


def test_a_model_s_card_leads_to_the_camera(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/models?model=starter-small")
    page.locator(".m-details").get_by_role("link", name="Live").click()
    expect(page.locator(FIRST)).to_have_attribute("data-live", "device", timeout=60_000)
    assert "live" not in page.url
    assert "model=starter-small" in page.url


def test_a_card_leads_there_from_a_tab_that_was_used_and_no_picture_goes_astray(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?model=starter")
    expect(page.locator("#stage.ready")).to_be_attached(timeout=20_000)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.goto(f"{server.url}/models?model=starter-small")
    page.locator(".m-details").get_by_role("link", name="Live").click()
    expect(page.locator(FIRST)).to_have_attribute("data-live", "device", timeout=60_000)
    expect(page.locator(f"{FIRST} >> [data-bars]")).to_be_visible(timeout=30_000)
    assert not [request.url for request in sent if "/camera?" in request.url]


def test_another_model_than_the_one_in_the_address_opens_no_camera(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?model=nope&live=1")
    expect(page.locator("#stage.ready")).to_be_attached(timeout=20_000)
    page.wait_for_timeout(1000)
    expect(page.locator(".shots")).to_be_hidden()
    assert "live" not in page.url


def test_a_camera_that_is_taken_away_is_missed_and_what_was_pressed_is_not_when_it_is_opened_again(
    page: Page, server: Server
) -> None:
    open_camera(page, server, "?model=starter")
    page.get_by_role("button", name="Where it looked").click()
    page.get_by_role("button", name="Pause").click()
    page.evaluate("document.querySelector('.shots video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator(".shots .trouble")).to_contain_text("taken away")
    expect(page.get_by_role("button", name="Take a photo")).to_be_disabled()
    page.get_by_role("button", name="Close").click()
    page.locator(".hero [data-do=camera]").click()
    expect(page.locator(f"{FIRST} >> [data-bars]")).to_be_visible(timeout=60_000)
    for name in ("Pause", "Where it looked"):
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "false")


def test_answers_are_quick(page: Page, server: Server) -> None:
    """A bound that a busy machine keeps, too; `python -m tests.benchmarks live` measures what is asked."""
    open_camera(page, server)
    before, since, took = count(page), time.monotonic(), []
    while time.monotonic() - since < 4:
        page.wait_for_timeout(100)
        took.append(int(page.locator(FIRST).get_attribute("data-ms") or 0))
    assert (count(page) - before) / (time.monotonic() - since) > 3
    assert statistics.median(took) < 400
