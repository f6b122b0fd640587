"""A project on the disk: what is in it after each step, after a restart, and beside another server."""

import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lib.datasets.manifest import SCHEMA
from lib.errors import DatasetError, FullError, PhotoError, UsageError
from lib.messages import N_, Message
from lib.photos.source import Source
from lib.projects import limits
from lib.projects.project import Kept, Project
from lib.projects.store import Projects
from tests.support.pictures import encode, noise

OUT = Message(N_("{file} was taken out."), {"file": "x"})


def photo(seed: int) -> bytes:
    """Return a photo that is like no other."""
    return encode(noise(40, 30, seed), "PNG")


CUT = encode(noise(64, 64, 99), "JPEG")[:900]


@pytest.fixture
def projects(tmp_path: Path) -> Projects:
    return Projects(tmp_path)


@pytest.fixture
def project(projects: Projects) -> Project:
    return projects.begin("our things")


def asides(project: Project) -> dict[str, str]:
    return {kept.name: str(kept.aside) for kept in project.photos if kept.aside is not None}


def test_classes_have_names_that_differ(project: Project) -> None:
    cat = project.add_class("  a\ncat\t")
    assert cat.name == "a cat"
    for same in ("A CAT", "a  cat"):
        with pytest.raises(UsageError, match="already a class called"):
            project.add_class(same)
    with pytest.raises(UsageError, match="needs a name"):
        project.add_class(" \n")
    project.rename(cat.id, "A cat")
    project.add_class("dog")
    with pytest.raises(UsageError, match="already a class called DOG"):
        project.rename(cat.id, "DOG")
    assert [klass.name for klass in project.classes] == ["A cat", "dog"]


def test_a_class_that_is_removed_comes_back_with_its_photos(project: Project) -> None:
    cat = project.add_class("cat")
    kept = project.add(cat.id, "1.png", photo(1))
    project.remove_class(cat.id)
    assert project.classes == ()
    assert [one.klass for one in project.photos] == [None]
    assert project.labelled().photos == ()
    with pytest.raises(UsageError, match="no such class"):
        project.add(cat.id, "2.png", photo(2))
    project.put_back_class(cat.id)
    assert project.find(kept.id) == kept


def test_a_class_does_not_come_back_beside_another_of_its_name(project: Project) -> None:
    first = project.add_class("cat")
    project.remove_class(first.id)
    project.add_class("Cat")
    with pytest.raises(UsageError, match="already a class called cat"):
        project.put_back_class(first.id)


def test_each_change_raises_the_version_and_no_change_does_not(project: Project) -> None:
    before = project.version
    cat = project.add_class("cat")
    project.rename(cat.id, "cat")
    assert project.version == before + 1


def test_a_photo_that_cannot_be_decoded_is_kept_with_its_reason(project: Project) -> None:
    cat = project.add_class("cat")
    kept = project.add(cat.id, "cut.jpg", CUT)
    assert str(kept.aside) == "cut.jpg is incomplete: the end of the photo is missing."
    assert project.read(kept) == CUT
    assert project.labelled().photos == ()
    with pytest.raises(PhotoError, match="incomplete"):
        project.put_back(kept)


def test_of_a_file_that_is_no_photo_only_the_name_is_kept_once(project: Project) -> None:
    cat = project.add_class("cat")
    for _ in range(2):
        kept = project.add(cat.id, "notes.txt", b"secret")
    assert (kept.digest, kept.size, project.held_bytes) == ("", 0, 0)
    assert list(asides(project)) == ["notes.txt"]
    assert not list((project.folder / "photos").iterdir())
    with pytest.raises(PhotoError, match="no photo, so only its name was kept"):
        project.read(kept)


def test_the_same_photo_twice_in_a_class_is_one(project: Project) -> None:
    cat = project.add_class("cat")
    first = project.add(cat.id, "a.png", photo(1))
    again = project.add(cat.id, "b.png", photo(1))
    assert (again.id, str(again.aside)) == (first.id, "b.png is already in this class.")
    assert project.photos == (first,)


def test_the_same_photo_in_two_classes_is_in_neither_until_one_is_taken_out(project: Project) -> None:
    cat, dog = project.add_class("cat"), project.add_class("dog")
    one, other = project.add(cat.id, "a.png", photo(1)), project.add(dog.id, "b.png", photo(1))
    assert asides(project) == {
        "a.png": "a.png is the same photo as b.png in the class dog. Take one of the two out.",
        "b.png": "b.png is the same photo as a.png in the class cat. Take one of the two out.",
    }
    assert project.held_bytes == len(photo(1))
    project.set_aside(one, OUT)
    assert list(asides(project)) == ["a.png"]
    project.put_back(one)  # which says where it belongs
    assert asides(project) == {"b.png": "a.png was taken out, because it is in another class."}
    project.put_back(other)
    assert list(asides(project)) == ["a.png"]
    project.move(other, cat.id)
    project.put_back(one)
    assert [kept.aside is None for kept in project.photos] == [True, False]


