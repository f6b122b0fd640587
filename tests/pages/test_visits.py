"""What a visit keeps, and what it does not: under AppTest."""

import shutil
import tempfile
import threading
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.server import models, previews
from lib.server.visits import VISITS, Visit
from lib.ui.models import loaded
from tests.conftest import TINY_MODELS
from tests.pages.conftest import app, ask, bring, cat, stage
from tests.support.pictures import RED, encode, noise, plain


def visit_of(test: AppTest) -> Visit:
    """Return the visit that a page shows."""
    visit = test.session_state["visit"]
    assert isinstance(visit, Visit)
    return visit


def test_clearing_the_caches_forgets_no_visit_and_no_download_and_leaves_no_thread() -> None:
    pages = [app(), app()]
    for page in pages:
        bring(page, cat())
    visits = list(map(visit_of, pages))
    store = loaded.store()
    threads = threading.active_count()
    for _ in range(5):
        st.cache_resource.clear()  # what a message of two bytes from any browser does
        app()
    assert [VISITS.get(visit.id) for visit in visits] == visits
    assert [len(visit.album.photos) for visit in visits] == [1, 1]
    assert loaded.store() is store
    assert threading.active_count() == threads


def test_after_its_end_nothing_is_left_of_a_visit_and_no_file_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    test = app()
    bring(test, cat(), ("small.tif", encode(plain(RED, 64, 48), "TIFF"), "image/tiff"))
    photos = visit_of(test).album.photos
    shown = {data for photo in photos for data in (photo.data, photo.thumbnail, cat()[1])}
    test.switch_page("pages/embed.py").run()
    assert not test.exception
    places = (tmp_path, previews.FOLDER)
    assert not [path for place in places for path in place.rglob("*") if path.is_file() and path.read_bytes() in shown]
    VISITS.drop(visit_of(test))
    assert visit_of(test).held_bytes == 0
    test.switch_page("pages/classify.py").run()
    assert stage(test)["photos"] == []


def test_what_does_not_fit_is_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.VISIT_BYTES", 2_000_000)
    test = app()
    bring(test, cat())
    refused = ask(test, "POST", "photos?name=large.png", encode(noise(1000, 1000), "PNG"))
    assert [photo.name for photo in visit_of(test).album.photos] == ["cat.png"]
    assert "Each visitor can keep 2 MB here" in refused["detail"]


def own_model(home: Path, resize: str) -> None:
    """Put a user's own model into the data folder, or describe it anew."""
    folder = home / "models" / "mine"
    if not folder.exists():
        shutil.copytree(TINY_MODELS / "float32", folder)
    card = (TINY_MODELS / "float32" / "model.toml").read_text("utf-8")
    card = card.replace('id = "float32"', 'id = "mine"').replace('resize = "squash"', f'resize = "{resize}"')
    (folder / "model.toml").write_text(card, "utf-8")


def test_a_model_that_was_changed_under_its_id_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "LOOK_AGAIN_S", 0.0)  # a change is noticed within so long
    own_model(tmp_path, "squash")
    framed = plain(RED, 400, 400)
    framed.paste((0, 0, 255), (40, 40, 360, 360))  # squashed: some red; cropped: hardly any
    test = app(model="mine")
    (card,) = bring(test, ("framed.png", encode(framed, "PNG"), "image/png"))
    (photo,) = visit_of(test).album.photos
    squashed = visit_of(test).album.answer("mine squash", photo)
    own_model(tmp_path, "crop")
    test.run()
    ask(test, "GET", f"photos/{card['id']}/answer")
    cropped = visit_of(test).album.answer("mine crop", photo)
    assert not test.exception
    assert squashed is not None
    assert cropped is not None
    assert cropped.probabilities[0] < squashed.probabilities[0] - 0.02  # type: ignore[union-attr]
