"""Models in the page: the store and loaded classifiers, the picker, and the download of one that is not here yet."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from lib.catalogue.store import Entry, State, Store
from lib.classify.classifier import Classifier
from lib.classify.opening import open_classifier
from lib.errors import AppError, ModelFileError, ModelNotReadyError, UnknownModelError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder, Published
from lib.ui import waiting
from lib.ui.style import plain, span
from lib.ui.visit import current
from lib.work.files import data_folder
from lib.work.jobs import Job, Kind
from lib.work.progress import FetchReport
from lib.work.queue import server_queue

DEFAULT_MODEL = "starter"
_CHOSEN = "chosen_model"
_PARAM = "model"


def store() -> Store:
    """Return the one store of this server. No cache of Streamlit's: any browser may have those cleared."""
    return _store(data_folder())


@cache
def _store(data: Path) -> Store:
    return Store(data)


def classifier(folder: ModelFolder) -> Classifier:
    """Return the loaded model, shared by all visitors; the few used last stay loaded.

    What other files said under its id is forgotten.

    Raises:
        ModelFileError: The files are damaged or contradict `model.toml`.
    """
    files = stamp(folder)
    current().album.renew(folder.spec.id, files)
    return _classifier(files, folder)


def stamp(folder: ModelFolder) -> tuple[str, str, int, int]:
    """Return what tells a model from every other, and from itself as it was before its files were changed.

    Raises:
        ModelFileError: The weights are not there.
    """
    try:
        weights = folder.weights_path.stat()
    except OSError as error:
        raise ModelFileError(N_("{file} could not be read."), file=folder.weights_path.name) from error
    return str(folder.path), repr(folder.spec), weights.st_mtime_ns, weights.st_size


@st.cache_resource(max_entries=4, show_spinner=False)
def _classifier(stamp: tuple[str, str, int, int], _folder: ModelFolder) -> Classifier:
    return open_classifier(_folder)  # it reads the very bytes that were tried, or refuses


def pick(t: Translator) -> Entry | None:
    """Draw the model picker and return the chosen model; None, with the reason drawn, if the one asked for is unknown.

    `?model=` chooses, and follows the choice.
    """
    entries = {entry.spec.id: entry for entry in store().entries()}
    wanted = st.session_state.get(_CHOSEN) or st.query_params.get(_PARAM) or DEFAULT_MODEL
    if wanted not in entries:
        explain_unavailable(t, wanted)
    names = distinct({model: entry.spec.name for model, entry in entries.items()})
    labels = {model: f"{names[model]} · {_short_state(t, entry)}" for model, entry in entries.items()}
    # The browser remembers an option by its words, so other words need another widget.
    key = f"model-{hash(tuple(labels.values()))}"
    index = list(entries).index(wanted) if wanted in entries else None
    chosen = st.selectbox(
        t("Model"), list(entries), index, key=key, format_func=labels.__getitem__, placeholder=t("Choose a model")
    )
    if chosen is None:
        return None
    choose(chosen)
    return entries[chosen]


def choose(model: str) -> None:
    """Make `model` the one that this visitor classifies with, here and in the address."""
    st.session_state[_CHOSEN] = model
    if model != st.query_params.get(_PARAM, DEFAULT_MODEL):
        st.query_params[_PARAM] = model


def draw_classes(t: Translator, labels: tuple[str, ...]) -> None:
    """Draw, folded, what a model can answer at all; nothing teaches its limits better."""
    with st.expander(t("What this model knows: {n} classes", n=len(labels)), icon=":material/category:"):
        names = " ".join(span(label, "known") for label in labels)
        st.html(f'<p class="knows">{names}</p>')


def last_chosen() -> str:
    """Return the id of the model this visitor classified with last."""
    return str(st.session_state.get(_CHOSEN, DEFAULT_MODEL))


