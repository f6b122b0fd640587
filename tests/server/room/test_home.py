"""The zip to take home: all of it is there, under names that every system takes, or there is no zip at all."""

import asyncio
import csv
import io
import threading
import time
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath

import pytest

from lib.classify.infer import TOP
from lib.datasets.reading import read_labelled
from lib.embed.packages import PackageFile
from lib.embed.scripts import Scripts
from lib.errors import Cancelled, DownloadError, PhotoError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder, load
from lib.projects.project import Project
from lib.projects.result import By, Result, Said
from lib.projects.store import Projects
from lib.reports.classifications import csv_header
from lib.reports.room import RoomPhoto, RoomReport
from lib.results import Classification, Failure
from lib.server.room import home as module
from lib.server.room.home import Home, class_set, gather, pack
from tests.support.meeting import Meeting, Teacher
from tests.support.meeting import photo as shot_of
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain
from tests.support.user_models import TINY, put

MODEL = load(Path("tests/models/float32"))
SAY = Translator()
NASTY = ("../../up", "CON", "a/b:c*?", "é", "É", "", ".hidden", "가" * 90, "x\n\ty", "ねこ", "end. ")
FORMS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp"}


def shot(by: str = "Mina", picture: bytes | None = None, number: int = 1) -> RoomPhoto:
    error = PhotoError(N_("{file} is damaged."), file="b")
    return RoomPhoto(number, by, picture or encode(plain(RED), "PNG"), Failure("b", "float32", error))


