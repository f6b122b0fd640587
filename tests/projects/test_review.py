"""What is found of a whole project, and when it is worked out anew."""

from pathlib import Path

import numpy as np
import pytest

from lib.messages import Message
from lib.projects.project import Project
from lib.projects.review import LeftOut, Reviewer
from lib.projects.store import Projects
from tests.support.pictures import encode, noise


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project of twelve cats, then twelve dogs, all different."""
    made = Projects(tmp_path).begin("Pets")
    for number, name in enumerate(("cat", "dog")):
        klass = made.add_class(name).id
        for photo in range(12):
            made.add(klass, f"{name}-{photo}.png", encode(noise(20, 14, 100 * number + photo), "PNG"))
    return made


def told(project: Project, *, swapped: int = 0) -> LeftOut:
    """Return a model's answers that are right but for the first `swapped` photos, which are as those of the others."""
    cat, dog = (klass.id for klass in project.classes)
    photos = project.photos
    answers = [dog if place < swapped else cat for place in range(12)] + [dog] * 12
    features = np.eye(2)[[int(answer == dog) for answer in answers]]
    return LeftOut("first", [p.id for p in photos], answers, np.full(24, 0.94), features)


def test_a_photo_that_looks_like_another_class_is_named_with_it(project: Project) -> None:
    review = Reviewer().review(project, told(project, swapped=1))
    assert review is not None
    (doubt,) = review.doubts
    assert (doubt.photo.name, doubt.other.name) == ("cat-0.png", "dog")
    assert str(doubt.says) == "You said cat. Left out, it says dog (94%)."
    assert review.photos == 24
    assert review.remarks == ()


def test_a_photo_that_was_moved_or_set_aside_is_doubted_no_longer(project: Project) -> None:
    left_out, reviewer = told(project, swapped=2), Reviewer()
    project.move(project.photos[0], project.classes[1].id)
    project.set_aside(project.photos[1], Message("Taken out."))
    review = reviewer.review(project, left_out)
    assert review is not None
    assert review.doubts == ()
    assert review.photos == 23


def test_answers_of_a_class_that_was_removed_are_passed_over(project: Project) -> None:
    left_out = told(project, swapped=2)
    project.remove_class(project.classes[1].id)
    review = Reviewer().review(project, left_out)
    assert review is not None
    assert review.doubts == ()


def test_each_photo_is_opened_once_and_the_same_state_is_known(project: Project) -> None:
    opened: list[int] = []
    reviewer, left_out = Reviewer(), told(project)
    assert reviewer.unmeasured(project) == 24
    first = reviewer.review(project, left_out, advance=lambda: opened.append(1))
    assert reviewer.unmeasured(project) == 0
    assert reviewer.known(project, left_out) is first
    project.set_aside(project.photos[0], Message("Taken out."))
    assert reviewer.known(project, left_out) is None
    assert reviewer.latest(project) is first
    reviewer.review(project, left_out, advance=lambda: opened.append(1))
    assert len(opened) == 24


def test_nothing_is_kept_of_a_project_that_is_forgotten(project: Project) -> None:
    reviewer = Reviewer()
    reviewer.review(project, None)
    reviewer.forget(project.id)
    assert reviewer.unmeasured(project) == 24
    assert reviewer.latest(project) is None


def test_it_stops_when_it_is_told_to(project: Project) -> None:
    assert Reviewer().review(project, None, is_to_stop=lambda: True) is None


def test_frames_of_a_burst_are_together(project: Project) -> None:
    for frame in range(3):
        project.add(project.classes[0].id, f"{frame}.png", encode(noise(20, 14, 900 + frame), "PNG"), burst="a")
    review = Reviewer().review(project, None)
    assert review is not None
    assert [[photo.name for photo in group] for group in review.alike] == [["0.png", "1.png", "2.png"]]


def test_a_project_without_photos(tmp_path: Path) -> None:
    empty = Projects(tmp_path).begin("Nothing")
    review = Reviewer().review(empty, None)
    assert review is not None
    assert (review.doubts, review.remarks, review.alike, review.photos) == ((), (), (), 0)
