"""The section "From scratch" of the page Train: every weight starts at random, and its learning is watched."""

from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from html import escape

import streamlit as st

from lib.catalogue.store import State
from lib.charts.training import accuracy_curves, loss_curves
from lib.classify.infer import infer
from lib.errors import AppError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.photos.opening import open_photo, thumbnail
from lib.photos.source import Source
from lib.projects.project import Project
from lib.results import Answer
from lib.server.models import labels, server_models
from lib.training.curves import after_epoch, by_heart, chosen_among, time_words
from lib.training.events import stage_words
from lib.training.example import REPORTED, sentence
from lib.training.options import ARCHITECTURES, DEFAULT_EPOCHS, TrainOptions
from lib.training.queued import FOLDER, Bench, seconds
from lib.training.queued import State as Stand
from lib.ui.choosing import entry
from lib.ui.models.choice import CHOSEN
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.ui.visit import keep
from lib.ui.waiting import draw_error, left_words
from lib.work.jobs import Job, JobState
from lib.work.queue import server_queue

_POLL_S = 2.0
_KEY = "from-scratch"
NETS = {
    "xception": N_("Small Xception: the best choice for a machine like this"),
    "small": N_("Three layers: quick and weak, to see what a weak model looks like"),
    "starter": N_("Fused MobileNet: the net of our own starter model"),
    "keras-example": N_("The net of the Keras example “Image classification from scratch”"),
}
SIZES = {"xception": (96, 64, 128), "small": (64, 32, 96), "starter": (96, 64, 128), "keras-example": (180, 96, 64)}
LEAST_PHOTOS = 2  # of each class: one to learn from, one to hold out
FEW_PHOTOS = 100
THUMBNAIL_PX = 96
assert set(NETS) == set(SIZES) == set(ARCHITECTURES)


@dataclass(frozen=True, slots=True)
class Photos:
    """What of a project can be learned.

    Attributes:
        learning: Photos to learn from.
        held_out: Others.
        classes: With photos.
        fewest: Photos of the class that has the fewest.
        digest: Another for other photos or another division of them.
    """

    learning: int
    held_out: int
    classes: int
    fewest: int
    digest: str


def photos_of(project: Project) -> Photos:
    """Return what of a project can be learned."""
    names, held, used = project.manifest.names, project.held(), project.manifest.usable
    counts = Counter(photo.klass for photo in used)
    told = sorted((names[photo.klass or 0], photo.digest, photo.id in held) for photo in used)
    digest = sha256(repr(told).encode()).hexdigest()
    return Photos(len(used) - len(held), len(held), len(counts), min(counts.values(), default=0), digest)


def draw(t: Translator, project: Project) -> None:
    """Draw the section, folded unless a training goes on or has just ended."""
    bench = Bench(project.id, project.folder / FOLDER, project.add_model)
    is_open = bench.is_busy or bench.job is not None
    with st.expander(t("From scratch"), icon=":material/model_training:", expanded=is_open, key=_KEY):
        st.write(
            t(
                "Here every weight starts at random, and the model learns to see from your photos alone. That "
                "takes minutes to hours and needs hundreds of photos of each class. The columns above need seconds and "
                "ten photos."
            )
        )
        if not project.settings.keeps_photos:
            st.info(t("This project keeps only numbers made of its photos. To learn from nothing needs the photos."))
        elif bench.is_busy:
            _watch(t, bench)
        else:
            _ended(t, bench, project)
            _choose(t, bench, project)


