"""Everyday groups at every door: a real model of ImageNet's classes, and a photo whose breed it cannot tell."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from lib.cli.main import main
from lib.model.imagenet import imagenet
from tests.pages.conftest import Upload, app, bring

CARD = """
id = "mobilenet"
name = "MobileNet"
family = "MobileNet"
runtime = "litert"
weights = "model.tflite"
labels = "labels.txt"
licence = "Apache-2.0"
[input]
size = [224, 224]
resize = "square"
filter = "bicubic"
[output]
classes = 1000
background = "first"
"""
SPANIEL = "n02101388_Brittany_spaniel.JPEG"
SENTENCE = r"Most likely a dog, >?\d+%\. Too close to say which kind: .* \d\d%, .* \d\d%\."


@pytest.fixture
def photo(shared: Path, tmp_path: Path) -> Path:
    """Return a photo of a spaniel, and put a model of ImageNet's classes into the data folder."""
    folder = tmp_path / "models" / "mobilenet"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(CARD, encoding="utf-8")
    labels = ["background", *(", ".join(names) for _, names in imagenet())]
    (folder / "labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
    shutil.copy(shared / "models" / "imagenet" / "mobilenet_v2_1.0_224_quant.tflite", folder / "model.tflite")
    return shared / "photos" / "imagenet-sample" / SPANIEL


def as_upload(photo: Path) -> Upload:
    return (photo.name, photo.read_bytes(), "image/jpeg")


def test_the_page_says_the_group_first(photo: Path) -> None:
    (card,) = bring(app(model="mobilenet"), as_upload(photo))
    assert 'data-verdict="close" data-group="clear">' in card["answer"]
    assert '<h2 class="say">Most likely a dog, ' in card["answer"]
    assert card["caption"].startswith("<b>dog</b> ")


@pytest.mark.parametrize(("language", "name"), [("en", "dog"), ("ko", "개"), ("ja", "犬")])
def test_json_names_the_group_in_the_readers_language(
    photo: Path, language: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", str(photo), "--model", "mobilenet", "--json", "--lang", language]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["group"]["name"], found["group"]["verdict"]) == ("close", name, "clear")
    assert name in found["message"]
    assert language != "en" or re.fullmatch(SENTENCE, found["message"])


def test_table_and_text_say_it_in_the_same_words(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), "--model", "mobilenet", "--csv", "-"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out.lstrip("\ufeff")))
    assert (row["verdict"], row["group"], row["group_verdict"]) == ("close", "dog", "clear")
    assert 0.6 <= float(row["group_probability"]) <= 1
    assert re.fullmatch(SENTENCE, row["message"])
    assert main(["classify", str(photo), "--model", "mobilenet"]) == 0
    assert f"{SPANIEL}: {row['message']}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["dog", "개", "犬", "dogs"])
def test_a_folder_may_be_called_by_the_groups_name(
    photo: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set" / name).mkdir(parents=True)
    shutil.copy(photo, tmp_path / "set" / name)
    status = main(["evaluate", str(tmp_path / "set"), "--model", "mobilenet", "--json"])
    out = capsys.readouterr()
    if name == "dogs":
        assert status == 2
        assert "dogs" in out.err, "what is only near is asked about"
        return
    (found,) = json.loads(out.out)["models"]
    assert (found["top1"], found["matching"][0]["how"], len(found["matching"][0]["labels"])) == (1.0, "meaning", 118)
    assert found["groups"] == {"clear": 1.0, "right": 1.0, "unsure": 1.0, "unsure_clear": 1.0, "unsure_right": 1.0}
