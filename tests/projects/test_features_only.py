"""A project that keeps features only: each photo goes as soon as it was read, and what was learned of it stays."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib.catalogue.comparing import photos_given
from lib.catalogue.store import Store
from lib.charts import numbers
from lib.classify.infer import conclude, infer
from lib.classify.opening import open_classifier
from lib.datasets import manifest
from lib.datasets.reading import read_all
from lib.errors import DatasetError, PhotoError, UsageError
from lib.messages import N_, Message
from lib.photos.source import Source
from lib.projects import live
from lib.projects.exporting import own_photos
from lib.projects.file import pack, unpack
from lib.projects.finish import digest_of, finish
from lib.projects.learner import Learners
from lib.projects.live import Lines, Live
from lib.projects.project import Project
from lib.projects.shelf import Shelf
from lib.projects.store import Projects
from lib.server.pool import Pool
from lib.training import kept
from lib.training.kept import KeptFeatures
from lib.work.jobs import Job
from tests.support.colours import Colours, Means, Row
from tests.support.pictures import BLUE, RED, encode, plain
from tests.support.user_models import TINY, store_of

CUT = encode(plain(RED), "JPEG")[:200]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GAP_S", 0.02)
    monkeypatch.setattr(live, "CALM_S", 60.0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Projects(tmp_path).begin("colours")


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def add(project: Project, klass: int, *colours: tuple[int, int, int]) -> None:
    for number, colour in enumerate(colours):
        project.add(klass, f"{number}.png", encode(plain(colour), "PNG"))


def two_classes(project: Project) -> tuple[int, int]:
    warm, cold = project.add_class("warm").id, project.add_class("cold").id
    add(project, warm, RED, (250, 20, 0), (240, 0, 0))
    add(project, cold, BLUE, (0, 20, 250), (0, 0, 240))
    return warm, cold


def learning(project: Project, learner: Colours | None = None) -> Live[Row, Means]:
    learner = learner or Colours()
    lines = Lines(Pool(2).line("a"), Pool(1).line("a"), Pool(1).line("a"))
    return Live(project, lambda settings: learner, Shelf(), lines)


def rest(model: Live[Row, Means]) -> Live[Row, Means]:
    """Wait until all is read that can be, and all that can go is gone."""

    def is_still() -> bool:
        model.update()
        return model.is_current and not model.project.manifest.to_drop

    until(is_still)
    return model


def files(project: Project) -> list[Path]:
    return [*(project.folder / "photos").iterdir()]


def test_photos_go_and_what_was_learned_stays(project: Project) -> None:
    two_classes(project)
    project.choose({"keep": "features"})
    found = rest(learning(project)).look(encode(plain((220, 0, 0)), "PNG"), "try.png")
    assert files(project) == []
    assert found is not None
    assert found.found.predictions[0].label == "warm"
    assert project.held_bytes == 6 * 3 * 2  # three numbers of two bytes each


def test_an_earlier_description_is_read_as_before_and_a_plain_one_is_written_so(project: Project) -> None:
    file = project.folder / manifest.NAME
    table = json.loads(file.read_bytes())
    assert table["schema"] == 1
    assert "keep" not in table["settings"]
    assert manifest.read(file.read_bytes(), "x").settings.keeps_photos
    project.choose({"keep": "features"})
    assert json.loads(file.read_bytes())["schema"] == manifest.SCHEMA == 2
    assert not manifest.read(file.read_bytes(), "x").settings.keeps_photos
    with pytest.raises(UsageError, match="keep must be one of"):
        project.choose({"keep": "thumbnails"})


def test_the_same_model_comes_of_it(project: Project) -> None:
    two_classes(project)
    before = digest_of(project)
    project.choose({"keep": "features"})
    rest(learning(project))
    assert digest_of(project) == before


def test_photos_that_are_not_learned_from_go_too_and_can_come_back(project: Project) -> None:
    _, cold = two_classes(project)
    gone = project.add_class("gone")
    add(project, gone.id, (0, 200, 0))
    project.remove_class(gone.id)
    add(project, cold, RED)  # a twin: in two classes, so in neither
    taken = project.photos[1]
    project.set_aside(taken, Message(N_("{file} was taken out."), {"file": taken.name}))
    project.choose({"keep": "features"})
    learner = Colours()
    model = rest(learning(project, learner))
    assert files(project) == []
    assert len(learner.read_names) == 7
    project.put_back_class(gone.id)
    project.put_back(taken)
    project.put_back(project.photos[0])
    rest(model)
    assert model.learned is not None
    assert len(model.learned.photos) == 7
    assert len(learner.read_names) == 7
    assert project.find(taken.id).aside is None  # type: ignore[union-attr]


def test_photos_stay_until_the_disk_has_their_features(project: Project) -> None:
    class Full(Colours):
        is_full = True

        def save(self, folder: Path, digest: str, rows: Row) -> None:
            if not self.is_full:
                super().save(folder, digest, rows)

    two_classes(project)
    project.choose({"keep": "features"})
    learner = Full()
    learner.pinned = lambda head: learner  # type: ignore[method-assign]
    model = learning(project, learner)
    model.update()
    until(lambda: model.is_current)
    assert len(files(project)) == 6
    learner.is_full = False
    project.rename_project("with room")
    rest(model)
    assert files(project) == []


def test_a_photo_that_was_deleted_does_not_come_back_with_its_twin(project: Project) -> None:
    warm, cold = two_classes(project)
    project.choose({"keep": "features"})
    model = rest(learning(project))
    again = project.add(warm, "again.png", encode(plain(RED), "PNG"))
    other = project.add(cold, "other.png", encode(plain(RED), "PNG"))
    assert again.id == project.photos[0].id
    assert (other.is_dropped, other.size) == (True, 6)
    assert files(project) == []
    rest(model)


def test_what_is_no_photo_never_lies_on_the_disk(project: Project) -> None:
    warm, _ = two_classes(project)
    project.choose({"keep": "features"})
    cut = project.add(warm, "cut.jpg", CUT)
    assert cut.aside is not None
    assert (cut.digest, len(files(project))) == ("", 6)


def test_what_could_not_be_decoded_goes_when_only_features_are_to_be_kept(project: Project) -> None:
    warm, _ = two_classes(project)
    cut = project.add(warm, "cut.jpg", CUT)
    project.choose({"keep": "features"})
    rest(learning(project))
    assert files(project) == []
    with pytest.raises(PhotoError, match=r"cut\.jpg was deleted"):
        project.put_back(project.find(cut.id))  # type: ignore[arg-type]


def test_the_way_back_is_open_until_a_photo_is_gone(project: Project) -> None:
    two_classes(project)
    project.choose({"keep": "features"})
    project.choose({"keep": "photos"})
    project.choose({"keep": "features"})
    rest(learning(project))
    with pytest.raises(UsageError, match="Photos of this project were deleted"):
        project.choose({"keep": "photos"})
    with pytest.raises(UsageError, match="Another network would have to look"):
        project.choose({"backbone": "another"})
    project.choose({"look": "square", "keep": "features"})
    with pytest.raises(PhotoError, match="keeps only numbers"):
        project.read(project.photos[0])


def test_photos_are_not_deleted_for_features_of_another_network(project: Project) -> None:
    two_classes(project)
    project.choose({"keep": "features"})
    sizes = {photo.digest: 6 for photo in project.photos}
    project.drop(sizes, "another")
    assert len(files(project)) == 6
    project.choose({"keep": "photos"})
    project.drop(sizes, project.settings.backbone)
    assert len(files(project)) == 6


def test_photos_that_another_network_has_read_wait_for_the_one_that_was_chosen_since(project: Project) -> None:
    gate, gone_first = threading.Event(), []

    class Named(Colours):
        """Keeps what it made apart from what others made; waits at some photos."""

        def read(self, data: bytes, name: str, before: Row | None = None) -> Row:
            if self.key == "a" and name != "0.png":
                gate.wait(10)
            if self.key == "b" and name == "0.png":
                until(lambda: project.photos[3].is_dropped)
                gone_first.append(project.photos[0].is_dropped)
            return super().read(data, name, before)

        def load(self, folder: Path, digest: str) -> Row | None:
            return super().load(folder / self.key, digest)

        def save(self, folder: Path, digest: str, rows: Row) -> None:
            (folder / self.key).mkdir(exist_ok=True)
            super().save(folder / self.key, digest, rows)

    both = {key: Named(key) for key in ("a", "b")}
    add(project, project.add_class("warm").id, RED, (250, 20, 0), (240, 0, 0), (230, 0, 0))
    project.choose({"keep": "features", "backbone": "a"})
    lines = Lines(Pool(2).line("a"), Pool(1).line("a"), Pool(1).line("a"))
    model: Live[Row, Means] = Live(project, lambda settings: both[settings.backbone], Shelf(), lines)
    model.update()
    until(lambda: model._settled)  # the first photo; two others are being read, and one waits
    project.choose({"backbone": "b"})
    model.update()
    gate.set()
    rest(model)
    assert {file.name for file in (project.folder / "b" / "colours").iterdir()} == set(project.manifest.dropped)
    assert len(project.manifest.dropped) == 4
    assert gone_first == [False]


def test_the_next_server_deletes_what_a_killed_one_left(tmp_path: Path, project: Project) -> None:
    two_classes(project)
    project.choose({"keep": "features"})
    rest(learning(project))
    left = project.photos[0]
    (project.folder / "photos" / left.digest).write_bytes(b"written down as gone, and killed")
    project.add(project.classes[0].id, "new.png", encode(plain((200, 0, 0)), "PNG"))  # and killed before it was read
    started = Projects(tmp_path)
    assert started.sweep(time.time()) == (project.id,)
    assert {file.name for file in files(project)} == {photo.digest for photo in project.manifest.to_drop}
    found = started.look_after(project.id)
    assert found is not None
    rest(learning(found))
    assert files(project) == []
    assert Projects(tmp_path).sweep(time.time()) == ()


# With a backbone of the store.


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("home"), {"net": TINY / "float32"})


@pytest.fixture
def bare(store: Store) -> Project:
    """Return a project whose photos are gone."""
    project = Projects(store.data).begin("bare")
    project.choose({"backbone": "net", "look": "whole", "mirror": "off"})
    two_classes(project)
    project.choose({"keep": "features"})
    rest(really(project, store))
    assert files(project) == []
    return project


def really(project: Project, store: Store) -> Live[Row, Means]:
    lines = Lines(Pool(2).line("a"), Pool(1).line("a"), Pool(1).line("a"))
    return Live(project, Learners(store), Shelf(), lines)  # type: ignore[arg-type]


def make(project: Project, store: Store) -> str:
    job = Job(lambda job: finish(project, "Bare", store, Learners(store)(project.settings).backbone, job))
    job.run()
    assert job.error is None, job.error
    return str(job.result)


def test_all_that_settings_can_ask_for_was_read(bare: Project, store: Store) -> None:
    bare.choose({"look": "square", "pooling": "2x2", "mirror": "on"})
    model = rest(really(bare, store))
    assert model.learned is not None
    assert len(model.learned.photos) == 6
    assert not [photo for photo in bare.photos if photo.aside]


def test_its_model_is_made_of_what_is_kept_however_old(
    bare: Project, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LONGEST_SECONDS", -1.0)
    make(bare, store)
    model = make(bare, store)
    classifier = open_classifier(store.open_folder(model))
    answer = infer(Source.of_bytes(encode(plain((250, 0, 0)), "PNG"), "x.png"), classifier)
    assert conclude(answer, classifier.labels).predictions[0].label == "warm"  # type: ignore[arg-type]
    assert own_photos(bare, store.open_folder(model)).labels == (None,) * len(photos_given(()).check)


def test_its_zip_has_features_and_opens_elsewhere(bare: Project, store: Store, tmp_path: Path) -> None:
    pack(bare, tmp_path / "bare.zip")
    with pytest.raises(DatasetError, match="keeps only numbers"):
        read_all(tmp_path / "bare.zip", "bare.zip")
    other = unpack(tmp_path / "bare.zip", Projects(store.data), None)
    assert [(one.name, one.digest, one.is_dropped, one.size) for one in other.photos] == [
        (one.name, one.digest, True, one.size) for one in bare.photos
    ]
    model = rest(really(other, store))
    assert model.learned is not None
    assert len(model.learned.photos) == 6
    pack(other, tmp_path / "again.zip")
    with zipfile.ZipFile(tmp_path / "again.zip") as again, zipfile.ZipFile(tmp_path / "bare.zip") as before:
        assert again.namelist() == before.namelist()
        assert len(again.namelist()) == 1 + 6 * 4  # six photos, each shown in four ways


def test_features_from_outside_are_not_believed(tmp_path: Path) -> None:
    digest, here = "a" * 64, KeptFeatures(tmp_path)
    good = np.arange(8, dtype=np.float16).tobytes()
    for name in (f"0123456789abcdef/{digest}.whole", f"../{digest}.whole", f"0123456789abcdef/{digest}.up"):
        here.take(name, good)
    here.take(f"0123456789abcdef/{digest}.square", np.full(8, np.nan, np.float16).tobytes())
    here.take(f"0123456789abcdef/{digest}.square-mirrored", bytes(16))
    assert [name for name, _ in here.files([digest])] == [f"0123456789abcdef/{digest}.whole"]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_numbers_are_drawn_one_pixel_each() -> None:
    drawn = np.asarray(Image.open(io.BytesIO(numbers.png(np.array([0.0, 4.0, 1.0, -1.0, 0.04])))))
    assert drawn.tolist() == [[0, 255, 128], [0, 26, 0], [0, 0, 0]]


def test_a_description_that_keeps_photos_and_has_lost_them_is_damaged(project: Project) -> None:
    two_classes(project)
    project.choose({"keep": "features"})
    rest(learning(project))
    table = json.loads((project.folder / manifest.NAME).read_bytes())
    del table["settings"]["keep"]
    with pytest.raises(DatasetError, match="damaged"):
        manifest.read(json.dumps(table).encode(), "x")
