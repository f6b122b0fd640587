"""A project as the page Train draws it, in plain values and HTML that is ready.

id, name, version       another version where anything of it is another
classes                 [{id, name, count, aside, photos: newest first, at most 8, tip: HTML}]
aside, asideCount       [{id, name, reason, klass, isBroken}], at most 200, and how many there are
learned                 the version all of whose photos the live model knows: `version` if it knows them all
result, accuracy        HTML of the column "Is it any good?"; {value, low, high, right, total, by} or null
chosen, notes           what was chosen for these photos, in one sentence or ""; and why, a sentence each
settings                as the owner chose
bound, toDrop           why the backbone cannot be another one, or ""; how many photos are still to be deleted
backbones, exercises    [{id, name}]: only of networks that have features; [{id, name, photos}]
bytes, most             what the photos take, and may take
"""

from collections import Counter, defaultdict
from dataclasses import asdict
from functools import partial
from html import escape
from typing import Any

import numpy as np

from lib.errors import ModelOutputError, PhotoError
from lib.face.answer import bars, empty_bars, verdict_box
from lib.face.card import waiting
from lib.face.words import kind_of
from lib.formats.graft import Pooling
from lib.i18n import Translator
from lib.projects import limits
from lib.projects.changes import BOUND
from lib.projects.finish import is_current
from lib.projects.live import Live
from lib.projects.project import Added, Kept, Project
from lib.projects.result import draw, tip_of
from lib.results import Failure
from lib.server.workshop import Workshop
from lib.work.jobs import JobState

State = dict[str, object]
_NEWEST, _MOST_ASIDE = 8, 200
_FEWEST = 2  # classes of an answer


def state(t: Translator, workshop: Workshop, project: Project) -> State:
    """Return a project's state."""
    told, live = workshop.tell(project), workshop.live(project)
    counts = Counter(photo.klass or 0 for photo in project.manifest.usable)
    aside = [photo for photo in project.photos[::-1] if photo.aside is not None]
    result = None if live.learned is None or live.learned.fit is None else live.learned.fit.result
    if live.problem is None:
        is_shown = project.settings.keeps_photos
        column = draw(t, project.classes, counts, result, partial(picture, project), keeps_photos=is_shown)
    else:
        column = f'<p class="tip small">{escape(t.message(live.problem.message))}</p>'
    return {
        "id": project.id,
        "name": project.name,
        "version": told.version,
        "learned": told.learned,
        "classes": _classes(t, project, counts),
        "aside": [_set_aside(t, photo) for photo in aside[:_MOST_ASIDE]],
        "asideCount": len(aside),
        "result": column,
        "accuracy": None if result is None else result.to_dict(),
        "chosen": "" if live.problem or not live.notes else _chosen(t, project, live),
        "notes": [] if live.problem else [t.message(note) for note in live.notes],
        "settings": asdict(project.settings),
        "bound": t(BOUND) if project.manifest.dropped else "",
        "toDrop": len({photo.digest for photo in project.manifest.to_drop}),
        "sees": _sees(live),
        "backbones": [{"id": model, "name": name} for model, name in workshop.backbones()],
        "exercises": [{"id": one.id, "name": one.title(t), "photos": one.photos} for one in workshop.exercises()],
        "model": _model(workshop, project),
        "job": _job(t, workshop, project),
        "bytes": project.held_bytes,
        "most": limits.PROJECT_BYTES,
    }


def _chosen(t: Translator, project: Project, live: Live[Any, Any]) -> str:
    """Return in one sentence how the head looks at photos, as far as a test decided it."""
    if live.learned is None or live.learned.fit is None:
        return ""
    kind, settings = live.learned.fit.head.head.kind, project.settings
    ways = [
        (settings.look, t("the middle square") if kind.look == "square" else t("the whole photo")),
        (settings.pooling, t("in four parts") if kind.pooling is Pooling.QUARTERS else t("in one piece")),
        (settings.mirror, t("mirrored too") if kind.is_mirrored else t("not mirrored")),
    ]
    open_ways = [way for setting, way in ways if setting == "auto"]
    return t("Chosen by test on your photos: {ways}.", ways=t.listed(open_ways)) if open_ways else ""


