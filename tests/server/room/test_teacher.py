"""The teacher opens a room, leads it, trains with what came in, and ends it."""

import asyncio
import json
from pathlib import Path

import pytest

from lib.projects import live
from lib.projects.finish import FINISH
from lib.projects.project import Project
from lib.server import limits
from lib.server.host import COOKIE, HOST
from lib.server.room.room import UnknownRoomError
from lib.server.room.rooms import FOLDER
from lib.work.jobs import Job, Kind
from tests.support.meeting import Browser, Meeting, Teacher, photo
from tests.support.pictures import BLUE, GREEN, RED
from tests.support.user_models import TINY, put


@pytest.fixture
def meeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    monkeypatch.setattr(limits, "ROOM_SOON_S", 0.0)
    monkeypatch.setattr(limits, "POLL_AGAIN_S", 0.005)
    monkeypatch.setattr(live, "GAP_S", 0.02)
    monkeypatch.setattr(live, "CALM_S", 60.0)
    return Meeting(tmp_path)


@pytest.fixture
def teacher(meeting: Meeting) -> Teacher:
    return meeting.open()


def test_only_the_host_opens_a_room_and_only_its_key_leads_it(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HOST, "key", "the-hosts-key")
    pupil = Browser(meeting)
    assert pupil.problem("POST", "/rooms", {}) == (403, "not-host")
    host = Teacher(meeting, {COOKIE: "the-hosts-key"})
    told = host.told("POST", "/rooms", {}, status=201)
    assert set(told) == {"id", "code"}
    own = f"/rooms/{told['id']}"
    for method, path, said in (
        ("GET", "/state", None), ("PATCH", "", {"locked": True}), ("POST", "/next", None), ("DELETE", "", {}),
        ("DELETE", "/people/1", None), ("POST", "/collect", {"classes": ["a"]}), ("POST", "/train", None),
        ("POST", "/model", {"name": "x"}), ("PATCH", "/photos/1", {"hidden": True}), ("GET", "/photos/1.jpg", None),
    ):  # fmt: skip
        assert pupil.problem(method, own + path, said) == (403, "key")
        stranger = Browser(meeting, {COOKIE: "the-hosts-key", f"discern-room-{told['id']}": "guessed"})
        assert stranger.problem(method, own + path, said) == (403, "key")
    assert pupil.problem("GET", "/rooms/nothing/state") == (404, "room-unknown")


