"""Look and Check my photos, below the columns of the page Train."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lib.messages import Message
from lib.projects.project import Project
from lib.projects.review import Reviewer
from lib.projects.store import server_projects
from lib.ui.train import checking, looking
from tests.pages.conftest import html, press, run_until
from tests.support.pictures import encode, noise

SCRIPT = """
from lib.projects.store import server_projects
from lib.ui.language import translator
from lib.ui.train import photos
photos.draw(translator(), server_projects().find({id!r}))
"""


@pytest.fixture(autouse=True)
def nothing_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the live model, which has tests of its own."""
    workshop = SimpleNamespace(live=lambda project: SimpleNamespace(learned=None), reviewer=Reviewer())
    for section in (checking, looking):
        monkeypatch.setattr(section, "server_workshop", lambda: workshop)


@pytest.fixture
def project() -> Project:
    """Return a project of twelve photos of each of two classes; the dogs are all dark."""
    made = server_projects().begin("Pets")
    for number, name in enumerate(("cat", "<dog>")):
        klass = made.add_class(name).id
        for photo in range(12):
            picture = noise(40, 30, 100 * number + photo).point(lambda value, times=number: value >> (2 * times))
            made.add(klass, f"{name}-{photo}.png", encode(picture, "PNG"))
    return made


def opened(project: Project, *sections: str) -> AppTest:
    """Open the sections of a project's page."""
    test = AppTest.from_string(SCRIPT.format(id=project.id), default_timeout=60)
    for section in sections:
        test.session_state[section] = True
    test.run()
    assert not test.exception
    return test


def checked(project: Project) -> AppTest:
    """Open Check my photos, and wait until it has looked."""
    test = opened(project, checking.KEY)
    run_until(test, lambda: "What is missing?" in html(test))
    return test


def doubting(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """Have the model take the first cat for a dog."""
    photos = project.photos
    dog = project.classes[1].id
    answers = [dog if photo is photos[0] else photo.klass for photo in photos]
    features = np.eye(2)[[int(answer == dog) for answer in answers]]
    left_out = checking.LeftOut("first", [p.id for p in photos], answers, np.full(len(photos), 0.94), features)
    monkeypatch.setattr(checking.LeftOut, "of", lambda learned: left_out)


def test_sections_that_are_closed_say_nothing_and_look_at_nothing(project: Project) -> None:
    test = opened(project)
    assert [expander.label for expander in test.expander] == ["Look at your photos", "Check my photos"]
    assert html(test) == ""


def test_a_project_without_photos_says_so() -> None:
    test = opened(server_projects().begin("Empty"), looking.KEY, checking.KEY)
    assert html(test).count("There are no photos yet. Add some above.") == 2


def test_look_shows_nine_photos_what_the_model_sees_and_the_photo_varied(project: Project) -> None:
    test = opened(project, looking.KEY)
    shown = html(test)
    asked = re.findall(r"/projects/([\w-]+)/photos/(\d+)\.jpg\?side=96", shown)
    assert len(asked) == 9
    assert {id_ for id_, _ in asked} == {project.id}
    assert "Your photo: 40 × 30 pixels" in shown
    assert "What the model sees: 224 × 224 pixels" in shown
    assert shown.count("data:image/jpeg") == 1 + 1 + looking.VARIED
    test.slider(key="train-look-zoom").set_value(50).run()
    assert not test.exception
    assert html(test) != shown


def test_another_class_and_another_photo_can_be_looked_at(project: Project) -> None:
    test = opened(project, looking.KEY)
    first = html(test)
    press(test, "Another photo")
    assert html(test) != first
    test.segmented_control(key="train-look-class").set_value(project.classes[1].id).run()
    assert "&lt;dog&gt;" in html(test)
    assert "<dog>" not in html(test)


def test_what_gives_a_class_away_is_said_with_what_to_do(project: Project) -> None:
    shown = html(checked(project))
    assert "Nearly always, a photo of cat is brighter than one of &lt;dog&gt;." in shown
    assert "It may learn the light instead of the thing." in shown


def test_a_photo_that_may_be_in_the_wrong_class_is_moved(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    doubting(monkeypatch, project)
    test = checked(project)
    assert "This photo looks like another class. It may be wrong: you decide." in html(test)
    assert "You said cat. Left out, it says &lt;dog&gt; (94%)." in html(test)
    press(test, "Move to")
    assert project.photos[0].klass == project.classes[1].id
    run_until(test, lambda: "No photo looks as if it were in the wrong class." in html(test))


def test_a_photo_that_is_kept_is_asked_about_no_more(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    doubting(monkeypatch, project)
    test = checked(project)
    press(test, "Keep")
    assert "You said cat." not in html(test)
    assert project.photos[0].klass == project.classes[0].id


def test_a_photo_that_is_set_aside_is_shown_with_the_reason_and_comes_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubting(monkeypatch, project)
    test = checked(project)
    press(test, "Set aside")
    run_until(test, lambda: "Set aside: 1" in html(test))
    assert "cat-0.png was taken out." in html(test)
    press(test, "Put back")
    assert project.photos[0].aside is None


def test_what_cannot_be_read_stays_aside_with_its_reason(project: Project) -> None:
    cut = encode(noise(400, 300, 7), "PNG")[:50_000]
    project.add(project.classes[0].id, "<b>.png", cut)
    test = checked(project)
    assert "&lt;b&gt;.png is incomplete" in html(test)
    assert not [button for button in test.button if button.label == "Put back"]


def test_a_photo_that_is_gone_is_one_sentence(project: Project) -> None:
    Path(project.folder / "photos" / project.photos[0].digest).unlink()
    test = opened(project, looking.KEY)
    assert len(test.error) == 1


def test_the_lesson_on_jfif_counts_good_photos(project: Project) -> None:
    assert "It would have deleted 24 of your 24 good photos." in html(checked(project))


def test_frames_of_a_burst_are_shown_together(project: Project) -> None:
    for frame in range(3):
        project.add(project.classes[0].id, f"{frame}.png", encode(noise(40, 30, 50 + frame), "PNG"), burst="a")
    assert "cat: 3" in html(checked(project))


def test_it_reads_in_korean(project: Project) -> None:
    project.set_aside(project.photos[0], Message("{file} was taken out.", {"file": "a"}))
    test = AppTest.from_string(SCRIPT.format(id=project.id), default_timeout=60)
    test.query_params["lang"] = "ko"
    test.session_state[looking.KEY] = True
    test.run()
    assert not test.exception
    assert "모델이 보는 것" in html(test)
