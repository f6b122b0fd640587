"""All projects of a data folder: found by their id alone, deleted without a trace, swept when nobody opened them."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lib.errors import FullError
from lib.model import writing
from lib.model.spec import ModelFolder, load
from lib.projects import limits
from lib.projects.store import Left, Projects
from lib.work.jobs import Job, Kind
from lib.work.queue import Queue
from tests.support.pictures import encode, noise

DAY = 24 * 3600.0
NOW = 1_800_000_000.0


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "jobs")


@pytest.fixture
def projects(tmp_path: Path, queue: Queue) -> Projects:
    return Projects(tmp_path, queue)


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("wrong", ["", ".", "..", "../incoming", "a" * 22, "A/" + "b" * 20, "\0" * 22, "é" * 22])
def test_only_an_id_finds_a_project(projects: Projects, wrong: str) -> None:
    project = projects.begin("mine")
    assert projects.find(project.id) is project
    assert projects.find(wrong) is None
    assert projects.delete(wrong) == Left(0, 0, 0, 0)
    assert projects.all() == (project,)


def test_a_project_that_is_deleted_leaves_nothing(
    tmp_path: Path, projects: Projects, queue: Queue, tiny_model: Callable[[str], ModelFolder]
) -> None:
    kept, project = projects.begin("stays"), projects.begin("goes")
    for one in (kept, project):
        one.add(one.add_class("cat").id, "1.png", encode(noise(40, 30), "PNG"))
    (project.folder / "features").mkdir()
    (project.folder / "features" / "x").write_bytes(b"x")
    model = tmp_path / "models" / "our-things"
    shutil.copytree(tiny_model("float32").path, model)
    writing.write(model, replace(load(model).spec, id="our-things"))
    project.set_model("our-things")
    job = queue.submit(Job(lambda job: job.cancelled.wait(10), kind=Kind.FITTING, name="finish", owner=project.id))
    assert projects.delete(project.id) == Left(photos=0, models=0, jobs=0, files=0)
    assert not job.is_live
    assert not model.exists()
    assert (project.is_deleted, kept.is_deleted) == (True, False)
    left = [path for path in below(tmp_path) if project.id in path or "our-things" in path]
    assert left == []
    assert projects.all() == (kept,)


def test_what_cannot_be_removed_is_counted(projects: Projects, monkeypatch: pytest.MonkeyPatch) -> None:
    project = projects.begin()
    project.add(project.add_class("cat").id, "1.png", encode(noise(40, 30), "PNG"))
    monkeypatch.setattr("lib.projects.store.remove_folder", lambda *_: None)
    left = projects.delete(project.id)
    assert (left.photos, left.files) == (1, 2)


def test_a_project_that_nobody_opened_for_30_days_goes(tmp_path: Path, projects: Projects) -> None:
    ages = {"new": 0.0, "29 days": 29 * DAY, "31 days": 31 * DAY, "empty, new": 0.0, "empty, two days": 2 * DAY}
    for name, age in ages.items():
        project = projects.begin(name)
        if "empty" not in name:
            project.add(project.add_class("cat").id, "1.png", encode(noise(40, 30), "PNG"))
        os.utime(project.folder, (NOW - age, NOW - age))
    fresh = Projects(tmp_path)
    fresh.sweep(NOW)
    assert {project.name for project in fresh.all()} == {"new", "29 days", "empty, new"}


@pytest.mark.parametrize("wrong", [0.0, 86400.0 * 365 * 30, NOW + 40 * DAY])
def test_a_clock_that_was_wrong_costs_no_project(projects: Projects, wrong: float) -> None:
    project = projects.begin()
    os.utime(project.folder, (wrong, wrong))
    projects.sweep(NOW)
    assert not project.is_deleted
    assert project.folder.stat().st_mtime == NOW


def test_opening_a_project_counts_as_use(tmp_path: Path, projects: Projects) -> None:
    project = projects.begin()
    os.utime(project.folder, (NOW - 40 * DAY, NOW - 40 * DAY))
    Projects(tmp_path).find(project.id)
    assert time.time() - project.folder.stat().st_mtime < 60


def test_files_that_a_killed_server_left_go_after_a_while(projects: Projects) -> None:
    project = projects.begin()
    kept = project.add(project.add_class("cat").id, "1.png", encode(noise(40, 30), "PNG"))
    now = time.time()
    for name, age in (("old", 7200.0), ("new", 0.0)):
        file = project.folder / "photos" / name
        file.write_bytes(b"x")
        os.utime(file, (now - age, now - age))
    projects.sweep(now)
    assert below(project.folder / "photos") == sorted([kept.digest, "new"])


def test_a_folder_that_is_no_project_stops_no_sweep(tmp_path: Path, projects: Projects) -> None:
    project = projects.begin()
    (tmp_path / "projects" / ("x" * 22)).mkdir()
    (tmp_path / "projects" / "notes.txt").write_text("x")
    projects.sweep(time.time())
    assert projects.all() == (project,)


def test_there_is_an_end_to_how_many(projects: Projects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_PROJECTS", 2)
    projects.begin(), projects.begin()
    with pytest.raises(FullError, match="too many projects"):
        projects.begin()


def test_the_room_is_that_of_all_projects_also_of_those_of_other_servers(tmp_path: Path, projects: Projects) -> None:
    data = encode(noise(40, 30), "PNG")
    for server in (projects, Projects(tmp_path)):
        project = server.begin()
        project.add(project.add_class("cat").id, "1.png", data)
    assert projects.left_bytes() == limits.ALL_BYTES - 2 * len(data)


def test_a_project_is_one_object_however_often_it_is_found(projects: Projects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPEN_PROJECTS", 1)
    held = projects.begin()
    for _ in range(3):
        projects.begin()
    assert projects.find(held.id) is held


def test_a_folder_without_a_description_is_no_project_yet(tmp_path: Path, projects: Projects) -> None:
    (tmp_path / "projects" / ("x" * 22)).mkdir(parents=True)
    assert projects.find("x" * 22) is None
