"""Models looking at the visitor's photos: begun when photos are waiting, watched, cancelled, taken up again."""

from collections.abc import Callable, Sequence

import streamlit as st

from lib.album import Album
from lib.classifiers.base import Classifier
from lib.i18n import Translator
from lib.jobs import Job, JobState

_JOB, _MODELS, _PAUSED = "looking_job", "looking_models", "looking_paused"
# A page that would be complete in a moment is drawn complete, instead of twice.
_PATIENCE_S = 0.6
_POLL_S = 0.4


def draw(t: Translator, album: Album, classifiers: Sequence[Classifier], results: Callable[[], None]) -> None:
    """Let models look at the photos they have not seen; draw the progress, and below it what there is so far.

    Args:
        t: The visitor's language.
        album: The visitor's photos.
        classifiers: The models.
        results: Draws what the models said; called again and again while they look.
    """
    models = tuple(classifier.spec.id for classifier in classifiers)
    job = _job(album, classifiers, models)
    live = job is not None and not job.wait(_PATIENCE_S)

    @st.fragment(run_every=_POLL_S if live else None)
    def panel() -> None:
        if live and job is not None and not job.is_live:
            if job.state is JobState.FAILED:
                _pause(album)
            st.rerun()
        _progress(t, album, models, job)
        results()

    panel()


def _job(album: Album, classifiers: Sequence[Classifier], models: tuple[str, ...]) -> Job | None:
    """Return the work that is going on, or was last, for these models; begin it if photos are waiting."""
    state = st.session_state
    job: Job | None = state.get(_JOB)
    if job is not None:
        job.check()
        if job.is_live and state[_MODELS] == models:
            return job
        job.cancel()
    waiting = album.waiting(*models)
    if not waiting or waiting[-1].id <= state.get(_PAUSED, 0):
        return job if state.get(_MODELS) == models else None

    def work(running: Job) -> None:
        for _ in album.look(classifiers, waiting, running.cancelled):
            running.advance()

    started = Job(work, total=len(waiting), name="looking")
    state[_JOB], state[_MODELS] = started, models
    return started


def _progress(t: Translator, album: Album, models: tuple[str, ...], job: Job | None) -> None:
    if job is not None and job.is_live:
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(job.share, text=t("{done} of {total} photos", done=job.done, total=job.total))
        if button.button(t("Cancel"), key="cancel-looking", icon=":material/close:", width="stretch"):
            _pause(album)
            job.cancel()
        return
    if job is not None and job.error is not None:
        st.error(t.message(job.error.message), icon=":material/error:")
    waiting = album.waiting(*models)
    if waiting and job is not None and job.state in (JobState.CANCELLED, JobState.FAILED):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                t.plural("{n} photo was not looked at.", "{n} photos were not looked at.", len(waiting)),
                icon=":material/pause_circle:",
            )
            if st.button(t("Continue"), key="continue-looking", icon=":material/play_arrow:"):
                st.session_state.pop(_PAUSED, None)
                st.rerun()


def _pause(album: Album) -> None:
    """Leave what is left as it is, until "Continue" is pressed or another photo comes."""
    st.session_state[_PAUSED] = album.photos[-1].id if album.photos else 0