def explain_unavailable(t: Translator, wanted: str) -> None:
    """Say why the model `wanted` cannot be used: there is none of that id, or it is not here yet."""
    try:
        store().open_folder(wanted)
    except ModelNotReadyError as error:
        more = t("The page Models has a button that downloads it.")
        st.error(plain(f"{t.message(error.message)} {more}"), icon=":material/error:")
    except UnknownModelError as error:
        more = t("The page Models shows those there are.")
        st.error(plain(f"{t.message(error.message)} {more}"), icon=":material/error:")
    except AppError as error:
        st.error(plain(t.message(error.message)), icon=":material/error:")


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names of models, by id; those that several have are followed by the id, as choices go by words."""
    often = Counter(names.values())
    return {model: name if often[name] == 1 else f"{name} ({model})" for model, name in names.items()}


def _short_state(t: Translator, entry: Entry) -> str:
    """Return where the model stands: "ready", "14 MB to download", "downloading"."""
    if entry.state is State.READY:
        return t("ready")
    download = _download_of(entry.spec.id)
    if download is not None and download.is_live:
        return t("downloading")
    if entry.size_bytes is None:
        return t("to download")
    return t("{size} to download", size=megabytes(entry.size_bytes))


def megabytes(size_bytes: int) -> str:
    """Return a file's size for people: "3.6 MB"; "42 kB" for the smallest."""
    if size_bytes < 1e5:
        return f"{size_bytes / 1e3:.0f} kB"
    size = size_bytes / 1e6
    return f"{size:.1f} MB" if size < 10 else f"{size:.0f} MB"


def download_card(t: Translator, entry: Entry) -> None:
    """Draw what a model that is not here needs: its figures, and one button that fetches it, with progress."""
    with st.container(border=True, key=f"download-{entry.spec.id}"):
        st.markdown("**" + t("This model is not on this computer yet.") + "**")
        st.caption(t("It is downloaded once, checked, and then works without internet. Nothing is sent."))
        _download(t, entry)


def _download(t: Translator, entry: Entry) -> None:
    model, job = entry.spec.id, _download_of(entry.spec.id)
    if job is not None and job.is_live:
        waiting.watch(t, job, patience_s=0.0)
        return
    if entry.is_packed:
        st.caption(t("It comes in an archive, which can be several times larger."))
    if job is not None:
        waiting.watch(t, job)
    elif any(record.name == _job_name(model) for record in server_queue().interrupted()):
        st.info(t("The server was stopped in the middle of this download."), icon=":material/history:")
    label = t("Download")
    if entry.size_bytes is not None:
        label = t("Download {size}", size=megabytes(entry.size_bytes))

    def work(job: Job) -> FetchReport:
        return store().fetch(model, on_progress=job.tell, cancelled=job.cancelled)

    pressed = st.button(label, key=f"fetch-{model}", type="primary", icon=":material/download:")
    details = {"model": model}
    if pressed and waiting.begin(t, Kind.DOWNLOAD, _job_name(model), work, is_shared=True, details=details):
        st.rerun()


def _job_name(model: str) -> str:
    return f"fetch-{model}"


def _download_of(model: str) -> Job | None:
    return waiting.find(_job_name(model), is_shared=True)


def draw_catalogue(t: Translator) -> None:
    """Draw a card for each model, by family, those that are ready first."""
    families: dict[str, list[Entry]] = {}
    for entry in store().entries():
        families.setdefault(entry.spec.family, []).append(entry)
    for family, entries in families.items():
        st.subheader(plain(family))
        grid = st.grid(min_column_width=300, gap="small")
        for entry in entries:
            with grid.cell(), st.container(border=True, key=f"model-{entry.spec.id}"):
                _card(t, entry)


def _card(t: Translator, entry: Entry) -> None:
    spec = entry.spec
    ready = entry.state is State.READY
    st.markdown(f"**{plain(spec.name)}**")
    st.badge(
        _short_state(t, entry),
        icon=":material/check:" if ready else ":material/cloud_download:",
        color="green" if ready else "gray",
    )
    st.caption(plain(" · ".join(_facts(t, entry))))
    if spec.published is not None:
        st.caption(t("Published by its makers: {figures}", figures=_figures(spec.published)))
        st.caption(plain(t("Source: {source}", source=spec.published.source)))
    if entry.folder is not None:
        if st.button(t("Classify with it"), key=f"use-{spec.id}", icon=":material/image_search:"):
            st.session_state[_CHOSEN] = spec.id
            st.switch_page("pages/classify.py")
    else:
        _download(t, entry)


def _facts(t: Translator, entry: Entry) -> list[str]:
    spec = entry.spec
    width, height = spec.input.size_wh
    facts = [
        t("{n} classes", n=spec.output.classes),
        f"{width} × {height} px",
        spec.licence,
    ]
    if entry.size_bytes is not None:
        facts.insert(0, megabytes(entry.size_bytes))
    return facts


def _figures(published: Published) -> str:
    figures = []
    if published.top1 is not None:
        figures.append(f"top-1 {published.top1:.1%}")
    if published.top5 is not None:
        figures.append(f"top-5 {published.top5:.1%}")
    if published.parameters is not None:
        figures.append(f"{published.parameters / 1e6:.1f} M parameters")
    return ", ".join(figures)
