"""Check my photos: labels that may be wrong, what gives classes away, what is missing, what was set aside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape

import streamlit as st

from lib.errors import AppError
from lib.i18n import Translator
from lib.messages import N_, Message
from lib.projects.project import Kept, Klass, Project
from lib.projects.review import Doubt, LeftOut, Review
from lib.server.workshop import server_workshop
from lib.training.check import About, Remark
from lib.ui import waiting
from lib.ui.style import plain
from lib.ui.train import pictures
from lib.ui.visit import keep
from lib.work.jobs import Job, Kind
from lib.work.queue import server_queue

KEY = "train-check"
BY_OWNER = N_("{file} was taken out.")
_MOST_DOUBTS, _MOST_GROUPS, _MOST_ASIDE, _MOST_IN_GROUP = 6, 6, 24, 8
_PATIENCE_S = 0.5
_JOB = "check"
_KEPT, _PROBLEM = "train-check-kept", "train-check-problem"


def draw(t: Translator, project: Project) -> None:
    """Draw the section, folded."""
    st.fragment(_section)(t, project)


def _section(t: Translator, project: Project) -> None:
    keep()
    if project.is_deleted:  # in another tab
        st.rerun()
    panel = st.expander(t("Check my photos"), key=KEY, icon=":material/fact_check:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if (problem := st.session_state.pop(_PROBLEM, None)) is not None:
            waiting.draw_error(t, problem)
        if not project.photos:
            pictures.say(t("There are no photos yet. Add some above."))
            return
        if not project.settings.keeps_photos:
            pictures.say(t("This project keeps only numbers made of its photos, so nobody can check them any more."))
            _aside(t, project)
            return
        left_out = LeftOut.of(server_workshop().live(project).learned)
        review = _review(t, project, left_out)
        if review is not None:
            _doubts(t, project, left_out, review)
            _remarks(t, review)
            _alike(t, project, review)
        _aside(t, project)
        _jfif(t, project)


def _review(t: Translator, project: Project, left_out: LeftOut | None) -> Review | None:
    """Return what was found of the project; None, with the progress drawn, while it is being looked at."""
    reviewer, queue = server_workshop().reviewer, server_queue()
    if (known := reviewer.known(project, left_out)) is not None:
        return known

    def work(job: Job) -> None:
        reviewer.review(project, left_out, is_to_stop=job.cancelled.is_set, advance=job.advance)

    job = queue.get(_JOB, project.id)
    if job is None or not job.is_live:  # whoever else looks at this project waits for the same
        total = reviewer.unmeasured(project) or None
        job = queue.submit(Job(work, kind=Kind.LOOKING, name=_JOB, owner=project.id, total=total))
    ended = waiting.watch(t, job, t("Looking through your photos…"), patience_s=_PATIENCE_S)
    return None if ended is None else reviewer.latest(project)  # a photo that came meanwhile is in the next one


def _doubts(t: Translator, project: Project, left_out: LeftOut | None, review: Review) -> None:
    kept = st.session_state.setdefault(_KEPT, set())
    doubts = [doubt for doubt in review.doubts if (project.id, doubt.photo.id, doubt.photo.klass) not in kept]
    if left_out is None:
        says = t("As soon as it can tell two classes apart, it says here which photos may be in the wrong one.")
    elif not doubts:
        says = t("No photo looks as if it were in the wrong class.")
    else:
        says = t.plural(
            "This photo looks like another class.", "These {n} photos look like another class.", len(doubts)
        )
        says += " " + t("It may be wrong: you decide.")
    pictures.part(t("Right class?"), says)
    if not doubts:
        return
    with st.container(key="train-doubts", horizontal=True):
        for doubt in doubts[:_MOST_DOUBTS]:
            _doubt(t, project, doubt)
    if len(doubts) > _MOST_DOUBTS:
        pictures.say(t("{n} more come up when these are decided.", n=len(doubts) - _MOST_DOUBTS))


def _doubt(t: Translator, project: Project, doubt: Doubt) -> None:
    photo, key = doubt.photo, f"train-doubt-{doubt.photo.id}"
    with st.container(key=key, border=True):
        st.html(pictures.figure(pictures.photo(project, photo, pictures.LARGE), t.message(doubt.says), "doubted"))
        st.button(t("Keep"), key=f"{key}-keep", on_click=_keep, args=(project, photo))
        st.button(
            t("Move to {name}", name=plain(doubt.other.name)), key=f"{key}-move", on_click=_move,
            args=(project, photo, doubt.other),
        )  # fmt: skip
        st.button(t("Set aside"), key=f"{key}-aside", on_click=_set_aside, args=(project, photo))


def _keep(project: Project, photo: Kept) -> None:
    st.session_state[_KEPT].add((project.id, photo.id, photo.klass))


def _move(project: Project, photo: Kept, klass: Klass) -> None:
    with _problems():
        project.move(photo, klass.id)


def _set_aside(project: Project, photo: Kept) -> None:
    with _problems():
        project.set_aside(photo, Message(BY_OWNER, {"file": photo.name}))


def _put_back(project: Project, photo: Kept) -> None:
    with _problems():
        project.put_back(photo)


@contextmanager
def _problems() -> Iterator[None]:
    """Have the page say what goes wrong in the block."""
    try:
        yield
    except AppError as error:
        st.session_state[_PROBLEM] = error


def _remarks(t: Translator, review: Review) -> None:
    lessons = [remark for remark in review.remarks if remark.about is About.LESSON]
    missing = [remark for remark in review.remarks if remark.about is About.MISSING]
    nothing = t("Light, background, sharpness, shape and size do not give any class away. Other things may.")
    pictures.part(t("Could it learn the wrong thing?"), "" if lessons else nothing, _list(t, lessons, "lesson"))
    nothing = t("Nothing that can be counted. Photos from other places and other days always help.")
    pictures.part(t("What is missing?"), "" if missing else nothing, _list(t, missing, "missing"))


def _list(t: Translator, found: Sequence[Remark], css_class: str) -> str:
    if not found:
        return ""
    items = (f"<li><b>{escape(t.message(each.says))}</b> {escape(t.message(each.tip))}</li>" for each in found)
    return f'<ul class="remarks {css_class}">{"".join(items)}</ul>'


def _alike(t: Translator, project: Project, review: Review) -> None:
    if not review.alike:
        return
    names = {klass.id: klass.name for klass in project.classes}
    says = t("They are kept together when photos are held back to test it: else the test would be too easy.")
    groups = ""
    for group in review.alike[:_MOST_GROUPS]:
        shown = [pictures.figure(pictures.photo(project, photo)) for photo in group[:_MOST_IN_GROUP]]
        classes = t.listed(dict.fromkeys(names[photo.klass] for photo in group if photo.klass is not None))
        groups += pictures.text(f"{classes}: {len(group)}") + pictures.row(shown, "alike")
    if len(review.alike) > _MOST_GROUPS:
        groups += pictures.text(t("And {n} more groups.", n=len(review.alike) - _MOST_GROUPS))
    pictures.part(t("Nearly the same photos"), says, groups)


def _aside(t: Translator, project: Project) -> None:
    """Draw the photos that are not learned from, with the reason; nothing of them was deleted."""
    aside = [photo for photo in project.photos if photo.aside is not None]
    if not aside:
        return
    pictures.part(t("Set aside: {n}", n=len(aside)), t("It does not learn from these. Nothing was deleted."))
    for photo in aside[:_MOST_ASIDE]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"train-aside-{photo.id}"):
            st.html(_set_aside_row(t, project, photo))
            if photo.phash is not None and not photo.is_broken:  # what cannot be decoded has no hash, and stays aside
                st.button(t("Put back"), key=f"train-put-back-{photo.id}", on_click=_put_back, args=(project, photo))
    if len(aside) > _MOST_ASIDE:
        pictures.say(t("And {n} more.", n=len(aside) - _MOST_ASIDE))


def _set_aside_row(t: Translator, project: Project, photo: Kept) -> str:
    reason = "" if photo.aside is None else t.message(photo.aside)
    picture = pictures.photo(project, photo) if photo.phash is not None else '<span class="sign fail"></span>'
    return f'<div class="set-aside">{picture}<p>{escape(reason)}</p></div>'


def _jfif(t: Translator, project: Project) -> None:
    """Draw as a lesson what another way of cleaning would have done: by a sign instead of by looking."""
    healthy = project.manifest.usable
    lost = sum(not photo.is_jfif for photo in healthy)
    if not lost:
        return
    says = t(
        "A well-known example for training sorts photos without looking at them: it deletes every file that does not "
        "have the letters JFIF near its beginning. Here every photo is opened instead."
    )
    count = t("It would have deleted {n} of your {all} good photos.", n=lost, all=len(healthy))
    pictures.part(t("How others clean photos"), f"{says} {count}")
