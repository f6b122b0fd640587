"""Rooms are opened, found and ended, and outlive the server without their photos."""

import gc
import json
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.errors import DownloadError, FullError
from lib.server import limits
from lib.server.room import rooms as rooms_module
from lib.server.room.room import Room, RoomFullError, UnknownRoomError
from lib.server.room.rooms import FOLDER, Rooms
from tests.support.meeting import Meeting, photo
from tests.support.pictures import RED


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms(tmp_path: Path, clock: Clock) -> Rooms:
    return Rooms(tmp_path, clock=clock)


def test_a_room_is_found_by_code_and_by_id_and_has_both_alone(rooms: Rooms) -> None:
    found = [rooms.open("net")[0] for _ in range(limits.ROOMS)]
    assert len({room.code for room in found} | {room.id for room in found}) == 2 * limits.ROOMS
    assert all(rooms.of_code(room.code) is room and rooms.of_id(room.id) is room for room in found)
    with pytest.raises(RoomFullError):
        rooms.open("net")
    rooms.end(found[0])
    assert rooms.open("net")[0].code != found[0].code


def test_a_room_that_nobody_looks_at_ends_by_itself(rooms: Rooms, clock: Clock) -> None:
    (old, _), (used, _) = rooms.open("net"), rooms.open("net")
    person, token = old.join("Mina")
    clock.seconds = limits.ROOM_UNUSED_S - 1
    assert used.person("nobody's") is None
    used.seen()
    rooms.sweep()
    assert rooms.count == 2
    assert old.person(token) is person  # her phone asks: the room is in use
    clock.seconds += 2
    rooms.sweep()
    assert rooms.count == 2
    clock.seconds += limits.ROOM_UNUSED_S
    rooms.sweep()
    assert (rooms.count, rooms.people, rooms.held_bytes) == (0, 0, 0)
    assert rooms.has_ended(old.code)
    assert (old.people, old.key) == ({}, "")


def test_what_is_kept_of_ended_rooms_is_their_codes_for_a_while(rooms: Rooms, clock: Clock) -> None:
    for _ in range(5 * limits.ROOMS):
        room, _key = rooms.open("net")
        rooms.end(room)
    assert rooms.has_ended(room.code)
    assert len(rooms._ended) == 2 * limits.ROOMS
    clock.seconds = limits.ENDED_S + 1
    assert not rooms.has_ended(room.code)


def test_damaged_files_are_passed_over_and_sound_ones_brought_back(rooms: Rooms, tmp_path: Path) -> None:
    room, key = rooms.open("net")
    room.join("Mina")
    told = room.to_dict()
    for name, text in (
        ("a", "{"), ("b", "[]"), ("c", json.dumps(told)), ("d", json.dumps(told | {"people": [{}]})), ("e", "\ud800"),
    ):  # fmt: skip
        (tmp_path / FOLDER / f"{name}.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    again = Rooms(tmp_path)
    assert again.count == 1
    back = again.of_id(room.id)
    assert back.is_key(key)
    assert not back.is_key("guessed")
    assert not back.is_key(None)
    assert [one.name for one in back.present] == ["Mina"]


def test_where_the_disk_refuses_the_room_goes_on_without(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rooms_module, "write_private", refuse)
    room, _ = rooms.open("net")
    room.join("Mina")
    assert rooms.of_code(room.code) is room
    assert "No space left" in caplog.text
    assert "Mina" not in caplog.text


def test_thirty_who_join_in_the_same_moment_get_thirty_names_and_numbers(rooms: Rooms) -> None:
    room, _ = rooms.open("net")
    begin = threading.Barrier(30)

    def join() -> None:
        begin.wait()
        room.join("Mina")

    threads = [threading.Thread(target=join) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.name for one in room.present}) == len({one.id for one in room.present}) == 30


