"""What the page of discern.js does: real photos, a broken one, a model that does not come at first, a race, a camera.

Every target is run in test_states.py; what is seen here is the code that all of them share.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from lib.classify.preprocess import resize
from lib.embed import MOBILENETS, Input, Options, Target, Weights, mobilenets, render
from lib.i18n import Translator
from lib.model import writing
from lib.model.spec import ModelFolder, Novelty, load
from lib.photos.opening import open_photo
from lib.verdict import Thresholds, explain, judge
from tests.conftest import TINY_MODELS
from tests.embed import builds, mobilenet_graph
from tests.embed.mobilenet_graph import Layer
from tests.embed.opened import Opened, Predict, predictor
from tests.embed.packages import Node
from tests.embed.site import Cut, Site
from tests.support.pictures import encode, plain

WEB = (Target.SCRIPT, Target.MODULE, Target.NPM, Target.VUE, Target.REACT, Target.SVELTE)
TFJS = MOBILENETS["tfjs-mobilenet-v1-0.25"]
# Where Python's winner leads by more than this, the browser's own road from file to answer must find the same.
CLEAR_MARGIN = 0.2

HOSTILE_NAME = "</script><script>alert(1)</script>"
HOSTILE_LABELS = (
    'it\'s "quoted" `${alert(2)}` \\',
    "{{ alert(3) }} {alert(4)} <!-- <script>",
    "</script><img src=x onerror=alert(5)> &amp;",
)
HOSTILE_FILE = 'it\'s {{ a }} `${b}` "c" #? & <d>.tflite'
# Colours to the tiny model are probabilities; with these thresholds there is one for every verdict.
HOSTILE_THRESHOLDS = Thresholds(ratio=0.5, floor=0.6)
COLOURS = {"clear": (232, 18, 5), "close": (158, 87, 10), "weak": (140, 64, 51), "none": (89, 87, 79)}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Return a model that answers with the mean red, green and blue, and whose names are attacks."""
    folder = tmp_path_factory.mktemp("hostile")
    tiny = load(TINY_MODELS / "float32")
    (folder / HOSTILE_FILE).write_bytes(tiny.weights_path.read_bytes())
    (folder / "labels.txt").write_text("\n".join(HOSTILE_LABELS) + "\n", encoding="utf-8")
    writing.write(folder, replace(tiny.spec, name=HOSTILE_NAME, weights=HOSTILE_FILE))
    return load(folder)


@pytest.fixture(scope="module")
def hostile_sites(
    node: Node, hostile: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[Target, bool], tuple[Options, Path]]:
    """Return the code of the hostile model for each target, short and, as a page, complete; ready to be served."""
    wanted = [(target, False) for target in WEB] + [(target, True) for target in builds.PAGES]
    sites = {}
    for target, complete in wanted:
        options = Options(hostile, target, language="ja", thresholds=HOSTILE_THRESHOLDS, complete=complete)
        folder = tmp_path_factory.mktemp(target)
        sites[target, complete] = (options, builds.write_project(options, folder))
    builds.build(node, [folder.parent for options, folder in sites.values() if options.target not in builds.PAGES])
    return sites


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, graph: Path, page: Page, site: Site, starter: ModelFolder, tmp_path: Path
) -> Iterator[Opened]:
    """Open the page that runs a model with the engine that the test names."""
    model = starter if request.param == "litert" else TFJS
    address = {} if model is starter else {"weights": Weights.ADDRESS, "address": "/model/"}
    options = Options(model, Target.SCRIPT, **address)
    site.folders[""] = builds.write_project(options, tmp_path)
    site.put(builds.model_files(options, graph))
    opened = Opened(page, site, options)
    yield opened
    assert not opened.errors


