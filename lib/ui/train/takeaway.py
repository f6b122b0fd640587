"""The section "Take it away" of the page Train: the finished model as files, each compared before it is offered."""

from functools import partial
from html import escape

import streamlit as st

from lib.catalogue.comparing import Check
from lib.catalogue.exporting import Export, Exporter, Form, forms_of, make_each
from lib.embed import parcel
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.projects.exporting import own_photos
from lib.projects.project import Project
from lib.ui import language
from lib.ui.models.loaded import store
from lib.ui.takeaway import offer
from lib.ui.visit import keep
from lib.ui.waiting import draw_end, draw_error, job_words
from lib.verdict import percent
from lib.work.files import size_words
from lib.work.jobs import Job, Kind
from lib.work.queue import server_queue

_KEY = "take-away"
_POLL_S = 1.0
NAMES = {
    Form.FLOAT32: "LiteRT float32",
    Form.FLOAT16: "LiteRT float16",
    Form.DYNAMIC: "LiteRT dynamic",
    Form.INT8: "LiteRT int8",
    Form.KERAS: "Keras",
}
ABOUT = {
    Form.AS_IT_IS: N_("The file that answers in this app."),
    Form.FLOAT32: N_("Full numbers: the largest file, for further work."),
    Form.FLOAT16: N_("Half the size, nearly the same numbers."),
    Form.DYNAMIC: N_("Weights in 8 bits, the rest in full numbers."),
    Form.INT8: N_("8 bits throughout, fitted to your photos: for phones and small computers."),
    Form.KERAS: N_("For Python with Keras: to look inside or to train further."),
}


def draw(t: Translator, project: Project) -> None:
    """Draw the section; nothing as long as no model is finished."""
    folder = _finished(project)
    if folder is None:
        return
    with st.container(key=_KEY):
        st.subheader(t("Take it away"), anchor="take-away")
        st.write(t("The model is yours. It works without this app and without internet."))
        _whole(t, folder)
        st.caption(t("Other formats are made when you ask. Each is compared on your photos, and offered if it passes."))
        _formats(t, project, folder, "litert", tuple(form for form in forms_of(folder) if form is not Form.KERAS))
        _formats(t, project, folder, "keras", (Form.KERAS,))


def _finished(project: Project) -> ModelFolder | None:
    try:
        return None if project.model is None else store().open_folder(project.model)
    except AppError:  # deleted on the page Models, or being written anew
        return None


def _whole(t: Translator, folder: ModelFolder) -> None:
    """Draw what gives the model away with all that belongs to it, and the way to the code."""
    with st.container(horizontal=True, vertical_alignment="center"):
        offer(
            t("Model with example (zip)"),
            partial(parcel.make, folder, t.language, parcel.backbone_of(folder, store())),
            f"{folder.spec.id}.zip",
            icon=":material/folder_zip:",
            key=f"{_KEY}-zip",
            help=t("The model, its labels, its card with all figures, and a Python program that runs it."),
        )
        if st.button(t("Code for a web page"), key=f"{_KEY}-code", icon=":material/code:"):
            st.switch_page("pages/embed.py", query_params={"model": folder.spec.id, **language.params()})


def _formats(t: Translator, project: Project, folder: ModelFolder, kind: str, forms: tuple[Form, ...]) -> None:
    """Draw some formats: the button that makes them, how far that has come, or what there is to take."""
    name = f"{_KEY}-{kind}"
    job = server_queue().get(name, project.id)
    if job is not None and job.subject != folder.sha256:  # of an earlier model
        job = None
    if job is not None:
        job.check()
    if job is not None and job.is_live:
        _watch(t, job)
        return
    if job is not None and isinstance(job.result, dict):
        checks = [made.check for made in job.result.values() if isinstance(made, Export) and made.check is not None]
        for form in forms:
            _row(t, form, job.result[form])
        if checks:
            st.caption(_on_what(t, checks[0]))
        return
    if job is not None:
        draw_end(t, job)
    label = t("Make the Keras file") if kind == "keras" else t("Make the LiteRT formats")
    if st.button(label, key=f"{name}-make", icon=":material/construction:"):
        _begin(t, project, folder, name, forms)


def _begin(t: Translator, project: Project, folder: ModelFolder, name: str, forms: tuple[Form, ...]) -> None:
    models = store()

    def work(job: Job) -> object:
        exporter = Exporter(folder, own_photos(project, folder), models, cancelled=job.cancelled)
        return make_each(exporter, forms, job.advance)

    job = Job(
        work, kind=Kind.CONVERSION, name=name, owner=project.id, total=len(forms), subject=folder.sha256
    )  # the project's: it ends with it
    try:
        server_queue().submit(job)
    except UsageError as error:
        draw_error(t, error)
    else:
        st.rerun()


@st.fragment(run_every=_POLL_S)
def _watch(t: Translator, job: Job) -> None:
    keep()
    if not job.is_live:
        st.rerun()
    row = st.container(horizontal=True, vertical_alignment="center")
    row.progress(job.progress.fraction or 0.0, text=job_words(t, job, t("Making and comparing")))
    row.button(t("Cancel"), key=f"cancel-{job.name}", icon=":material/close:", on_click=job.cancelled.set)


def _row(t: Translator, form: Form, made: Export | AppError) -> None:
    """Draw one format: what it is, how it compared, and the button that gives it away; or why it is not offered."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    title = t("LiteRT, as it is") if form is Form.AS_IT_IS else NAMES[form]
    name = f"<b>{escape(title)}</b>"
    if isinstance(made, AppError):
        row.html(_told(name, t("Not offered."), t.message(made.message)))
        return
    row.html(_told(f"{name} · {size_words(made.size_bytes)}", t(ABOUT[form]), compared(t, form, made.check)))
    with row:
        offer(t("Save"), made.read, made.name, key=f"{_KEY}-{form}")


def _told(head: str, *lines: str) -> str:
    return head + "".join(f'<br><span class="small soft">{escape(line)}</span>' for line in lines if line)


def compared(t: Translator, form: Form, check: Check | None) -> str:
    """Return how a form's answers compare with those of the float32 form, in one line."""
    if check is None:
        return t("The model’s own file, unchanged.")
    same = percent(check.same / check.photos)
    parts = [t("Right: {share}", share=percent(check.right / check.labelled))] if check.labelled else []
    if form is Form.FLOAT32:
        parts.append(t("same answers as the file as it is: {share}", share=same))
    else:
        parts.append(t("same answers as float32: {share}", share=same))
    parts.append(t("largest change of a probability: {n}", n=f"{check.largest:.2g}"))
    return " · ".join(parts)


def _on_what(t: Translator, check: Check) -> str:
    """Return which photos the formats were compared on."""
    if not check.labelled:
        return t.plural("Compared on {n} photo.", "Compared on {n} photos.", check.photos)
    if check.are_unseen:
        return t.plural(
            "Compared on {n} photo that was held out.", "Compared on {n} photos that were held out.", check.photos
        )
    return t.plural(
        "Compared on {n} photo of those it learned from: with few photos it learns from all.",
        "Compared on {n} photos of those it learned from: with few photos it learns from all.",
        check.photos,
    )
