"""A project becomes a model that every page can ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.catalogue.store import Store
from lib.classify.infer import conclude, infer
from lib.classify.opening import open_classifier
from lib.errors import AppError
from lib.photos.source import Source
from lib.projects.finish import finish, is_current, model_of
from lib.projects.learner import Learners
from lib.projects.project import Project
from lib.projects.store import Projects
from lib.work.jobs import Job
from tests.support.pictures import encode, plain
from tests.support.user_models import put


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    put(home, "net")
    (home / "catalogue.toml").write_text("[origins]\n", encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def store(home: Path) -> Store:
    return Store(home, shipped=home)


@pytest.fixture
def project(home: Path) -> Iterator[Project]:
    projects = Projects(home)
    project = projects.begin("colours")
    project.choose({"backbone": "net"})
    for klass in (project.add_class("red").id, project.add_class("blue").id):
        for shade in (200, 220, 240):
            colour = (shade, 0, 0) if klass == 1 else (0, 0, shade)
            project.add(klass, f"{shade}.png", encode(plain(colour), "PNG"))
    yield project
    assert projects.delete(project.id).models == 0


def make(project: Project, store: Store, name: str = "My colours") -> str:
    backbone = Learners(store)(project.settings).backbone
    job = Job(lambda job: finish(project, name, store, backbone, job))
    job.run()
    if job.error is not None:
        raise job.error
    return str(job.result)


def test_the_model_answers_as_any_other(project: Project, store: Store) -> None:
    model = make(project, store)
    assert (model, project.model, model_of(project, store)) == ("my-colours", model, model)
    classifier = open_classifier(store.open_folder(model))
    answer = infer(Source.of_bytes(encode(plain((250, 0, 0)), "PNG"), "x.png"), classifier)
    assert conclude(answer, classifier.labels).predictions[0].label == "red"  # type: ignore[arg-type]


def test_it_is_renewed_in_its_place(project: Project, store: Store) -> None:
    model = make(project, store)
    assert is_current(project)
    project.add(project.classes[0].id, "more.png", encode(plain((180, 0, 0)), "PNG"))
    assert not is_current(project)
    assert make(project, store, "Better colours") == model
    assert store.find(model).spec.name == "Better colours"
    assert is_current(project)


def test_one_that_was_removed_is_made_anew(project: Project, store: Store) -> None:
    store.remove(make(project, store))
    assert model_of(project, store) is None
    assert make(project, store) == "my-colours"


def test_the_earlier_model_stays_where_the_new_one_cannot_be_made(project: Project, store: Store) -> None:
    model = make(project, store)
    project.remove_class(project.classes[0].id)
    with pytest.raises(AppError, match="class"):
        make(project, store)
    assert model_of(project, store) == model
    assert not is_current(project)