def _sees(live: Live[Any, Any]) -> State | None:
    """Return what a device needs to see by itself for the newest head; None where it cannot, or there is no head."""
    if live.learned is None or live.learned.fit is None:
        return None
    eyes = live.learned.learner.eyes(live.learned.fit.head)
    return None if eyes is None else asdict(eyes)


def picture(project: Project, photo: int, side: int = 240) -> str:
    """Return where a small picture of a photo is, or of the numbers that are kept in its place."""
    kind = f"jpg?side={side}" if project.settings.keeps_photos else "png"
    return f"/projects/{project.id}/photos/{photo}.{kind}"


def added(t: Translator, found: Added) -> State:
    """Return what became of photos that were brought."""
    aside = [{"name": one.file, "reason": t.message(one.reason)} for one in found.aside[:_MOST_ASIDE]]
    return {"added": found.added, "aside": aside, "asideCount": len(found.aside)}


def looked(t: Translator, workshop: Workshop, project: Project, data: bytes, name: str, *, is_seen: bool) -> State:
    """Return what the newest head says of a photo, of which version it is, and what it is reminded of.

    Args:
        t: The reader's language.
        workshop: Where the project is.
        project: The project.
        data: The photo's file; or what the reader's device saw of it by itself, float32, see `Learner.given`.
        name: The photo's.
        is_seen: Which of the two it is.

    Raises:
        UsageError: These are not the numbers that the head needs.
    """
    try:
        if is_seen:
            numbers = np.frombuffer(data[: len(data) // 4 * 4], "<f4")
            found = workshop.look_at_numbers(project, numbers, name)
        else:
            found = workshop.look(project, data, name)
    except (PhotoError, ModelOutputError) as error:
        failed = Failure(name, project.id, error)
        return _answer(kind_of(failed).value, verdict_box(t, failed, heading=3) + empty_bars(t, _FEWEST), 0)
    version = workshop.tell(project).learned
    if found is None:
        box = waiting(t, t("Nothing learned yet"), t("Give two classes some photos first."), heading=3)
        return _answer(kind_of(None).value, box + empty_bars(t, _FEWEST), version)
    return _answer(
        kind_of(found.found).value, verdict_box(t, found.found, heading=3) + bars(t, found.found), version, *found.near
    )


def _answer(kind: str, html: str, version: int, *near: int) -> State:
    return {"kind": kind, "html": html, "version": version, "near": list(near)}


def _classes(t: Translator, project: Project, counts: Counter[int]) -> list[State]:
    used: defaultdict[int, list[Kept]] = defaultdict(list)
    for photo in project.manifest.usable:
        used[photo.klass or 0].append(photo)
    aside = Counter(photo.klass for photo in project.photos if photo.aside is not None)
    alike = {photo for group in project.groups() for photo in group}
    return [
        {
            "id": klass.id,
            "name": klass.name,
            "count": counts[klass.id],
            "aside": aside[klass.id],
            "photos": [photo.id for photo in used[klass.id][: -_NEWEST - 1 : -1]],
            "tip": tip_of(t, klass, counts, aside[klass.id], sum(photo.id in alike for photo in used[klass.id])),
        }
        for klass in project.classes
    ]


def _model(workshop: Workshop, project: Project) -> State | None:
    model = workshop.model(project)
    return None if model is None else {"id": model.id, "name": model.name, "isCurrent": is_current(project)}


def _job(t: Translator, workshop: Workshop, project: Project) -> State | None:
    job = workshop.job(project)
    if job is None:
        return None
    match job.state:
        case JobState.WAITING:
            words = t("Waiting for a turn: number {n} in line.", n=workshop.place(job))
        case JobState.RUNNING:
            words = t("The model is being made …")
        case JobState.DONE:
            words = t("The model is ready. You find it in Classify, Compare and Code.")
        case JobState.CANCELLED:
            words = t("The model was not made: it was cancelled.")
        case JobState.FAILED if job.error is not None:
            words = t.message(job.error.message)
        case JobState.FAILED:
            words = t("The model was not made because of an error in this app.")
    return {"state": job.state.value, "words": words}


def _set_aside(t: Translator, photo: Kept) -> State:
    return {"id": photo.id, "klass": photo.klass, "isBroken": photo.is_broken, **_reason(t, photo)}


def _reason(t: Translator, photo: Kept) -> State:
    return {"name": photo.name, "reason": "" if photo.aside is None else t.message(photo.aside)}
