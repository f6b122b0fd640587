"""The generated code at work: in a frame, on the visitor's photo, its answer beside the app's own."""

import base64
import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from lib.classify.infer import Settings, conclude, infer
from lib.embed import Options, bundle, packages, preview, preview_files, weights_file
from lib.embed.options import MODEL_FILE, WEB
from lib.embed.scripts import Scripts
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.source import Source
from lib.results import Answer, Failure
from lib.server import previews
from lib.server.album import Photo
from lib.ui import waiting
from lib.ui.models import loaded
from lib.ui.style import plain
from lib.ui.tables import table
from lib.ui.visit import current
from lib.verdict import explain, percent, rank
from lib.work.files import size_words
from lib.work.jobs import Job, Kind

_JOB = "scripts"
_JS = Path(__file__).with_name("preview.js")


def draw(t: Translator, options: Options) -> None:
    """Draw the preview, once its scripts are on this computer and there is a photo."""
    st.subheader(t("See it at work"))
    if options.target not in WEB:
        st.info(t("This code runs outside a browser; it cannot be shown here."), icon=":material/info:")
        return
    if not isinstance(options.model, ModelFolder):
        st.info(
            t("Only the app's own models can be shown at work here: take the same one of these."),
            icon=":material/info:",
        )
        return
    scripts = Scripts(loaded.store().data)
    if not _has_scripts(t, options, scripts):
        return
    photo = _photo(t)
    if photo is None:
        return
    _loads(t, options.model, scripts)
    page = preview(options, **_addresses(options, options.model, scripts))
    answer = _component()(
        key="embed-preview",
        data={
            "page": page,
            "title": t("The generated code at work"),
            "photo": photo.id,
            "name": photo.name,
            "type": photo.media_type,
            "bytes": base64.b64encode(photo.data).decode("ascii"),
        },
        on_answer_change=lambda: None,
        height="content",
    ).get("answer")
    if isinstance(answer, dict) and answer.get("photo") == photo.id:
        _beside(t, options, options.model, photo, answer)


def _has_scripts(t: Translator, options: Options, scripts: Scripts) -> bool:
    """Whether the engine's scripts are here; else draw the button that fetches them."""
    needed = bundle.files_needed(options)
    missing = scripts.download_bytes(needed)
    if not missing:
        return True
    st.caption(t("The scripts that run models in browsers are downloaded once: {size}.", size=size_words(missing)))
    job = waiting.find(_JOB, is_shared=True)
    if (job is None or not job.is_live) and st.button(t("Download the scripts"), icon=":material/download:"):

        def work(running: Job) -> int:
            return scripts.fetch(needed, on_progress=running.tell, cancelled=running.cancelled)

        job = waiting.begin(t, Kind.DOWNLOAD, _JOB, work, is_shared=True)
    if waiting.watch(t, job, t("Downloading…")) is not None and not scripts.download_bytes(needed):
        st.rerun()
    return False


def _loads(t: Translator, folder: ModelFolder, scripts: Scripts) -> None:
    """Say how much a browser loads that opens such a page for the first time."""
    runtime = sum(scripts.path(file).stat().st_size for file in packages.LITERT_STARTED)
    st.caption(
        t(
            "The first visit to such a page loads {model} for the model and {runtime} for the scripts that run it; a "
            "server that compresses sends less.",
            model=size_words(_weights(loaded.stamp(folder), folder)[1]),
            runtime=size_words(runtime),
        )
    )


def _photo(t: Translator) -> Photo | None:
    photos = [photo for photo in current().album.photos if photo.picture is not None]
    if not photos:
        st.info(t("Classify a photo first; it is shown here then."), icon=":material/image_search:")
        if st.button(t("To the page Classify"), icon=":material/arrow_forward:"):
            st.switch_page("pages/classify.py")
        return None
    by_id = {photo.id: photo for photo in photos}
    chosen = st.selectbox(
        t("Photo"),
        list(by_id),
        index=len(by_id) - 1,
        key=f"embed-photo-{len(by_id)}",
        format_func=lambda photo: f"{by_id[photo].name} ({photo})",
    )
    return by_id.get(chosen) if chosen is not None else photos[-1]


def _addresses(options: Options, folder: ModelFolder, scripts: Scripts) -> dict[str, str]:
    """Return where the browser finds the scripts and the code's own files, after seeing to it that it does."""
    digest = _weights(loaded.stamp(folder), folder)[0]
    beside = preview_files(options, weights=f"../{digest}/{MODEL_FILE}", scripts="../../npm/")
    own = hashlib.sha256("".join(beside.values()).encode()).hexdigest()
    previews.share(
        {
            **{f"npm/{file.place}": scripts.path(file).read_bytes for file in bundle.files_needed(options)},
            **{f"m/{own}/{name}": text.encode for name, text in beside.items()},
            f"m/{digest}/{MODEL_FILE}": partial(weights_file, folder),
        }
    )
    return {"folder": f"{previews.ADDRESS}/m/{own}/", "scripts": f"{previews.ADDRESS}/npm/"}


@st.cache_data(max_entries=64, show_spinner=False)
def _weights(stamp: object, _folder: ModelFolder) -> tuple[str, int]:
    """Return digest and size in bytes of the model's file as the code takes it."""
    content = weights_file(_folder)
    return hashlib.sha256(content).hexdigest(), len(content)


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("discern_preview", js=_JS.read_text(encoding="utf-8"))


def _beside(t: Translator, options: Options, folder: ModelFolder, photo: Photo, answer: dict[str, Any]) -> None:
    """Draw the browser's answer beside the app's own, and say why they may differ."""
    own = current().album.answer(folder.spec.key, photo)
    if not isinstance(own, Answer):
        seen = infer(Source.of_bytes(photo.data, photo.name), loaded.classifier(folder))
        if isinstance(seen, Failure):
            st.error(plain(t.message(seen.error.message)), icon=":material/error:")
            return
        own = seen
    labels = folder.read_labels(t.language)
    browser = np.asarray(answer["probabilities"], np.float64)
    if browser.shape != own.probabilities.shape:
        return
    shifts = np.abs(browser - own.probabilities)
    likeliest = rank(own.probabilities, labels, top=options.top)
    rows = [
        [p.label, percent(p.probability), percent(float(browser[p.index])), f"{shifts[p.index] * 100:.1f}"]
        for p in likeliest
    ]
    st.html(table([t("Class"), t("This app"), t("The browser"), t("Difference, points")], rows))
    outcome = conclude(own, labels, Settings(options.top, options.thresholds))
    sentence = t.message(explain(outcome.verdict, outcome.group))
    st.markdown(t("**This app says:** {sentence}", sentence=plain(sentence)))
    st.markdown(t("**The browser says:** {sentence}", sentence=plain(str(answer["sentence"]))))
    st.caption(
        t(
            "The browser took {browser} ms to scale the photo and run the model; here, running the model alone took "
            "{app} ms.",
            browser=f"{float(answer['milliseconds']):.0f}",
            app=f"{own.milliseconds:.0f}",
        )
    )
    st.caption(
        t(
            "The largest difference is {points} percentage points. Both run the same file; they differ where the "
            "browser decodes and scales the photo a little differently, and 8-bit models answer in coarse steps.",
            points=f"{float(shifts.max()) * 100:.1f}",
        )
    )
