"""Projects come and go by routes of their own."""

import asyncio
import io
import json
import os
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.types import Message

from lib.catalogue.store import Store
from lib.errors import ModelNotReadyError
from lib.photos.opening import open_photo
from lib.projects import live
from lib.projects.project import Settings
from lib.projects.store import Projects
from lib.server import limits, projects
from lib.server.host import HOST
from lib.server.pool import Pool
from lib.server.workshop import Workshop
from lib.work.queue import Queue
from tests.support import asgi
from tests.support.colours import Colours
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain
from tests.support.user_models import TINY, put

Colour = tuple[int, int, int]


@dataclass
class Server:
    """The routes, one project, and whoever asks."""

    data: Path
    learner: Colours = field(default_factory=Colours)
    problems: list[ModelNotReadyError] = field(default_factory=list)

    def __post_init__(self) -> None:
        def learners(settings: Settings) -> Colours:
            if self.problems:
                raise self.problems[0]
            return self.learner

        (self.data / "catalogue.toml").write_text("[origins]\n", encoding="utf-8")
        put(self.data, "net", TINY / "float32")
        self.store, queue = Store(self.data, shipped=self.data), Queue(self.data / "jobs")
        self.projects = Projects(self.data, queue)
        self.workshop = Workshop(self.projects, self.store, queue, learners, Pool(2))
        self.app = Starlette(routes=projects.routes(lambda: self.workshop))
        self.id = self.told("POST", "/projects", {"name": "pets"}, status=201)["id"]

    async def asked(
        self, method: str, path: str, body: bytes = b"", *, pieces: list[Message] | None = None, **headers: str
    ) -> asgi.Asked:
        """Return what is answered; `path` is below the project."""
        sends = [{"type": "http.request", "body": body}] if pieces is None else pieces
        headers = {"content_length": str(len(body))} | headers if pieces is None else headers
        address = path if path.startswith("/") else f"/projects/{self.id}/{path}".rstrip("/")
        return await asgi.answered(self.app, asgi.scope(address, method=method, **headers), sends)

    def ask(self, method: str, path: str, body: bytes = b"", **more: Any) -> asgi.Asked:
        return asyncio.run(self.asked(method, path, body, **more))

    def told(self, method: str, path: str, told: object = None, *, status: int = 200) -> dict[str, Any]:
        """Return the JSON that is answered to some JSON."""
        body = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
        answer = self.ask(method, path, body)
        assert answer.status == status, answer.body
        return dict(json.loads(answer.body))

    def state(self) -> dict[str, Any]:
        return self.told("GET", "")

    def klass(self, name: str, *colours: Colour) -> int:
        """Return the id of a new class with photos of these colours."""
        klass = int(self.told("POST", "classes", {"name": name})["classes"][-1]["id"])
        for number, colour in enumerate(colours):
            self.told("POST", f"classes/{klass}/photos?name={number}.png", png(colour))
        return klass

    def learned(self) -> dict[str, Any]:
        """Return the state once the live model knows everything."""
        end = time.monotonic() + 5
        while (state := self.state())["learned"] != state["version"]:
            assert time.monotonic() < end, "it never learned"
            time.sleep(0.005)
        return state


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(live, "GAP_S", 0.02)
    monkeypatch.setattr(live, "CALM_S", 60.0)
    monkeypatch.setattr(limits, "POLL_AGAIN_S", 0.005)
    return Server(tmp_path)


def png(colour: Colour) -> bytes:
    return encode(plain(colour), "PNG")


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def problem(answer: asgi.Asked) -> tuple[int, str]:
    told = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status == told["status"]
    assert told["detail"].endswith(".")
    return told["status"], told["code"]


# A project --------------------------------------------------------------------------------------------------------


def test_a_new_project_is_empty_and_says_how_to_begin(server: Server) -> None:
    state = server.state()
    assert (state["id"], state["name"], state["classes"]) == (server.id, "pets", [])
    assert "some photos" in state["result"]
    assert (state["accuracy"], state["bytes"], state["aside"]) == (None, 0, [])


def test_its_name_and_settings_can_be_changed(server: Server) -> None:
    state = server.told("PATCH", "", {"name": "hands", "settings": {"pooling": "2x2"}})
    assert (state["name"], state["settings"]["pooling"]) == ("hands", "2x2")
    assert problem(server.ask("PATCH", "", b'{"settings": {"pooling": "3x3"}}')) == (422, "usage")