def test_a_room_is_bounded_in_people_and_remembers_only_so_many_that_were_removed(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM_PEOPLE", 3)
    monkeypatch.setattr(limits, "ROOM_REMOVED", 2)
    room, _ = rooms.open("net")
    for number in range(6):
        person, _token = room.join(f"p{number}")
        room.remove(person.id)
    assert len(room.people) == 2
    for number in range(3):
        room.join(f"q{number}")
    with pytest.raises(RoomFullError):
        room.join("one more")


def test_a_full_room_lets_go_of_who_sleeps_and_has_nothing_in_it(
    rooms: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM_PEOPLE", 3)
    room, _ = rooms.open("net")
    (first, _), (second, _), (third, token) = (room.join(name) for name in ("a", "b", "c"))
    first.points = 1
    with pytest.raises(RoomFullError):
        room.join("d")
    clock.seconds += limits.HERE_S + 1
    assert room.person(token) is third  # her phone is awake
    room.join("d")
    assert [one.name for one in room.present] == ["a", "c", "d"]
    assert second.id not in room.people


def test_after_its_end_a_room_changes_no_more(rooms: Rooms) -> None:
    room, _ = rooms.open("net")
    person, _token = room.join("Mina")
    rooms.end(room)
    with pytest.raises(UnknownRoomError):
        room.join("Theo")
    with pytest.raises(UnknownRoomError):
        room.leave(person)
    with pytest.raises(UnknownRoomError):
        room.require_open()
    assert "Mina" not in repr(room)
    with pytest.raises(UnknownRoomError):
        rooms.of_id(room.id)


def test_nothing_in_memory_holds_a_room_that_has_ended(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    teacher = meeting.open()
    mina = teacher.phone("Mina")
    number = int(mina.told("POST", "photos?name=a.png", photo(RED))["photo"])
    teacher.show("shown")
    mina.state()
    room = teacher.room
    held = [weakref.ref(each) for each in (room, room.album, room.people[1], room.shots[number])]
    del room
    assert len(meeting.looking._said) > 0
    teacher.told("DELETE", "", {})
    end = time.monotonic() + 5  # a thread that has answered holds what it answered about until it ends
    while any(each() is not None for each in held) and time.monotonic() < end:
        time.sleep(0.01)
        gc.collect()
    assert [each() for each in held] == [None] * 4
    assert len(meeting.looking._said) == 0
    assert (meeting.rooms.count, meeting.rooms.people, meeting.rooms.held_bytes) == (0, 0, 0)


def test_rooms_together_hold_no_more_than_all_may(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOMS_BYTES", 100)
    room: Room = rooms.open("net")[0]
    room.album.add("a", b"x" * 60)
    rooms.require_space(40)
    with pytest.raises((RoomFullError, FullError)):
        rooms.require_space(41)


def test_no_file_of_a_room_however_damaged_keeps_the_server_from_starting(rooms: Rooms, tmp_path: Path) -> None:
    room, _ = rooms.open("net")
    room.join("Mina")
    told, file = room.to_dict(), tmp_path / FOLDER / f"{room.id}.json"
    odd: list[object] = [None, 5, -1, 1e999, "", "x", "\ud800", [], {}, [1], [[1]]]
    texts = [json.dumps(told | {name: one}) for name in told for one in odd]
    (person,) = told["people"]
    texts += [json.dumps(told | {"people": [person | {name: one}]}) for name in person for one in odd]
    for text in (*texts, "[" * 100_000):
        file.write_text(text, encoding="utf-8")
        again = Rooms(tmp_path)
        for one in list(again._rooms.values()):  # what is brought back can be used
            one.is_locked = False
            one.is_key("guessed")
            one.person("guessed")
            one.join("Theo")
            again.of_code(one.code)
            again.end(one)


def test_a_room_that_outlives_the_server_is_as_old_as_it_is(tmp_path: Path, clock: Clock) -> None:
    room, _ = Rooms(tmp_path, clock=clock).open("net")
    folder = tmp_path / FOLDER
    begun_s = (folder / f"{room.id}.json").stat().st_mtime
    (folder / f".{room.id}.json-half").write_text("Mina")

    def after(seconds: float) -> Rooms:
        found = Rooms(tmp_path, clock=clock, now=lambda: begun_s + seconds)
        found.sweep()
        return found

    for seconds in (-1e9, 0, limits.ROOM_UNUSED_S - 60):  # a clock that jumps back makes nothing old
        assert after(seconds).count == 1
    assert [each.name for each in folder.iterdir()] == [f"{room.id}.json"]
    assert after(limits.ROOM_UNUSED_S + 60).count == 0
    assert list(folder.iterdir()) == []


def test_what_cannot_be_deleted_of_one_room_keeps_no_other_from_its_end(
    rooms: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        rooms.open("net")

    def refuse(_room_id: str) -> None:
        raise DownloadError("The disk refuses.")

    monkeypatch.setattr(rooms, "forget", refuse)
    clock.seconds = limits.ROOM_UNUSED_S + 1
    rooms.sweep()
    assert rooms.count == 0
    assert "The disk refuses." in caplog.text
