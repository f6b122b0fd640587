"""Phones join a room, send photos, guess and see what the model says."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from lib.server import host, limits
from lib.server.room.room import PausedError, Phase, UnknownPersonError
from lib.server.room.rooms import FOLDER
from tests.support import asgi
from tests.support.meeting import Browser, Meeting, Teacher, photo
from tests.support.pictures import BLUE, GREEN, RED


@pytest.fixture
def meeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    monkeypatch.setattr(limits, "ROOM_SOON_S", 0.0)
    monkeypatch.setattr(limits, "ROOM_LATER_S", 0.05)
    return Meeting(tmp_path)


@pytest.fixture
def teacher(meeting: Meeting) -> Teacher:
    return meeting.open()


def send(phone: Browser, colour: tuple[int, int, int], width: int = 12) -> int:
    return int(phone.told("POST", "photos?name=mine.png", photo(colour, width))["photo"])


def test_who_has_not_joined_is_offered_names_and_told_nothing_else(teacher: Teacher) -> None:
    send(teacher.phone("Mina"), RED)
    stranger = Browser(teacher.meeting, code=teacher.code)
    told = stranger.state()
    assert told["me"] is None
    assert len(told["names"]) == 12
    assert (told["mine"], told["guess"], told["shown"]) == ([], [], [])
    for method, path in (("POST", "photos"), ("GET", "photos/1.jpg"), ("POST", "look"), ("POST", "leave")):
        assert stranger.problem(method, path) == (403, "person-unknown")


def test_a_name_is_text_in_one_line_and_nobody_elses(teacher: Teacher) -> None:
    assert teacher.phone("  Mina\n\tFox ").state()["me"]["name"] == "Mina Fox"
    assert teacher.phone("<b>Mina</b>").state()["me"]["name"] == "<b>Mina</b>"
    assert teacher.phone("ＭＩＮＡ fox").state()["me"]["name"] == "ＭＩＮＡ fox 2"
    assert teacher.phone("ab\u202ecd").state()["me"]["name"] == "abcd"
    stranger = Browser(teacher.meeting, code=teacher.code)
    for name in ("", " \u2800\u200b", "x" * 21):
        assert stranger.problem("POST", "join", {"name": name}) == (422, "name")
    assert stranger.problem("POST", "join", {"name": 3})[0] == 422


def test_a_photo_is_guessed_at_before_anybody_is_told_what_the_model_says(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)
    own = mina.state()
    assert own["guess"] == []
    assert own["mine"][0] | {"src": ""} == {
        "photo": number, "src": "", "hidden": False, "guesses": 0, "rightGuesses": 0, "answer": "",
    }  # fmt: skip
    (asked,) = theo.state()["guess"]
    assert [one["name"] for one in asked["options"]] == ["blue", "green", "red"]
    assert (asked["chosen"], asked["guessed"], asked["of"]) == ("", 0, 1)
    assert "verdict" not in json.dumps([own, theo.state(), teacher.state()["photos"]])
    picture = theo.ask("GET", asked["src"])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["cache-control"] == "no-store"


def test_a_guess_can_be_changed_until_the_answers_are_shown_and_then_it_counts(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)
    theo.told("POST", "guess", {"photo": number, "guess": "unsure"})
    told = theo.told("POST", "guess", {"photo": number, "guess": "0"})
    assert (told["guess"][0]["chosen"], told["guess"][0]["guessed"], told["me"]["score"]) == ("0", 1, 0)
    teacher.show("shown")
    told = theo.state()
    (shown,) = told["shown"]
    assert (shown["by"], shown["chosenName"], shown["right"]) == ("Mina", "red", True)
    assert 'data-verdict="clear"' in shown["answer"]
    assert told["me"]["score"] == 1
    assert theo.problem("POST", "guess", {"photo": number, "guess": "1"}) == (409, "room-paused")
    teacher.show("photos")  # hidden again, they count no more
    assert theo.state()["me"]["score"] == 0
    teacher.show("shown")
    teacher.told("POST", "next")
    told = theo.state()
    assert (told["me"]["score"], told["round"], told["guess"]) == (1, 2, [])


def test_points_stay_while_photos_are_collected_and_count_in_the_next_round(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    theo.told("POST", "guess", {"photo": send(mina, RED), "guess": "0"})
    teacher.show("shown")
    teacher.told("POST", "collect", {"classes": ["a", "b"]})
    assert theo.state()["me"]["score"] == 1
    assert teacher.show("photos")["phase"] == "shown"  # back to where the class was
    teacher.show("collect")
    teacher.told("POST", "next")
    assert theo.state()["me"]["score"] == 1
    theo.told("POST", "guess", {"photo": send(mina, GREEN), "guess": "1"})
    teacher.told("POST", "next")  # nobody saw the answers
    assert theo.state()["me"]["score"] == 1


def test_of_what_the_model_is_not_sure_about_that_is_the_right_guess(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, (140, 130, 0))
    theo.told("POST", "guess", {"photo": number, "guess": "unsure"})
    teacher.show("shown")
    assert theo.state()["shown"][0]["right"] is True
    assert teacher.state()["photos"][0]["pile"] == ""


def test_nobody_guesses_at_an_own_photo_or_at_what_is_not_on_the_wall(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)
    assert mina.problem("POST", "guess", {"photo": number, "guess": "0"}) == (404, "photo-unknown")
    assert theo.problem("POST", "guess", {"photo": 99, "guess": "0"}) == (404, "photo-unknown")
    assert theo.problem("POST", "guess", {"photo": number, "guess": "77"})[0] == 422
    assert theo.problem("POST", "guess", {"photo": "1", "guess": "0"})[0] == 422
    assert theo.problem("POST", "vote", {"photo": number, "right": True}) == (409, "room-paused")
    teacher.told("PATCH", f"photos/{number}", {"hidden": True})
    assert theo.state()["guess"] == []
    assert theo.problem("POST", "guess", {"photo": number, "guess": "0"}) == (404, "photo-unknown")
    assert theo.problem("GET", f"photos/{number}.jpg") == (404, "photo-unknown")
    assert mina.ask("GET", f"photos/{number}.jpg").status == 200
    assert mina.state()["mine"][0]["hidden"] is True


def test_a_phone_that_has_the_answers_is_not_sent_them_again(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    number = send(mina, RED)
    assert mina.state()["answers"] == ""  # there are none
    teacher.show("shown")
    told = mina.state()
    assert told["shown"][0]["answer"]
    again = mina.told("GET", f"state?answers={told['answers']}")
    assert "answer" not in again["shown"][0]
    assert "answer" not in again["mine"][0]
    assert mina.told("GET", f"state?answers={told['answers']}&lang=ko")["shown"][0]["answer"]
    teacher.told("PATCH", f"photos/{number}", {"hidden": True})  # what comes back may be new to the phone
    teacher.told("PATCH", f"photos/{number}", {"hidden": False})
    teacher.show("photos")
    send(mina, BLUE)
    teacher.show("shown")
    told = mina.told("GET", f"state?answers={told['answers']}")
    assert all(one["answer"] for one in told["shown"])


def test_votes_are_counted_and_say_where_the_class_sees_it_otherwise(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)
    teacher.show("shown")
    mina.told("POST", "vote", {"photo": number, "right": False})
    told = theo.told("POST", "vote", {"photo": number, "right": False})
    assert told["shown"][0]["votes"] == {"right": 0, "wrong": 2}
    assert teacher.state()["photos"][0]["disputed"] is True
    theo.told("POST", "vote", {"photo": number, "right": True})
    assert teacher.state()["photos"][0]["votes"] == {"right": 1, "wrong": 1}
    assert teacher.state()["photos"][0]["disputed"] is False


def test_a_bad_photo_is_refused_in_a_sentence_and_leaves_nothing(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    answer = mina.ask("POST", "photos?name=notes.jpg", b"no photo")
    assert answer.status == 422
    assert "notes.jpg" in json.loads(answer.body)["detail"]
    assert (mina.state()["mine"], mina.room.album.photos) == ([], [])


def test_everybody_has_room_for_some_photos_and_can_take_one_down(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PHOTOS_OF_PERSON", 2)
    mina = teacher.phone("Mina")
    first = send(mina, RED)
    send(mina, GREEN)
    assert mina.problem("POST", "photos", photo(BLUE)) == (429, "room-full")
    assert teacher.phone("Theo").problem("DELETE", f"photos/{first}") == (403, "person-unknown")
    assert [one["photo"] for one in mina.told("DELETE", f"photos/{first}")["mine"]] == [first + 1]
    send(mina, BLUE)
    monkeypatch.setattr(limits, "ROOM_BYTES", 10)
    assert teacher.phone("Lea").problem("POST", "photos", photo(BLUE)) == (429, "room-full")
    monkeypatch.setattr(limits, "ROOM_BYTES", 10**6)
    monkeypatch.setattr(limits, "ROOMS_BYTES", 10)
    assert teacher.phone("Ines").problem("POST", "photos", photo(BLUE)) == (429, "room-full")


def test_photos_that_come_at_once_are_no_more_than_everybody_may_send(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PHOTOS_OF_PERSON", 3)
    mina = teacher.phone("Mina")

    async def scene() -> list[int]:
        sends = (mina.asked("POST", "photos?name=a.png", photo(RED, 10 + n)) for n in range(8))
        return sorted([answer.status for answer in await asyncio.gather(*sends)])

    assert asyncio.run(scene()) == [200] * 3 + [429] * 5
    assert len(mina.room.album.photos) == len(mina.state()["mine"]) == 3


def test_a_photo_that_comes_when_the_round_is_over_is_not_put_up(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    person = mina.room.present[0]
    looked = teacher.meeting.looking.look(mina.room, "a.png", photo(RED))
    teacher.show("shown")
    with pytest.raises(PausedError):
        mina.room.put_up(person, looked, "digest")
    teacher.show("photos")
    mina.room.model = "other"
    with pytest.raises(PausedError):
        mina.room.put_up(person, looked, "digest")


def test_who_leaves_takes_photos_guesses_and_name_along(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    send(mina, RED)
    number = send(theo, GREEN)
    mina.told("POST", "guess", {"photo": number, "guess": "1"})
    assert mina.ask("POST", "leave").status == 204
    told = teacher.state()
    assert [one["name"] for one in told["people"]] == ["Theo"]
    assert [(one["photo"], one["guesses"], one["of"]) for one in told["photos"]] == [(number, 0, 0)]
    assert mina.state()["me"] is None


def test_who_is_removed_is_told_so_and_does_not_come_in_again(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    send(mina, RED)
    assert teacher.told("DELETE", "people/1")["photos"] == []
    told = mina.state()
    assert (told["me"], told["out"]) == (None, True)
    mina.told("POST", "join", {"name": "Mina"})
    assert mina.state()["me"] is None
    assert mina.problem("POST", "photos", photo(RED)) == (403, "person-unknown")
    assert teacher.problem("DELETE", "people/1") == (403, "person-unknown")
    assert teacher.phone("Mina").state()["me"]["name"] == "Mina"


def test_a_locked_door_lets_nobody_else_in_and_nobody_out(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    teacher.told("PATCH", "", {"locked": True})
    stranger = Browser(teacher.meeting, code=teacher.code)
    assert stranger.state()["locked"] is True
    assert stranger.problem("POST", "join", {"name": "Theo"}) == (403, "room-locked")
    send(mina, RED)
    assert mina.told("POST", "join", {"name": "other"})["me"]["name"] == "Mina"


def test_a_paused_room_takes_nothing(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)
    teacher.told("PATCH", "", {"paused": True})
    assert mina.state()["paused"] is True
    assert mina.problem("POST", "photos", photo(BLUE)) == (409, "room-paused")
    assert mina.problem("POST", "look", photo(BLUE)) == (409, "room-paused")
    assert theo.problem("POST", "guess", {"photo": number, "guess": "0"}) == (409, "room-paused")


def test_to_show_a_picture_costs_nothing_and_leaves_nothing(teacher: Teacher) -> None:
    mina = teacher.phone("Mina")
    told = mina.told("POST", "look?lang=ko", photo(RED))
    assert told["kind"] == "clear"
    assert "data-bars" in told["answer"]
    assert mina.told("POST", "look", b"no photo")["kind"] == "failed"
    assert mina.room.album.photos == []


def test_codes_are_read_as_people_type_them_and_guessed_ones_wait_longer_each_time(teacher: Teacher) -> None:
    code = teacher.code
    stranger = Browser(teacher.meeting)
    assert stranger.ask("GET", f"/r?code={code[:-2].upper()}%20{code[-2:]}").headers["location"] == f"/r/{code}"
    assert stranger.ask("GET", f"/r?code={code}&lang=ko").headers["location"] == f"/r/{code}?lang=ko"
    assert b"no room" in stranger.ask("GET", "/r?code=hello").body
    assert stranger.ask("GET", f"/r/{code}").body == f"en {code} ".encode()
    assert stranger.ask("GET", f"/r/{code.upper()}?lang=ja").headers["location"] == f"/r/{code}?lang=ja"
    for _ in range(3):
        answer = stranger.ask("GET", "/r/nothing00")
        assert (answer.status, b"no room" in answer.body) == (404, True)
    assert stranger.problem("GET", "/r/nothing00/state") == (404, "room-unknown")
    assert teacher.meeting.waits == [0.25, 0.5, 1.0, 2.0]


def test_who_tries_many_codes_at_once_waits_for_all_of_them_and_who_has_joined_does_not(
    teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina, teacher.meeting.wait_s = teacher.phone("Mina"), 0.05
    monkeypatch.setattr(host, "_MOST_AT_ONCE", 4)

    async def scene() -> None:
        loop, stranger = asyncio.get_running_loop(), Browser(teacher.meeting)
        began = loop.time()
        tries = [asyncio.create_task(stranger.asked("GET", f"/r/cat{n}/state")) for n in (50, 51, 52)]
        await asyncio.sleep(0.01)
        right = asyncio.create_task(stranger.asked("GET", f"/r/{teacher.code}/state"))
        await asyncio.sleep(0)
        assert (await mina.asked("GET", "state")).status == 200
        assert loop.time() - began < 0.05
        assert (await stranger.asked("GET", "/r/cat53/state")).status == 429
        assert (await right).status == 200
        assert loop.time() - began >= 0.15
        assert [(await one).status for one in tries] == [404] * 3

    asyncio.run(scene())


def test_nobody_sees_another_room(meeting: Meeting) -> None:
    first, second = meeting.open(), meeting.open()
    mina, theo = first.phone("Mina"), second.phone("Theo")
    number = send(mina, RED)
    assert theo.state()["guess"] == []
    theo.code = first.code
    assert theo.state()["me"] is None
    assert theo.problem("GET", f"photos/{number}.jpg") == (403, "person-unknown")
    second.id = first.id
    assert second.problem("GET", "state") == (403, "key")
    assert second.problem("DELETE", "", {}) == (403, "key")


def test_a_phone_that_waits_is_told_at_once_of_photos_and_later_of_others_guesses(teacher: Teacher) -> None:
    mina, theo = teacher.phone("Mina"), teacher.phone("Theo")
    number = send(mina, RED)

    async def scene() -> tuple[float, float]:
        loop, took = asyncio.get_running_loop(), []
        for act in (("POST", "guess", {"photo": number, "guess": "0"}), ("POST", "photos", photo(BLUE))):
            since = (await mina.tells("GET", "state"))["version"]
            waiting = asyncio.create_task(mina.tells("GET", f"state?since={since}"))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            began = loop.time()
            await theo.tells(*act)
            told: dict[str, Any] = await waiting
            took.append(loop.time() - began)
            assert told["version"] != since
        return took[0], took[1]

    guess_s, photo_s = asyncio.run(scene())
    assert guess_s >= limits.ROOM_LATER_S
    assert photo_s < 1
    assert teacher.room.bell.waiting == 0


def test_after_the_end_phones_are_told_and_nothing_is_left(teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    mina = teacher.phone("Mina")
    send(mina, RED)
    room = teacher.room
    assert teacher.told("DELETE", "", {})["left"] == {"rooms": 0, "photos": 0, "people": 0, "projects": 0, "models": 0}
    assert mina.state()["phase"] == "ended"
    assert b"Nothing of it was kept" in mina.ask("GET", f"/r/{mina.code}").body
    assert mina.problem("POST", "photos", photo(RED)) == (404, "room-unknown")
    assert (room.album.photos, room.shots, room.people) == ([], {}, {})
    assert list((teacher.meeting.data / FOLDER).iterdir()) == []
    assert teacher.meeting.waits == []  # it was no guessed code
    monkeypatch.setattr(limits, "ENDED_S", 0.0)
    assert mina.problem("GET", "state") == (404, "room-unknown")


def test_who_left_or_was_removed_does_nothing_more_though_it_was_on_its_way(teacher: Teacher) -> None:
    mina, theo, lena = teacher.phone("Mina"), teacher.phone("Theo"), teacher.phone("Lena")
    number, room = send(mina, RED), teacher.room
    left, removed = room.people[2], room.people[3]

    async def twice() -> list[int]:
        return [one.status for one in await asyncio.gather(*(theo.asked("POST", "leave") for _ in range(2)))]

    assert sorted(asyncio.run(twice())) == [204, 403]
    room.remove(removed.id)
    for one in (left, removed):
        with pytest.raises(UnknownPersonError):
            room.guess(one, number, "unsure", ["unsure"])
        with pytest.raises(UnknownPersonError):
            room.leave(one)  # a removed one who could leave would come in again
    assert room.shots[number].guesses == {}
    assert lena.told("POST", "join", {"name": "Another"})["out"]
    teacher.show("shown")
    with pytest.raises(UnknownPersonError):
        room.vote(left, number, is_right=True)


def test_a_phone_that_goes_away_while_the_model_looks_leaves_no_photo_that_nobody_sees(teacher: Teacher) -> None:
    mina, room, looking = teacher.phone("Mina"), teacher.room, teacher.meeting.looking
    begun, go, body = threading.Event(), threading.Event(), photo(RED)
    require = looking._models().classifier

    def slow(*found: Any) -> Any:
        begun.set()
        assert go.wait(5)
        return require(*found)

    teacher.meeting.models.classifier = slow  # type: ignore[method-assign]
    cookie = "; ".join(f"{name}={value}" for name, value in mina.cookies.items())
    address, length = f"/r/{mina.code}/photos?name=a.png", str(len(body))

    async def send_and_go() -> None:
        asked: asyncio.Queue[Message] = asyncio.Queue()
        asked.put_nowait({"type": "http.request", "body": body})
        scope = asgi.scope(address, method="POST", content_length=length, cookie=cookie)
        sending = asyncio.create_task(teacher.meeting.app(scope, asked.get, lambda _: asyncio.sleep(0)))
        await asyncio.to_thread(begun.wait, 5)
        asked.put_nowait({"type": "http.disconnect"})
        await sending
        go.set()

    asyncio.run(send_and_go())
    number = int(mina.told("POST", "photos?name=a.png", body)["photo"])  # as phones do that heard nothing
    assert [one["photo"] for one in mina.state()["mine"]] == [number] == [one.id for one in room.album.photos]


def test_a_photo_for_the_class_set_that_was_long_on_its_way_counts_as_it_comes(teacher: Teacher) -> None:
    mina, body = teacher.phone("Mina"), photo(RED)
    klass = teacher.told("POST", "collect", {"classes": ["mug", "pen"]})["collect"]["classes"][0]["id"]
    scope = asgi.scope(
        f"/r/{mina.code}/classes/{klass}",
        method="POST",
        content_length=str(len(body)),
        cookie="; ".join(f"{name}={value}" for name, value in mina.cookies.items()),
    )

    def late() -> Iterator[Message]:
        teacher.room.show(Phase.PHOTOS)
        yield {"type": "http.request", "body": body}

    answer = asyncio.run(asgi.answered(teacher.meeting.app, scope, late()))
    assert answer.status == 409
    assert teacher.told("POST", "collect", {"classes": ["mug"]})["collect"]["classes"][0]["count"] == 0
