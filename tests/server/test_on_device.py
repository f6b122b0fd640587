"""Models for browsers that run them: what a page is told, and what lies at those addresses."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from starlette.applications import Starlette

from lib.catalogue.store import Store
from lib.classify.explain import class_rows, read_fitting
from lib.embed import packages
from lib.formats.inner import Inner, expose
from lib.formats.score import with_map
from lib.server import on_device, previews
from lib.server.models import Models
from tests.formats.test_inner import run
from tests.support import asgi

STARTER = "starter-small"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(Store(tmp_path_factory.mktemp("home")))


def ask(models: Models, address: str) -> asgi.Asked:
    app = Starlette(routes=on_device.routes(lambda: models))
    return asyncio.run(asgi.answered(app, asgi.scope(address)))


@pytest.fixture
def with_scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the engine's scripts be here, and everything be shared in a folder of the test's."""
    monkeypatch.setattr(on_device.Scripts, "missing", lambda self, files: ())
    monkeypatch.setattr(on_device.packages, "LITERT_FILES", ())
    share = previews.share
    monkeypatch.setattr(previews, "share", lambda files: share(files, folder=tmp_path))
    return tmp_path


def test_without_the_engine_the_page_is_told_so(models: Models) -> None:
    assert packages.LITERT_FILES
    answer = ask(models, f"/live?model={STARTER}")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "scripts-missing")
    assert ask(models, f"/live/eyes?model={STARTER}&look=whole").status == 404


def test_a_page_is_told_where_model_and_code_are(models: Models, with_scripts: Path) -> None:
    told = json.loads(ask(models, f"/live?model={STARTER}&ratio=0.7&lang=ko").body)
    described = json.loads((with_scripts / told["model"].removeprefix(previews.ADDRESS + "/")).read_text("utf-8"))
    assert described["thresholds"]["ratio"] == 0.7
    assert described["map"] is True
    code = (with_scripts / told["library"].removeprefix(previews.ADDRESS + "/")).read_text("utf-8")
    assert "export" in code
    other = json.loads(ask(models, "/live?model=starter").body)
    assert other["library"] == told["library"]
    assert other["model"] != told["model"]


def test_the_last_layer_is_told_by_classes(models: Models, with_scripts: Path) -> None:
    told = json.loads(ask(models, f"/live?model={STARTER}").body)["votes"]
    folder = models.find(STARTER).folder
    votes = read_fitting(folder)
    assert votes is not None
    weight, _ = class_rows(votes, folder.spec.output)
    numbers = np.frombuffer(ask(models, told["address"]).body, "<f4")
    assert told["depth"] == weight.shape[1]
    assert numbers == pytest.approx(weight.ravel().astype(np.float32))


def test_the_device_is_as_strict_as_the_page(models: Models, with_scripts: Path) -> None:
    def threshold(query: str) -> float:
        told = json.loads(ask(models, f"/live?model=starter{query}").body)
        described = json.loads((with_scripts / told["model"].removeprefix(previews.ADDRESS + "/")).read_text("utf-8"))
        return float(described["novelty"]["threshold"])

    own = models.find("starter").folder.spec.novelty
    assert own is not None
    assert threshold("") == own.threshold
    assert threshold("&familiar=6.5") == 6.5


def test_the_file_gives_its_last_map_behind_all_else(models: Models) -> None:
    content = models.find(STARTER).folder.read_weights()
    probabilities, places = run(expose(content, [Inner.MAP], "x"))
    same, told = run(with_map(content, "x"))
    assert np.array_equal(same, probabilities)
    assert told.ravel() == pytest.approx(places.ravel())


def test_eyes_look_as_they_are_asked(models: Models, with_scripts: Path) -> None:
    for look, rule in (("whole", "squash"), ("square", "square")):
        told = json.loads(ask(models, f"/live/eyes?model={STARTER}&look={look}").body)
        described = json.loads((with_scripts / told["model"].removeprefix(previews.ADDRESS + "/")).read_text("utf-8"))
        assert described["input"]["resize"] == rule
    assert ask(models, f"/live/eyes?model={STARTER}&look={quote('…')}").status == 422
