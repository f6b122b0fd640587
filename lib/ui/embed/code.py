"""The code: to read, to copy, to take away as files, and as a bundle that works without internet."""

import io
import zipfile
from functools import partial
from pathlib import Path

import streamlit as st

from lib.embed import Options, Snippet, Weights, companions, weights_file
from lib.embed import bundle as bundles
from lib.embed.options import MODEL_FILE, WEB
from lib.embed.scripts import Scripts
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.ui import waiting
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.ui.takeaway import offer
from lib.work import process
from lib.work.files import size_words
from lib.work.jobs import Job, Kind

_JOB = "bundle"


def draw(t: Translator, options: Options, snippet: Snippet) -> None:
    """Draw the files of the snippet and what to know about them."""
    others = [name for name in snippet.files if name != snippet.main]
    for name in (snippet.main, *others):
        if others:
            with st.expander(name, expanded=name == snippet.main, icon=":material/draft:"):
                st.code(snippet.files[name], language=_language(name, snippet), height=420)
        else:
            st.code(snippet.code, language=snippet.language, height=420)
    with st.container(horizontal=True):
        if others:
            offer(
                t("All files (zip)"),
                lambda: _zip(snippet, options),
                f"{options.model_id}-{options.target}.zip",
                icon=":material/folder_zip:",
            )
        else:
            offer(t("The file"), snippet.code, Path(snippet.main).name)
        if isinstance(model := options.model, ModelFolder) and options.target in WEB:
            offer(t("The model's file"), partial(weights_file, model), MODEL_FILE, icon=":material/deployed_code:")
    if snippet.notes:
        st.markdown("\n".join(f"- {plain(t.message(note))}" for note in snippet.notes))
    if options.weights is Weights.BUNDLE:
        _bundle(t, options)


def _language(name: str, snippet: Snippet) -> str | None:
    suffix = Path(name).suffix.removeprefix(".")
    return {"js": "javascript", "json": "json", "html": "html", "css": "css", "vue": "html", "svelte": "html"}.get(
        suffix, snippet.language
    )


def _zip(snippet: Snippet, options: Options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in snippet.files.items():
            packed.writestr(f"{options.model_id}/{name}", text)
        for name, content in companions(options).items():
            packed.writestr(f"{options.model_id}/{name}", content)
    return buffer.getvalue()


def _bundle(t: Translator, options: Options) -> None:
    """Draw the button that makes the bundle, and give it away when it is made."""
    with st.container(border=True):
        st.markdown("**" + t("A page that works without internet") + "**")
        if not isinstance(options.model, ModelFolder):
            st.info(t("Only the app's own models can be packed: take the same one of these."), icon=":material/info:")
            return
        scripts = Scripts(store().data)
        missing = scripts.download_bytes(bundles.files_needed(options))
        if missing:
            st.caption(t("Its scripts are downloaded first, once: {size}.", size=size_words(missing)))
        job = waiting.find(_JOB)
        if (job is None or job.subject != options) and st.button(t("Make the bundle"), icon=":material/inventory_2:"):
            job = waiting.begin(t, Kind.PACKING, _JOB, partial(_work, options, scripts), subject=options)
        ended = waiting.watch(t, job, t("Packing…"))
        if ended is not None and ended.subject == options and isinstance(ended.result, bytes):
            offer(
                t("The bundle, {size}", size=size_words(len(ended.result))),
                ended.result,
                f"{options.model_id}-offline.zip",
                type="primary",
            )


def _work(options: Options, scripts: Scripts, job: Job) -> bytes:
    """Make a bundle in the background and return its bytes."""
    with process.scratch() as folder:
        path = folder / "bundle.zip"
        bundles.make(options, scripts, path, on_progress=job.tell, cancelled=job.cancelled)
        return path.read_bytes()