def _choose(t: Translator, bench: Bench, project: Project) -> None:
    """Draw what can be chosen, how long it takes, and the button that starts it."""
    photos, latest = photos_of(project), _latest(bench, project)
    left, middle, right = st.columns([3, 1, 1], vertical_alignment="bottom")
    with left:
        nets = {name: t(words) for name, words in NETS.items()}
        net = entry(t, t("Net"), nets, key=f"{_KEY}-net", index=list(NETS).index(latest.architecture))
    with middle:
        sizes = SIZES[net]
        at = sizes.index(latest.size) if latest.architecture == net and latest.size in sizes else 0
        size = st.selectbox(t("Photo size (pixels)"), sizes, at, key=f"{_KEY}-size-{net}")
    with right:
        epochs = int(st.number_input(t("Epochs"), 1, 500, latest.manner.epochs, key=f"{_KEY}-epochs"))
    is_varied = st.toggle(
        t("Vary the photos while learning"),
        value=latest.augment,
        key=f"{_KEY}-vary",
        help=t("Mirrored, cropped, turned or in other colours each time: the model learns its photos by heart later."),
    )
    name = t("{project} from scratch", project=project.name) if project.name else t("From scratch")
    options = TrainOptions(
        project.folder, architecture=net, size=size, epochs=epochs, augment=is_varied, name=name, photos=photos.digest
    )
    if net == "keras-example":
        st.caption(t(REPORTED))
    st.caption(_about_photos(t, photos))
    if photos.classes < 2 or photos.fewest < LEAST_PHOTOS:
        return
    _estimate(t, bench, options, photos)
    if st.button(t("Start"), key=f"{_KEY}-start", type="primary", icon=":material/play_arrow:"):
        _begin(t, bench, options)


def _latest(bench: Bench, project: Project) -> TrainOptions:
    """Return what was chosen for the latest training, or would be for a first one: a page that is left forgets."""
    if bench.state is not None and bench.state.options.architecture in NETS:
        return bench.state.options
    return TrainOptions(project.folder, architecture=next(iter(NETS)), epochs=DEFAULT_EPOCHS)


def _about_photos(t: Translator, photos: Photos) -> str:
    if photos.classes < 2 or photos.fewest < LEAST_PHOTOS:
        return t("First give at least two classes two photos each; a hundred of each are a beginning.")
    counted = t("{n} photos to learn from, {held} held out.", n=photos.learning, held=photos.held_out)
    if photos.fewest >= FEW_PHOTOS:
        return counted
    few = t("That is few: with less than {least} of a class it mostly learns them by heart.", least=FEW_PHOTOS)
    return f"{counted} {few}"


def _begin(t: Translator, bench: Bench, options: TrainOptions) -> None:
    try:
        bench.begin(options)
    except UsageError as error:
        draw_error(t, error)
    else:
        st.rerun()


def _estimate(t: Translator, bench: Bench, options: TrainOptions, photos: Photos) -> None:
    """Say how long it takes, if that was measured, or offer to measure it."""
    job, known = bench.estimate, seconds(options, photos.learning, photos.held_out)
    row = st.container(horizontal=True, vertical_alignment="center", key=f"{_KEY}-estimate")
    if known is not None:
        row.write(f":material/schedule: {t.message(time_words(*known))}")
    elif job is not None and job.is_live:
        _wait_for_estimate(t, job)
    else:
        if job is not None and job.error is not None:
            draw_error(t, job.error)
        row.write(t("How long it takes was not measured on this machine yet."))
        if row.button(t("Measure it"), key=f"{_KEY}-measure", icon=":material/timer:"):
            bench.time(options)
            st.rerun()


@st.fragment(run_every=_POLL_S)
def _wait_for_estimate(t: Translator, job: Job) -> None:
    keep()
    if not job.is_live:
        st.rerun()
    told = t("A few steps of this net are timed. That takes a minute or two…")
    st.write(f":material/hourglass: {told}")


@st.fragment(run_every=_POLL_S)
def _watch(t: Translator, bench: Bench) -> None:
    """Draw a training that goes on or waits, or its best that is made into a model."""
    keep()
    if not bench.is_busy:
        st.rerun()
    job, state = bench.job, bench.state
    if job is None or state is None or not job.is_live:
        st.progress(1.0, text=t("Cancelled. The best so far is being made into a model…"))
    else:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.progress(_share(state), text=_doing(t, job, state))
        row.button(t("Cancel"), key=f"{_KEY}-cancel", icon=":material/close:", on_click=bench.cancel)
        if state.low is not None and state.high is not None:
            st.caption(plain(t.message(time_words(state.low, state.high))))
    if state is not None:
        _curves(t, state)


def _share(state: Stand) -> float:
    """Return how much of it is done, 0 to 1."""
    epochs = state.options.manner.epochs
    at = max([0.0, *(row["epoch"] for row in state.history[-1:]), *(row["at"] for row in state.live[-1:])])
    return 1.0 if state.stage in ("write", "done") else min(1.0, at / epochs)


