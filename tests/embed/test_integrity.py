"""A script that was altered on the way is refused by the browser, and the page says so; nothing of it runs."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lib.embed import Options, Target, packages, render
from lib.embed.mobilenets import MOBILENETS
from lib.embed.options import Weights
from lib.embed.packages import PackageFile
from lib.model.spec import ModelFolder
from tests.embed import builds
from tests.embed.opened import Opened
from tests.embed.packages import MODULES
from tests.embed.site import Cut, Site

MARK = "window.altered = true;"
ALL_FILES = (*packages.LITERT_FILES, *packages.TFJS_FILES)
# What a page loads, and what would have run had it been taken as it came.
CASES = [
    *[(Target.SCRIPT, "tfjs", file) for file in packages.TFJS_FILES],
    *[(Target.MODULE, "litert", file) for file in packages.LITERT_STARTED],
]


def name(value: object) -> str:
    return Path(value.path).name if isinstance(value, PackageFile) else str(value)


def options_for(target: Target, engine: str, starter: ModelFolder) -> Options:
    if engine == "litert":
        return Options(starter, target)
    return Options(MOBILENETS["tfjs-mobilenet-v1-0.25"], target, weights=Weights.ADDRESS, address="/model/")


@pytest.mark.parametrize(("target", "engine", "file"), CASES, ids=name)
def test_an_altered_script_is_refused_and_the_page_says_so(
    target: Target, engine: str, file: PackageFile, starter: ModelFolder, graph: Path, photos: tuple[Path, ...],
    cut: Cut, page: Page, site: Site, tmp_path: Path,
) -> None:  # fmt: skip
    options = options_for(target, engine, starter)
    site.folders[""] = builds.write_project(options, tmp_path)
    site.put(builds.model_files(options, graph))
    content = (MODULES / file.package / file.path).read_bytes()
    altered = content + b"\n" + MARK.encode() if file.path.endswith(".js") else content[:-1]
    cut.altered[f"{file.package}/{file.path}"] = altered
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))

    opened = Opened(page, site, options)
    opened.pick(photos[0].name, photos[0].read_bytes())
    expect(opened.status).to_contain_text("A script could not be loaded or was changed")
    if target is Target.SCRIPT:
        expect(opened.retry).to_be_visible()
    assert cut.asked[f"{file.package}/{file.path}"]
    assert any("integrity" in line and "Failed to find a valid digest" in line for line in console), console
    assert not page.evaluate("Boolean(window.altered)")
    assert not opened.answers()
    assert not site.asked["model/model.json"]


@pytest.mark.parametrize("target", [Target.SCRIPT, Target.MODULE])
def test_an_altered_discern_js_is_refused_and_the_page_is_not_left_empty(
    target: Target, starter: ModelFolder, page: Page, site: Site
) -> None:
    files = dict(render(Options(starter, target)).files)
    site.put({**files, "discern.js": f"{MARK}\n{files['discern.js']}"})
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    page.goto(site.address)
    expect(page.get_by_text("this page cannot load its model")).to_be_visible()
    assert any("Failed to find a valid digest" in line for line in console), console
    assert not page.evaluate("Boolean(window.altered || customElements.get('discern-classifier'))")


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.place)
def test_the_pins_are_those_of_the_locked_packages(file: PackageFile) -> None:
    installed = MODULES / file.package
    assert json.loads((installed / "package.json").read_text())["version"] == file.version
    digest = base64.b64encode(hashlib.sha384((installed / file.path).read_bytes()).digest()).decode()
    assert file.integrity == f"sha384-{digest}"


@pytest.mark.usefixtures("node")
def test_what_a_browser_loads_of_them_is_as_large_as_is_said() -> None:
    for engine, files in (("litert", packages.LITERT_STARTED), ("tfjs", packages.TFJS_FILES)):
        sizes = [(MODULES / file.package / file.path).stat().st_size for file in files]
        assert packages.STARTED_BYTES[engine] == sum(sizes)
