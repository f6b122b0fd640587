"""The command `embed`: what it prints and writes, and how it ends."""

import re
import shutil
from pathlib import Path

import pytest

from lib.cli.main import main
from lib.embed import Target

MODELS = Path(__file__).resolve().parents[1] / "models"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds one tiny model of a user."""
    folder = tmp_path / "home"
    shutil.copytree(MODELS / "float32", folder / "models" / "float32")
    monkeypatch.setenv("DISCERN_HOME", str(folder))
    return folder


def test_the_targets_are_those_of_the_design() -> None:
    assert [*Target] == [
        "script", "module", "npm", "vue", "react", "svelte", "python-litert", "python-keras", "android", "ios",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "begins"),
    [
        ("script", "<!doctype html>"),
        ("module", "<!doctype html>"),
        ("npm", "import {load} from './discern.js';"),
        ("vue", "<script setup>"),
        ("react", "import {useState} from 'react';"),
        ("svelte", "<script>"),
        ("python-litert", '"""Classify photos'),
        ("android", "package org.example.discern"),
        ("ios", "import TensorFlowLite"),
    ],
)
def test_the_main_file_is_printed_and_nothing_else(capsys: Capture, target: str, begins: str) -> None:
    assert main(["embed", "float32", "--target", target]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(begins)
    assert told.err.count("\n") >= 1  # what to know about it


@pytest.mark.parametrize("folder", ["site", "mine-v1.0", "mobilenet-v2-1.0-224"])
def test_a_page_comes_with_discern_js_and_its_model(capsys: Capture, tmp_path: Path, folder: str) -> None:
    out = tmp_path / folder
    assert main(["embed", "float32", "--target", "module", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"index.html", "discern.js", "model.json", "model.tflite"}
    assert (out / "model.tflite").read_bytes() == (MODELS / "float32" / "model.tflite").read_bytes()
    assert str(out / "index.html") in capsys.readouterr().out


def test_a_page_of_any_name_has_the_others_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "new" / "demo.html"
    assert main(["embed", "float32", "--target", "script", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert {path.name for path in out.parent.iterdir()} == {"demo.html", "discern.js", "model.json", "model.tflite"}


def test_complete_code_goes_to_one_file_of_any_name(tmp_path: Path) -> None:
    out = tmp_path / "new" / "demo.html"
    assert main(["embed", "float32", "--target", "script", "--complete", "--out", str(out)]) == 0
    assert "function judge(" in out.read_text(encoding="utf-8")
    assert [*out.parent.iterdir()] == [out]


def test_a_project_is_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "project"
    assert main(["embed", "float32", "--target", "vue", "--out", str(out)]) == 0
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"package.json", "vite.config.js", "index.html", "src/Discern.vue", "public/model.tflite"} <= found


def test_a_project_does_not_replace_a_file(capsys: Capture, tmp_path: Path) -> None:
    out = tmp_path / "file.vue"
    out.write_text("mine")
    assert main(["embed", "float32", "--target", "vue", "--out", str(out)]) == 2
    assert "needs a folder" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["embed", "float32", "--target", "vue", "--out", str(tmp_path / "file" / "below")]) == 2
    assert "could not be saved" in capsys.readouterr().err


def test_choices_arrive_in_the_code(capsys: Capture) -> None:
    choices = ["--top", "3", "--ratio", "0.3", "--floor", "0.6", "--input", "camera", "--lang", "ko"]
    assert main(["embed", "float32", "--target", "module", "--complete", *choices]) == 0
    code = capsys.readouterr().out
    for expected in ('"top": 3', '"ratio": 0.3', '"floor": 0.6', "<video", '<html lang="ko">'):
        assert expected in code


def test_an_address_says_where_the_weights_are(capsys: Capture) -> None:
    assert main(["embed", "float32", "--target", "script", "--complete", "--address", "https://example.org/m/"]) == 0
    assert '"weights": "https://example.org/m/model.tflite"' in capsys.readouterr().out


def test_a_bundle_asks_nobody_else(capsys: Capture) -> None:
    assert main(["embed", "float32", "--target", "script", "--weights", "bundle", "--complete"]) == 0
    code = capsys.readouterr().out
    assert "https://" not in code
    assert '"scripts": "npm/"' in code


@pytest.mark.parametrize("arguments", [["tfjs-mobilenet-v1-0.5"], ["mobilenet-v1-0.5-160-quant", "--engine", "tfjs"]])
def test_tfjs_brings_mobilenets(capsys: Capture, arguments: list[str]) -> None:
    assert main(["embed", *arguments, "--target", "script"]) == 0
    assert "mobilenet_v1_050_224/classification/1/model.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nobody", "--target", "script"], "There is no model"),
        (["mobilenet-v1-0.5-160-quant", "--target", "script"], "is not on this computer yet"),
        (["float32", "--target", "script", "--engine", "tfjs"], "TF.js has no model like"),
        (["tfjs-mobilenet-v1-0.5", "--target", "ios"], "for TF.js in browsers"),
        (["float32", "--target", "python-keras"], "no Keras model"),
        (["float32", "--target", "script", "--ratio", "2"], "rival ratio"),
        (["float32", "--target", "script", "--top", "0"], "at least 1"),
        (["float32", "--target", "script", "--weights", "address"], "Give an address"),
        (["float32", "--target", "script", "--address", "javascript:x"], "is neither an address"),
        (["float32", "--target", "vue", "--weights", "bundle"], "offline bundle"),
        (
            ["float32", "--target", "script", "--weights", "bundle", "--out", "folder"],
            "Choose a name that ends in .zip",
        ),
        (["tfjs-mobilenet-v1-0.25", "--target", "script", "--weights", "bundle", "--out", "a.zip"], "needs its TF.js"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(capsys: Capture, arguments: list[str], reason: str) -> None:
    assert main(["embed", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert reason in told.err


def test_the_code_lets_the_model_see_the_whole_photo_where_that_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    codes = []
    for asked in ([], ["--whole-photo"]):
        assert main(["embed", "efficientnet-lite0-int8", "--target", "script", "--complete", *asked]) == 0
        codes.append(capsys.readouterr().out)
    own, whole = (re.findall(r'"?resize"?: "(\w+)"', code) for code in codes)
    assert (own, whole) == (["square"], ["squash"])
