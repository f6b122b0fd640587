"""Work that takes longer than a click: begun with a button, watched, cancelled; its result stays."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.ui.classroom import host
from lib.ui.style import plain
from lib.ui.visit import current, keep
from lib.work.jobs import Job, JobState, Kind
from lib.work.progress import Progress, Stage
from lib.work.queue import server_queue

_POLL_S = 0.4
_PATIENCE_S = 0.3


def begin(
    t: Translator,
    kind: Kind,
    name: str,
    work: Callable[[Job], object],
    *,
    is_shared: bool = False,
    total: int | None = None,
    subject: object = None,
    details: Mapping[str, Any] | None = None,
) -> Job | None:
    """Begin a `Job` of this visit; None, with the reason drawn, if there is enough already. See `Queue.submit`."""
    job = Job(work, kind=kind, name=name, owner=current().id, total=total, subject=subject, details=details)
    try:
        return server_queue().submit(job, is_shared=is_shared)
    except UsageError as error:
        draw_error(t, error)
        return None


def find(name: str, *, is_shared: bool = False) -> Job | None:
    """Return this visit's latest work of this name, or the shared one."""
    return server_queue().get(name, "" if is_shared else current().id)


def drop(name: str) -> None:
    """Cancel and forget this visit's work of this name."""
    server_queue().drop(name, current().id)


def watch(t: Translator, job: Job | None, doing: str = "", *, patience_s: float = _PATIENCE_S) -> Job | None:
    """Draw how work is getting on, if there is any; return it once it has ended well.

    Args:
        t: The visitor's language.
        job: The work.
        doing: What it does, in words.
        patience_s: Work that ends within this is not drawn as going on.
    """
    if job is None:
        return None
    job.check()
    if job.wait(patience_s):
        draw_end(t, job)
        return job if job.state is JobState.DONE else None

    @st.fragment(run_every=_POLL_S)
    def panel() -> None:
        keep()
        if not job.is_live:
            st.rerun()
        draw_progress(t, job, doing)

    panel()
    return None


def draw_end(t: Translator, job: Job) -> None:
    """Say how work ended, if it did not end well."""
    if job.error is not None:
        draw_error(t, job.error)
    elif job.state is JobState.CANCELLED:
        st.info(t("Cancelled."), icon=":material/cancel:")


def draw_error(t: Translator, error: AppError) -> None:
    """Say what went wrong."""
    st.error(plain(t.message(error.message)), icon=":material/error:")


def draw_progress(t: Translator, job: Job, doing: str, on_cancel: Callable[[], None] = lambda: None) -> None:
    """Draw one bar with words and, for those who may use it, the button that cancels."""
    queue, visitor = server_queue(), current().id

    def cancel() -> None:
        on_cancel()
        queue.cancel(job, visitor)

    row = st.container(horizontal=True, vertical_alignment="center")  # columns would cut the word on a narrow card
    row.progress(job.progress.fraction or 0.0, text=job_words(t, job, doing))
    if visitor in job.owners or (host.is_host() and queue.may_cancel(job, visitor)):
        row.button(
            t("Cancel"),
            key=f"cancel-{job.name}",
            icon=":material/close:",
            on_click=cancel,
            disabled=job.is_stopping,
        )


def job_words(t: Translator, job: Job, doing: str = "") -> str:
    """Return where work is that has not ended: "Waiting in line, place 2.", or what it is at."""
    if job.is_stopping:
        return t("Stopping…")
    if job.state is JobState.WAITING:
        return t("Waiting in line, place {place}. It begins by itself.", place=server_queue().place(job))
    words = stage_words(t, job.progress, doing)
    return words if job.left_s is None else t("{progress}, {time}", progress=words, time=left_words(t, job.left_s))


def left_words(t: Translator, seconds: float) -> str:
    """Return how long something still takes, in round figures."""
    if seconds < 90:
        return t("about {n} s left", n=math.ceil(seconds / 5) * 5 or 5)
    return t("about {n} min left", n=round(seconds / 60))


def stage_words(t: Translator, progress: Progress, doing: str = "") -> str:
    """Return what work is at, for people: "Downloading 1.2 of 3.6 MB".

    Args:
        t: The visitor's language.
        progress: How far it has come.
        doing: What it does where the stage does not say.
    """
    match progress.stage:
        case Stage.DOWNLOADING if progress.total:
            done, total = progress.done / 1e6, progress.total / 1e6
            return t("Downloading {done} of {total} MB", done=f"{done:.1f}", total=f"{total:.1f}")
        case Stage.DOWNLOADING:
            return t("Downloading…")
        case Stage.VERIFYING:
            return t("Checking the download…")
        case Stage.CONVERTING:
            return t("Converting (only once, about a minute)…")
        case Stage.CHECKING:
            return t("Testing the model…")
        case Stage.WAITING:
            return t("Waiting…")
        case Stage.WORKING:
            if not progress.total:
                return doing
            return t("{doing} {done} of {total}", doing=doing, done=progress.done, total=progress.total)