@pytest.mark.parametrize("opened", ["litert", "tfjs"], indirect=True)
def test_the_page_does_what_it_should(
    opened: Opened, photos: tuple[Path, ...], layers: tuple[Layer, ...], graph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say = Translator()
    model_path = opened.model_path
    expect(opened.status).to_have_text(say("Choose a photo to begin."))
    assert not opened.site.asked[model_path], "the model is loaded before it is needed"

    # A model that cannot be loaded can be asked for again.
    opened.site.status[model_path] = 503
    opened.pick(photos[0].name, photos[0].read_bytes())
    expect(opened.status).to_contain_text("503")
    expect(opened.retry).to_be_visible()
    opened.site.status.clear()
    failed = opened.site.asked[model_path]
    opened.retry.click()
    opened.wait_for(0)
    expect(opened.retry).to_be_hidden()

    # Real photos get the answers that Python gives, the model is loaded once, and no tensor stays.
    predict = predictor(opened.options.model, layers)
    before = opened.tensors()
    assert before is not None
    worst = max(compare(opened, photo, predict) for photo in photos[1:4])
    assert opened.tensors() == before
    assert opened.site.asked[model_path] == failed + 1
    beside = builds.model_files(opened.options, graph).keys() - {model_path}
    assert all(opened.site.asked[path] == 1 for path in beside)
    with capsys.disabled():
        print(f"\n{opened.options.engine}: probabilities within {worst:.1g} of Python's", end=" ")

    # A file that is no photo, or cut off, is named and not shown, trying it again is not offered, and the next works.
    content = photos[0].read_bytes()
    for name, broken in (("broken.jpg", b"\xff\xd8\xff\xe0 no more"), ("cut.png", content[: len(content) // 2])):
        opened.pick(name, broken)
        expect(opened.status).to_have_text(say("{file} is not a photo that this browser can read.", file=name))
        expect(opened.items).to_have_count(0)
        expect(opened.retry).to_be_hidden()
        expect(opened.page.locator("img")).to_be_hidden()

    # The newer of two picks wins, however late the older one ends.
    count = opened.answers()
    opened.pick("slow.png", photos[0].read_bytes())
    opened.page.wait_for_function("() => Boolean(window.release)")
    opened.pick(photos[1].name, photos[1].read_bytes())
    opened.page.evaluate("window.release()")
    opened.wait_for(count + 1)
    shown = opened.status.text_content()
    time.sleep(0.3)
    assert opened.status.text_content() == shown
    assert opened.answers() == count + 2
    assert opened.tensors() == before


def compare(opened: Opened, photo: Path, predict: Predict) -> float:
    """Return the largest difference in a probability from Python's; a winner that is well ahead is the same."""
    answered = opened.classify(photo.name, photo.read_bytes())
    found, expected = answered.probabilities, predict(photo)
    second, first = np.sort(expected)[-2:]
    if first - second > CLEAR_MARGIN:
        assert found.argmax() == expected.argmax(), photo.name
    return float(np.abs(found - expected).max())


def test_tfjs_says_unfamiliar_where_the_strongest_vote_is_weak(
    photos: tuple[Path, ...], layers: tuple[Layer, ...], graph: Path, page: Page, site: Site
) -> None:
    """The threshold is made up: none was measured for the MobileNets that TF.js brings."""
    chosen = photos[:4]
    votes = {photo: float(votes_of(layers, photo).max()) for photo in chosen}
    novelty = Novelty("max-logit", float(np.median([*votes.values()])), 0.95, "made up")
    options = Options(replace(TFJS, novelty=novelty), Target.SCRIPT, weights=Weights.ADDRESS, address="weights/")
    site.put(render(options).files)
    site.put(builds.model_files(options, graph))
    opened, told = Opened(page, site, options), []
    for photo in chosen:
        found = opened.classify(photo.name, photo.read_bytes())  # which checks the sentence, too
        assert found.familiarity == pytest.approx(votes[photo], rel=0.02)
        told.append(opened.status.get_attribute("data-unfamiliar") is not None)
    assert told == [vote < novelty.threshold for vote in votes.values()]
    assert {*told} == {True, False}


def votes_of(layers: tuple[Layer, ...], photo: Path) -> NDArray[np.float64]:
    """Return the logits of a photo, without the background's."""
    pixels = np.asarray(resize(open_photo(photo.read_bytes(), photo.name), mobilenets.INPUT), np.float32)
    return mobilenet_graph.run(layers, pixels / 255)[1:].astype(np.float64)


@pytest.mark.parametrize(
    ("target", "complete"), [*((target, False) for target in WEB), *((target, True) for target in builds.PAGES)]
)
def test_names_that_are_attacks_are_shown_as_they_are(
    target: Target, complete: bool, hostile_sites: dict[tuple[Target, bool], tuple[Options, Path]], page: Page,
    site: Site,
) -> None:  # fmt: skip
    options, site.folders[""] = hostile_sites[target, complete]
    site.put(builds.model_files(options, Path()))
    opened = Opened(page, site, options)
    expect(opened.status).to_have_text(Translator("ja")("Choose a photo to begin."))
    assert page.title() == HOSTILE_NAME
    for kind, colour in COLOURS.items():
        answered = opened.classify(f"{kind}.png", encode(plain(colour), "PNG"))
        assert answered.labels == HOSTILE_LABELS
        np.testing.assert_allclose(answered.probabilities, np.array(colour) / sum(colour), atol=1e-6)
        assert page.evaluate("window.answers.at(-1).kind") == kind
        if target is not Target.MODULE:
            assert opened.status.get_attribute("data-verdict") == kind
    file = "<img src=x onerror=alert(6)>{{ alert(7) }}.jpg"
    opened.pick(file, b"no photo")
    expect(opened.status).to_have_text(Translator("ja")("{file} is not a photo that this browser can read.", file=file))
    assert page.locator("script:not([src]):not([type])").count() == 0
    assert not page.locator("img[src=x]").count()
    assert not opened.errors
    assert not page.evaluate("window.alerted")


def test_the_camera_is_started_asked_and_stopped(page: Page, site: Site, tmp_path: Path) -> None:
    options = Options(load(TINY_MODELS / "uint8"), Target.SCRIPT, language="ko", input=Input.CAMERA)
    site.folders[""] = builds.write_project(options, tmp_path)
    site.put(builds.model_files(options, Path()))
    opened, say = Opened(page, site, options), Translator("ko")
    expect(opened.status).to_have_text(say("Start the camera to begin."))
    page.evaluate("""() => {
      const media = navigator.mediaDevices;
      window.ask = media.getUserMedia.bind(media);
      media.getUserMedia = () => Promise.reject(new DOMException('in use'));
    }""")
    opened.press("Start the camera")
    expect(opened.status).to_have_text(say("The camera could not be used: {reason}", reason="in use"))
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.ask; }")
    opened.press("Start the camera")
    expect(opened.status).to_have_text(say("The camera is on."))
    opened.press("Classify this picture")  # Chromium's stand-in for a camera shows moving figures
    opened.wait_for(0)
    before = opened.tensors()
    opened.press("Classify this picture")
    opened.wait_for(1)
    assert opened.tensors() == before
    page.evaluate("""() => {
      const video = document.querySelector('discern-classifier').shadowRoot.querySelector('video');
      [window.track] = video.srcObject.getTracks();
    }""")
    opened.press("Stop the camera")
    expect(page.get_by_role("button", name=say("Start the camera"))).to_be_visible()
    assert page.evaluate("window.track.readyState") == "ended"
    opened.press("Start the camera")  # taken out of the page, the element switches it off
    expect(opened.status).to_have_text(say("The camera is on."))
    page.evaluate("""() => {
      const element = document.querySelector('discern-classifier');
      [window.track] = element.shadowRoot.querySelector('video').srcObject.getTracks();
      element.remove();
    }""")
    assert page.evaluate("window.track.readyState") == "ended"


def test_the_plain_code_for_tfjs_says_what_the_rule_says(
    cut: Cut, page: Page, site: Site, small_graph: Path, photos: tuple[Path, ...]
) -> None:
    options = Options(TFJS, Target.SCRIPT)
    site.put(render(options).files)
    folder = options.model_address.partition("?")[0].removesuffix("model.json")
    cut.elsewhere.update({folder + path.name: path for path in small_graph.iterdir()})
    opened = Opened(page, site, options, "plain.html")
    page.evaluate("""async () => {
      const load = mobilenet.load;
      mobilenet.load = async (...given) => {
        const net = await load(...given), classify = net.classify.bind(net);
        net.classify = async (...photo) => (window.told = await classify(...photo));
        return net;
      };
    }""")
    for photo in photos[:3]:
        page.evaluate("() => { window.told = null; }")
        opened.pick(photo.name, photo.read_bytes())
        page.wait_for_function("() => window.told")
        ranked = page.evaluate("window.told")
        values = np.array([one["probability"] for one in ranked], np.float64)
        expected = explain(judge(values, tuple(one["className"] for one in ranked)))
        expect(opened.status).to_have_text(Translator().message(expected))
    opened.pick("broken.jpg", b"no photo")
    expect(opened.status).to_contain_text("could not be decoded")
