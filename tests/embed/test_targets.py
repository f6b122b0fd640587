"""Every web target is run: real photos, a broken one, a model that cannot be loaded at first, three picks, a race."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from lib.embed import MOBILENETS, Input, Options, Target, Weights
from lib.i18n import Translator
from lib.model import writing
from lib.model.spec import ModelFolder, load
from lib.verdict import Thresholds
from tests.conftest import TINY_MODELS
from tests.embed import builds
from tests.embed.mobilenet_graph import Layer
from tests.embed.opened import Opened, Predict, predictor
from tests.embed.packages import Node
from tests.embed.site import Site
from tests.support.pictures import encode, plain

WEB = (Target.SCRIPT, Target.MODULE, Target.NPM, Target.VUE, Target.REACT, Target.SVELTE)
ENGINES = ("litert", "tfjs")
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


@dataclass(frozen=True, slots=True)
class Built:
    """Generated code, ready to be served.

    Attributes:
        options: What it was generated for.
        folder: To be served.
    """

    options: Options
    folder: Path


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
def built(
    node: Node, starter: ModelFolder, hostile: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[Target, str], Built]:
    """Return the code for each target: each engine, a hostile model, each input; the projects are built in one go."""
    wanted = {
        **{(target, "litert"): Options(starter, target) for target in WEB},
        **{
            (target, "tfjs"): Options(
                MOBILENETS["tfjs-mobilenet-v1-0.25"], target, weights=Weights.ADDRESS, address="/model/"
            )
            for target in WEB
        },
        **{
            (target, "hostile"): Options(hostile, target, language="ja", thresholds=HOSTILE_THRESHOLDS)
            for target in WEB
        },
        **{
            (target, kind): Options(load(TINY_MODELS / "uint8"), target, language="ko", input=kind)
            for target in WEB
            for kind in (Input.CAMERA, Input.IMG)
        },
    }
    made = {key: tmp_path_factory.mktemp("-".join(key)) for key in wanted}
    ready = {key: Built(wanted[key], builds.write_project(wanted[key], folder)) for key, folder in made.items()}
    builds.build(node, [folder for (target, _), folder in made.items() if target not in builds.PAGES])
    return ready


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, built: dict[tuple[Target, str], Built], graph: Path, page: Page, site: Site
) -> Iterator[Opened]:
    """Open the page of the target and engine that the test names."""
    found = built[request.param]
    site.folders[""] = found.folder
    site.put(builds.model_files(found.options, graph))
    opened = Opened(page, site, found.options)
    yield opened
    assert not opened.errors
    assert not page.evaluate("window.alerted")


@pytest.mark.parametrize("opened", [(t, e) for t in WEB for e in ENGINES], indirect=True, ids="-".join)
def test_a_target_does_what_it_should(
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

    # Real photos get the answers that Python gives, the model is loaded once, and no tensor stays.
    predict = predictor(opened.options.model, layers)
    before = opened.tensors()
    assert before is not None
    differences = [compare(opened, photo, predict) for photo in photos[1:4]]
    assert opened.tensors() == before
    assert opened.site.asked[model_path] == failed + 1
    beside = builds.model_files(opened.options, graph).keys() - {model_path}
    assert all(opened.site.asked[path] == 1 for path in beside)
    with capsys.disabled():
        worst = max(differences)
        print(
            f"\n{opened.options.target}, {opened.options.engine}: probabilities within {worst:.1g} of Python's", end=" "
        )

    # A file that is no photo is named, and the next photo works.
    opened.pick("broken.jpg", b"\xff\xd8\xff\xe0 no more")
    expect(opened.status).to_have_text(say("{file} is not a photo that this browser can read.", file="broken.jpg"))
    expect(opened.items).to_have_count(0)

    # The newer of two picks wins, however late the older one ends.
    count = opened.answers()
    opened.pick("slow.png", photos[0].read_bytes())
    opened.page.wait_for_function("() => Boolean(window.release)")
    opened.classify(photos[1].name, photos[1].read_bytes())
    shown = opened.status.text_content()
    opened.page.evaluate("window.release()")
    time.sleep(0.5)
    assert opened.status.text_content() == shown
    assert opened.answers() == count + 1
    assert opened.tensors() == before


def compare(opened: Opened, photo: Path, predict: Predict) -> float:
    """Return the largest difference in a probability from Python's; a winner that is well ahead is the same."""
    answered = opened.classify(photo.name, photo.read_bytes())
    found, expected = answered.probabilities, predict(photo)
    second, first = np.sort(expected)[-2:]
    if first - second > CLEAR_MARGIN:
        assert found.argmax() == expected.argmax(), photo.name
    return float(np.abs(found - expected).max())


@pytest.mark.parametrize("opened", [(target, "hostile") for target in WEB], indirect=True, ids="-".join)
def test_names_that_are_attacks_are_shown_as_they_are(opened: Opened) -> None:
    page = opened.page
    assert page.title() == HOSTILE_NAME
    assert opened.status.text_content() == Translator("ja")("Choose a photo to begin.")
    for kind, colour in COLOURS.items():
        answered = opened.classify(f"{kind}.png", encode(plain(colour), "PNG"))
        assert answered.labels == HOSTILE_LABELS
        np.testing.assert_allclose(answered.probabilities, np.array(colour) / sum(colour), atol=1e-6)
        assert page.evaluate("window.answers.at(-1).kind") == kind
        assert opened.status.get_attribute("data-verdict") == kind
    file = "<img src=x onerror=alert(6)>{{ alert(7) }}.jpg"
    opened.pick(file, b"no photo")
    expect(opened.status).to_have_text(Translator("ja")("{file} is not a photo that this browser can read.", file=file))
    assert page.locator("script:not([src]):not([type])").count() <= 1  # the page's own
    assert not page.locator("img[src=x]").count()


@pytest.mark.parametrize("opened", [(target, Input.IMG) for target in WEB], indirect=True, ids="-".join)
def test_a_photo_that_the_page_shows_is_classified(opened: Opened) -> None:
    opened.site.put({"photo.jpg": encode(plain((250, 20, 10), 64, 48), "JPEG", quality=95)})
    opened.page.reload()
    opened.press("Classify this photo")
    answered = opened.wait_for(0)
    np.testing.assert_allclose(answered.probabilities, np.array([250, 20, 10]) / 280, atol=0.02)
    opened.press("Classify this photo")
    opened.wait_for(1)
    assert opened.site.asked["model.tflite"] == 1


@pytest.mark.parametrize("opened", [(target, Input.CAMERA) for target in WEB], indirect=True, ids="-".join)
def test_the_camera_is_started_asked_and_stopped(opened: Opened) -> None:
    page, say = opened.page, Translator("ko")
    page.evaluate("""() => {
      const media = navigator.mediaDevices;
      window.ask = media.getUserMedia.bind(media);
      media.getUserMedia = () => Promise.reject(new DOMException('in use'));
    }""")
    opened.press("Start the camera")
    expect(opened.status).to_have_text(say("The camera could not be used: {reason}", reason="in use"))
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.ask; }")
    opened.press("Start the camera")
    opened.press("Classify what it sees")  # Chromium's stand-in for a camera shows moving figures
    opened.wait_for(0)
    before = opened.tensors()
    opened.press("Classify what it sees")
    opened.wait_for(1)
    assert opened.tensors() == before
    page.evaluate("() => { [window.track] = document.querySelector('video').srcObject.getTracks(); }")
    opened.press("Stop the camera")
    expect(page.get_by_role("button", name=say("Start the camera"))).to_be_visible()
    assert page.evaluate("window.track.readyState") == "ended"