def _doing(t: Translator, job: Job, state: Stand) -> str:
    """Return what a training is at, in words."""
    if job.is_stopping:
        return t("Stopping…")
    if job.state is JobState.WAITING:
        return t("Waiting in line, place {place}. It begins by itself.", place=server_queue().place(job))
    match state.stage:
        case "fit" if state.live:
            epoch, epochs = int(state.live[-1]["at"]) + 1, state.options.manner.epochs
            told = t("Epoch {epoch} of {epochs}", epoch=min(epoch, epochs), epochs=epochs)
            return told if state.eta is None else t("{progress}, {time}", progress=told, time=left_words(t, state.eta))
        case stage:
            return t.message(stage_words(stage, state.done, state.total))


def _curves(t: Translator, state: Stand) -> None:
    """Draw the curves, the latest figures, and whether it learns by heart."""
    if not state.history and not state.live:
        return
    left, right = st.columns(2)
    left.vega_lite_chart(loss_curves(state.history, state.live, t), width="stretch", key=f"{_KEY}-loss")
    right.vega_lite_chart(accuracy_curves(state.history, state.live, t), width="stretch", key=f"{_KEY}-accuracy")
    if state.history:
        words = [after_epoch(state.history[-1]), chosen_among(state.history)]
        st.caption(" ".join(t.message(each) for each in words if each is not None))
    if (told := by_heart(state.history)) is not None:
        st.warning(plain(t.message(told)), icon=":material/psychology_alt:")
    for note in state.notes:
        st.info(plain(t(note)))


def _ended(t: Translator, bench: Bench, project: Project) -> None:
    """Say how the latest training ended and what can be done with it."""
    state, job = bench.state, bench.job
    if job is not None:
        job.check()
    if bench.keeping is not None:
        bench.keeping.check()
    if state is None:
        return
    _curves(t, state)
    match state.end:
        case "done":
            st.success(t("The training is finished."), icon=":material/check:")
        case "failed" if state.error is not None:
            draw_error(t, AppError(state.error.text, **state.error.values))
        case "cancelled":
            kept = bench.keeping
            if kept is not None and kept.error is not None:
                draw_error(t, kept.error)
            elif state.model is None:
                st.info(t("Cancelled before there was anything to keep."), icon=":material/cancel:")
            else:
                st.info(t("Cancelled. The best so far is kept as a model."), icon=":material/cancel:")
        case _ if job is None:
            st.info(t("The server was stopped in the middle of this training."), icon=":material/power_off:")
    row = st.container(horizontal=True, key=f"{_KEY}-ended")
    if bench.can_resume and state.options.photos == photos_of(project).digest:
        resume = row.button(t("Resume"), key=f"{_KEY}-resume", icon=":material/resume:")
        if resume:
            _begin(t, bench, state.options)
    if bench.can_resume and state.end != "cancelled":
        row.button(t("Keep the best so far"), key=f"{_KEY}-keep", icon=":material/save:", on_click=bench.keep)
    if state.model is not None and _is_here(state.model):
        use = row.button(t("Try it in Classify"), key=f"{_KEY}-use", icon=":material/image_search:")
        if use:
            st.session_state[CHOSEN] = state.model
            st.switch_page("pages/classify.py")
        _say_as_the_example(t, project, state.model)


def _say_as_the_example(t: Translator, project: Project, model: str) -> None:
    """Let a model of one unit say its sentence of a photo, one that was held out if there is one."""
    found = server_models().find(model)
    held, usable = project.held(), project.manifest.usable
    used = sorted(usable, key=lambda photo: photo.id not in held)
    if found.folder.spec.output.activation != "sigmoid" or not used:
        return
    photo = used[0]
    data = project.read(photo)
    answer = infer(Source.of_bytes(data, photo.name), server_models().classifier(found))
    if isinstance(answer, Answer):
        told = t.message(sentence([float(share) for share in answer.probabilities], labels(found, t.language)))
        small = b64encode(thumbnail(open_photo(data, photo.name), side=THUMBNAIL_PX)).decode()
        picture = f'<img src="data:image/jpeg;base64,{small}" alt="">'
        st.html(f'<p class="scratch-said">{picture}<span>{escape(told)}</span></p>')


def _is_here(model: str) -> bool:
    try:
        return store().find(model).state is State.READY
    except AppError:
        return False
