"""LiteRT.js in Chromium against LiteRT in Python, on the same model files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from lib.catalogue.store import Store
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.classify.outputs import to_probabilities
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.embed import Options, Target, render, weights_file
from lib.formats.tables import read_ends
from lib.model.spec import ModelFolder
from lib.photos.opening import open_photo
from lib.photos.source import Source
from lib.results import Answer
from lib.training.heads import HeadSettings
from lib.training.transfer import TransferOptions, train_transfer
from tests.embed import builds
from tests.embed.conftest import SHARED
from tests.embed.opened import Opened, predictor
from tests.embed.site import Site
from tests.support.mirror import Mirror, serve
from tests.support.pictures import noise

PHOTOS = 12
# Measured bit-equal on most photos; XNNPACK's WebAssembly kernels may round an 8-bit step differently.
WITHIN = 2 / 256
CLEAR_MARGIN = 0.2
NEAR = 0.05  # of the threshold: what another way from the file may move the score by

_PAGE = """<!doctype html><meta charset="utf-8"><body><script type="importmap">{"imports": {
  "@litertjs/core": "https://cdn.jsdelivr.net/npm/@litertjs/core@2.5.3/dist/index.js",
  "@litertjs/wasm-utils": "https://cdn.jsdelivr.net/npm/@litertjs/wasm-utils@2.5.3/dist/index.js"
}}</script><script type="module">
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
await loadLiteRt('https://cdn.jsdelivr.net/npm/@litertjs/core@2.5.3/wasm/');
const model = await loadAndCompile('model.tflite', { accelerator: 'wasm' });
window.run = async (name, kind, shape) => {
  const bytes = await (await fetch(name)).arrayBuffer();
  const input = new Tensor(new globalThis[kind](bytes), shape);
  const outputs = await model.run([input]);
  const values = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
  for (const used of [input, ...outputs]) used.delete();
  return values;
};
</script>"""
_KINDS = {"float32": "Float32Array", "uint8": "Uint8Array", "int8": "Int8Array"}


@pytest.fixture(scope="module")
def quantised(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Fetch the real MobileNet V2 1.0 224, 8-bit, from a mirror made of the files at hand."""
    with serve(Mirror(shared / "models" / "imagenet")) as mirror, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISCERN_MIRROR", mirror.address)
        store = Store(tmp_path_factory.mktemp("home"))
        store.fetch("mobilenet-v2-1.0-224-quant")
        return store.open_folder("mobilenet-v2-1.0-224-quant")


@pytest.fixture(scope="module")
def own(photos: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Put a head of one's own on an 8-bit file, for the quarters of its last map."""
    sources = [LabelledPhoto(Source.of_path(photo), number % 2) for number, photo in enumerate(photos)]
    labelled = LabelledPhotos("own", ("even", "odd"), ("even", "odd"), tuple(sources))
    store = Store(tmp_path_factory.mktemp("home"))
    result = train_transfer(labelled, None, TransferOptions(head=HeadSettings(pooling="2x2")), store=store)
    return store.open_folder(result.model_id)


@pytest.fixture(scope="module")
def varied(photos: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return photos of as many classes where so many are at hand."""
    found = sorted((SHARED / "photos" / "imagenet-sample").glob("*.JPEG"))
    return tuple(found[:: len(found) // PHOTOS][:PHOTOS]) if found else photos


@pytest.fixture
def model(request: pytest.FixtureRequest) -> ModelFolder:
    """Return the model the test names."""
    folder: ModelFolder = request.getfixturevalue(request.param)
    return folder


@pytest.mark.parametrize("model", ["quantised", "starter", "grafted", "own"], indirect=True)
def test_the_same_tensor_gives_the_same_answer(
    model: ModelFolder, varied: tuple[Path, ...], page: Page, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = open_classifier(model, workers=1)
    tensors = {f"{photo.name}.bin": classifier.prepare(open_photo(photo.read_bytes(), photo.name)) for photo in varied}
    tensors["noise.bin"] = classifier.prepare(noise(300, 200))
    site.put({"index.html": _PAGE, "model.tflite": weights_file(model)})
    site.put({name: tensor.tobytes() for name, tensor in tensors.items()})
    page.goto(site.address)
    page.wait_for_function("() => Boolean(window.run)")
    worst, strange, scale = 0.0, [], read_ends(model).output.scale  # its 8-bit numbers begin at 0
    for name, tensor in tensors.items():
        raw, *scores = page.evaluate("([name, kind, shape]) => window.run(name, kind, shape)", _arguments(name, tensor))
        found = to_probabilities(np.array(raw) * (scale or 1.0), model.spec.output, scale=scale)
        inference = classifier.run(tensor)
        expected = inference.probabilities
        assert found.argmax() == expected.argmax(), name
        told = inference.familiarity
        assert [each.score for each in [told] if each] == pytest.approx([score for (score,) in scores], abs=1e-5), name
        strange += [name] if told is not None and told.is_unfamiliar else []
        worst = max(worst, float(np.abs(found - expected).max()))
    with capsys.disabled():
        print(f"\n{model.spec.id}, {len(tensors)} photos, same tensor: probabilities differ by at most {worst:.2g}")
    assert ("noise.bin" in strange) == (model.spec.novelty is not None)
    assert worst <= WITHIN


@pytest.mark.parametrize("model", ["quantised", "starter", "grafted", "own"], indirect=True)
def test_each_own_way_from_the_file_finds_the_same_class(
    model: ModelFolder, varied: tuple[Path, ...], page: Page, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(model, Target.MODULE)
    site.put(render(options).files)
    site.put(builds.model_files(options, Path()))
    opened, predict = Opened(page, site, options), predictor(model, ())
    classifier = open_classifier(model, workers=1)
    differences, others, strange, limit = [], [], 0, options.novelty.threshold if options.novelty else 0.0
    for photo in varied:
        found, expected = opened.classify(photo.name, photo.read_bytes()), predict(photo)
        differences.append(float(np.abs(found.probabilities - expected).max()))
        answer = infer(Source.of_path(photo), classifier)
        assert isinstance(answer, Answer)
        if found.familiarity is not None and abs(found.familiarity - limit) > NEAR * abs(limit):
            assert (found.familiarity < limit) == answer.unfamiliar, photo.name
        strange += bool(answer.unfamiliar)
        second, first = np.sort(expected)[-2:]
        if found.probabilities.argmax() != expected.argmax():
            others.append(f"{photo.name} (margin {first - second:.2f})")
            assert first - second <= CLEAR_MARGIN, photo.name
    with capsys.disabled():
        print(
            f"\n{model.spec.id}, {len(varied)} photos, each own way from the file: probabilities differ by at most "
            f"{max(differences):.2g}, median {np.median(differences):.2g}; another class first: {others or 'never'}; "
            f"unfamiliar: {strange}"
        )


def _arguments(name: str, tensor: np.ndarray) -> list[Any]:
    return [name, _KINDS[tensor.dtype.name], list(tensor.shape)]
