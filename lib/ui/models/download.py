"""The download of a model that is not here yet: begun with one button, watched by all, stopped by who asked."""

import streamlit as st

from lib.catalogue.store import Entry, State
from lib.errors import UsageError
from lib.i18n import Translator
from lib.server.host import NotHostError
from lib.ui import waiting
from lib.ui.classroom import host
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.ui.visit import current
from lib.work.files import size_words
from lib.work.jobs import Job, Kind
from lib.work.queue import server_queue


def short_state(t: Translator, entry: Entry) -> str:
    """Return where the model stands: "ready", "14 MB to download", "downloading"."""
    if entry.state is State.READY:
        return t("ready")
    if entry.state is State.INSTALLABLE:
        return t("needs a Python package")
    if is_live(entry.spec.id):
        return t("downloading")
    if entry.size_bytes is None:
        return t("to download")
    return t("{size} to download", size=size_words(entry.size_bytes))


def button_words(t: Translator, entry: Entry) -> str:
    """Return what the button says that begins a download."""
    if entry.size_bytes is None:
        return t("Download")
    return t("Download {size}", size=size_words(entry.size_bytes))


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
    model, job = entry.spec.id, find(entry.spec.id)
    if job is not None and job.is_live:
        waiting.watch(t, job, patience_s=0.0)
        return
    if not host.only(only_host(t)):
        return
    if entry.is_packed:
        st.caption(t("It is packed in an archive, so the download can be several times larger than the model."))
    if job is not None:
        waiting.watch(t, job)
    elif is_interrupted(model):
        st.info(t("The server was stopped in the middle of this download."), icon=":material/history:")
    if st.button(button_words(t, entry), key=f"fetch-{model}", type="primary", icon=":material/download:"):
        try:
            start(model)
        except (UsageError, NotHostError) as error:
            waiting.draw_error(t, error)
        else:
            st.rerun()


def only_host(t: Translator) -> str:
    """Return why a visitor of a class has no button that downloads."""
    return t("In a class only the teacher can download models.")


def start(model: str) -> None:
    """Begin a download, or join it.

    Raises:
        NotHostError: This visitor may not.
        UsageError: This visitor has enough of them going.
    """
    host.require()
    job = Job(
        lambda job: store().fetch(model, on_progress=job.tell, cancelled=job.cancelled),
        kind=Kind.DOWNLOAD,
        name=_job_name(model),
        owner=current().id,
        details={"model": model},
    )
    server_queue().submit(job, is_shared=True)


def stop(model: str) -> None:
    """Take back this visitor's wish for a download."""
    job = find(model)
    if job is not None and may_stop(job):
        server_queue().cancel(job, current().id)


def may_stop(job: Job) -> bool:
    """Whether this visitor, who may download, asked for a download, or nobody who did is left."""
    visitor = current().id
    return host.is_host() and (visitor in job.owners or server_queue().may_cancel(job, visitor))


def find(model: str) -> Job | None:
    """Return the latest download of a model, live or ended."""
    return waiting.find(_job_name(model), is_shared=True)


def is_live(model: str) -> bool:
    """Whether a model is being downloaded, or waits for it."""
    job = find(model)
    return job is not None and job.is_live


def is_interrupted(model: str) -> bool:
    """Whether a server was stopped in the middle of a model's download."""
    return any(record.name == _job_name(model) for record in server_queue().interrupted())


def _job_name(model: str) -> str:
    return f"fetch-{model}"
