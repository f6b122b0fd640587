"""Models looking at the visitor's photos: begun when photos are waiting, watched, cancelled, taken up again."""

from collections.abc import Callable, Sequence

import streamlit as st

from lib.classify.classifier import Classifier
from lib.i18n import Translator
from lib.results import Failure
from lib.server.album import Photo
from lib.server.metrics import METRICS
from lib.server.models import server_models
from lib.server.pool import POOL
from lib.server.visits import VISITS, Visit
from lib.server.ways import Way
from lib.ui import waiting
from lib.ui.visit import current, keep
from lib.work.jobs import Job, JobState, Kind

_JOB = "looking"
# A page that would be complete in a moment is drawn complete, instead of twice.
_PATIENCE_S = 0.6
_POLL_S = 0.4


def draw(t: Translator, classifiers: Sequence[Classifier], results: Callable[[], None]) -> None:
    """Let models look at the visitor's photos they have not seen; draw the progress, and below it what there is so far.

    Args:
        t: The visitor's language.
        classifiers: The models.
        results: Draws what the models said; called again and again while they look.
    """
    visit = current()
    job = _job(t, visit, classifiers)
    live = job is not None and not job.wait(_PATIENCE_S)
    if job is not None and job.state is JobState.FAILED:
        _pause(visit)

    @st.fragment(run_every=_POLL_S if live else None)
    def panel() -> None:
        keep()
        if live and job is not None and not job.is_live:
            if job.state is JobState.FAILED:
                _pause(visit)
            st.rerun()
        _progress(t, visit, classifiers, job)
        results()

    panel()


def _job(t: Translator, visit: Visit, classifiers: Sequence[Classifier]) -> Job | None:
    """Return the work that is going on, or was last, for these models; begin it if photos are waiting.

    A tab that turns to other models cancels the work it watched before, but not that of another tab of this visit.
    """
    models = _keys(classifiers)
    name = f"{_JOB} {' '.join(models)}"
    earlier = st.session_state.get(_JOB)
    if earlier not in (None, name):
        waiting.drop(earlier)
    st.session_state[_JOB] = name
    job = waiting.find(name)
    if job is not None:
        job.check()
        if job.is_live and not job.cancelled.is_set():
            return job
    unseen = visit.album.waiting(*models)
    if not unseen or unseen[-1].id <= visit.paused:
        return job

    def take(count: int) -> None:
        VISITS.space(visit).take(count)

    def work(running: Job) -> None:
        line = POOL.line(visit.id)
        for photo in visit.album.look(
            classifiers, unseen, running.cancelled, sides=server_models().sides, take=take, line=line
        ):
            _count(visit, classifiers, photo)
            running.advance()

    return waiting.begin(t, Kind.LOOKING, name, work, total=len(unseen))


def _count(visit: Visit, classifiers: Sequence[Classifier], photo: Photo) -> None:
    """Count what the models said of a photo; how sure they are depends on what its reader sets later."""
    for spec in (classifier.spec for classifier in classifiers):
        answer = visit.album.answer(spec.key, photo)
        outcome = answer.error.code if isinstance(answer, Failure) else "answered"
        METRICS.photo(model=spec.id, door=Way.PAGE, outcome=outcome)


def _keys(classifiers: Sequence[Classifier]) -> tuple[str, ...]:
    return tuple(classifier.spec.key for classifier in classifiers)


def _progress(t: Translator, visit: Visit, classifiers: Sequence[Classifier], job: Job | None) -> None:
    if job is not None and job.is_live:
        waiting.draw_progress(t, job, t("Classifying the photos…"), lambda: _pause(visit))
        return
    if job is not None and job.error is not None:
        waiting.draw_end(t, job)
    unseen = visit.album.waiting(*_keys(classifiers))
    if unseen and unseen[-1].id <= visit.paused:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                t.plural(
                    "{n} photo has not been classified yet.", "{n} photos have not been classified yet.", len(unseen)
                ),
                icon=":material/pause_circle:",
            )
            if st.button(t("Continue"), key="continue-looking", icon=":material/play_arrow:"):
                visit.paused = 0
                st.rerun()


def _pause(visit: Visit) -> None:
    """Leave what is left as it is, until "Continue" is pressed or another photo comes."""
    visit.paused = visit.album.photos[-1].id if visit.album.photos else 0
