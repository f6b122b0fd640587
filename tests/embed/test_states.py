"""Whatever a visitor of the page Code can choose runs in Chromium, and answers as Python does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from lib.catalogue.store import Store
from lib.embed import Engine, Input, Options, Target, Weights
from lib.embed.bundle import files_needed
from lib.embed.escaping import js
from lib.embed.options import WEB
from lib.embed.web import description, library
from lib.errors import ModelOutputError
from lib.formats.quantise import quantise_dynamic, quantise_float16, quantise_int8
from lib.formats.tables import Format, read_ends, read_format
from lib.model import writing
from lib.model.spec import ModelFolder, load
from lib.photos.samples import find_samples
from tests.embed import builds
from tests.embed.mobilenet_graph import small_layers
from tests.embed.opened import Opened, Predict, predictor
from tests.embed.packages import MODULES, Node
from tests.embed.site import Cut, Site
from tests.embed.states import State, covering, every, kinds
from tests.support.pictures import encode, noise

# Integers are equal; sums of real numbers round a little otherwise in WebAssembly.
WITHIN = 1e-6
# "dynamic" rounds each photo's activations to 8 bits: what is a little off may end on the next step. 9e-5 was measured.
DYNAMIC_WITHIN = 1e-3
# The TF.js graph is compared with a program in NumPy.
TFJS_WITHIN = 1e-3

STATES = covering(state for state in every() if state.target in WEB)
GOOD = tuple(model for model in kinds() if model.spec.id not in ("nan", "negative", "zero"))


def test_every_pair_of_choices_is_among_the_states() -> None:
    assert {state.target for state in STATES} == set(WEB)
    for first, second in ((Engine, Input), (Engine, Weights), (Input, Weights)):
        met = {(getattr(state, first.__name__.lower()), getattr(state, second.__name__.lower())) for state in STATES}
        assert met == {(a, b) for a in first for b in second}
    short = {(state.target, state.input) for state in STATES if state.form == "short"}
    assert short == {(target, given) for target in WEB for given in Input}
    assert {(state.target, state.engine) for state in STATES} == {
        (target, engine) for target in WEB for engine in Engine
    }
    assert {state.target for state in STATES if state.form == "complete"} == set(WEB)
    assert len(STATES) < len(every()) / 16


# Every state ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(node: Node, tmp_path_factory: pytest.TempPathFactory) -> dict[State, tuple[Options, Path]]:
    """Return options and the folder to serve of each state, with one kind of model after the other."""
    wanted = {state: state.options(GOOD[place % len(GOOD)]) for place, state in enumerate(STATES)}
    made = {state: tmp_path_factory.mktemp(str(state)) for state in STATES}
    ready = {state: (wanted[state], builds.write_project(wanted[state], folder)) for state, folder in made.items()}
    builds.build(node, [folder for state, folder in made.items() if state.target not in builds.PAGES])
    return ready


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_state_answers_as_python_does(
    state: State, built: dict[State, tuple[Options, Path]], cut: Cut, page: Page, site: Site, small_graph: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    options, site.folders[""] = built[state]
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode(noise(90, 60, 7), "PNG"))
    site.files["photo.jpg"] = photo
    if state.weights is Weights.BUNDLE:
        site.put({f"npm/{file.place}": MODULES / file.package / file.path for file in files_needed(options)})
    if options.model_address.startswith("https://"):
        folder = options.model_address.partition("?")[0].removesuffix("model.json")
        cut.elsewhere.update({folder + path.name: path for path in small_graph.iterdir()})
    else:
        site.put(builds.model_files(options, small_graph))
    opened = Opened(page, site, options)
    found = ask(opened, state, photo)
    assert not opened.errors
    assert page.locator("html").get_attribute("lang") == state.language
    if state.weights is Weights.BUNDLE:
        assert not cut.asked, "a bundle brings its scripts"
    if state.input is Input.CAMERA:
        return  # what it sees is not known here
    expected = predictor(options.model, small_layers())(photo)
    if state.engine is Engine.TFJS:
        assert np.sort(found)[-5:] == pytest.approx(np.sort(expected)[-5:], abs=TFJS_WITHIN)
    else:
        assert found == pytest.approx(expected, abs=WITHIN)


def ask(opened: Opened, state: State, photo: Path) -> np.ndarray:
    """Let a page see a photo in the way it takes them, and return the probabilities."""
    match state.input:
        case Input.FILE:
            return opened.classify(photo.name, photo.read_bytes()).probabilities
        case Input.IMG:
            opened.press("Classify this photo")
        case Input.CAMERA:
            if state.target is Target.SCRIPT:
                opened.press("Start the camera")
            opened.press("Classify this picture")
    return opened.wait_for(0).probabilities


# Every kind of model -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelFolder, ...]:
    """Return a model of each kind: the tiny ones, those that come with the app, and the smaller formats of one."""
    home = tmp_path_factory.mktemp("home")
    come = [entry.folder for entry in Store(home).entries() if entry.folder is not None]
    scratch = next(folder for folder in come if folder.spec.id == "starter-scratch")
    content = scratch.read_weights()
    typical = np.random.default_rng(0).uniform(-1, 1, (8, 1, 128, 128, 3)).astype(np.float32)
    smaller = {
        "float16": quantise_float16(content, "x"),
        "dynamic": quantise_dynamic(content, "x"),
        "int8": quantise_int8(content, "x", list(typical)),
    }
    made = (variant(scratch, form, weights, home / form) for form, weights in smaller.items())
    return (*kinds(), *come, *made)


def variant(model: ModelFolder, form: str, weights: bytes, folder: Path) -> ModelFolder:
    folder.mkdir()
    (folder / "model.tflite").write_bytes(weights)
    (folder / "labels.txt").write_text("\n".join(model.read_labels()) + "\n", encoding="utf-8")
    writing.write(folder, replace(model.spec, id=f"{model.spec.id}-{form}", weights="model.tflite", source={}))
    return load(folder)


_PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import {load} from './discern.js';
window.ask = async (model, photo) => {
  const bitmap = await createImageBitmap(await (await fetch(photo)).blob());
  const classifier = await load(`${model}/model.json`);
  return classifier.classify(bitmap).then(({probabilities}) => probabilities, (error) => error.message);
};
window.isReady = true;
</script>"""


