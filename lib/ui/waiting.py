"""Work of one visit that takes a while: begun with a button, watched, cancelled; its result stays."""

from collections.abc import Callable

import streamlit as st

from lib.i18n import Translator
from lib.ui.style import plain
from lib.ui.visit import current, keep
from lib.work.jobs import Job, JobState

_POLL_S = 0.5
_PATIENCE_S = 0.3


def begin(name: str, work: Callable[[Job], object], *, total: int = 0, subject: object = None) -> Job:
    """Start work under `name`; what went on under that name before is cancelled."""
    jobs = current().jobs
    if (earlier := jobs.get(name)) is not None:
        earlier.cancel()
    jobs[name] = Job(work, total=total, name=name, subject=subject)
    return jobs[name]


def watch(t: Translator, name: str, doing: str) -> Job | None:
    """Draw how the work called `name` is getting on, if there is any; return it once it has ended well.

    Args:
        t: The visitor's language.
        name: As it was begun.
        doing: What it does, in words.
    """
    job = current().jobs.get(name)
    if job is None:
        return None
    job.check()
    if job.wait(_PATIENCE_S):
        if job.error is not None:
            st.error(plain(t.message(job.error.message)), icon=":material/error:")
        elif job.state is JobState.CANCELLED:
            st.info(t("Cancelled."), icon=":material/cancel:")
        return job if job.state is JobState.DONE else None

    @st.fragment(run_every=_POLL_S)
    def panel() -> None:
        keep()
        if not job.is_live:
            st.rerun()
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(job.share, text=f"{doing} {job.done} / {job.total}" if job.total else doing)
        button.button(
            t("Cancel"),
            key=f"cancel-{name}",
            icon=":material/close:",
            width="stretch",
            on_click=job.cancel,
            disabled=job.cancelled.is_set(),
        )

    panel()
    return None