def home(photos: Iterable[RoomPhoto] = (), model: ModelFolder = MODEL, project: Project | None = None) -> Home:
    report = RoomReport("fox 47", datetime(2026, 11, 28, 9, 5), 3, {"float32": model}, list(photos))
    return Home(report, model, project)


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    """Hold none."""
    return Scripts(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Collect two photos of mugs, and one of cats."""
    begun = Projects(tmp_path / "projects").begin("fox47")
    for name, photos in (("mug / cup", [RED, GREEN]), ("고양이", [BLUE])):
        klass = begun.add_class(name)
        for colour in photos:
            begun.add(klass.id, "image.jpg", encode(plain(colour), "JPEG"))
    return begun


def packed(what: Home, scripts: Scripts, folder: Path, say: Translator = SAY) -> zipfile.ZipFile:
    pack(folder / "home.zip", what, scripts, say)
    return zipfile.ZipFile(folder / "home.zip")


def test_all_of_it_is_there(scripts: Scripts, project: Project, tmp_path: Path) -> None:
    found = packed(home([shot(), shot("Theo", number=2)], project=project), scripts, tmp_path)
    assert found.testzip() is None
    assert found.namelist() == [
        "sheet.html", "answers.csv", "photos/round 1/01 Mina.png", "photos/round 2/02 Theo.png",
        "class set/mug _ cup/image.jpg", "class set/mug _ cup/image (2).jpg", "class set/고양이/image.jpg",
        "model/labels.txt", "model/model.tflite", "model/model.toml", "licences/LICENCES.txt",
        "licences/Apache-2.0.txt", "README.txt",
    ]  # fmt: skip
    assert found.read("photos/round 1/01 Mina.png") == encode(plain(RED), "PNG")
    assert found.read("model/model.tflite") == MODEL.weights_path.read_bytes()
    assert found.infolist()[0].date_time == (2026, 11, 28, 9, 5, 0)
    for entry in found.infolist():
        assert entry.filename.isascii() or entry.flag_bits & 0x800  # told to be UTF-8


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_the_readme_names_what_is_there_and_nothing_else(
    language: str, scripts: Scripts, project: Project, tmp_path: Path
) -> None:
    parts = ("sheet.html: ", "answers.csv: ", "photos: ", "class set: ", "model: ", "page.html: ")
    say = Translator(language)
    told = packed(home([shot()], project=project), scripts, tmp_path, say).read("README.txt").decode()
    assert [part for part in parts if part in told] == [*parts[:5]]
    assert say("Download the scripts") in told, "how to get the page"
    told = packed(home(), scripts, tmp_path, say).read("README.txt").decode()
    assert [part for part in parts if part in told] == ["sheet.html: ", "answers.csv: ", "model: "]


def test_any_nickname_becomes_a_name_that_every_system_takes(scripts: Scripts, tmp_path: Path) -> None:
    found = packed(home(map(shot, NASTY)), scripts, tmp_path)
    names = [name for name in found.namelist() if name.startswith("photos/")]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(NASTY)
    for name in names:
        folder, around, own = PurePosixPath(name).parts
        assert (folder, around) == ("photos", "round 1")
        assert not set(own) & set('<>:"\\|?*\n\t')
        assert own == own.strip(" .")
        assert len(own.encode()) <= 130
        assert own.partition(".")[0].casefold() != "con"


@pytest.mark.parametrize(("form", "suffix"), FORMS.items())
def test_a_photo_is_called_what_it_is(form: str, suffix: str, scripts: Scripts, tmp_path: Path) -> None:
    found = packed(home([shot("a.exe", encode(plain(RED), form))]), scripts, tmp_path)
    assert f"photos/round 1/01 a.exe{suffix}" in found.namelist()


def test_the_table_names_the_files_of_the_zip(scripts: Scripts, tmp_path: Path) -> None:
    found = packed(home([shot("=cmd"), shot("테오")]), scripts, tmp_path)
    text = found.read("answers.csv").decode()
    assert text.startswith(csv_header(TOP))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["file"] for row in rows] == [name for name in found.namelist() if name.startswith("photos/")]


def test_the_class_set_is_one_for_every_reader(scripts: Scripts, project: Project, tmp_path: Path) -> None:
    packed(home(project=project), scripts, tmp_path).extractall(tmp_path / "out")
    read = read_labelled(tmp_path / "out" / "class set")
    assert dict(zip(read.classes, read.counts(), strict=True)) == {"mug _ cup": 2, "고양이": 1}
    assert not read.skipped


def test_what_was_taken_out_stays_out(scripts: Scripts, project: Project, tmp_path: Path) -> None:
    project.remove_class(project.classes[0].id)
    names = packed(home(project=project), scripts, tmp_path).namelist()
    assert [name for name in names if name.startswith("class set/")] == ["class set/고양이/image.jpg"]


def test_the_sheet_says_how_good_the_class_set_is(project: Project) -> None:
    (mug, cat), photos = project.classes, project.manifest.usable
    said = tuple(Said(photo, cat.id, 0.9) for photo in photos)
    told = class_set(SAY, project, Result(By.EACH, said))
    assert told.classes == (("mug / cup", 2), ("고양이", 1))
    assert told.figure == "33%"
    assert "between 6% and 79%" in told.about
    assert [(one.label, one.said) for one in told.mistakes] == [("mug / cup", "고양이")] * 2
    assert told.mistakes[0].picture == encode(plain(RED), "JPEG")
    assert class_set(SAY, project, None).figure == ""
    project.remove_class(mug.id)
    assert class_set(SAY, project, Result(By.EACH, said)).mistakes == ()


@pytest.mark.parametrize(
    ("change", "is_there"),
    [
        pytest.param({}, True, id="open and small"),
        pytest.param({"licence": "CC-BY-NC-4.0"}, False, id="not to be passed on"),
        pytest.param({"licence": "whatever", "family": "Yours"}, True, id="made by the class"),
    ],
)
def test_which_models_go_home(change: dict[str, str], is_there: bool, scripts: Scripts, tmp_path: Path) -> None:
    model = replace(MODEL, spec=replace(MODEL.spec, **change))
    found = packed(home(model=model), scripts, tmp_path)
    assert ("model/model.tflite" in found.namelist()) is is_there
    told = found.read("README.txt").decode()
    assert ("python -m lib fetch float32" in told) is not is_there
    assert ("python -m lib import model" in told) is ("family" in change)
    assert is_there or "CC-BY-NC-4.0" in told


def test_a_large_model_of_others_stays_behind(
    scripts: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_MODEL_BYTES", 100)
    assert "model/model.tflite" not in packed(home(), scripts, tmp_path).namelist()


class Waiting(Scripts):
    """Scripts that are asked for when everything else is written."""

    def __init__(self, data: Path, cancelled: threading.Event) -> None:
        super().__init__(data)
        self._cancelled = cancelled

    def missing(self, files: Iterable[PackageFile]) -> tuple[PackageFile, ...]:
        self._cancelled.set()
        return super().missing(files)


def test_who_goes_away_leaves_nothing(tmp_path: Path) -> None:
    cancelled, folder = threading.Event(), tmp_path / "incoming"
    folder.mkdir()
    with pytest.raises(Cancelled):
        pack(folder / "home.zip", home([shot()]), Waiting(tmp_path, cancelled), SAY, cancelled=cancelled)
    assert not list(folder.iterdir())


def test_a_disk_that_refuses_is_one_sentence(scripts: Scripts, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"could not be saved"):
        pack(tmp_path / "nowhere" / "home.zip", home(), scripts, SAY)


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    """Open a room."""
    (tmp_path / "data").mkdir()
    return Meeting(tmp_path / "data").open()


def gathered(teacher: Teacher, say: Translator = SAY) -> Home:
    meeting = teacher.meeting
    return gather(say, teacher.room, meeting.looking, meeting.workshop, meeting.store)


def test_what_goes_home_of_a_room(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = int(mina.told("POST", "photos?name=a.png", shot_of(RED))["photo"])
    hidden = int(mina.told("POST", "photos?name=b.png", shot_of(GREEN))["photo"])
    theo.told("POST", "guess", {"photo": number, "guess": "0"})
    teacher.told("PATCH", f"photos/{hidden}", {"hidden": True})
    before = gathered(teacher).report
    assert [(one.by, one.guesses) for one in before.photos] == [("Mina", ())]
    teacher.show("shown")
    theo.told("POST", "vote", {"photo": number, "right": False})
    found = gathered(teacher)
    report, (one,) = found.report, found.report.photos
    assert (report.code, report.people) == (f"{teacher.code[:-2]} {teacher.code[-2:]}", 2)
    assert (report.right, report.surprises) == (1, 0)
    assert (one.votes, one.is_disputed, one.picture) == ((0, 1), True, shot_of(RED))
    assert [*report.models] == ["net"]
    assert (found.model.spec.id, found.project) == ("net", None)
    teacher.told("POST", "next")
    assert gathered(teacher).report.right == 1


def test_a_model_that_was_removed_costs_no_photo(teacher: Teacher) -> None:
    teacher.phone("Mina").told("POST", "photos?name=a.png", shot_of(RED))
    meeting = teacher.meeting
    put(meeting.data, "other", TINY / "float32")
    teacher.told("PATCH", "", {"model": "other"})
    meeting.store.remove("net")
    meeting.looking.forget(teacher.id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lib.server.models.LOOK_AGAIN_S", 0.0)
        (one,) = gathered(teacher).report.photos
    assert isinstance(one.outcome, Classification)
    assert one.outcome.predictions[0].label == "red"


def test_a_model_that_was_made_anew_with_other_classes_leaves_what_it_said_before(teacher: Teacher) -> None:
    teacher.phone("Mina").told("POST", "photos?name=a.png", shot_of(RED))
    meeting = teacher.meeting
    (meeting.data / "models" / "net" / "labels.txt").write_text("mug\npen\ncup\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lib.server.models.LOOK_AGAIN_S", 0.0)
        (one,) = gathered(teacher).report.photos
    assert isinstance(one.outcome, Classification)
    assert one.outcome.predictions[0].label == "red"


def test_a_class_set_goes_home_with_its_model(teacher: Teacher) -> None:
    told = teacher.told("POST", "collect", {"classes": ["mug", "cat"]})
    mina = teacher.phone("Mina")
    for place, klass in enumerate(told["collect"]["classes"]):
        for width in (12, 14, 16):
            mina.told("POST", f"classes/{klass['id']}?name=a.png", shot_of((RED, BLUE)[place], width))
    found = gathered(teacher)
    assert found.project is not None
    assert class_set(SAY, found.project, found.result).classes == (("mug", 3), ("cat", 3))
    assert found.model.spec.id == "net", "the room's, as long as there is no other"
    put(teacher.meeting.data, "mine", TINY / "float32")
    found.project.set_model("mine")
    assert gathered(teacher).model.spec.id == "mine"


def incoming(teacher: Teacher) -> list[Path]:
    """Return what lies on the disk while a zip is made."""
    return list((teacher.meeting.data / "incoming").glob("*"))


def test_the_teacher_takes_the_room_home_and_nobody_else(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    mina.told("POST", "photos?name=a.png", shot_of(RED))
    answer = teacher.ask("GET", "home.zip?lang=ko")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert f"room-{teacher.code}.zip" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
        assert found.testzip() is None
        assert found.read("photos/round 1/01 Mina.png") == shot_of(RED)
        assert '<html lang="ko">' in found.read("sheet.html").decode()
    assert mina.problem("GET", f"{teacher.place}/home.zip") == (403, "key")
    assert incoming(teacher) == []


def test_who_closes_the_page_leaves_no_zip_on_the_disk(teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher.phone("Mina").told("POST", "photos?name=a.png", shot_of(RED))
    goes_on, ends = threading.Event(), threading.Event()

    def slowly(path: Path, what: Home, scripts: Scripts, t: Translator, *, cancelled: threading.Event) -> None:
        goes_on.wait(20)
        with pytest.raises(Cancelled):
            pack(path, what, scripts, t, cancelled=cancelled)
        ends.set()

    monkeypatch.setattr("lib.server.room.teacher.pack", slowly)

    async def leave() -> None:
        asked = asyncio.create_task(teacher.asked("GET", "home.zip"))
        while not incoming(teacher):
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        goes_on.set()

    asyncio.run(leave())
    assert ends.wait(20)
    end = time.monotonic() + 20
    while incoming(teacher):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_no_photo_is_in_memory_twice(scripts: Scripts, tmp_path: Path) -> None:
    picture = encode(noise(600, 500), "PNG")
    assert len(picture) > 800_000
    what = home([shot(picture=bytes(bytearray(picture))) for _ in range(20)])
    pack(tmp_path / "warm.zip", home([shot()]), scripts, SAY)
    tracemalloc.start()
    try:
        pack(tmp_path / "home.zip", what, scripts, SAY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert (tmp_path / "home.zip").stat().st_size > 20 * len(picture)


def test_a_computer_whose_clock_begins_in_1970_makes_a_zip_too(scripts: Scripts, tmp_path: Path) -> None:
    early = replace(home([shot()]).report, at=datetime(1970, 1, 1, 0, 5))
    pack(tmp_path / "a.zip", replace(home(), report=early), scripts, SAY)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert {one.date_time[0] for one in packed.infolist()} == {1980}


def test_nothing_is_said_of_a_room_that_ended_while_its_zip_was_made(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    teacher = meeting.open()
    number = teacher.phone("Mina").told("POST", "photos", shot_of(RED))["photo"]
    room, looking = teacher.room, meeting.looking
    one = room.shots[int(number)]
    teacher.told("DELETE", "", {})
    assert looking.said(room, one, SAY) is not None
    assert len(looking._said) == 0
