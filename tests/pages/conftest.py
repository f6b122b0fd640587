"""What the page tests share: the app under AppTest, with a data folder of its own."""

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import streamlit as st
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest, app_test

from lib.catalogue.store import Store
from lib.photos.samples import find_samples
from lib.ui import internals, serving
from tests.support import asgi

ROOT = Path(__file__).resolve().parents[2]
Upload = tuple[str, bytes, str]
Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the models that come with a package, once, and return the folder they are in."""
    store = Store(tmp_path_factory.mktemp("written"))
    store.ready()
    return store.models


@pytest.fixture(autouse=True)
def own_home(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a data folder with nothing but the models that come with a package, and no cached store."""
    shutil.copytree(written, tmp_path / "models", copy_function=os.link)
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    monkeypatch.delenv("DISCERN_MIRROR", raising=False)
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def by_the_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every page by the entry, as the server does; AppTest takes the app for one of the older kind at every run."""
    internals.run_pages_by_the_entry()
    monkeypatch.setattr(app_test, "PagesManager", type("PagesManager", (app_test.PagesManager,), {}))


def app(page: str | None = None, **query: str) -> AppTest:
    """Open the app, or one of its other pages."""
    test = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    return test if page is None else test.switch_page(page).run()


def upload(test: AppTest, *files: Upload) -> AppTest:
    """Drop files, and wait until the models have looked."""
    test.file_uploader[0].set_value(list(files)).run()
    run_until(test, lambda: not any("photos" in (bar.proto.text or "") for bar in test.get("progress")))
    return test


def handed(test: AppTest, component: str) -> dict[str, Any]:
    """Return what a page hands to the script of one of its components."""
    assert not test.exception
    components = [element.proto for element in test.get("bidi_component")]
    found: dict[str, Any] = json.loads(next(c.json for c in components if c.component_name == f"discern_{component}"))
    return found


def stage(test: AppTest) -> dict[str, Any]:
    """Return what the page Classify hands to its stage."""
    return handed(test, "stage")


def bring(test: AppTest, *files: Upload) -> list[dict[str, Any]]:
    """Bring photos to the page Classify as its script does, run it again, and return the photos' cards."""
    cards = [ask(test, "POST", f"photos?name={quote(name)}", data) for name, data, _ in files]
    test.run()
    assert not test.exception
    return cards


def ask(test: AppTest, method: str, path: str, body: bytes = b"") -> Any:
    """Return what the stage's script is answered; `path` is below the visit."""
    told = stage(test)
    address = f"/visits/{told['visit']}/{path}{'&' if '?' in path else '?'}{told['query']}"
    request = asgi.scope(address, method=method, content_length=str(len(body)))
    app = Starlette(routes=serving.routes())
    answer = asyncio.run(asgi.answered(app, request, [{"type": "http.request", "body": body}]))
    is_json = "json" in answer.headers.get("content-type", "") and "jsonl" not in answer.headers["content-type"]
    return json.loads(answer.body) if is_json else answer.body.decode("utf-8-sig")


def run_until(test: AppTest, is_so: Callable[[], bool]) -> None:
    """Run the page again and again, as its fragments do, until something is so; a busy machine may take long."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "It never came."
        time.sleep(0.05)
        test.run()
    assert not test.exception


def press(test: AppTest, label: str) -> AppTest:
    """Press the first button whose label begins with `label`."""
    next(button for button in test.button if button.label.startswith(label)).click().run()
    assert not test.exception
    return test


def says(test: AppTest) -> str:
    """Return all sentences of warnings, errors and infos on the page, as they are read: without Markdown's escapes."""
    return re.sub(r"\\(.)", r"\1", "\n".join(box.value for box in (*test.error, *test.warning, *test.info)))


def html(test: AppTest) -> str:
    """Return all HTML on the page."""
    return "\n".join(element.proto.body for element in test.get("html"))


def cat() -> Upload:
    """Return a real photo of a cat."""
    return sample("chelsea.png", "cat.png")


def sample(file: str, name: str) -> Upload:
    """Return a real photo, called `name`."""
    found = next(sample for sample in find_samples() if sample.name == file)
    return (name, found.path.read_bytes(), "image/png")
