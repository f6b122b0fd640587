"""How photos come in: dropped, browsed for, pasted, taken with the camera, or from the samples."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from html import escape

import streamlit as st

from lib.errors import FullError
from lib.i18n import Translator
from lib.photos.refusals import MAX_BYTES
from lib.photos.samples import Sample
from lib.ui import internals, visit
from lib.ui.classify import samples
from lib.ui.style import plain

_ROUND, _SHOTS, _FULL = "intake_round", "camera_shots", "album_full"


def draw(t: Translator, bar: AbstractContextManager[object]) -> None:
    """Draw every way in; photos are in the album when this returns.

    Args:
        t: The visitor's language.
        bar: A line of the page; once there are photos, the way in for more stands there.
    """
    ask, or_try = t("Ask several models about the same photo."), t("Or try one of these")
    turn = st.session_state.setdefault(_ROUND, 0)
    is_folded = bool(visit.current().album.photos)
    if is_folded:
        with bar:
            place = st.container(horizontal=True, vertical_alignment="center", key="intake-folded", width="content")
    else:
        place = st.container(key="intake")
        with place:
            st.html(f"<h2>{escape(ask)}</h2>")
    with place:
        st.file_uploader(
            t("Photos"),
            accept_multiple_files=True,
            max_upload_size=MAX_BYTES // 2**20,
            key=f"photos-{turn}",
            on_change=_take,
            args=(f"photos-{turn}", _as_sent),
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if is_folded:
                shelf = st.popover(t("Try a sample"), icon=":material/photo_library:", on_change="rerun")
                if shelf.open:  # to draw them costs as much as all results
                    with shelf:
                        _draw_samples(t)
            with_camera = st.toggle(t("Camera"), key="camera_on", width="content")
    if not is_folded:
        st.html(f'<h2 class="try">{escape(or_try)}</h2>')
        _draw_samples(t)
    if with_camera:
        st.camera_input(
            t("Take a photo"),
            key=f"camera-{turn}",
            resolution="720p",
            on_change=_take,
            args=(f"camera-{turn}", _next_shot),
            width=480,
        )
    full = st.session_state.pop(_FULL, None)
    if full is not None:
        st.warning(plain(t.message(full.message)), icon=":material/stacks:")


def _draw_samples(t: Translator) -> None:
    found = samples.shown()
    with st.container(key="samples"):
        for sample in found:
            label = f"![]({samples.address(sample)}) {plain(t(sample.title))}"
            st.button(label, key=f"sample-{sample.name}", on_click=_add_samples, args=((sample,),), type="tertiary")
    st.button(t("All samples"), on_click=_add_samples, args=(found,), icon=":material/select_all:")


def _add_samples(chosen: tuple[Sample, ...]) -> None:
    _add((sample.name, sample.path.read_bytes()) for sample in chosen)


def _take(key: str, name: Callable[[str], str]) -> None:
    """Move what an uploader or the camera holds into the album, and start over with an empty one.

    It would keep every file in memory until the visit ends.
    """
    if files := internals.uploaded(key):
        _add((name(file.name), file.getvalue()) for file in files)
        internals.release(files)
        st.session_state[_ROUND] += 1


def _as_sent(name: str) -> str:
    return name.replace("%22", '"')  # how browsers send a quote: HTML Standard, "multipart form data", step 4


def _next_shot(_: str) -> str:
    st.session_state[_SHOTS] = st.session_state.get(_SHOTS, 0) + 1
    return f"camera-{st.session_state[_SHOTS]}.jpg"


def _add(photos: Iterable[tuple[str, bytes]]) -> None:
    """Put photos, names and files, into the album, as many as there is room for."""
    album, space = visit.current().album, visit.space()
    try:
        for name, data in photos:
            space.take(len(data))
            album.add(name, data)
    except FullError as error:
        st.session_state[_FULL] = error
