"""Models on labelled photos as a person looks at what came of it."""

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import match
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import assess
from lib.i18n import Translator
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.reports.page import read_thumbnails, report
from lib.verdict import Thresholds
from tests.browser.test_face import settle
from tests.support.pictures import RED, encode, plain
from tests.support.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a zip of photos in class folders, with a broken one, one of an unknown class, and one that climbs out."""
    path = tmp_path_factory.mktemp("zip") / "photos.zip"
    by_class = {"chelsea.png": "cat", "china.jpg": "building", "motorcycle_left.png": "motorcycle"}
    with zipfile.ZipFile(path, "w") as packed:
        for sample in find_samples():
            if sample.name in by_class:
                for turn in range(4):
                    image = Image.open(sample.path).convert("RGB").resize((160, 120)).rotate(5 * turn)
                    buffer = io.BytesIO()
                    image.save(buffer, "JPEG")
                    packed.writestr(f"{by_class[sample.name]}/{turn}-{sample.name}.jpg", buffer.getvalue())
        packed.writestr("cat/broken.jpg", b"\xff\xd8\xff and no more")
        packed.writestr("../outside.jpg", b"\xff\xd8\xff")
    return path


def evaluate(page: Page, server: Server, labelled: Path) -> None:
    """Evaluate two models on the labelled zip."""
    page.goto(f"{server.url}/compare?models=starter-scratch,starter-small&show=labelled")
    page.set_input_files("[class*='st-key-zip-'] input", labelled, timeout=20_000)
    page.get_by_role("button", name="Evaluate with").click(timeout=20_000)
    expect(page.locator("h2.headline")).to_contain_text("of 12 photos.", timeout=60_000)
    settle(page)  # what is opened while the page is still drawn is closed again


def test_what_is_counted_opens_its_photos_below_the_row_and_the_report_goes_anywhere(
    page: Page, server: Server, browser: Browser, labelled: Path, tmp_path: Path
) -> None:
    evaluate(page, server, labelled)
    page.get_by_text("files were left out").click()
    expect(page.get_by_text("cat/broken.jpg is damaged")).to_be_visible()

    press = page.locator(".figure.accuracy [data-pick='1:wrong']")
    wrong = int(press.inner_text().split()[0])
    press.click()
    shown = page.locator(".figure.accuracy tr.behind .tile")
    expect(shown).to_have_count(wrong)
    expect(shown.first.locator("img")).to_be_visible()
    assert shown.first.locator("li").count() == 2  # what each model said
    assert shown.first.bounding_box()["y"] < press.bounding_box()["y"] + 150  # type: ignore[index]

    page.locator("summary").filter(has_text="Class by class").click()
    bar = page.locator(".figure.classes [data-pick$=':shown']").first
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".figure.classes tr.behind .tile")).to_have_count(4)
    expect(bar).to_be_focused()
    expect(shown).to_have_count(wrong)  # what was opened before stays open

    page.locator(".figure.map .no button").first.click()
    expect(page.locator(".figure.map tr.behind .tile").first).to_be_in_viewport()
    page.locator(".figure.map .shut").click()
    expect(page.locator(".figure.map tr.behind")).to_have_count(0)

    with page.expect_download() as download:
        page.get_by_role("button", name="Report to hand out").click()
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    figures = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [model["photos"] for model in figures["models"]] == [12, 12]
    context = browser.new_context(offline=True)
    asked: list[str] = []
    reader = context.new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(saved.as_uri())
    expect(reader.locator("svg").first).to_be_visible()
    assert figures["models"][0]["sha256"][:12] in reader.content()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_three_models_and_twenty_classes_fill_four_sheets(browser: Browser, tmp_path: Path, language: str) -> None:
    rng = np.random.default_rng(0)
    names = tuple(f"class {index}" for index in range(20))
    picture = encode(plain(RED, 160, 120), "JPEG")
    photos = tuple(LabelledPhoto(Source.of_bytes(picture, f"{i}.jpg"), i % 20) for i in range(400))
    known = LabelledPhotos("photos.zip", names, names, photos)
    said = [0.3 * np.eye(20)[np.arange(400) % 20] + 0.7 * rng.dirichlet([0.05] * 20, 400) for _ in range(3)]
    models = [Answers(f"m{i}", f"Discern starter (model {i})", names, names, one) for i, one in enumerate(said)]
    made = assess(known, [(one, match(names, names)) for one in models], Thresholds())
    saved = tmp_path / "report.html"
    saved.write_text(report(made, Translator(language), thumbnails=read_thumbnails(made)), encoding="utf-8")
    context = browser.new_context()
    reader = context.new_page()
    reader.goto(saved.as_uri())
    pdf = reader.pdf(prefer_css_page_size=True, print_background=True)
    context.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 4


def test_other_things_are_told_from_known_ones_and_those_called_clear_can_be_seen(
    page: Page, server: Server, labelled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "others.zip"
    with zipfile.ZipFile(labelled) as known, zipfile.ZipFile(path, "w") as packed:
        for name in known.namelist():
            packed.writestr(
                name.replace("motorcycle/", "_other/phone/").replace("building/", "_other/web/"), known.read(name)
            )
    page.goto(f"{server.url}/compare?models=starter-scratch,starter-small&show=labelled")
    page.set_input_files("[class*='st-key-zip-'] input", path, timeout=20_000)
    page.get_by_role("button", name="Evaluate with").click(timeout=20_000)
    expect(page.locator("h2.headline")).to_contain_text("of 4 photos.", timeout=60_000)
    figure = page.locator(".figure.unknown")
    expect(figure.locator("tbody tr")).to_have_count(6)
    expect(figure).to_contain_text("by its largest probability")
    figure.locator("[data-pick='0:still']").click()
    expect(figure.locator("tr.behind .tile")).to_have_count(8)
    expect(figure.locator("tr.behind")).to_contain_text("something else")


def test_nothing_sticks_out_sideways_on_a_phone(browser: Browser, server: Server, labelled: Path) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 812}, color_scheme="dark", locale="en-US")
    phone = context.new_page()
    evaluate(phone, server, labelled)
    assert phone.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth <= e.clientWidth")
    context.close()
