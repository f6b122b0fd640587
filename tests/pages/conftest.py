"""What the page tests share: the app under AppTest, with a data folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.samples import find_samples

ROOT = Path(__file__).resolve().parents[2]
Upload = tuple[str, bytes, str]
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test an empty data folder and no cached store."""
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path))
    monkeypatch.delenv("DISCERN_MIRROR", raising=False)
    st.cache_resource.clear()


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
    for _ in range(40):
        if not any("photos" in (bar.proto.text or "") for bar in test.get("progress")):
            break
        test.run()
    assert not test.exception
    return test


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
