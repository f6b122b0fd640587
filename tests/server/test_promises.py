"""What the page that says where photos go says holds: its figures, and what has to be waited for."""

import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from lib.catalogue.origins import Remote
from lib.catalogue.transfer import download
from lib.i18n import LANGUAGES, Translator
from lib.projects import limits as of_projects
from lib.projects.store import Projects
from lib.server import limits
from lib.server.promises import IN_SHORT, PARTS
from lib.server.room.rooms import Rooms
from lib.server.visits import Visits
from lib.ui.where_photos_go import html
from tests.support.meeting import Meeting
from tests.support.pictures import RED, encode, plain

ROOT = Path(__file__).resolve().parents[1]
EVERY = [promise for part in PARTS for promise in part.promises]


def test_every_line_is_done_and_looked_at_by_a_test() -> None:
    tested: list[str] = []
    for file in (ROOT / "browser" / "test_photos.py", Path(__file__)):
        for names in re.findall(r"^def test_promise_(\w+)\(", file.read_text("utf-8"), re.MULTILINE):
            tested += names.split("_and_")
    assert sorted(tested) == sorted(promise.id.replace("-", "_") for promise in EVERY)


def test_what_is_kept_says_for_how_long_who_sees_it_and_how_it_ends() -> None:
    for promise in EVERY:
        if promise.until is not None:
            assert promise.seen is not None, promise.id
            assert promise.end is not None, promise.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_long(language: str) -> None:
    t = Translator(language)
    for promise in EVERY:
        for said in (promise.action, promise.leaves, promise.kept, promise.until, promise.seen, promise.end):
            if said is not None:
                assert len(t.message(said)) <= 250
    assert html(t).count("<section") == len(EVERY)


def test_figures_are_those_that_the_program_goes_by() -> None:
    said = html(Translator("en"))
    assert limits.PROMISED_S == 1800
    assert f"{limits.PROMISED_S / 60:.0f} minutes after" in said
    assert f"looked at it for {limits.ROOM_UNUSED_S / 3600:.0f} hours" in said
    assert f"for {of_projects.UNUSED_S / 86400:.0f} days" in said
    assert f"up to {limits.PHOTO_BYTES / 2**20:.0f} MB each" in said
    assert f"up to {of_projects.PROJECT_BYTES / 2**20:.0f} MB in a project" in said
    assert not [one for one in IN_SHORT if re.search(r"\d", one.text)]
    assert not [digits for promise in EVERY for digits in re.findall(r"\d+", promise.leaves.text + promise.kept.text)]


def test_photos_of_a_closed_page_are_forgotten_within_what_is_promised() -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    visits = Visits(clock)
    visit = visits.begin()
    visit.album.add("mine.png", encode(plain(RED), "PNG"))
    while clock.now < limits.PROMISED_S:  # as `lib.ui.serving` does
        clock.now += limits.FORGET_S
        visits.sweep()
    assert visits.held_bytes == 0
    assert visits.get(visit.id) is None


def test_a_project_that_nobody_opens_is_deleted_within_what_is_promised(tmp_path: Path) -> None:
    projects, now = Projects(tmp_path), time.time()
    for keep in ("photos", "features"):
        project = projects.begin(keep)
        project.choose({"keep": keep})
        project.add(project.add_class("red").id, "red.png", encode(plain(RED), "PNG"))
    projects.sweep(now + of_projects.UNUSED_S - of_projects.DAY_S)
    assert len(list((tmp_path / "projects").iterdir())) == 2
    projects.sweep(now + of_projects.UNUSED_S + of_projects.TOUCH_S)
    assert list((tmp_path / "projects").iterdir()) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_room_that_nobody_looks_at_ends_within_what_is_promised(tmp_path: Path) -> None:
    meeting, now = Meeting(tmp_path), [0.0]
    meeting.rooms = Rooms(tmp_path, lambda: meeting.workshop, lambda: now[0])
    teacher = meeting.open()
    mina = teacher.phone("Mina")
    mina.told("POST", "photos?name=a.png", encode(plain(RED), "PNG"))
    (klass,) = teacher.told("POST", "collect", {"classes": ["mug"]})["collect"]["classes"]
    mina.told("POST", f"classes/{klass['id']}?name=a.png", encode(plain(RED), "PNG"))
    for passed in (limits.ROOM_UNUSED_S - 1, limits.ROOM_UNUSED_S + 1):
        assert meeting.rooms.held_bytes > 0
        assert meeting.workshop.find(teacher.room.project) is not None
        now[0] = passed
        meeting.rooms.sweep()
    assert (meeting.rooms.count, meeting.rooms.held_bytes) == (0, 0)
    assert list((tmp_path / "rooms").iterdir()) == list((tmp_path / "projects").iterdir()) == []


@pytest.fixture
def asked() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Return the address of a file on another server, and what that is told by who asks."""
    told: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"abc")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/files/", told
    server.shutdown()
    server.server_close()


def test_promise_download(asked: tuple[str, list[dict[str, str]]], tmp_path: Path) -> None:
    mirror, told = asked
    remote = Remote("model.tflite", "https://example.org/models/model.tflite", 1000)
    stop = Event()
    download(remote, tmp_path / "model", model=None, mirror=mirror, on_bytes=lambda done, total: None, cancelled=stop)
    (request,) = told
    assert request.pop("path") == "/files/model.tflite"
    assert request.pop("user-agent") == "discern"
    assert request.keys() <= {"host", "accept", "accept-encoding", "connection"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