def test_a_deleted_project_leaves_nothing(server: Server) -> None:
    server.klass("red", RED)
    server.klass("blue", BLUE)
    server.learned()
    server.ask("GET", f"photos/{server.state()['classes'][0]['photos'][0]}.jpg")
    assert server.told("DELETE", "") == {"left": {"photos": 0, "models": 0, "jobs": 0, "files": 0}}
    assert problem(server.ask("GET", "")) == (404, "project-unknown")
    assert [path for path in (server.data / "projects").rglob("*") if path.is_file()] == []
    assert server.workshop._shelf.held_bytes == server.workshop._pictures.held_bytes == len(server.workshop._lives) == 0


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"colour": 1}', b"\xff"], ids=["list", "cut off", "unknown", "no text"]
)
def test_what_is_no_request_is_refused(server: Server, body: bytes) -> None:
    assert problem(server.ask("POST", "/projects", body)) == (422, "usage")


def test_of_a_project_that_nobody_uses_nothing_stays_in_memory(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.klass("red", RED)
    before = server.learned()
    left = server.data / "incoming" / "upload-killed"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    monkeypatch.setattr(live, "UNUSED_S", -1.0)
    server.workshop.sweep()
    assert len(server.workshop._lives) == len(server.workshop._told) == server.workshop._shelf.held_bytes == 0
    assert not left.exists()
    assert server.learned()["classes"] == before["classes"], "it is there again when it is asked for"


# Classes and photos -----------------------------------------------------------------------------------------------


def test_classes_come_and_go_and_come_back_with_their_photos(server: Server) -> None:
    klass = server.klass("rde", RED)
    assert server.told("PATCH", f"classes/{klass}", {"name": "red"})["classes"][0]["name"] == "red"
    assert server.told("DELETE", f"classes/{klass}")["classes"] == []
    (back,) = server.told("POST", f"classes/{klass}")["classes"]
    assert (back["name"], back["count"]) == ("red", 1)
    assert problem(server.ask("POST", "classes", b'{"name": "Red"}')) == (422, "usage")
    assert problem(server.ask("POST", "classes", b"{}")) == (422, "usage")


def test_a_photo_is_in_its_class_at_once(server: Server) -> None:
    klass = server.klass("red")
    told = server.told("POST", f"classes/{klass}/photos?name=my%20cat.png", png(RED))
    assert (told["added"], told["aside"]) == (1, [])
    (red,) = told["state"]["classes"]
    assert (red["count"], len(red["photos"])) == (1, 1)
    answer = server.ask("GET", f"photos/{red['photos'][0]}.jpg?side=96")
    assert answer.headers["content-type"] == "image/jpeg"
    assert max(open_photo(answer.body, "x").size) <= 96


def test_the_newest_photos_come_first_and_few_are_shown(server: Server) -> None:
    klass = server.klass("red", *((red, 0, 0) for red in range(240, 250)))
    (told,) = server.state()["classes"]
    newest = [photo.id for photo in server.projects.find(server.id).photos][::-1]  # type: ignore[union-attr]
    assert (told["id"], told["count"], told["photos"]) == (klass, 10, newest[:8])


def test_the_photos_kept_for_the_test_are_told(server: Server) -> None:
    classes = [server.klass("one"), server.klass("other")]
    for number in range(12):
        photo = encode(noise(40, 30, number), "PNG")
        server.told("POST", f"classes/{classes[number % 2]}/photos?name={number}.png", photo)
    held = server.projects.find(server.id).held()  # type: ignore[union-attr]
    told = [server.told("GET", f"classes/{klass}/photos") for klass in classes]
    assert {photo["id"] for one in told for photo in one["photos"] if photo["isHeld"]} == held != set()
    assert "the number 0" in told[0]["told"]


def test_what_cannot_be_decoded_is_set_aside_with_its_reason(server: Server) -> None:
    klass = server.klass("red", RED)
    told = server.told("POST", f"classes/{klass}/photos?name=bad.png", png(RED)[:40])
    assert told["added"] == 0
    assert "bad.png" in told["aside"][0]["reason"]
    state = told["state"]
    assert (state["asideCount"], state["aside"][0]["name"], state["classes"][0]["aside"]) == (1, "bad.png", 1)
    assert state["aside"][0]["isBroken"]
    assert "set aside" in state["classes"][0]["tip"]


def test_a_photo_is_taken_out_put_back_and_moved(server: Server) -> None:
    red, blue = server.klass("red", RED, BLUE), server.klass("blue")
    wrong = server.state()["classes"][0]["photos"][0]
    state = server.told("DELETE", f"photos/{wrong}")
    assert (state["classes"][0]["count"], state["aside"][0]["id"], state["aside"][0]["klass"]) == (1, wrong, red)
    assert server.told("POST", f"photos/{wrong}")["classes"][0]["count"] == 2
    counts = [klass["count"] for klass in server.told("POST", f"photos/{wrong}", {"klass": blue})["classes"]]
    assert counts == [1, 1]


def test_all_photos_of_a_zip_go_to_one_class_or_to_those_of_its_folders(server: Server) -> None:
    klass = server.klass("mixed")
    data = zipped(**{"red/1.png": png(RED), "blue/2.png": png(BLUE), "blue/readme.txt": b"no photo"})
    assert server.told("POST", f"classes/{klass}/photos?name=a.zip", data)["added"] == 2
    state = server.told("POST", "photos?name=a.zip", zipped(**{"r/1.png": png((9, 0, 0)), "b/2.png": png((0, 0, 9))}))[
        "state"
    ]
    assert {told["name"]: told["count"] for told in state["classes"]} == {"mixed": 2, "b": 1, "r": 1}
    assert list((server.data / "incoming").glob("upload-*")) == []


def test_a_broken_zip_is_refused_in_a_sentence(server: Server) -> None:
    assert problem(server.ask("POST", "photos?name=a.zip", b"PK\3\4 and no more")) == (422, "dataset")


def test_an_exercise_brings_its_classes_in_the_readers_language(server: Server) -> None:
    offered = {one["id"] for one in server.state()["exercises"]}
    assert {"surfaces", "digits"} <= offered
    told = server.told("POST", "exercise?lang=ko", {"id": "surfaces"})
    assert told["added"] == 48
    assert [klass["name"] for klass in told["state"]["classes"]] == ["벽돌", "잔디", "자갈"]
    assert problem(server.ask("POST", "exercise", b'{"id": "../secret"}')) == (422, "usage")


# What it learns ---------------------------------------------------------------------------------------------------


def test_it_answers_as_any_model_does(server: Server) -> None:
    server.klass("red", RED, (250, 20, 0))
    server.klass("blue", BLUE, (0, 20, 250))
    state = server.learned()
    assert state["accuracy"]["right"] == state["accuracy"]["total"] == 4
    assert 'data-accuracy="1.0000"' in state["result"]
    told = server.told("POST", "look?name=x.png", png((220, 0, 0)))
    assert (told["kind"], told["version"], len(told["near"])) == ("clear", state["version"], 3)
    assert 'data-verdict="clear"' in told["html"]
    assert "data-bars" in told["html"]
    assert server.told("POST", "look", png(GREEN))["kind"] == "unfamiliar"
    assert server.told("POST", "look", b"no photo")["kind"] == "failed"


def test_before_it_has_learned_it_says_what_it_needs(server: Server) -> None:
    told = server.told("POST", "look", png(RED))
    assert (told["kind"], told["near"]) == ("waiting", [])
    assert "two classes" in told["html"]


def test_what_cannot_learn_says_why(server: Server) -> None:
    server.problems.append(ModelNotReadyError("It is not on this computer yet."))
    server.klass("red", RED)
    assert "It is not on this computer yet." in server.state()["result"]


def test_a_page_is_told_of_a_change_when_it_comes(server: Server) -> None:
    before = server.learned()["version"]

    async def story() -> dict[str, Any]:
        waits = asyncio.create_task(server.asked("GET", f"changes?since={before}"))
        await asyncio.sleep(0.05)
        assert not waits.done()
        await server.asked("POST", "classes", b'{"name": "red"}')
        return dict(json.loads((await asyncio.wait_for(waits, 2)).body))

    state = asyncio.run(story())
    assert state["version"] > before
    assert [klass["name"] for klass in state["classes"]] == ["red"]


def test_a_page_that_waits_long_enough_is_told_all_the_same(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POLL_S", 0.02)
    before = server.learned()["version"]
    assert server.told("GET", f"changes?since={before}")["version"] == before


def test_pages_that_wait_when_it_is_deleted_are_told(server: Server) -> None:
    before = server.learned()["version"]

    async def story() -> asgi.Asked:
        waits = asyncio.create_task(server.asked("GET", f"changes?since={before}"))
        await asyncio.sleep(0.05)
        await server.asked("DELETE", "")
        return await asyncio.wait_for(waits, 2)

    assert problem(asyncio.run(story())) == (404, "project-unknown")


def test_only_so_many_pages_wait(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGES_OF_PROJECT", 0)
    assert problem(server.ask("GET", "changes?since=0"))[0] == 429


# Who is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/classes"), ("POST", "/classes/1/photos"), ("GET", "/photos/1.jpg"), ("DELETE", "")],
)
def test_an_unknown_project_is_not_there(server: Server, method: str, path: str) -> None:
    for project in ("guessed", "..%2f..", "A" * 22):
        assert problem(server.ask(method, f"/projects/{project}{path}"))[0] == 404


def test_pages_of_other_sites_may_not_use_it(server: Server) -> None:
    assert problem(server.ask("GET", "", sec_fetch_site="cross-site")) == (403, "origin")
    assert problem(server.ask("POST", "/projects", sec_fetch_site="same-site")) == (403, "origin")


def test_an_unknown_photo_or_class_is_not_there(server: Server) -> None:
    assert problem(server.ask("GET", "photos/7.jpg")) == (404, "photo-unknown")
    assert problem(server.ask("DELETE", "photos/7")) == (404, "photo-unknown")
    assert problem(server.ask("POST", "classes/7/photos", png(RED))) == (422, "usage")


def test_a_photo_that_is_too_large_is_not_read(server: Server) -> None:
    klass = server.klass("red")
    huge = [{"type": "http.request", "body": b"\xff\xd8\xff", "more_body": True}]
    size = str(limits.PHOTO_BYTES + 1)
    assert problem(server.ask("POST", f"classes/{klass}/photos", pieces=huge, content_length=size))[0] == 413


def test_one_zip_of_a_project_at_a_time(server: Server) -> None:
    klass, data = server.klass("red"), zipped(**{"1.png": png(RED)})

    async def story() -> asgi.Asked:
        sends: asyncio.Queue[Message] = asyncio.Queue()
        await sends.put({"type": "http.request", "body": data, "more_body": True})
        statuses: list[int] = []

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        scope = asgi.scope(f"/projects/{server.id}/classes/{klass}/photos", method="POST", transfer_encoding="chunked")
        first = asyncio.create_task(server.app(scope, sends.get, send))
        await asyncio.sleep(0.05)
        second = await server.asked("POST", f"classes/{klass}/photos", data)
        await sends.put({"type": "http.request", "body": b""})
        await first
        assert statuses[0] == 200
        return second

    assert problem(asyncio.run(story()))[0] == 429


def test_names_are_text(server: Server) -> None:
    evil = '"><script>\n고양이'
    server.klass(evil, RED)
    server.klass("blue", BLUE)
    server.learned()
    told = server.told("POST", f"look?name={quote(evil)}", png(RED))
    assert "<script>" not in told["html"]
    assert "&lt;script&gt;" in told["html"]


# The model, and the project as a file -----------------------------------------------------------------------------


def taught(server: Server) -> None:
    """Let the project learn with the net that is there, and give it photos."""
    server.told("PATCH", "", {"settings": {"backbone": "net"}})
    server.klass("red", RED, (250, 20, 0), (230, 0, 10))
    server.klass("blue", BLUE, (0, 20, 250), (10, 0, 230))


def made(server: Server) -> dict[str, Any]:
    """Return the state once the model was made, or was not."""
    state = server.told("POST", "finish", {"name": "My colours"})
    end = time.monotonic() + 20
    while state["job"]["state"] in ("waiting", "running"):
        assert time.monotonic() < end, "it never ended"
        time.sleep(0.02)
        state = server.state()
    return state


def test_the_model_is_made_and_said_to_be_current(server: Server) -> None:
    taught(server)
    assert server.state()["model"] is None
    state = made(server)
    assert (state["job"]["state"], state["model"]) == (
        "done",
        {"id": "my-colours", "name": "My colours", "isCurrent": True},
    )
    klass = state["classes"][0]["id"]
    told = server.told("POST", f"classes/{klass}/photos?name=new.png", png((200, 0, 0)))
    assert told["state"]["model"]["isCurrent"] is False
    assert server.told("DELETE", "")["left"] == {"photos": 0, "models": 0, "jobs": 0, "files": 0}
    assert not (server.data / "models" / "my-colours").exists()


def test_a_model_of_one_class_is_refused(server: Server) -> None:
    server.klass("red", RED)
    assert problem(server.ask("POST", "finish", b'{"name": "x"}')) == (422, "usage")


def test_a_page_is_told_how_the_making_goes(server: Server) -> None:
    taught(server)
    server.learned()

    async def story() -> dict[str, Any]:
        version = json.loads((await server.asked("POST", "finish", b'{"name": "x"}')).body)["version"]
        for _ in range(20):
            answer = await asyncio.wait_for(server.asked("GET", f"changes?since={version}"), 20)
            state = dict(json.loads(answer.body))
            version = state["version"]
            if state["job"]["state"] == "done":
                return state
        raise AssertionError("it never ended")

    assert asyncio.run(story())["model"]["id"] == "x"


def test_a_project_goes_and_comes_as_one_file(server: Server) -> None:
    taught(server)
    made(server)
    answer = server.ask("GET", "file")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''pets.zip"
    before = server.state()
    server.id = server.told("POST", "/projects/file?name=pets.zip", answer.body, status=201)["id"]
    state = server.state()
    assert state["id"] != before["id"]
    assert [(k["name"], k["count"]) for k in state["classes"]] == [(k["name"], k["count"]) for k in before["classes"]]
    assert state["model"]["name"] == "My colours"
    assert list((server.data / "incoming").glob("upload-*")) == []
    assert problem(server.ask("POST", "/projects/file", b"PK\3\4 no zip"))[1] == "dataset"


def test_in_a_class_only_the_host_brings_a_model_with_a_project(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(server)
    made(server)
    packed = server.ask("GET", "file").body
    models = {entry.spec.id for entry in Store(server.data).entries()}
    monkeypatch.setattr(HOST, "key", "key")
    server.id = server.told("POST", "/projects/file?name=pets.zip", packed, status=201)["id"]
    state = server.state()
    assert sum(klass["count"] for klass in state["classes"])
    assert state["model"] is None
    assert {entry.spec.id for entry in Store(server.data).entries()} == models


def test_a_project_that_keeps_numbers_shows_no_photo_any_more(server: Server) -> None:
    klass = server.klass("warm", RED, (250, 20, 0))
    first = server.state()["classes"][0]["photos"][-1]
    assert server.ask("GET", f"photos/{first}.jpg?side=96").status == 200
    scratch = server.data / "projects" / server.id / "scratch"
    scratch.mkdir()
    (scratch / "state.json").write_text("{}")
    state = server.told("PATCH", "", {"settings": {"keep": "features"}})
    assert state["settings"]["keep"] == "features"
    assert not scratch.exists()
    for photo in state["classes"][0]["photos"]:
        refused = server.ask("GET", f"photos/{photo}.jpg?side=96")
        assert (refused.status, b"keeps only numbers" in refused.body) == (422, True)
    server.told("POST", f"classes/{klass}/photos?name=new.png", png((240, 0, 0)))
    end = time.monotonic() + 5
    while server.state()["toDrop"] and time.monotonic() < end:
        time.sleep(0.01)
    state = server.state()
    assert (state["toDrop"], state["classes"][0]["count"]) == (0, 3)
    assert state["bound"].startswith("Another network")
    assert list((server.data / "projects" / server.id / "photos").iterdir()) == []
    shown = server.ask("GET", f"photos/{first}.png")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")
    assert open_photo(shown.body, "x.png").size == (2, 2)  # three numbers
    for settings in ({"keep": "photos"}, {"backbone": "net"}):
        assert "deleted" in server.told("PATCH", "", {"settings": settings}, status=422)["detail"]


def test_photos_are_not_given_up_for_numbers_that_nothing_can_make(server: Server) -> None:
    server.klass("warm", RED)
    server.problems.append(ModelNotReadyError("It is not here.", model="net"))
    assert server.told("PATCH", "", {"settings": {"keep": "features"}}, status=503)["detail"] == "It is not here."
    server.problems.clear()
    assert server.state()["settings"]["keep"] == "photos"


def test_a_server_that_was_started_anew_goes_on_deleting(server: Server) -> None:
    server.klass("warm", RED, (250, 20, 0))
    project = Projects(server.data).find(server.id)
    assert project is not None
    project.choose({"keep": "features"})  # by a server that was killed
    place = project.folder / "photos"
    os.utime(project.folder, (used := time.time() - 3 * 24 * 3600, used))
    started = Workshop(Projects(server.data), server.store, Queue(server.data / "jobs"), lambda _: Colours(), Pool(2))
    started.sweep()
    end = time.monotonic() + 5
    while list(place.iterdir()) and time.monotonic() < end:
        time.sleep(0.01)
    assert list(place.iterdir()) == []
