"""The page Learn in a real browser: every lesson from begin to end, by keyboard, with own photos, and on paper."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lib.catalogue.store import Store
from lib.classify.infer import Settings
from lib.lessons import network, pixels, sure, votes
from lib.lessons.bench import Bench
from lib.lessons.course import LESSONS
from lib.lessons.lesson import Lesson
from lib.photos.samples import find_samples
from lib.verdict import RATIO, Thresholds, percent
from tests.browser.test_face import room, settle
from tests.support.axe import unusable
from tests.support.lessons import Benches
from tests.support.server import Server

pytestmark = pytest.mark.browser

WAIT_MS = 60_000  # the first who asks for a small model waits for two hundred pictures
SHOWN = "#learn .here[aria-busy=false]"
QUESTIONS = sum(step.ask is not None for lesson in LESSONS for step in lesson.steps)


@pytest.fixture(scope="module")
def bench(server: Server, home: Path) -> Bench:
    """Return a bench with the server's own models and the samples."""
    store = Store(home)
    store.ready()
    return Benches(store).bench()


def opened(page: Page, server: Server, at: str = "", language: str = "en") -> None:
    """Open all lessons, or a step: "votes/2" is its second."""
    page.goto(f"{server.url}/learn?lang={language}" + (f"&lesson={at}" if at else ""))
    settle(page)
    page.locator(SHOWN).wait_for(timeout=WAIT_MS)


def step_of(page: Page, lesson: str, number: int) -> None:
    """Wait until a step is shown; counted from 0."""
    page.locator(f'.ls[data-lesson="{lesson}"][data-step="{number}"]').wait_for(timeout=WAIT_MS)
    page.locator(SHOWN).wait_for(timeout=WAIT_MS)


def moved(page: Page, name: str, key: str) -> None:
    """Move a slider by a key, and wait until the server has answered."""
    slider = page.locator(f"#ls-{name}")
    slider.focus()
    with page.expect_response(lambda answer: "part=play" in answer.url):
        page.keyboard.press(key)
    page.wait_for_timeout(100)