def test_every_kind_of_model_answers_as_in_python(
    models: tuple[ModelFolder, ...], page: Page, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One page, one runtime, one discern.js: one model after the other."""
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    (tmp_path / "noise.png").write_bytes(encode(noise(90, 60, 7), "PNG"))
    photos = (cat, tmp_path / "noise.png")
    site.put({photo.name: photo for photo in photos})
    site.put({"index.html": _PAGE, "discern.js": library(Engine.LITERT)})
    for model in models:
        options = Options(model, Target.SCRIPT)
        site.put({"model.json": js(description(options)), **builds.model_files(options, Path())}, f"{model.spec.id}/")
    page.goto(site.address)
    page.wait_for_function("() => window.isReady")
    worst = {}
    for model in models:
        predict = predictor(model, ())
        for photo in photos:
            found = page.evaluate("([model, photo]) => window.ask(model, photo)", [model.spec.id, photo.name])
            expected = expected_of(predict, photo)
            if isinstance(expected, str):
                assert found == expected, model.spec.id
            else:
                assert not isinstance(found, str), f"{model.spec.id}: {found}"
                shift = float(np.abs(np.array(found) - expected).max())
                worst[model.spec.id] = max(shift, worst.get(model.spec.id, 0))
    with capsys.disabled():
        print("\nIn LiteRT.js, probabilities differ from Python's by at most:")
        for model in models:
            ends = read_ends(model)
            kind = f"{read_format(model)}, {ends.input.dtype} → {ends.output.dtype}"
            print(f"  {model.spec.id} ({kind}): {worst.get(model.spec.id, float('nan')):.2g}")
    dynamic = {model.spec.id for model in models if read_format(model) is Format.DYNAMIC}
    bounds = {model: DYNAMIC_WITHIN if model in dynamic else WITHIN for model in worst}
    assert {model: shift for model, shift in worst.items() if shift > bounds[model]} == {}
    assert worst.keys() == {model.spec.id for model in models} - {"nan", "negative", "zero"}


def expected_of(predict: Predict, photo: Path) -> np.ndarray | str:
    """Return what Python says of a photo: probabilities, or why there are none."""
    try:
        return predict(photo)
    except ModelOutputError as error:
        return error.message.text
