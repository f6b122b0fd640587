"""The generated code at work: in a frame, on the visitor's photo or a sample, its answer beside the app's own."""

import base64
import mimetypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from lib.classify.infer import Settings, conclude, infer
from lib.embed import Options, packages, preview
from lib.embed.options import PAGES, WEB
from lib.embed.scripts import Scripts
from lib.face.names import short_names
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.results import Answer, Failure
from lib.server import on_device, previews
from lib.server.pool import POOL
from lib.ui import waiting, web
from lib.ui.classroom import host
from lib.ui.models import loaded
from lib.ui.style import plain
from lib.ui.tables import table
from lib.ui.visit import current
from lib.verdict import explain, percent, rank
from lib.work.files import size_words
from lib.work.jobs import Job, Kind

_JOB = "scripts"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A photo to show.

    Attributes:
        key: Its own.
        name: For people.
        file: As its owner calls it.
        kind: Its media type, if a browser draws it.
        data: What the frame gets.
    """

    key: str
    name: str
    file: str
    kind: str | None
    data: bytes


def draw(t: Translator, options: Options) -> None:
    """Draw the preview, once its scripts are on this computer."""
    with st.container(border=True):
        if options.target not in WEB:
            st.caption(t("This code runs outside a browser, so it cannot be shown here."))
            return
        if not isinstance(options.model, ModelFolder):
            st.caption(
                t(
                    "TF.js downloads this model from another site, so it cannot run here. Choose one of the "
                    "app's own models to see the code running."
                )
            )
            return
        scripts = Scripts(loaded.store().data)
        if _has_scripts(t, scripts):
            _run(t, options, options.model, scripts)


def _run(t: Translator, options: Options, folder: ModelFolder, scripts: Scripts) -> None:
    is_itself = options.target in PAGES
    said = t("This code, running") if is_itself else t("The same discern.js, running in a plain page")
    photo = _photo(t, said)
    if photo is None:
        return
    folder_address = on_device.put(options, folder, scripts)
    page = preview(options, folder=folder_address, scripts=f"{previews.ADDRESS}/npm/")
    answer = web.component("preview")(
        key="embed-preview",
        data={
            "page": page,
            "title": t("The generated code, running"),
            "photo": photo.key,
            "name": photo.file,
            "type": photo.kind,
            "bytes": base64.b64encode(photo.data).decode("ascii"),
        },
        on_answer_change=lambda: None,
        height="content",
    ).get("answer")
    if isinstance(answer, dict) and answer.get("photo") == photo.key:
        _beside(t, options, folder, photo, answer)


def _has_scripts(t: Translator, scripts: Scripts) -> bool:
    """Whether the engine's scripts are here; else say so, and draw the button that fetches them."""
    missing = scripts.download_bytes(packages.LITERT_FILES)
    if not missing:
        return True
    st.markdown(
        t(
            "The scripts that run models in browsers are not on this computer yet. They come from the npm registry, "
            "once: {size}. The code itself works without this.",
            size=size_words(missing),
        )
    )
    job = waiting.find(_JOB, is_shared=True)
    is_open = (job is None or not job.is_live) and host.only(t("In a class only the teacher can download them."))
    if is_open and st.button(t("Download the scripts"), icon=":material/download:"):

        def work(running: Job) -> int:
            return scripts.fetch(packages.LITERT_FILES, on_progress=running.tell, cancelled=running.cancelled)

        job = waiting.begin(t, Kind.DOWNLOAD, _JOB, work, is_shared=True)
    if waiting.watch(t, job, t("Downloading…")) is not None and not scripts.download_bytes(packages.LITERT_FILES):
        st.rerun()
    return False


def _photo(t: Translator, said: str) -> _Shown | None:
    """Say what is shown, and draw the choice of a photo: the visitor's own, the newest first, then the samples."""
    own = [photo for photo in reversed(current().album.photos) if photo.picture is not None]
    every = {
        **{f"own-{photo.id}": photo.name for photo in own},
        **{sample.name: t(sample.title) for sample in find_samples()},
    }
    if not every:
        st.caption(t("Add a photo on the Classify page. It will then appear here."))
        return None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(said, width="content")
        chosen = st.selectbox(
            t("Photo"),
            list(every),
            key=f"embed-photo-{len(own)}-{t.language}",
            format_func=every.__getitem__,
            label_visibility="collapsed",
            width=240,
        )
    for photo in own:
        if chosen == f"own-{photo.id}":
            return _Shown(chosen, photo.name, photo.name, photo.media_type, photo.data)
    sample = next(sample for sample in find_samples() if sample.name == (chosen or next(iter(every))))
    kind, _ = mimetypes.guess_type(sample.name)
    return _Shown(sample.name, t(sample.title), sample.name, kind, sample.path.read_bytes())


def _beside(t: Translator, options: Options, folder: ModelFolder, photo: _Shown, answer: dict[str, Any]) -> None:
    """Say how far the browser's answer is from the app's own, and, unfolded, both and why they may differ."""
    source, line = Source.of_bytes(photo.data, photo.file), POOL.line(current().id)
    own = line.submit(infer, source, loaded.classifier(folder)).result()
    if isinstance(own, Failure):
        st.error(plain(t.message(own.error.message)), icon=":material/error:")
        return
    browser = np.asarray(answer["probabilities"], np.float64)
    if browser.shape == own.probabilities.shape:
        _compare(t, options, own, short_names(folder.read_labels(t.language)), browser, answer)


def _compare(
    t: Translator, options: Options, own: Answer, labels: tuple[str, ...], browser: Any, answer: dict[str, Any]
) -> None:
    shifts = np.abs(browser - own.probabilities)
    points = f"{float(shifts.max()) * 100:.1f}"
    st.caption(t("The largest difference from this app is {points} percentage points.", points=points))
    with st.expander(t("Both answers"), icon=":material/compare_arrows:"):
        rows = [
            [p.label, percent(p.probability), percent(float(browser[p.index])), f"{shifts[p.index] * 100:.1f}"]
            for p in rank(own.probabilities, labels, top=options.top)
        ]
        st.html(table([t("Class"), t("This app"), t("The browser"), t("Difference (percentage points)")], rows))
        outcome = conclude(own, labels, Settings(options.top, options.thresholds))
        sentence = t.message(explain(outcome.verdict, outcome.group, outcome.familiarity))
        st.markdown(t("**This app says:** {sentence}", sentence=plain(sentence)))
        st.markdown(t("**The browser says:** {sentence}", sentence=plain(str(answer["sentence"]))))
        st.caption(
            t(
                "Both run the same file. They differ where the browser opens and resizes the photo a little "
                "differently, and 8-bit models answer in coarse steps. The browser took {browser} ms to "
                "resize the photo and run the model. Here, running the model took {app} ms.",
                browser=f"{float(answer['milliseconds']):.0f}",
                app=f"{own.milliseconds:.0f}",
            )
        )