def test_photos_moved_into_one_class_count_once(project: Project) -> None:
    cat, dog = project.add_class("cat"), project.add_class("dog")
    project.add(cat.id, "a.png", photo(1))
    project.move(project.add(dog.id, "b.png", photo(1)), cat.id)
    assert asides(project) == {"b.png": "b.png is the same photo as a.png. It counts once."}


def test_a_photo_that_was_taken_out_comes_back_when_it_is_added_again(project: Project) -> None:
    cat = project.add_class("cat")
    kept = project.add(cat.id, "a.png", photo(1))
    project.set_aside(kept, OUT)
    assert project.add(cat.id, "a.png", photo(1)) == kept
    assert not asides(project)


def test_everything_is_there_after_a_restart(tmp_path: Path, project: Project) -> None:
    cat, dog = project.add_class("cat/猫 <b>"), project.add_class("개\u0301")
    project.remove_class(dog.id)
    project.add(cat.id, 'a"/../b.png', photo(1), burst="7")
    project.add(cat.id, "cut.jpg", CUT)
    project.choose({"seed": 4, "held_out": 0.3})
    project.set_model("my-model")
    project.rename_project("other")
    again = Projects(tmp_path).find(project.id)
    assert again is not None
    assert again.manifest == project.manifest
    assert (again.name, again.model, again.settings.seed) == ("other", "my-model", 4)
    assert again.folder.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in (again.folder / "photos").iterdir()) == sorted(
        kept.digest for kept in again.photos
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": 1}, "no setting “colour”"),
        ({"look": "up"}, "look must be one of auto, whole, square"),
        ({"look": ["auto"]}, "look must be one of"),
        ({"held_out": float("nan")}, "held_out must be between"),
        ({"held_out": "0.2"}, "held_out must be between"),
        ({"seed": True}, "seed must be between"),
        ({"backbone": ""}, "backbone must be the name of a model"),
    ],
)
def test_settings_that_cannot_be_are_refused(project: Project, settings: dict[str, object], message: str) -> None:
    before = project.manifest
    with pytest.raises(UsageError, match=message):
        project.choose(settings)
    assert project.manifest == before


def test_two_servers_keep_each_others_changes(tmp_path: Path, project: Project) -> None:
    cat = project.add_class("cat")
    other = Projects(tmp_path).find(project.id)
    assert other is not None
    every = [(project, range(20)), (other, range(20, 40))]

    def work(server: Project, seeds: range) -> None:
        for seed in seeds:
            server.add(cat.id, f"{seed}.png", photo(seed))

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: work(*one), every))
    project.refresh(), other.refresh()
    assert project.manifest == other.manifest
    assert sorted(int(kept.name[:-4]) for kept in project.photos) == list(range(40))
    assert len({kept.id for kept in project.photos}) == 40


def test_what_another_server_deleted_is_gone_here(tmp_path: Path, projects: Projects, project: Project) -> None:
    cat = project.add_class("cat")
    Projects(tmp_path).delete(project.id)
    with pytest.raises(DatasetError, match="not here any more"):
        project.add(cat.id, "1.png", photo(1))
    assert project.is_deleted
    assert projects.find(project.id) is None


def test_the_bounds_are_kept_and_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cat = project.add_class("cat")
    monkeypatch.setattr(limits, "PROJECT_PHOTOS", 2)
    with pytest.raises(FullError, match="has 2 photos"):
        project.add_all((cat.id, Source.of_bytes(photo(n), f"{n}.png")) for n in range(5))
    assert len(project.photos) == 2  # what had room stays
    project.add(cat.id, "0.png", photo(0))  # and is no new one
    monkeypatch.setattr(limits, "PROJECT_PHOTOS", 10)
    monkeypatch.setattr(limits, "PROJECT_BYTES", project.held_bytes)
    with pytest.raises(FullError, match="the most that a project can have"):
        project.add(cat.id, "7.png", photo(7))
    monkeypatch.setattr(limits, "PROJECT_BYTES", 10**9)
    monkeypatch.setattr(limits, "ALL_BYTES", project.held_bytes + 10)
    with pytest.raises(FullError, match="projects on this computer take"):
        project.add(cat.id, "7.png", photo(7))
    assert len(project.photos) == 2


def test_frames_of_a_burst_are_a_group_and_stay_on_one_side(project: Project) -> None:
    for name, base in (("cat", 0), ("dog", 100)):
        klass = project.add_class(name).id
        for number in range(12):
            project.add(klass, f"{name}{number}.png", photo(base + number), burst=f"{name}{number // 4}")
    assert [len(group) for group in project.groups()] == [4] * 6
    train, held = project.parts()
    assert (train.counts(), held.counts()) == ((8, 8), (4, 4))
    ids = project.held()
    assert len(ids) == 8
    assert all(set(group) <= ids or not set(group) & ids for group in project.groups())
    names = {kept.name for kept in project.photos if kept.id in ids}
    assert {photo.source.name for photo in held.photos} == names


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\xff", b"[1]", b"null", b'{"format": "discern-project"}', b"[" * 100_000],
)
def test_a_damaged_description_is_one_sentence_and_can_be_deleted(
    tmp_path: Path, project: Project, content: bytes
) -> None:
    (project.folder / "project.json").write_bytes(content)
    projects = Projects(tmp_path)
    with pytest.raises(DatasetError, match="damaged"):
        projects.find(project.id)
    assert projects.all() == ()
    assert projects.begin().photos == ()  # the others are none the worse
    assert projects.delete(project.id).files == 0
    assert projects.find(project.id) is None


