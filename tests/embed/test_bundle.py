"""The offline bundle: unpacked and served as its README says, with the network cut, it does what the app does."""

import json
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from lib.catalogue.store import Store
from lib.cli.main import main
from lib.embed import MOBILENETS, Options, Target, Weights, render, single
from lib.embed.bundle import Bundle, files_needed, make
from lib.embed.scripts import Scripts
from lib.errors import DownloadError, ModelFileError, UsageError
from lib.formats.graft import Pooling
from lib.i18n import Translator
from lib.model.spec import ModelFolder, load
from lib.verdict import explain, judge
from lib.work.progress import Progress
from tests.embed import packages
from tests.embed.mobilenet_graph import Layer
from tests.embed.opened import Opened, predictor
from tests.embed.site import Cut, Site
from tests.support.mirror import Mirror, serve
from tests.support.own_models import put_own
from tests.support.server import free_port

TFJS = MOBILENETS["tfjs-mobilenet-v1-0.25"]
LITERT_PLACE, UTILS_PLACE = "npm/@litertjs/core@2.5.3/", "npm/@litertjs/wasm-utils@2.5.3/"


def bundled(model: ModelFolder, target: Target = Target.MODULE, language: str = "en") -> Options:
    return Options(model, target, language=language, weights=Weights.BUNDLE)


def unpack(bundle: Bundle, folder: Path) -> list[str]:
    with zipfile.ZipFile(bundle.path) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
        return archive.namelist()


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def served_as_the_readme_says(folder: Path) -> Iterator[str]:
    """Run the command of README.txt in the unpacked bundle, on a port that is free here, and yield the address."""
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert "python -m http.server 8000 --bind 127.0.0.1" in readme
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 60
        while not answers(address):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def open_offline(context: BrowserContext, bundle: Bundle, options: Options, folder: Path) -> Iterator[Opened]:
    """Open an unpacked bundle in a browser that reaches loopback and nothing else."""
    unpack(bundle, folder)
    cut = Cut(context, has_cdn=False)
    with served_as_the_readme_says(folder) as address:
        site = Site()
        site.address = address
        opened = Opened(context.new_page(), site, options)
        yield opened
        assert not opened.errors
    assert not cut.strangers


def test_a_bundle_classifies_offline_and_says_what_the_app_says(
    starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...],
    context: BrowserContext, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    target, language = Target.SCRIPT, "ko"
    options = bundled(starter, target, language)
    bundle = make(options, scripts, tmp_path / "bundle.zip")
    labels, say = starter.read_labels(language), Translator(language)
    predict = predictor(starter, ())
    with open_offline(context, bundle, options, tmp_path / "unpacked") as opened:
        for photo in photos[:4]:
            opened.classify(photo.name, photo.read_bytes())
            assert opened.status.text_content() == say.message(explain(judge(predict(photo), labels)))
    with capsys.disabled():
        print(f"\n{target} bundle of the starter: {bundle.bytes:,} bytes, {bundle.unpacked_bytes:,} unpacked", end=" ")


