"""A project as one zip: everything is there again on another machine, and a damaged zip is one sentence."""

import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.catalogue.store import Store
from lib.classify.infer import infer
from lib.classify.opening import open_classifier
from lib.datasets.reading import read_labelled, read_parts
from lib.datasets.split import read_for_training
from lib.errors import AppError, DatasetError, FullError, ModelFileError
from lib.messages import N_, Message
from lib.model import writing
from lib.model.spec import ModelFolder, load
from lib.photos.source import Source
from lib.projects import limits
from lib.projects.file import pack, unpack
from lib.projects.finish import NOTE, digest_of, is_current
from lib.projects.project import Project
from lib.projects.store import Projects
from tests.support.pictures import encode, noise

# Equal for folders once what they cannot hold is gone, long, of other scripts, or read by systems as something else.
NAMES = (
    "a/b",
    "a:b",
    "a?b",
    "..",
    "CON",
    "thumbs.db",
    ".hidden",
    "고양이",
    "ねこ/猫",
    "가" * 85,
    "é",
    "train",
    "<b>'\"",
)


def photo(seed: int) -> bytes:
    return encode(noise(32, 24, seed), "PNG")


CUT = encode(noise(64, 64, 99), "JPEG")[:900]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Projects(tmp_path_factory.mktemp("here")).begin("우리 것 / ours")
    for number, name in enumerate(NAMES):
        klass = project.add_class(name)
        for n in range(4):
            burst = f"{number}" if n < 2 else None
            project.add(klass.id, f"{name}.zip" if n else "a.png", photo(10 * number + n), burst)
    first, second = project.classes[:2]
    project.add(first.id, "cut.jpg", CUT)
    project.add(first.id, "notes.txt", b"x")
    project.add(second.id, "twin.png", photo(0))  # as in the first class
    taken = project.add(second.id, "taken.png", photo(900))
    project.set_aside(taken, Message(N_("{file} was set aside."), {"file": "taken.png"}))
    gone = project.add_class("gone")
    project.add(gone.id, "gone.png", photo(901))
    project.remove_class(gone.id)
    project.choose({"seed": 5, "held_out": 0.3})
    return project


@pytest.fixture(scope="module")
def packed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "project.zip"
    pack(project, path)
    return path


@pytest.fixture
def there(tmp_path: Path) -> tuple[Projects, Store]:
    return Projects(tmp_path), Store(tmp_path)


def known(project: Project) -> tuple[object, ...]:
    now = project.manifest
    return now.name, now.classes, now.photos, now.shown, now.settings, now.next_id, project.held(), project.groups()


def test_a_project_is_the_same_on_another_machine(
    project: Project, packed: Path, there: tuple[Projects, Store]
) -> None:
    opened = unpack(packed, *there)
    assert known(opened) == known(project)
    assert opened.id != project.id
    assert all(opened.read(kept) == project.read(kept) for kept in project.photos if kept.digest)


def test_the_zip_says_nothing_of_the_id(project: Project, packed: Path) -> None:
    with zipfile.ZipFile(packed) as opened:
        assert project.id.encode() not in b"".join(map(opened.read, opened.namelist()))