def test_the_key_is_in_a_cookie_that_no_script_reads_and_no_other_address_gets(meeting: Meeting) -> None:
    answer = Browser(meeting).ask("POST", "/rooms", b"{}")
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(given.split("; "))
    assert f"Path=/rooms/{json.loads(answer.body)['id']}" in given
    key = given.partition("=")[2].partition(";")[0]
    (kept,) = (meeting.data / FOLDER).iterdir()
    assert key not in kept.read_text()
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_host_who_lost_the_key_gets_another_and_nobody_else_does(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = meeting.open()
    assert Browser(meeting).problem("POST", "/rooms/again", {"code": teacher.code}) == (403, "key")  # no class
    monkeypatch.setattr(HOST, "key", "the-hosts-key")
    assert Browser(meeting).problem("POST", "/rooms/again", {"code": teacher.code}) == (403, "not-host")
    again = Teacher(meeting, {COOKIE: "the-hosts-key"}, id=teacher.id)
    assert again.problem("POST", "/rooms/again", {"code": "cat10"}) == (404, "room-unknown")
    again.told("POST", "/rooms/again", {"code": f"{teacher.code[:-2]} {teacher.code[-2:]}"}, status=201)
    assert again.state()["id"] == teacher.id
    assert teacher.problem("GET", "state") == (403, "key")


def test_the_wall_says_where_phones_find_it(teacher: Teacher) -> None:
    told = teacher.state()
    assert told["address"] == f"http://192.168.1.5:8501/r/{teacher.code}"
    assert (told["short"], told["isReachable"]) == ("192.168.1.5:8501/r", True)
    assert told["code"] == f"{teacher.code[:-2]} {teacher.code[-2:]}"
    assert told["qr"].startswith("data:image/svg+xml;base64,")
    teacher.meeting.addresses = ()
    assert teacher.state()["isReachable"] is False


def test_the_wall_has_everybodys_photos_and_answers_only_when_shown(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = int(mina.told("POST", "photos?name=a.png", photo(RED))["photo"])
    theo.told("POST", "guess", {"photo": number, "guess": "1"})
    (one,) = teacher.state()["photos"]
    assert (one["by"], one["guesses"], one["of"], "answer" in one) == ("Mina", 1, 1, False)
    told = teacher.show("shown")
    (one,) = told["photos"]
    assert (one["pile"], one["look"], one["rightGuesses"]) == ("red", "clear", 0)
    assert [(each["name"], each["count"], each["isRight"]) for each in one["options"]] == [
        ("blue", 0, False), ("green", 1, False), ("red", 0, True), ("It will not be sure", 0, False),
    ]  # fmt: skip
    assert told["guesses"] == {"right": 0, "surprises": 1}
    assert one["disputed"] is True
    assert [(each["name"], each["photos"], each["here"]) for each in told["people"]] == [
        ("Mina", 1, True), ("Theo", 0, True),
    ]  # fmt: skip
    assert teacher.ask("GET", one["src"]).headers["content-type"] == "image/png"
    assert teacher.ask("GET", one["src"] + "?side=480").headers["content-type"] == "image/jpeg"


def test_what_cannot_be_set_is_refused_and_changes_nothing(teacher: Teacher) -> None:
    before = teacher.state()["version"]
    for said in (
        {"locked": "yes"}, {"phase": "dance"}, {"phase": "ended"}, {"phase": "collect"}, {"pinned": "a"},
        {"pinned": True}, {"model": "nothing"}, {"other": 1}, [],
    ):  # fmt: skip
        assert teacher.problem("PATCH", "", said)[0] == 422
    assert teacher.problem("POST", "collect", {"classes": []})[0] == 422
    assert teacher.problem("POST", "collect", {"classes": [3]})[0] == 422
    assert teacher.problem("POST", "collect", {"classes": list("abcdefg")})[0] == 422
    assert teacher.problem("POST", "model", {"name": "ours"})[0] == 422
    assert teacher.problem("POST", "train")[0] == 422
    assert teacher.state()["version"].rpartition(".")[0] == before.rpartition(".")[0]


def test_another_model_begins_another_round(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    mina.told("POST", "photos?name=a.png", photo(RED))

    put(teacher.meeting.data, "other", TINY / "uint8")
    told = teacher.told("PATCH", "", {"model": "other"})
    assert (told["round"], told["photos"], told["model"]["id"], told["all"]) == (2, [], "other", 1)
    assert mina.state()["model"]["id"] == "other"


async def collected(teacher: Teacher, phones: list[Browser]) -> dict[str, int]:
    """Let phones send photos for two classes; return these by name."""
    told = await teacher.tells("POST", "collect", {"classes": ["warm", "cold"]})
    classes = {one["name"]: one["id"] for one in told["collect"]["classes"]}
    for number, phone in enumerate(phones):
        for name, colour in (("warm", RED), ("cold", BLUE)):
            for shade in range(3):
                shot = photo(tuple(max(0, part - 9 * shade - 3 * number) for part in colour), 12 + shade)  # type: ignore[arg-type]
                told = await phone.tells("POST", f"classes/{classes[name]}?name={shade}.png", shot)
    return classes


def test_phones_collect_for_classes_and_the_model_made_of_that_answers_on_all_of_them(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    workshop, data = teacher.meeting.workshop, teacher.meeting.data

    def finish(project: Project, _name: str) -> None:
        def work(_job: Job) -> None:
            put(data, "own")
            project.add_model("own")
            project.set_model("own")

        workshop._queue.submit(Job(work, kind=Kind.FITTING, name=FINISH, owner=project.id))

    monkeypatch.setattr(workshop, "finish", finish)

    async def scene() -> None:
        classes = await collected(teacher, [mina, theo])
        told = await mina.tells("GET", "state")
        assert [(one["name"], one["mine"]) for one in told["collect"]["classes"]] == [("warm", 3), ("cold", 3)]
        told = await teacher.tells("GET", "state")
        assert [one["count"] for one in told["collect"]["classes"]] == [
            one["count"] for one in (await theo.tells("GET", "state"))["collect"]["classes"]
        ]
        assert told["collect"]["canMake"] is True
        # A pinned class is the only one that is taken.
        await teacher.tells("PATCH", "", {"pinned": classes["warm"]})
        await mina.tells("POST", f"classes/{classes['cold']}?name=x.png", photo(BLUE), status=422)
        await teacher.tells("PATCH", "", {"pinned": None})
        # Broken ones are set aside with a reason.
        broken = await mina.tells("POST", f"classes/{classes['cold']}?name=x.png", b"no photo")
        assert broken["added"] == 0
        assert "x.png" in broken["reason"]
        # The model.
        since = (await teacher.tells("POST", "model", {"name": "ours"}))["version"]
        end = asyncio.get_running_loop().time() + 20
        while (told := await teacher.tells("GET", f"state?since={since}"))["phase"] != "photos":
            assert asyncio.get_running_loop().time() < end, told["collect"]
            since = told["version"]
        assert told["model"]["id"] == "own"
        assert told["collect"]["model"]["id"] == told["model"]["id"]
        found = await mina.tells("GET", "state")
        assert found["model"]["id"] == told["model"]["id"]
        answer = await mina.tells("POST", "look", photo(RED))
        assert "red" in answer["answer"]

    asyncio.run(scene())


def test_the_walls_photos_become_a_class_set_in_one_go(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    for number, colour in enumerate((RED, GREEN, (140, 130, 0))):
        mina.told("POST", f"photos?name={number}.png", photo(colour))
    teacher.show("shown")
    told = teacher.told("POST", "train")
    assert told["phase"] == "collect"
    assert [(one["name"], one["count"]) for one in told["collect"]["classes"]] == [("red", 1), ("green", 1)]
    assert teacher.problem("POST", "train")[0] == 422  # they went over already
    mina_state = mina.state()
    assert [one["name"] for one in mina_state["collect"]["classes"]] == ["red", "green"]


def test_the_end_takes_class_set_and_model_along_unless_they_are_to_be_kept(meeting: Meeting) -> None:
    for keeps in (False, True):
        teacher = meeting.open()
        mina = teacher.phone("Mina")
        asyncio.run(collected(teacher, [mina]))
        project = meeting.workshop.find(teacher.room.project)
        assert project is not None
        told = teacher.told("DELETE", "", {"keep": keeps})
        assert told["left"] == {"rooms": 0, "photos": 0, "people": 0, "projects": 0, "models": 0}
        assert (meeting.workshop.find(project.id) is not None) is keeps
        assert teacher.problem("GET", "state") == (404, "room-unknown")


def test_a_server_that_was_killed_comes_back_with_all_but_the_photos(teacher: Teacher) -> None:
    meeting, mina, theo = teacher.meeting, teacher.phone("Mina"), teacher.phone("Theo")
    number = int(mina.told("POST", "photos?name=a.png", photo(RED))["photo"])
    theo.told("POST", "guess", {"photo": number, "guess": "0"})
    teacher.show("shown")
    teacher.told("POST", "next")
    asyncio.run(collected(teacher, [mina]))
    teacher.show("photos")
    mina.told("POST", "photos?name=b.png", photo(GREEN))
    teacher.told("PATCH", "", {"locked": True})
    before = theo.state()["version"]
    meeting.start()
    told = theo.told("GET", f"state?since={before}")  # at once: it is another count
    assert (told["me"]["name"], told["me"]["score"], told["round"], told["locked"]) == ("Theo", 1, 2, True)
    assert "send yours again" in told["note"]
    wall = teacher.state()
    assert "2 people with their points" in wall["restored"]
    assert "the class set" in wall["restored"]
    assert (wall["photos"], wall["all"]) == ([], 0)
    assert [one["count"] for one in wall["collect"]["classes"]] == [3, 3]
    teacher.told("POST", "next")
    assert (teacher.state()["restored"], theo.state()["note"]) == ("", "")
    teacher.told("DELETE", "", {})
    assert list((meeting.data / FOLDER).iterdir()) == []
    meeting.start()
    assert meeting.rooms.count == 0


def test_a_class_set_is_begun_once_though_the_button_is_pressed_twice_and_never_after_the_end(teacher: Teacher) -> None:
    projects = teacher.meeting.data / "projects"
    names = json.dumps({"classes": ["Mug", "mug ", "caf\u00e9", "cafe\u0301"]}).encode()

    async def twice() -> list[int]:
        return [
            one.status for one in await asyncio.gather(*(teacher.asked("POST", "collect", names) for _ in range(2)))
        ]

    assert asyncio.run(twice()) == [200, 200]
    assert [one["name"] for one in teacher.state()["collect"]["classes"]] == ["Mug", "caf\u00e9"]
    assert len(list(projects.glob("[!.]*"))) == 1
    assert teacher.problem("POST", "collect", {"classes": [" "]}) == (422, "usage")
    room = teacher.room
    teacher.told("DELETE", "", {})
    with pytest.raises(UnknownRoomError), room.change():
        raise AssertionError
    assert list(projects.glob("[!.]*")) == []


def test_the_walls_photos_go_into_the_classes_that_are_there_whatever_their_capitals(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    mina.told("POST", "photos", photo(RED))
    (pile,) = (one["pile"] for one in teacher.show("shown")["photos"])
    teacher.told("POST", "collect", {"classes": [pile.upper()]})
    (klass,) = teacher.told("POST", "train")["collect"]["classes"]
    assert (klass["name"], klass["count"]) == (pile.upper(), 1)


def test_half_a_character_is_refused_in_a_sentence(teacher: Teacher) -> None:
    for told in ({"phase": "\ud800"}, {"model": "\ud800"}, {"pinned": "\ud800"}):
        assert teacher.problem("PATCH", "", told)[0] == 422


def test_a_disk_that_refuses_keeps_no_room_open_and_the_answer_says_what_is_left(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = teacher.meeting.data / FOLDER / f"{teacher.id}.json"
    teacher.told("POST", "collect", {"classes": ["mug"]})

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path == file:
            raise PermissionError(13, "Permission denied")
        remove(path, missing_ok)

    remove = Path.unlink
    monkeypatch.setattr(Path, "unlink", refuse)
    left = teacher.told("DELETE", "", {})["left"]
    assert (left["rooms"], left["projects"]) == (1, 0)
    assert teacher.meeting.rooms.count == 0
