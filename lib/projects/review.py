"""What is worth looking at again in a project's photos, worked out once for each state of the project."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.errors import PhotoError
from lib.messages import Message
from lib.photos.opening import open_with_size
from lib.projects.live import Learned
from lib.projects.project import Kept, Klass, Project
from lib.training.check import Remark, doubt, remarks, suspects
from lib.training.traits import SIDE, Traits, measure
from lib.work.bounded import Bounded

MEMORY_BYTES = 16 * 2**20  # of all projects' photos: twenty thousand
MOST_REVIEWS = 100


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """What the project's model says of each photo that it learned from, when it had not learned from it.

    Attributes:
        source: Equal where all of this is.
        photos: Ids of N photos.
        answers: Ids of N classes.
        probabilities: Shape (N,).
        features: Shape (N, D), rows of length 1.
    """

    source: object
    photos: Sequence[int]
    answers: Sequence[int]
    probabilities: NDArray[np.float64]
    features: NDArray[np.floating]

    @classmethod
    def of(cls, learned: Learned[Any, Any] | None) -> "LeftOut | None":
        """Return what a live model says of its photos; None where it is too early to tell."""
        if learned is None or learned.fit is None or learned.fit.result is None:
            return None
        row = {photo.id: number for number, photo in enumerate(learned.photos)}
        said = [one for one in learned.fit.result.said if one.photo.id in row]
        return cls(
            learned.fit.result,
            [one.photo.id for one in said],
            [one.klass for one in said],
            np.array([one.probability for one in said]),
            learned.directions[[row[one.photo.id] for one in said]],
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """A photo whose label may be wrong.

    Attributes:
        photo: It.
        other: The class that it looks like.
        says: The sentence about it.
    """

    photo: Kept
    other: Klass
    says: Message


@dataclass(frozen=True, slots=True)
class Review:
    """What was found.

    Attributes:
        doubts: The likeliest first.
        remarks: What gives classes away, then what is missing.
        alike: Photos that are nearly the same, by group.
        photos: How many were looked at.
    """

    doubts: tuple[Doubt, ...]
    remarks: tuple[Remark, ...]
    alike: tuple[tuple[Kept, ...], ...]
    photos: int


class Reviewer:
    """Looks at projects; safe to use from several threads. What it keeps is small, and can be forgotten.

    Args:
        most_bytes: Of what was measured; what was used last stays.
    """

    def __init__(self, most_bytes: int = MEMORY_BYTES) -> None:
        self._traits: Bounded[tuple[str, str], Traits] = Bounded(most_bytes, lambda traits: traits.nbytes)
        self._latest: Bounded[str, tuple[object, Review]] = Bounded(MOST_REVIEWS, lambda _: 1)

    def unmeasured(self, project: Project) -> int:
        """Return how many photos have still to be opened."""
        return sum(self._traits.get((project.id, photo.digest)) is None for photo in project.manifest.usable)

    def known(self, project: Project, left_out: LeftOut | None) -> Review | None:
        """Return what was found of a project as it is now; None if it was another when it was looked at."""
        latest = self._latest.get(project.id)
        return latest[1] if latest is not None and latest[0] == _state(project, left_out) else None

    def latest(self, project: Project) -> Review | None:
        """Return what was found when the project was last looked at."""
        latest = self._latest.get(project.id)
        return None if latest is None else latest[1]

    def review(
        self,
        project: Project,
        left_out: LeftOut | None,
        *,
        is_to_stop: Callable[[], bool] = lambda: False,
        advance: Callable[[], object] = lambda: None,
    ) -> Review | None:
        """Return what there is to look at again; None if it was to stop.

        Args:
            project: The project.
            left_out: What its model says of photos left out; None where there is no model yet.
            is_to_stop: Asked before each photo.
            advance: Called for each photo that was opened.
        """
        state, classes = _state(project, left_out), project.classes
        measured: list[tuple[Kept, Traits]] = []
        for photo in project.manifest.usable:
            if is_to_stop():
                return None
            if (traits := self._measured(project, photo, advance)) is not None:
                measured.append((photo, traits))
        photos = [photo for photo, _ in measured]
        groups = _groups(project, [photo.id for photo in photos])
        place = {klass.id: position for position, klass in enumerate(classes)}
        labels = np.array([place[photo.klass] for photo in photos if photo.klass is not None], np.intp)
        names = [klass.name for klass in classes]
        found = remarks(names, labels, [traits for _, traits in measured], groups, [photo.burst for photo in photos])
        review = Review(_doubts(project, left_out), found, _together(project), len(photos))
        self._latest.put(project.id, (state, review))
        return review

    def forget(self, project_id: str) -> None:
        """Let go of all that was found of a project."""
        self._traits.forget(lambda key: key[0] == project_id)
        self._latest.forget(lambda key: key == project_id)

    def _measured(self, project: Project, photo: Kept, advance: Callable[[], object]) -> Traits | None:
        """Return a photo's traits; None for one that cannot be opened, which the project sets aside by itself."""
        key = project.id, photo.digest
        if (found := self._traits.get(key)) is not None:
            return found
        try:
            image, size_wh = open_with_size(project.read(photo), photo.name, at_least=SIDE)
        except PhotoError:
            return None
        finally:
            advance()
        made = measure(image, size_wh)
        self._traits.put(key, made)
        return made


def _state(project: Project, left_out: LeftOut | None) -> object:
    return project.version, None if left_out is None else left_out.source


def _groups(project: Project, photos: Sequence[int]) -> NDArray[np.intp]:
    """Return a number for each of these photos, by their ids: the same for those that are nearly the same."""
    group = {photo: number for number, together in enumerate(project.groups()) for photo in together}
    return np.unique([group.get(photo, -1 - photo) for photo in photos], return_inverse=True)[1].astype(np.intp)


def _doubts(project: Project, left_out: LeftOut | None) -> tuple[Doubt, ...]:
    """Return the doubts about photos that are still where they were when the model learned from them."""
    if left_out is None:
        return ()
    now = {photo.id: photo for photo in project.manifest.usable}
    place = {klass.id: position for position, klass in enumerate(project.classes)}
    rows = [
        row
        for row, (photo, answer) in enumerate(zip(left_out.photos, left_out.answers, strict=True))
        if photo in now and answer in place
    ]
    photos = [now[left_out.photos[row]] for row in rows]
    answers = np.array([place[left_out.answers[row]] for row in rows], np.intp)
    labels = np.array([place[photo.klass] for photo in photos if photo.klass is not None], np.intp)
    groups = _groups(project, [photo.id for photo in photos])
    names = [klass.name for klass in project.classes]
    found = suspects(answers, left_out.probabilities[rows], labels, left_out.features[rows], groups)
    return tuple(Doubt(photos[each.photo], project.classes[each.looks_like], doubt(each, names)) for each in found)


def _together(project: Project) -> tuple[tuple[Kept, ...], ...]:
    """Return the photos that are nearly the same, the largest group first."""
    now = {photo.id: photo for photo in project.manifest.usable}
    groups = [tuple(now[photo] for photo in group if photo in now) for group in project.groups()]
    return tuple(sorted((group for group in groups if len(group) > 1), key=len, reverse=True))
