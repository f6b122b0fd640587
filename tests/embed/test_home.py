"""What a class takes home opens by double-click: the page answers as the command line does, and the sheet prints."""

import json
import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from lib.classify.infer import conclude, infer
from lib.classify.opening import open_classifier
from lib.cli.main import main
from lib.embed import Options, Target, packages
from lib.embed.scripts import Scripts
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.source import Source
from lib.reports.room import Guess, RoomPhoto, RoomReport
from lib.results import Classification, Failure
from lib.server.room.home import Home, pack
from tests.embed.opened import Opened
from tests.embed.site import Cut, Site


def said(model: ModelFolder, photo: Path, language: str) -> Classification:
    answer = infer(Source.of_bytes(photo.read_bytes(), photo.name), open_classifier(model))
    assert not isinstance(answer, Failure)
    return conclude(answer, model.read_labels(language))


def taken_home(model: ModelFolder, photos: tuple[Path, ...], scripts: Scripts, folder: Path, language: str) -> Path:
    """Return the folder of the unpacked zip, whose own name is as people call folders."""
    found = [
        RoomPhoto(1, "테오", photo.read_bytes(), said(model, photo, language), (Guess("cat", 2, True),), (1, 2))
        for photo in photos
    ]
    report = RoomReport("fox 47", datetime(2026, 11, 28, 9, 5), 3, {model.spec.id: model}, found)
    scripts.fetch(packages.LITERT_FILES)  # `pack` fetches nothing
    pack(folder / "home.zip", Home(report, model), scripts, Translator(language))
    out = folder / "우리 반 #1"
    with zipfile.ZipFile(folder / "home.zip") as packed:
        packed.extractall(out)
    return out


def test_the_page_says_what_the_command_line_says(
    starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    home = taken_home(starter, photos[:1], scripts, tmp_path, "en")
    cut, options = Cut(context, has_cdn=False), Options(starter, Target.SCRIPT)
    opened = Opened(context.new_page(), Site(), options, (home / "page.html").as_uri())
    for photo in (*sorted((home / "photos" / "round 1").iterdir()), *photos[1:3]):
        opened.classify(photo.name, photo.read_bytes())
        assert main(["classify", str(photo), "--model", starter.spec.id, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        expect(opened.status).to_have_text(told["message"])
        expect(opened.status).to_have_attribute("data-verdict", told["verdict"])
    assert not opened.errors
    assert not cut.strangers


def test_the_page_takes_the_camera_too(
    starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path
) -> None:
    home = taken_home(starter, (), scripts, tmp_path, "ko")
    cut, options = Cut(context, has_cdn=False), Options(starter, Target.SCRIPT, language="ko")
    opened = Opened(context.new_page(), Site(), options, (home / "page.html").as_uri())
    opened.classify(photos[0].name, photos[0].read_bytes())
    expect(opened.page.locator("img")).to_be_visible()
    opened.press("Start the camera")
    expect(opened.page.locator("video")).to_be_visible()
    before = opened.answers()
    opened.press("Classify this picture")
    opened.wait_for(before)
    expect(opened.page.locator("img")).to_be_hidden()  # it is another picture that the answer is about
    opened.press("Stop the camera")
    expect(opened.page.locator("video")).to_be_hidden()
    assert not opened.errors
    assert not cut.strangers


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_the_sheet_prints_on_a4(
    language: str, starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], page: Page, tmp_path: Path
) -> None:
    home = taken_home(starter, photos[:6], scripts, tmp_path, language)
    page.goto((home / "sheet.html").as_uri())
    expect(page.locator("[data-verdict]")).to_have_count(6)
    page.wait_for_function("() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    (box,) = set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", printed))
    assert [round(float(number)) for number in box.split()] == [0, 0, 595, 842]