def test_a_bundle_of_a_thousand_classes_answers_offline_as_python_does(
    thousand: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    options, predict = bundled(thousand, Target.SCRIPT), predictor(thousand, ())
    bundle = make(options, scripts, tmp_path / "bundle.zip")
    with open_offline(context, bundle, options, tmp_path / "unpacked") as opened:
        for photo in photos[:10]:
            found = opened.classify(photo.name, photo.read_bytes()).probabilities
            assert found == pytest.approx(predict(photo), abs=1e-4)
    with capsys.disabled():
        print(f"\nbundle of {thousand.spec.id}: {bundle.bytes:,} bytes, {bundle.unpacked_bytes:,} unpacked", end=" ")


def test_a_bundle_of_an_own_model_answers_offline_as_python_does(
    scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path
) -> None:
    own = put_own(Store(tmp_path / "home"), "mine", Pooling.QUARTERS)
    assert own.spec.novelty is not None, "as training leaves it"
    options, predict = bundled(own, Target.SCRIPT), predictor(own, ())
    bundle = make(options, scripts, tmp_path / "bundle.zip")
    with open_offline(context, bundle, options, tmp_path / "unpacked") as opened:
        for photo in photos[:4]:
            found = opened.classify(photo.name, photo.read_bytes()).probabilities
            assert found == pytest.approx(predict(photo), abs=1e-4)


def test_a_turned_webp_shows_the_probe_the_same_quarters_as_in_the_app(
    shared: Path, scripts: Scripts, context: BrowserContext, tmp_path: Path
) -> None:
    probe = load(shared / "cases" / "home" / "models" / "pixel-probe")
    photo = shared / "cases" / "webp-turned" / "exif6.webp"
    options = Options(probe, Target.SCRIPT, top=probe.spec.output.classes, weights=Weights.BUNDLE)
    bundle = make(options, scripts, tmp_path / "bundle.zip")
    with open_offline(context, bundle, options, tmp_path / "unpacked") as opened:
        found = opened.classify(photo.name, photo.read_bytes()).probabilities
    assert found == pytest.approx(predictor(probe, ())(photo), abs=1e-4)


def test_a_browser_without_relaxed_simd_takes_the_compatible_pair(
    starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path
) -> None:
    options = bundled(starter)
    # LiteRT.js finds out by starting a program of a few bytes.
    context.add_init_script(
        """const start = WebAssembly.instantiate;
        WebAssembly.instantiate = (code, ...rest) =>
          (code.byteLength < 200 ? Promise.reject(new WebAssembly.CompileError('no')) : start(code, ...rest));"""
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    with open_offline(context, make(options, scripts, tmp_path / "b.zip"), options, tmp_path / "unpacked") as opened:
        found = opened.classify(photos[0].name, photos[0].read_bytes())
    assert "litert_wasm_compat_internal.wasm" in asked
    assert "litert_wasm_internal.wasm" not in asked
    assert found.probabilities.argmax() == predictor(starter, ())(photos[0]).argmax()


def test_a_bundle_for_tfjs_works_offline(
    scripts: Scripts, graph: Path, layers: tuple[Layer, ...], photos: tuple[Path, ...],
    context: BrowserContext, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    options = Options(TFJS, Target.SCRIPT, language="ja", weights=Weights.BUNDLE)
    bundle = make(options, scripts, tmp_path / "bundle.zip", graph=graph)
    with open_offline(context, bundle, options, tmp_path / "unpacked") as opened:
        for photo in photos[:2]:
            found = opened.classify(photo.name, photo.read_bytes()).probabilities
            assert np.sort(found)[-5:] == pytest.approx(np.sort(predictor(TFJS, layers)(photo))[-5:], abs=1e-3)
    with capsys.disabled():
        print(f"\nbundle for TF.js: {bundle.bytes:,} bytes, {bundle.unpacked_bytes:,} unpacked", end=" ")


@pytest.mark.parametrize("complete", [False, True], ids=["short", "complete"])
@pytest.mark.parametrize("target", [Target.SCRIPT, Target.MODULE])
def test_a_bundle_that_is_opened_by_double_click_says_what_to_do(
    target: Target, complete: bool, starter: ModelFolder, page: Page, tmp_path: Path
) -> None:
    options = Options(starter, target, language="ko", weights=Weights.BUNDLE, complete=complete)
    for name, text in render(options).files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.get_by_text("python -m http.server 8000")).to_be_visible()


def test_one_file_opens_by_double_click_and_answers_as_python_does(
    starter: ModelFolder, scripts: Scripts, photos: tuple[Path, ...], context: BrowserContext, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    options, file = Options(starter, Target.SCRIPT, language="ja"), tmp_path / "写真 #1.html"
    page = single.make(options, scripts)
    file.write_bytes(page)
    (model,) = re.findall(rb'id="model.tflite">([^<]+)<', page)
    assert len(page) - len(model) + single.MOST_MODEL_BYTES * 4 / 3 < 0.999 * single.MOST_BYTES
    cut = Cut(context, has_cdn=False)
    opened, predict = Opened(context.new_page(), Site(), options, file.as_uri()), predictor(starter, ())
    expect(opened.status).to_have_text(Translator("ja")("Choose a photo to begin."))
    for photo in photos[:3]:
        found = opened.classify(photo.name, photo.read_bytes()).probabilities
        assert found == pytest.approx(predict(photo), abs=1e-4)
    assert not opened.errors
    assert not cut.strangers
    with capsys.disabled():
        print(f"\none file with the starter: {file.stat().st_size:,} bytes", end=" ")


def test_one_file_that_would_be_too_large_is_refused(
    starter: ModelFolder, scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single, "MOST_MODEL_BYTES", 1000)
    with pytest.raises(UsageError, match="the file would be larger than 60 MB"):
        single.make(Options(starter, Target.SCRIPT), scripts)
    for other in (Options(TFJS, Target.SCRIPT), Options(starter, Target.VUE)):
        with pytest.raises(UsageError, match="web pages with one of the app's own models"):
            single.make(other, scripts)


def test_the_command_line_writes_one_file(
    scripts: Scripts,
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(scripts.folder.parent))
    out = tmp_path / "page.html"
    asked = ["embed", "starter-scratch", "--target", "script", "--single"]
    assert main([*asked, "--out", str(out)]) == 0
    assert re.search(rf"Saved: {re.escape(str(out))} \(\d[\d.]* MB\)", capsys.readouterr().out)
    assert out.read_bytes().startswith(b"<!doctype html>")
    assert main([*asked, "--out", str(tmp_path / "page")]) == 2
    assert "ends in .html" in capsys.readouterr().err


def test_what_is_in_a_bundle(starter: ModelFolder, scripts: Scripts, tmp_path: Path) -> None:
    bundle = make(bundled(starter), scripts, tmp_path / "bundle.zip")
    names = unpack(bundle, tmp_path / "unpacked")
    assert sorted(names) == sorted([
        "index.html", "discern.js", "model.json", "README.txt", "model.tflite", "labels.txt", "licences/Apache-2.0.txt",
        "licences/LICENCES.txt",
        f"{LITERT_PLACE}dist/index.js", f"{UTILS_PLACE}dist/index.js",
        *(f"{LITERT_PLACE}wasm/litert_wasm_{kind}internal.{end}" for kind in ("", "compat_") for end in ("js", "wasm")),
    ])  # fmt: skip
    folder = tmp_path / "unpacked"
    assert "https://" not in (folder / "index.html").read_text(encoding="utf-8")
    assert '"scripts": "npm/"' in (folder / "model.json").read_text(encoding="utf-8")
    assert (folder / "labels.txt").read_text(encoding="utf-8").splitlines() == list(starter.read_labels())
    assert len((folder / "README.txt").read_text(encoding="utf-8").splitlines()) == 2
    assert "Apache License" in (folder / "licences/Apache-2.0.txt").read_text(encoding="utf-8")
    licences = (folder / "licences/LICENCES.txt").read_text(encoding="utf-8")
    for package in ("@litertjs/core 2.5.3", "@litertjs/wasm-utils 2.5.3", "model.tflite", "index.html"):
        assert f"{package}" in licences
    assert bundle.bytes == bundle.path.stat().st_size
    assert bundle.unpacked_bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    again = make(bundled(starter), scripts, tmp_path / "again.zip")
    assert again.path.read_bytes() == bundle.path.read_bytes()


def test_what_is_in_a_bundle_for_tfjs(scripts: Scripts, graph: Path, tmp_path: Path) -> None:
    options = Options(TFJS, Target.SCRIPT, weights=Weights.BUNDLE)
    names = unpack(make(options, scripts, tmp_path / "bundle.zip", graph=graph), tmp_path / "unpacked")
    assert sorted(names) == sorted([
        "index.html", "discern.js", "model.json", "README.txt", "model/model.json", "model/group1-shard1of1.bin",
        "licences/Apache-2.0.txt",
        "licences/LICENCES.txt", "licences/MIT.txt", "npm/@tensorflow/tfjs@4.22.0/dist/tf.min.js",
        "npm/@tensorflow-models/mobilenet@2.1.1/dist/mobilenet.min.js",
    ])  # fmt: skip


def test_the_download_is_stated_before_and_told_while_it_runs(
    starter: ModelFolder, mirror: Mirror, tmp_path: Path
) -> None:
    fresh, seen = Scripts(tmp_path / "home"), list[Progress]()
    assert fresh.download_bytes(files_needed(bundled(starter))) == 11_817_097 + 4_698
    fresh.fetch(files_needed(bundled(starter)), on_progress=seen.append)
    shares = [progress.fraction for progress in seen if progress.fraction is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert fresh.download_bytes(files_needed(bundled(starter))) == 0


def test_the_command_line_makes_a_bundle(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    out = tmp_path / "page.zip"
    assert main(["embed", "starter-scratch", "--target", "module", "--weights", "bundle", "--out", str(out)]) == 0
    assert "index.html" in zipfile.ZipFile(out).namelist()
    told = capsys.readouterr()
    assert re.search(rf"Saved: {re.escape(str(out))} \(10\.\d MB, unpacked 24\.\d MB\)", told.out)
    assert "downloading" in told.err


def test_an_altered_package_makes_no_bundle(starter: ModelFolder, tmp_path: Path, mirror: Mirror) -> None:
    content = bytearray(packages.tarball("@litertjs/core").read_bytes())
    content[len(content) // 2] ^= 1
    with serve(Mirror()) as bad, pytest.MonkeyPatch.context() as patch:
        bad.files.update({**mirror.files, "core-2.5.3.tgz": bytes(content)})
        patch.setenv("DISCERN_MIRROR", bad.address)
        with pytest.raises(DownloadError, match=r"core-2\.5\.3\.tgz is not the published file"):
            make(bundled(starter), Scripts(tmp_path / "home"), tmp_path / "bundle.zip")
    assert not list(tmp_path.glob("*bundle.zip*"))


def test_a_bundle_that_cannot_be_written_is_a_sentence(starter: ModelFolder, scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="could not be saved"):
        make(bundled(starter), scripts, tmp_path / "file" / "bundle.zip")


def test_other_weights_make_no_bundle(starter: ModelFolder, scripts: Scripts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="set the weights to “bundle”"):
        make(Options(starter, Target.MODULE), scripts, tmp_path / "bundle.zip")


def test_tfjs_needs_its_own_files(scripts: Scripts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"needs its TF\.js files\. Give the folder that contains model\.json"):
        make(Options(TFJS, Target.SCRIPT, weights=Weights.BUNDLE), scripts, tmp_path / "bundle.zip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"format": "layers-model"}, "is not a TF.js graph model with 1001 logits", id="layers model"),
        pytest.param({"signature": {"outputs": {"a": {"tensorShape": {"dim": [{"size": "1"}, {"size": "1000"}]}}}}},
                     "is not a TF.js graph model with 1001 logits", id="1000 logits"),
        pytest.param({"weightsManifest": [{"paths": ["other.bin"]}]}, "refers to other.bin, but that", id="no shard"),
        pytest.param({"weightsManifest": [{"paths": ["../model.json"]}]}, "refers to ../model.json", id="traversal"),
        pytest.param({"weightsManifest": 7}, "does not describe a TF.js model", id="no manifest"),
        pytest.param({"signature": {"outputs": {"a": {"tensorShape": {"dim": [{"size": "many"}]}}}}},
                     "does not describe a TF.js model", id="no size"),
        pytest.param({"signature": 3}, "does not describe a TF.js model", id="no signature"),
    ],
)  # fmt: skip
def test_a_graph_that_the_page_could_not_load_is_refused(
    change: dict[str, object], message: str, graph: Path, scripts: Scripts, tmp_path: Path
) -> None:
    table = {**json.loads((graph / "model.json").read_text()), **change}
    (tmp_path / "model.json").write_text(json.dumps(table))
    (tmp_path / "group1-shard1of1.bin").write_bytes(b"")
    options = Options(TFJS, Target.SCRIPT, weights=Weights.BUNDLE)
    with pytest.raises(ModelFileError, match=re.escape(message)):
        make(options, scripts, tmp_path / "bundle.zip", graph=tmp_path)


def test_a_folder_without_a_model_is_refused(scripts: Scripts, tmp_path: Path) -> None:
    options = Options(TFJS, Target.SCRIPT, weights=Weights.BUNDLE)
    with pytest.raises(ModelFileError, match=r"model\.json could not be read"):
        make(options, scripts, tmp_path / "bundle.zip", graph=tmp_path)
