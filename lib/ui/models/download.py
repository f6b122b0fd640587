"""The download of a model that is not here yet: one button, then its progress."""

import streamlit as st

from lib.catalogue.store import Entry, State
from lib.i18n import Translator
from lib.ui import waiting
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.work.files import size_words
from lib.work.jobs import Job, Kind
from lib.work.progress import FetchReport
from lib.work.queue import server_queue


def short_state(t: Translator, entry: Entry) -> str:
    """Return where the model stands: "ready", "14 MB to download", "downloading"."""
    if entry.state is State.READY:
        return t("ready")
    if entry.state is State.INSTALLABLE:
        return t("needs a Python package")
    download = _download_of(entry.spec.id)
    if download is not None and download.is_live:
        return t("downloading")
    if entry.size_bytes is None:
        return t("to download")
    return t("{size} to download", size=size_words(entry.size_bytes))


def download_card(t: Translator, entry: Entry) -> None:
    """Draw what a model that is not here needs: its figures, and one button that fetches it, with progress."""
    with st.container(border=True, key=f"download-{entry.spec.id}"):
        st.markdown("**" + t("This model is not on this computer yet.") + "**")
        if entry.problem is None:
            st.caption(t("It is downloaded once, checked, and then works without internet. Nothing is sent."))
        draw_download(t, entry)


def draw_download(t: Translator, entry: Entry) -> None:
    if entry.problem is not None:
        st.caption(plain(t.message(entry.problem.message)))
        return
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
        label = t("Download {size}", size=size_words(entry.size_bytes))

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
