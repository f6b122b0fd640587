"""The code: to read, to copy, and to take away as files, as one file, or as a bundle that works without internet."""

import html
import io
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from lib.embed import Options, Snippet, Weights, bundle, companions, packages, single, steps, weights_file
from lib.embed.options import PAGES, WEB, Engine
from lib.embed.scripts import Scripts
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.ui import web
from lib.ui.models import loaded
from lib.ui.style import plain
from lib.ui.takeaway import offer
from lib.work import process
from lib.work.files import size_words

_TALL_LINES = 28
_HIGHLIGHTED = {
    ".js": "javascript",
    ".jsx": "jsx",
    ".ts": "typescript",
    ".json": "json",
    ".html": "html",
    ".vue": "html",
    ".svelte": "html",
    ".py": "python",
    ".kt": "kotlin",
    ".swift": "swift",
}


def draw(t: Translator, options: Options, snippet: Snippet) -> None:
    """Draw the code with its length and what it costs, the button that copies it, its files, and what to do with it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.html(_facts(t, options, snippet), width="content")
            web.component("copy")(
                key="embed-copy",
                data={"text": snippet.code, "label": t("Copy"), "done": t("Copied")},
                width="content",
                height="content",
            )
        names = [snippet.main, *(name for name in snippet.files if name != snippet.main)]
        if len(names) == 1:
            _show(snippet.main, snippet.code)
        else:
            for name, tab in zip(names, st.tabs(names), strict=True):
                with tab:
                    _show(name, snippet.files[name])
        _downloads(t, options, snippet)
    what = "\n".join(f"{number}. {plain(t.message(step))}" for number, step in enumerate(steps(options), start=1))
    st.markdown("**" + t("What to do") + f"**\n\n{what}")
    with st.expander(t("What to know"), icon=":material/info:"):
        st.markdown("\n".join(f"- {plain(t.message(note))}" for note in snippet.notes))


def _show(name: str, text: str) -> None:
    is_tall = text.count("\n") > _TALL_LINES
    st.code(text, language=_HIGHLIGHTED.get(Path(name).suffix), height=560 if is_tall else "content")


def _facts(t: Translator, options: Options, snippet: Snippet) -> str:
    """Return how long the code is, and what a browser loads that opens the page for the first time."""
    lines = t.plural("{n} line", "{n} lines", snippet.code.count("\n"))
    facts = [f"{len(snippet.code.encode()) / 1e3:.1f} kB"]
    if options.target in WEB:
        bytes_ = packages.STARTED_BYTES[options.engine.value]
        if isinstance(options.model, ModelFolder):
            bytes_ += loaded_bytes(loaded.stamp(options.model), options.model)
            facts.append(t("downloads {size}, once", size=size_words(bytes_)))
        else:
            facts.append(t("downloads {size} and the model, once", size=size_words(bytes_)))
    return f'<b>{html.escape(lines)}</b><br><span class="small soft">{html.escape(" · ".join(facts))}</span>'


@st.cache_data(max_entries=64, show_spinner=False)
def loaded_bytes(stamp: object, _folder: ModelFolder) -> int:
    """Return the size of the model's file as the code takes it."""
    return len(weights_file(_folder))


def _downloads(t: Translator, options: Options, snippet: Snippet) -> None:
    with st.container(horizontal=True):
        offer(
            t("Everything as a zip"),
            lambda: _zip(snippet, options),
            f"{options.model_id}-{options.target}.zip",
            icon=":material/folder_zip:",
        )
        model = options.model
        if options.target not in PAGES or not isinstance(model, ModelFolder) or not _has_scripts(options):
            return
        page = replace(options, weights=Weights.DEFAULT, address="")
        if loaded_bytes(loaded.stamp(model), model) <= single.MOST_MODEL_BYTES:
            scripts = Scripts(loaded.store().data)
            offer(
                t("One file that opens by double-click"),
                partial(single.make, page, scripts),
                f"{options.model_id}.html",
                icon=":material/web_asset:",
            )
        offer(
            t("Bundle for use without internet"),
            partial(_bundle, replace(page, weights=Weights.BUNDLE)),
            f"{options.model_id}-offline.zip",
            icon=":material/wifi_off:",
        )


def _has_scripts(options: Options) -> bool:
    return options.engine is Engine.LITERT and not Scripts(loaded.store().data).missing(packages.LITERT_FILES)


def _zip(snippet: Snippet, options: Options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in snippet.files.items():
            packed.writestr(f"{options.model_id}/{name}", text)
        for name, content in companions(options).items():
            packed.writestr(f"{options.model_id}/{name}", content)
    return buffer.getvalue()


def _bundle(options: Options) -> bytes:
    with process.scratch() as folder:
        path = folder / "bundle.zip"
        bundle.make(options, Scripts(loaded.store().data), path)
        return path.read_bytes()