def test_a_description_of_a_newer_version_is_told_apart(tmp_path: Path, project: Project) -> None:
    table = json.loads((project.folder / "project.json").read_bytes())
    (project.folder / "project.json").write_text(json.dumps({**table, "schema": SCHEMA + 1}))
    with pytest.raises(DatasetError, match="newer version"):
        Projects(tmp_path).find(project.id)


def test_a_change_that_cannot_be_written_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = project.manifest
    monkeypatch.setattr("lib.projects.project.write_whole", refuse)
    with pytest.raises(Exception, match="disk is full"):
        project.add_class("cat")
    assert project.manifest is before


def test_a_reader_meanwhile_sees_whole_states(project: Project) -> None:
    cat, seen, done = project.add_class("cat"), [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append([kept.id for kept in project.photos])

    watcher = threading.Thread(target=watch)
    watcher.start()
    kept: list[Kept] = [project.add(cat.id, f"{n}.png", photo(n)) for n in range(10)]
    done.set()
    watcher.join()
    assert all(ids == [one.id for one in kept[: len(ids)]] for ids in seen)


def test_models_beside_its_own_go_with_it_and_leave_its_own_alone(project: Project) -> None:
    project.set_model("our-things")
    project.add_model("our-things-from-scratch")
    project.add_model("our-things-from-scratch")
    assert project.model == "our-things"
    assert project.manifest.models == ("our-things", "our-things-from-scratch")


def test_what_is_wrong_is_told_without_reading_anything_anew(project: Project) -> None:
    cat, dog = project.add_class("cat"), project.add_class("dog")
    project.add(cat.id, "1.png", photo(1))
    project.add(cat.id, "cut.jpg", CUT)
    project.add(cat.id, "notes.txt", b"x")
    project.add(dog.id, "twin.png", photo(1))
    project.set_aside(project.add(dog.id, "2.png", photo(2)), OUT)
    for path in (project.folder / "photos").iterdir():
        path.unlink()
    found = project.cleaning()
    assert found.classes == ("cat", "dog")
    assert [one.file for one in found.broken] == ["notes.txt", "cut.jpg"]
    assert [[one.name for one in group] for group in found.in_two_classes] == [["1.png", "twin.png"]]
    assert (found.lesson.lost, found.lesson.kept) == (("1.png", "twin.png"), ("cut.jpg",))


def test_a_zip_of_folders_comes_in_with_all_that_is_wrong_with_it(project: Project, tmp_path: Path) -> None:
    files = {
        "set/train/cat/1.png": photo(1),
        "set/train/cat/cut.jpg": CUT,
        "set/train/cat/notes.txt": b"x",
        "set/val/Cat/3.png": photo(3),
        "set/val/dog/twin.png": photo(1),
        "set/val/dog/2.png": photo(2),
    }
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    project.add_class("dog")
    added = project.add_zip(tmp_path / "x.zip", "pets.zip")
    assert [klass.name for klass in project.classes] == ["dog", "cat"]
    assert added.added == 2
    assert sorted(asides(project)) == [
        "set/train/cat/1.png", "set/train/cat/cut.jpg", "set/train/cat/notes.txt", "set/val/dog/twin.png"
    ]  # fmt: skip
    assert project.add_zip(tmp_path / "x.zip", "pets.zip").added == 0  # all of it is here already
    assert len(project.photos) == 6
    other = project.add_class("everything").id
    assert project.add_zip(tmp_path / "x.zip", "pets.zip", other).added == 0  # each is in another class, too
    assert sum(kept.klass == other for kept in project.photos) == 4


def test_names_of_any_length_in_reasons_can_be_read_again(project: Project, tmp_path: Path) -> None:
    """A path in a zip has up to 65,535 bytes, and each reason names it."""
    long = "/".join(["x" * 200] * 20)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr(f"cat/{long}/1.png", photo(1))
        packed.writestr(f"cat/{long}/notes.txt", b"x")
        packed.writestr(f"cat/{long}/damaged.png", photo(2))
    data = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(data.replace(photo(2)[60:], bytes(len(photo(2)) - 60)))
    project.add_zip(tmp_path / "x.zip", "x.zip")
    project.set_aside(project.photos[0], Message(N_("{file} was taken out."), {"file": "\ud800" + "y" * 5000}))
    again = Projects(tmp_path).find(project.id)
    assert again is not None
    assert again.manifest == project.manifest
    assert len(again.photos) == 3
    assert all(len(str(kept.aside)) < 400 for kept in again.photos)
