"""What goes on in a class, below the code that the room sees: who is here, what is worked on, and an end to both."""

import streamlit as st

from lib.i18n import Translator
from lib.messages import N_
from lib.server.host import HOST
from lib.server.visits import VISITS
from lib.ui.classroom import host, where
from lib.ui.classroom.welcome import invitation
from lib.ui.visit import keep
from lib.ui.waiting import job_words
from lib.work.files import size_words
from lib.work.jobs import Job, Kind
from lib.work.queue import server_queue

_POLL_S = 2.0
_ASKED = "forget_asked"
# What takes long; to look at photos does not, and there is much of it.
_WORK = {
    Kind.DOWNLOAD: N_("Download"),
    Kind.READING: N_("Reading labelled photos"),
    Kind.PACKING: N_("Packing files"),
    Kind.CONVERSION: N_("Making another form of a model"),
    Kind.EVALUATION: N_("Evaluation on labelled photos"),
    Kind.BENCHMARK: N_("Measuring speed"),
    Kind.TRAINING: N_("Training from scratch"),
    Kind.FITTING: N_("Making a model of a project"),
    Kind.IMPORT: N_("Looking at a model’s file"),
}


def draw(t: Translator) -> None:
    """Draw the section, and draw it anew every few seconds."""
    with st.container(key="going"):
        st.subheader(t("In class now"))
        _going(t)
        with st.container(horizontal=True):
            _forget(t)
            _invite(t)


def _invite(t: Translator) -> None:
    """Draw the button that makes a link for another host, and the link."""
    if st.button(t("Another host"), icon=":material/person_add:") and host.is_host():
        st.code(invitation(where.for_others()[0], HOST.invite()), language=None)
        st.caption(t("Whoever opens this link first is a host, too. It works once."))


@st.fragment(run_every=_POLL_S)
def _going(t: Translator) -> None:
    keep()
    pages = t.plural("{n} page is open", "{n} pages are open", VISITS.open_count)
    held = t("{size} of photos and answers in memory", size=size_words(VISITS.held_bytes))
    st.caption(f"{pages} · {held}")
    for number, job in enumerate(job for job in server_queue().live() if job.kind in _WORK):
        what, stand = t(_WORK[job.kind]), job_words(t, job, t("at work"))
        row = st.container(horizontal=True, vertical_alignment="center")
        row.progress(job.progress.fraction or 0.0, text=f"{what}: {stand}")
        row.button(
            t("Stop"),
            key=f"end-{number}-{job.name}",
            icon=":material/close:",
            on_click=_end,
            args=(job,),
            disabled=job.is_stopping,
        )


def _end(job: Job) -> None:
    if host.is_host():
        server_queue().end(job)


def _forget(t: Translator) -> None:
    """Draw the button that takes everybody's photos away, and the question whether that is meant."""
    if not st.session_state.get(_ASKED):
        label = t("Forget everybody’s photos")
        st.button(label, key="forget-ask", icon=":material/delete:", on_click=_turn, args=(True,))
        return
    st.warning(
        t(
            "The server forgets every photo and answer on all pages, yours too; an open page shows its own until it is "
            "loaded anew. Projects on the page Train stay."
        ),
        icon=":material/warning:",
    )
    with st.container(horizontal=True):
        st.button(t("Forget them"), key="forget", type="primary", on_click=_forget_all)
        st.button(t("Cancel"), key="forget-not", on_click=_turn, args=(False,))


def _forget_all() -> None:
    if host.is_host():
        VISITS.empty()
    _turn(False)


def _turn(is_asked: bool) -> None:
    st.session_state[_ASKED] = is_asked
