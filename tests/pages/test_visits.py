"""What a visit keeps, and what it does not: under AppTest."""

import shutil
import tempfile
import threading
from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.server import previews
from lib.server.album import Album
from lib.server.visits import VISITS, Visit
from lib.ui.models import loaded
from lib.work.queue import server_queue
from tests.conftest import TINY_MODELS
from tests.pages.conftest import app, cat, html, press, run_until, says, upload
from tests.support.pictures import RED, encode, noise, plain


def visit_of(test: AppTest) -> Visit:
    """Return the visit that a page shows."""
    visit = test.session_state["visit"]
    assert isinstance(visit, Visit)
    return visit


def test_clearing_the_caches_forgets_no_visit_and_no_download_and_leaves_no_thread() -> None:
    visits = [visit_of(upload(app(), cat())) for _ in range(2)]
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
    test = upload(app(), cat(), ("small.tif", encode(plain(RED, 64, 48), "TIFF"), "image/tiff"))
    photos = visit_of(test).album.photos
    shown = {data for photo in photos for data in (photo.data, photo.thumbnail, cat()[1])}
    test.switch_page("pages/embed.py").run()
    assert not test.exception
    places = (tmp_path, previews.FOLDER)
    assert not [path for place in places for path in place.rglob("*") if path.is_file() and path.read_bytes() in shown]
    VISITS.drop(visit_of(test))
    assert visit_of(test).held_bytes == 0
    test.switch_page("pages/classify.py").run()
    assert "data-verdict=" not in html(test)


def test_what_does_not_fit_is_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.VISIT_BYTES", 2_000_000)
    test = app()
    large = ("large.png", encode(noise(1000, 1000), "PNG"), "image/png")
    test.file_uploader[0].set_value([cat(), large]).run()
    assert [photo.name for photo in visit_of(test).album.photos] == ["cat.png"]
    assert any("One visitor may keep 2 MB here" in warning.value for warning in test.warning)


def test_photos_whose_answers_do_not_fit_are_not_looked_at_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.VISIT_BYTES", len(cat()[1]) + 10 * 20 * 8)
    reds = [(f"{n}.png", encode(plain(RED, 8, 8), "PNG"), "image/png") for n in range(20)]
    test = upload(app(model="starter-scratch"), cat(), *reds)
    assert visit_of(test).album.waiting("starter-scratch squash") == visit_of(test).album.photos
    assert "One visitor may keep" in says(test)
    assert "were not looked at" in says(test)
    monkeypatch.setattr("lib.server.limits.VISIT_BYTES", 10**6)
    press(test, "Continue")
    run_until(test, lambda: html(test).count("data-verdict=") == 12)
    assert visit_of(test).album.waiting("starter-scratch squash") == []


def test_two_tabs_of_one_visit_with_different_models_do_not_stop_each_other() -> None:
    first, second = app(model="starter-scratch"), app(model="starter-small")
    second.session_state["visit"] = visit_of(first)  # what "Duplicate tab" comes to
    begun: list[str] = []
    go = threading.Event()
    real = Album.look

    def slowly(album, classifiers, *rest, **others):  # type: ignore[no-untyped-def]
        begun.append(classifiers[0].spec.id)
        assert go.wait(30)
        yield from real(album, classifiers, *rest, **others)

    with patch.object(Album, "look", slowly):
        first.file_uploader[0].set_value([cat()]).run()
        for _ in range(3):
            second.run()
            first.run()
        jobs = server_queue().live()
        go.set()
        assert all(job.wait(30) for job in jobs)
    assert begun == ["starter-scratch", "starter-small"]
    assert not any(job.cancelled.is_set() for job in jobs)
    for test in (first, second):
        assert "data-verdict=" in html(test.run())


def test_a_tab_that_turns_to_another_model_stops_the_work_for_the_one_before() -> None:
    test = app(model="starter-scratch")
    real = Album.look

    def slowly(album, classifiers, photos, cancelled, **others):  # type: ignore[no-untyped-def]
        if classifiers[0].spec.id == "starter-scratch":
            assert cancelled.wait(30)
        yield from real(album, classifiers, photos, cancelled, **others)

    with patch.object(Album, "look", slowly):
        test.file_uploader[0].set_value([cat()]).run()
        (job,) = server_queue().live()
        test.selectbox[0].set_value("starter-small").run()
        assert job.wait(5)
        assert "data-verdict=" in html(test.run())


def own_model(home: Path, resize: str) -> None:
    """Put a user's own model into the data folder, or describe it anew."""
    folder = home / "models" / "mine"
    if not folder.exists():
        shutil.copytree(TINY_MODELS / "float32", folder)
    card = (TINY_MODELS / "float32" / "model.toml").read_text("utf-8")
    card = card.replace('id = "float32"', 'id = "mine"').replace('resize = "squash"', f'resize = "{resize}"')
    (folder / "model.toml").write_text(card, "utf-8")


def test_a_model_that_was_changed_under_its_id_looks_again(tmp_path: Path) -> None:
    own_model(tmp_path, "squash")
    framed = plain(RED, 400, 400)
    framed.paste((0, 0, 255), (40, 40, 360, 360))  # squashed: some red; cropped: hardly any
    test = upload(app(model="mine"), ("framed.png", encode(framed, "PNG"), "image/png"))
    (photo,) = visit_of(test).album.photos
    squashed = visit_of(test).album.answer("mine squash", photo)
    own_model(tmp_path, "crop")
    test.run()
    test.run()
    cropped = visit_of(test).album.answer("mine crop", photo)
    assert not test.exception
    assert squashed is not None
    assert cropped is not None
    assert cropped.probabilities[0] < squashed.probabilities[0] - 0.02  # type: ignore[union-attr]
