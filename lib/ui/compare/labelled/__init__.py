"""Models on photos whose class is known: the way in, what is asked, and the figures."""

from collections.abc import Callable, Sequence

import streamlit as st
from PIL import Image

from lib.classify.infer import Settings
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Matching
from lib.evaluation.evaluate import Entrant, Evaluation, evaluate
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.photos.opening import thumbnail
from lib.photos.source import Source
from lib.server.pool import POOL, Rank
from lib.ui import waiting
from lib.ui.compare.labelled.figures import Done, draw_figures
from lib.ui.compare.labelled.intake import draw_intake, draw_skipped
from lib.ui.compare.labelled.questions import draw_questions
from lib.ui.models.loaded import classifier
from lib.ui.style import plain
from lib.ui.visit import current, kept, space
from lib.work.jobs import Job, JobState, Kind

_JOB = "evaluate"
_THUMBNAIL_SIDE = 160


def draw(t: Translator, folders: Sequence[ModelFolder], settings: Settings) -> None:
    """Draw the way in for labelled photos, what has to be decided, and the figures."""
    known = draw_intake(t, on_new=_forget)
    if known is None:
        return
    for note in known.notes:
        st.info(plain(t.message(note)), icon=":material/info:")
    matchings = draw_questions(t, known, folders)
    if matchings is None:
        return
    subject = (known, tuple(f.spec.id for f in folders), tuple(m.targets for m in matchings))
    job = waiting.find(_JOB)
    is_open = job is None or job.subject != subject or job.state in (JobState.CANCELLED, JobState.FAILED)
    if is_open and st.button(
        t.plural("Evaluate with {n} photo", "Evaluate with {n} photos", len(known.photos)),
        type="primary",
        icon=":material/play_arrow:",
    ):
        space().take(len(known.photos) * sum(folder.spec.output.classes for folder in folders) * 8)  # float64
        work = _work(t, known, folders, matchings, settings)
        job = waiting.begin(t, Kind.EVALUATION, _JOB, work, total=len(known.photos), subject=subject)
    ended = waiting.watch(t, job, t("Classifying the photos…"))
    if ended is None or ended.subject != subject or not isinstance(ended.result, Done):
        draw_skipped(t, known.skipped)
    else:
        draw_figures(t, Done(_as_read(t, ended.result.evaluation, folders, settings), ended.result.thumbnails))


def _forget() -> None:
    """Let go of what was found out about the photos before."""
    waiting.drop(_JOB)
    current().kept.clear()


def _as_read(t: Translator, evaluation: Evaluation, folders: Sequence[ModelFolder], settings: Settings) -> Evaluation:
    """Return the evaluation with the visitor's thresholds and language; worked out anew only when these change."""

    def read() -> Evaluation:
        return evaluation.as_read([folder.read_labels(t.language) for folder in folders], settings.thresholds)

    return kept("as_read", (evaluation, settings.thresholds, t.language), read)


def last_evaluation() -> Evaluation | None:
    """Return what this visit evaluated last."""
    job = waiting.find(_JOB)
    return job.result.evaluation if job is not None and isinstance(job.result, Done) else None


def _work(
    t: Translator,
    known: LabelledPhotos,
    folders: Sequence[ModelFolder],
    matchings: Sequence[Matching],
    settings: Settings,
) -> Callable[[Job], Done | None]:
    """Return what evaluates in the background, keeping a thumbnail of each photo."""
    entrants = [
        Entrant(classifier(folder), folder.read_labels(t.language), matching, folder.sha256 or "")
        for folder, matching in zip(folders, matchings, strict=True)
    ]
    thumbnails: dict[Source, bytes] = {}
    line = POOL.line(current().id, Rank.JOB)

    def look(source: Source, image: Image.Image, size_wh: tuple[int, int]) -> None:
        thumbnails[source] = thumbnail(image, side=_THUMBNAIL_SIDE)

    def work(job: Job) -> Done | None:
        found = evaluate(known, entrants, settings, look=look, on_progress=job.tell, cancelled=job.cancelled, line=line)
        if found is None:
            return None
        kept = enumerate(found.photos.photos)
        return Done(found, {i: small for i, p in kept if (small := thumbnails.get(p.source))})

    return work