@pytest.fixture
def reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page of this language and width."""
    language, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert not wrong


@pytest.mark.parametrize("reader", [("en", 1280), ("ko", 375), ("ja", 375)], indirect=True, ids=["en", "ko", "ja"])
def test_every_lesson_from_begin_to_end(reader: Page, server: Server, request: pytest.FixtureRequest) -> None:
    page, language = reader, request.node.callspec.id
    opened(page, server, language=language)
    page.locator(".lessons button").first.click()
    for lesson in LESSONS:
        for number, step in enumerate(lesson.steps):
            step_of(page, lesson.id, number)
            expect(page.locator(".ls h1")).not_to_be_empty()
            for name in page.eval_on_selector_all(".play input[type=range]", "all => all.map((one) => one.name)"):
                is_last = page.locator(f"#ls-{name}").evaluate("(one) => one.value === one.max")
                before = page.locator(".play output").all_inner_texts()
                moved(page, name, "ArrowLeft" if is_last else "ArrowRight")
                assert page.locator(".play output").all_inner_texts() != before
            assert page.locator("[data-testid=stMain]").evaluate("(one) => one.scrollWidth <= one.clientWidth")
            if step.ask:
                answer_all(page)
            page.locator(".ls .nav .main").click()
    page.locator(".lessons").wait_for()
    expect(page.locator(".all .nav p")).to_contain_text(re.compile(rf"{QUESTIONS}\D+{QUESTIONS}"))
    page.wait_for_url(lambda address: "lesson=" not in address)  # the address follows a moment later
    page.reload()
    settle(page)
    expect(page.locator(".all .nav p")).to_contain_text(re.compile(rf"{QUESTIONS}\D+{QUESTIONS}"), timeout=WAIT_MS)


def answer_all(page: Page) -> None:
    """Press every answer: one is right, the others are not, and each says why."""
    options = page.locator("[data-answer]")
    right = 0
    for place in range(options.count()):
        options.nth(place).click()
        expect(options.nth(place)).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)
        said = page.locator(".fb p")
        expect(said).to_have_text(re.compile(r".{12,}"))
        right += said.evaluate("(one) => one.classList.contains('clear')")
    assert right == 1


def test_the_numbers_on_the_screen_are_the_librarys(page: Page, server: Server, bench: Bench) -> None:
    model = bench.model()
    opened(page, server, "pixels/1")
    moved(page, "side", "Home")
    expect(page.locator(".figures dd")).to_have_text(["16", "48"])

    opened(page, server, "pixels/2")
    moved(page, "side", "Home")
    found = pixels.answer_at(bench, bench.pictures[0], model, 4).predictions
    expect(page.locator(".bars tbody tr td:last-child")).to_have_text([percent(p.probability) for p in found])

    opened(page, server, "votes/2")
    moved(page, "heat", "End")
    shares = votes.shares(votes.votes(bench, bench.pictures[0], model), 4.0)
    top = sorted(shares, reverse=True)[:5]
    wanted = [percent(one) for one in (*top, 1 - sum(top))]
    expect(page.locator(".bars tbody tr td:last-child")).to_have_text(wanted)

    opened(page, server, "sure/1")
    moved(page, "floor", "End")
    settings = Settings(thresholds=Thresholds(RATIO, 0.95), familiar=-1e9)
    kinds = [str(one.verdict.kind) for one in sure.kinds(bench, list(bench.pictures), settings)]
    assert page.eval_on_selector_all(".six [data-verdict]", "all => all.map((one) => one.dataset.verdict)") == kinds

    opened(page, server, "network/3")
    pair = network.counted(model)[-1]
    expect(page.locator(".table td:last-child").first).to_have_text(f"{pair.full_multiplications:,}")
    expect(page.locator(".figures dd")).to_have_text(f"{pair.full_multiplications / pair.multiplications:.1f} ×")


def test_a_pixel_tells_its_numbers_to_pointer_and_arrow_keys(page: Page, server: Server, bench: Bench) -> None:
    opened(page, server, "pixels/1")
    moved(page, "side", "Home")  # 4 × 4
    image = pixels.shrunk(bench.pictures[0].open(256), 4)
    box = page.locator(".grid").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    red, green, blue = image.getpixel((3, 0))
    expect(page.locator(".pixel span")).to_have_text(f"Column 4, row 1: red {red}, green {green}, blue {blue}")
    page.locator(".grid").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    red, green, blue = image.getpixel((2, 1))
    expect(page.locator(".pixel span")).to_have_text(f"Column 3, row 2: red {red}, green {green}, blue {blue}")


def test_a_lesson_by_keyboard_alone(page: Page, server: Server) -> None:
    opened(page, server)
    reach(page, '[data-to="votes/0"]')
    page.keyboard.press("Enter")
    step_of(page, "votes", 0)
    expect(page.locator(".ls h1")).to_be_focused()
    reach(page, ".photo input")
    with page.expect_response(lambda answer: "photo=1" in answer.url):
        page.keyboard.press("ArrowRight")
    reach(page, ".nav .main")
    page.keyboard.press("Enter")
    step_of(page, "votes", 1)
    reach(page, "#ls-heat")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#ls-heat")).to_have_attribute("aria-valuetext", "1.5")
    reach(page, ".nav .main")
    page.keyboard.press("Space")
    step_of(page, "votes", 2)
    reach(page, "[data-answer]")
    for key in "abc":  # as written on the answers
        page.keyboard.press(key)
        expect(page.locator(f"[data-answer='{'abc'.index(key)}']")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-answer]").first).to_be_focused()
    reach(page, ".notes summary")
    page.keyboard.press("Enter")
    expect(page.locator(".notes")).to_have_attribute("open", "")


def reach(page: Page, place: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(60):
        if page.evaluate("(place) => document.activeElement.matches(place)", place):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"No key leads to {place}.")


def test_own_photos_go_under_any_lesson(page: Page, server: Server) -> None:
    opened(page, server, "sure/1")
    paths = [sample.path for sample in find_samples() if sample.name in ("coffee.png", "chelsea.png")]
    page.set_input_files("#learn input[type=file]", [*paths, Path(__file__)])
    expect(page.locator("[data-set=mine]")).to_have_text("My photos (2)", timeout=WAIT_MS)
    expect(page.locator(".six li")).to_have_count(2)
    expect(page.locator(".notice-bar")).to_have_text("test_learn.py could not be used.")
    room(page, "Classify")
    expect(page.locator("#stage .sheet li")).to_have_count(3, timeout=WAIT_MS)  # the same album
    room(page, "Learn")
    step_of(page, "sure", 0)  # where one was
    page.locator(".top .btn").click()
    page.locator('[data-to="network/0"]').click(timeout=WAIT_MS)
    step_of(page, "network", 0)
    expect(page.locator(".photo label")).to_have_count(2)
    page.get_by_role("button", name="Drawn pictures").click()
    expect(page.locator(".photo label")).to_have_count(6)


def test_an_answer_to_a_question_that_another_tab_changed_is_not_marked(page: Page, server: Server) -> None:
    paths = {sample.name: sample.path for sample in find_samples()}
    opened(page, server, "votes/3")
    page.set_input_files("#learn input[type=file]", [paths["coffee.png"], paths["chelsea.png"]])
    expect(page.locator("[data-set=mine]")).to_have_text("My photos (2)", timeout=WAIT_MS)
    with page.context.expect_page() as opening:
        page.evaluate("window.open(location.href)")
    other = opening.value
    other.locator(SHOWN).wait_for(timeout=WAIT_MS)
    other.set_input_files("#learn input[type=file]", paths["rocket.jpg"])
    expect(other.locator("[data-set=mine]")).to_have_text("My photos (3)", timeout=WAIT_MS)
    page.locator("[data-answer]").first.click()
    expect(page.locator(".notice-bar")).to_have_text("The pictures have changed. Look again.", timeout=WAIT_MS)
    expect(page.locator("[data-set=mine]")).to_have_text("My photos (3)")
    expect(page.locator(".fb p")).to_have_count(0)
    page.locator("[data-answer]").first.click()
    expect(page.locator(".fb p")).to_be_visible(timeout=WAIT_MS)


def test_a_step_that_fails_says_so_once_and_leaves_the_choice_of_pictures(page: Page, server: Server) -> None:
    asked: list[str] = []

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, body="Internal Server Error", content_type="text/plain")

    opened(page, server, "votes/1")
    page.route(re.compile(r"lessons/votes/1\?lang"), fail)
    page.locator(".ls .nav .main").click()
    expect(page.locator(".play .fail")).to_contain_text("something went wrong", timeout=WAIT_MS)
    expect(page.locator("[data-set=drawn]")).to_be_visible()
    page.wait_for_timeout(3500)  # longer than it waits for a server that is away
    assert len(asked) == 1


def test_an_address_of_no_lesson_is_said(page: Page, server: Server) -> None:
    opened(page, server, "nope")
    expect(page.locator(".notice-bar")).to_have_text("There is no such lesson.")
    expect(page.locator(".lessons li")).to_have_count(len(LESSONS))


def test_address_language_and_back_lead_to_the_same_step(page: Page, server: Server) -> None:
    opened(page, server, "small/3")
    step_of(page, "small", 2)
    page.locator(".ls .nav .main").click()
    step_of(page, "small", 3)
    expect(page).to_have_url(re.compile(r"lesson=small(/|%2F)4"))
    page.get_by_role("link", name="日", exact=True).click()
    expect(page.locator(".ls h1")).to_have_text("十分に速い？", timeout=WAIT_MS)
    page.locator(".dots button").first.click()
    step_of(page, "small", 0)
    page.locator(".top .btn").click()
    page.locator(".lessons").wait_for(timeout=WAIT_MS)
    expect(page).not_to_have_url(re.compile("lesson="))


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_lesson_is_one_page_of_paper_and_the_notes_another(page: Page, server: Server, language: str) -> None:
    page.add_init_script("window.print = () => {}")
    opened(page, server, language=language)
    page.locator("[data-do=print]").click()
    assert pages(page) == 1
    for lesson in LESSONS:
        opened(page, server, lesson.id, language)
        page.locator("[data-do=print]").click()
        assert pages(page) == 1, lesson.id
        page.locator(".notes summary").click()
        page.locator("[data-do=print-notes]").click()
        assert pages(page) == 2, lesson.id
    page.emulate_media(media="print")
    expect(page.locator("#root")).to_be_hidden()
    expect(page.locator("#head")).to_be_hidden()
    expect(page.locator("body > .paper h1")).to_be_visible()
    page.emulate_media(media="screen")
    page.locator("#head [data-go=models]").click()
    expect(page.locator("body > .paper")).to_have_count(0, timeout=WAIT_MS)


def pages(page: Page) -> int:
    """Return on how many pages of paper the browser prints."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_everybody_can_use_a_lesson(page: Page, server: Server, axe: str, lesson: Lesson) -> None:
    for number in range(len(lesson.steps)):
        page.emulate_media(color_scheme="light")
        opened(page, server, f"{lesson.id}/{number + 1}")
        if page.locator("[data-answer]").count():
            page.locator("[data-answer]").first.click()
            expect(page.locator(".fb p")).to_be_visible(timeout=WAIT_MS)
        found = unusable(page, axe)
        assert not found, "\n".join(found)