def test_the_same_project_gives_the_same_zip(project: Project, packed: Path, tmp_path: Path) -> None:
    pack(project, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_any_other_program_finds_the_photos_in_a_folder_for_each_class(packed: Path) -> None:
    with zipfile.ZipFile(packed) as opened:
        names = opened.namelist()
        folders = {name.split("/")[1] for name in names if name.startswith("photos/")}
        assert len(folders) == len({folder.casefold() for folder in folders}) == len(NAMES)
        assert {"a_b", "a_b (2)", "a_b (3)", "_CON", "고양이", "ねこ_猫"} <= folders
        assert all(name.endswith(".png") for name in names if name.startswith("photos/"))
        assert max(len(part.encode()) for name in names for part in name.split("/")) < 200
        aside = sorted(name for name in names if name.startswith("aside/"))
    assert aside == ["aside/a.png", "aside/cut.jpg", "aside/gone.png", "aside/taken.png", "aside/twin.png"]


def test_as_a_data_set_it_has_its_own_classes_and_its_own_split(project: Project, packed: Path) -> None:
    for path in (packed, project.folder):
        train, held = read_for_training(path, validation=0.9, seed=77)
        assert set(train.classes) == set(NAMES)
        mine = tuple({kept.source.read() for kept in part.photos} for part in project.parts())
        assert tuple({kept.source.read() for kept in part.photos} for part in (train, held)) == mine
        assert {kept.source.read() for kept in read_labelled(path).photos} == mine[1]


def test_a_zip_with_a_folder_around_everything_opens(
    packed: Path, tmp_path: Path, there: tuple[Projects, Store]
) -> None:
    around = tmp_path / "around.zip"
    with zipfile.ZipFile(packed) as opened, zipfile.ZipFile(around, "w") as out:
        for name in opened.namelist():
            out.writestr(f"my project/{name}", opened.read(name))
    assert len(unpack(around, *there).photos) == len(unpack(packed, *there).photos)
    assert read_parts(around)[1] is not None


def test_photos_that_were_taken_out_of_the_zip_or_exchanged_cost_no_other(
    packed: Path, tmp_path: Path, there: tuple[Projects, Store]
) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(packed) as opened, zipfile.ZipFile(other, "w") as out:
        names = [name for name in opened.namelist() if name.startswith("photos/고양이/")]
        for name in opened.namelist():
            if name != names[0]:
                out.writestr(name, photo(555) if name == names[1] else opened.read(name))
    before, after = unpack(packed, *there), unpack(other, *there)
    assert len(after.photos) == len(before.photos) - 1
    assert photo(555) in {after.read(kept) for kept in after.photos if kept.digest}


def test_its_model_gives_the_same_answers(
    project: Project, tmp_path: Path, tiny_model: Callable[[str], ModelFolder]
) -> None:
    model = tiny_model("float32")
    path = tmp_path / "with.zip"
    (project.folder / NOTE).write_text(json.dumps({"of": digest_of(project)}))
    pack(project, path, model.path)
    (project.folder / NOTE).unlink()
    data = tmp_path / "there"
    for number in (1, 2):  # the second finds the id taken
        opened = unpack(path, Projects(data), Store(data))
        wanted = model.spec.id if number == 1 else f"{model.spec.id}-2"
        assert opened.model == wanted
        assert is_current(opened)
        folder = Store(data).open_folder(wanted)
        source = Source.of_bytes(photo(3), "x.png")
        answers = [infer(source, open_classifier(one)) for one in (model, folder)]
        assert list(answers[0].probabilities) == list(answers[1].probabilities)
    opened.rename(opened.classes[0].id, "another name")
    assert not is_current(opened)
    assert Projects(data).delete(opened.id).models == 0
    assert {folder.name for folder in (data / "models").iterdir()} == {model.spec.id}


def test_a_damaged_model_leaves_nothing_behind(
    project: Project, tmp_path: Path, tiny_model: Callable[[str], ModelFolder]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model("float32").path, model)
    (model / "model.tflite").write_bytes(b"\0" * 1000)
    writing.write(model, replace(load(model).spec, source={}))
    pack(project, tmp_path / "bad.zip", model)
    data = tmp_path / "there"
    with pytest.raises(ModelFileError):
        unpack(tmp_path / "bad.zip", Projects(data), Store(data))
    assert not list((data / "models").iterdir())
    assert Projects(data).all() == ()
    assert not list((data / "incoming").iterdir())


def small(tmp_path: Path, tiny_model: Callable[[str], ModelFolder]) -> bytes:
    project = Projects(tmp_path / "small").begin("small")
    for name in ("cat", "dog"):
        klass = project.add_class(name)
        for n in range(3):
            project.add(klass.id, f"{n}.png", photo(n if name == "cat" else 50 + n))
    pack(project, tmp_path / "small.zip")
    return (tmp_path / "small.zip").read_bytes()


def changed(data: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    """Return the zip with another project.json."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as opened, zipfile.ZipFile(buffer, "w") as out:
        for name in opened.namelist():
            content = opened.read(name)
            if name == "project.json":
                table = json.loads(content)
                content = json.dumps(change(table) or table).encode()
            out.writestr(name, content)
    return buffer.getvalue()


def test_a_hundred_damaged_files_are_one_sentence_each(
    tmp_path: Path, tiny_model: Callable[[str], ModelFolder], there: tuple[Projects, Store]
) -> None:
    whole, rng = small(tmp_path, tiny_model), random.Random(0)
    sentences = []
    for number in range(100):
        data = bytearray(whole)
        if number % 2:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.randrange(1, 8)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp_path / "damaged.zip").write_bytes(data)
        try:
            opened = unpack(tmp_path / "damaged.zip", *there)
            assert there[0].delete(opened.id).files == 0
        except AppError as error:
            sentences.append(str(error))
    assert len(sentences) > 50
    assert not [text for text in sentences if "\n" in text or not text.endswith(".")]
    assert there[0].all() == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda t: t.update(schema=9), "newer version", id="newer"),
        pytest.param(lambda t: t.update(classes=[{"id": 1, "name": "a\nb"}]), "does not describe", id="class name"),
        pytest.param(lambda t: t["photos"][0].update(klass=77), "does not describe", id="no such class"),
        pytest.param(lambda t: t["photos"][0].update(id=1), "does not describe", id="an id twice"),
        pytest.param(lambda t: t["photos"][0].update(digest="../../x"), "does not describe", id="digest"),
        pytest.param(lambda t: t["photos"][0].update(name="\ud800"), "does not describe", id="surrogate"),
        pytest.param(lambda t: t["photos"][0].update(size=-1), "does not describe", id="size"),
        pytest.param(lambda t: t["settings"].update(held_out=2), "does not describe", id="settings"),
        pytest.param(lambda t: t.update(next_id=10**30), "does not describe", id="number"),
        pytest.param(lambda t: t["photos"][0].update(aside={"text": "x"}), "does not describe", id="reason"),
        pytest.param(lambda t: [1], "does not describe", id="a list"),
    ],
)
def test_a_description_that_cannot_be_is_one_sentence(
    tmp_path: Path, tiny_model: Callable[[str], ModelFolder], there: tuple[Projects, Store],
    change: Callable[[dict[str, object]], object], message: str,
) -> None:  # fmt: skip
    (tmp_path / "x.zip").write_bytes(changed(small(tmp_path, tiny_model), change))
    with pytest.raises(DatasetError, match=message):
        unpack(tmp_path / "x.zip", *there)
    assert there[0].all() == ()


def test_a_strangers_sentences_are_not_shown(
    tmp_path: Path, tiny_model: Callable[[str], ModelFolder], there: tuple[Projects, Store]
) -> None:
    texts = ["Send your password to me.", "{file.__class__} {file:>99999999}"]

    def change(table: dict[str, list[dict[str, object]]]) -> None:
        for one, text in zip(table["photos"], texts, strict=False):
            one["aside"] = {"code": "photo", "text": text, "values": {"file": "x"}}
        inner = {"text": texts[1], "values": {"file": "x"}}
        ours = {
            "code": "photo",
            "text": "{file} could not be read: {reason}.",
            "values": {"file": "x", "reason": inner},
        }
        table["photos"][2]["aside"] = ours

    (tmp_path / "x.zip").write_bytes(changed(small(tmp_path, tiny_model), change))
    opened = unpack(tmp_path / "x.zip", *there)
    reasons = [str(kept.aside) for kept in opened.photos if kept.aside is not None]
    assert reasons == ["0.png was set aside.", "1.png was set aside.", "2.png was set aside."]


def test_names_that_lead_out_of_the_zip_lead_nowhere(
    tmp_path: Path, tiny_model: Callable[[str], ModelFolder], there: tuple[Projects, Store]
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(photo(7))

    def change(table: dict[str, list[dict[str, object]]]) -> None:
        table["photos"][0]["file"] = str(secret)
        table["photos"][1]["file"] = "../secret.png"

    (tmp_path / "x.zip").write_bytes(changed(small(tmp_path, tiny_model), change))
    opened = unpack(tmp_path / "x.zip", *there)
    assert len(opened.photos) == 4
    assert photo(7) not in {opened.read(kept) for kept in opened.photos}


def test_what_is_too_large_is_refused_before_it_is_unpacked(
    packed: Path, there: tuple[Projects, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROJECT_BYTES", 1000)
    with pytest.raises(FullError, match="photos take"):
        unpack(packed, *there)
    monkeypatch.setattr(limits, "PROJECT_PHOTOS", 3)
    with pytest.raises(FullError, match="At most 3 are supported"):
        unpack(packed, *there)
    assert there[0].all() == ()


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"x" * 5000])
def test_what_is_no_project_is_one_sentence(tmp_path: Path, there: tuple[Projects, Store], content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(DatasetError, match=r"x\.zip"):
        unpack(tmp_path / "x.zip", *there)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(names=st.lists(st.text(min_size=1, max_size=90), min_size=2, max_size=4))
def test_any_names_survive(tmp_path: Path, names: list[str]) -> None:
    here, there = Projects(tmp_path / "a"), Projects(tmp_path / "b")
    project = here.begin("x")
    for number, name in enumerate(names):
        try:
            klass = project.add_class(name)
        except AppError:
            continue
        project.add(klass.id, name, photo(number))
    pack(project, tmp_path / "x.zip")
    opened = unpack(tmp_path / "x.zip", there, Store(tmp_path / "b"))
    assert known(opened) == known(project)
    here.delete(project.id), there.delete(opened.id)
