"""A model from a file: brought, looked at, asked about, and added."""

from collections.abc import Callable, Mapping

import streamlit as st

from lib.catalogue.importing import Looked, Said, add, look
from lib.errors import AppError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.imagenet import imagenet
from lib.model.spec import ModelFolder
from lib.ui import internals, language, waiting
from lib.ui.classroom import host
from lib.ui.language import translator
from lib.ui.models.choice import choose
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.work.jobs import Job, Kind

ASKED = "add"  # in the address: whoever comes to add a model sees that first
_JOB, _ADDED, _ROUND = "import", "model_added", "import_round"
_RANGES = {
    N_("From −1 to 1, as most Keras models"): (-1.0, 1.0),
    N_("From 0 to 1, as most PyTorch models"): (0.0, 1.0),
    N_("From 0 to 255, the bytes as they are"): (0.0, 255.0),
}
_LOOKS = {N_("The middle square"): "middle", N_("The whole photo, squeezed into shape"): "squash"}
_MOST_NUMBERED = 100


def is_asked() -> bool:
    """Whether the visitor came here to add a model."""
    return ASKED in st.query_params


def draw(t: Translator) -> None:
    """Draw the section."""
    job, added = waiting.find(_JOB), st.session_state.get(_ADDED)
    is_open = is_asked() or job is not None or added is not None
    title = t("Add a model from a file")
    with st.expander(title, icon=":material/upload_file:", expanded=is_open, key="adding"):
        if not host.only(t("In a class only the teacher can add models.")):
            return
        if added is not None:
            _tell(t, added)
        if job is None:
            _ask_for_file(t)
            return
        ended = waiting.watch(t, job, t("Looking at the model …"))
        if ended is not None and isinstance(ended.result, Looked):
            _ask(t, ended.result)
        elif not job.is_live:
            st.button(t("Choose another file"), on_click=_drop, icon=":material/undo:")


def _ask_for_file(t: Translator) -> None:
    told = t(
        "What Teachable Machine gave you, zipped or unpacked; a .tflite, .keras or .h5 file; or a SavedModel as a zip. "
        "It is first opened in a process of its own, so a broken file breaks nothing."
    )
    st.caption(told)
    key = f"model-file-{st.session_state.setdefault(_ROUND, 0)}"
    st.file_uploader(
        t("Model file"),
        key=key,
        on_change=_take,
        args=(key,),
        label_visibility="collapsed",
        accept_multiple_files=True,  # some browsers unpack a zip when they have fetched it
    )


def _take(key: str) -> None:
    """Begin to look at what was brought; the uploader begins anew, so that no copy stays."""
    files = internals.uploaded(key)
    st.session_state.pop(_ADDED, None)
    st.session_state[_ROUND] += 1
    if files and host.is_host():
        name = max(files, key=lambda file: file.size).name
        contents = {file.name: file.getvalue() for file in files}
        waiting.begin(translator(), Kind.IMPORT, _JOB, _looking(name, contents))
    internals.release(files)


def _looking(name: str, contents: Mapping[str, bytes]) -> Callable[[Job], Looked]:
    def work(job: Job) -> Looked:
        return look(contents, name, on_progress=job.tell, cancelled=job.cancelled)

    return work


def _ask(t: Translator, looked: Looked) -> None:
    """Ask for what the file does not say, and add the model."""
    with st.form("adding-form", border=False):
        name = st.text_input(t("Name"), looked.name, max_chars=80)
        told = t("Its {count} classes, one a line, in the order of the model’s answers", count=looked.names)
        lines = st.text_area(told, "\n".join(looked.labels or _usual_names(t, looked.names)), height=160)
        bounds = looked.range
        if bounds is None:
            asked = t("Which numbers does the model expect for black and white? How it was trained decides.")
            bounds = _RANGES[st.radio(asked, list(_RANGES), format_func=t)]
        resize = looked.resize
        if resize is None:
            resize = _LOOKS[st.radio(t("What does it look at?"), list(_LOOKS), format_func=t)]
        row = st.container(horizontal=True)
        is_sent = row.form_submit_button(t("Add this model"), type="primary", icon=":material/add:")
        if row.form_submit_button(t("Choose another file"), icon=":material/undo:"):
            _drop()
            st.rerun()
    if is_sent:
        labels = tuple(line.strip() for line in lines.rstrip().split("\n")) if lines.strip() else ()
        try:
            host.require()
            st.session_state[_ADDED] = added = add(looked, Said(name, labels or None, bounds, resize), store())
        except AppError as error:
            st.error(plain(t.message(error.message)), icon=":material/error:")
        else:
            choose(added.spec.id)
            _drop()
            st.rerun()


def _usual_names(t: Translator, count: int) -> list[str]:
    """Return what to begin with where the file names no classes: ImageNet's for a thousand, else numbers."""
    names = [synonyms[0] for _, synonyms in imagenet()] if count in (1000, 1001) else []
    if names:
        return ["background"] * (count - len(names)) + names
    return [t("Class {n}", n=number) for number in range(1, count + 1)] if count <= _MOST_NUMBERED else []


def _tell(t: Translator, folder: ModelFolder) -> None:
    count = folder.spec.output.classes
    st.success(t("{model} is ready. It knows {count} classes.", model=plain(folder.spec.name), count=count))
    if st.button(t("Try it in Classify"), type="primary", icon=":material/play_arrow:"):
        choose(folder.spec.id)
        del st.session_state[_ADDED]
        st.switch_page("pages/classify.py", query_params={"model": folder.spec.id, **language.params()})


def _drop() -> None:
    waiting.drop(_JOB)
