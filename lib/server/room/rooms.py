"""All rooms of this server: how one is opened, found and ended, and what of it outlives the server.

In the data folder is a file for each, which nobody else may read: who is in it, under which nickname and with how many
points, and which class set is its own. Photos on the wall and guesses are in memory alone.
"""

import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.errors import AppError
from lib.messages import N_
from lib.server import limits
from lib.server.room import codes
from lib.server.room.room import Room, RoomFullError, UnknownRoomError, digest
from lib.server.workshop import Workshop, server_workshop
from lib.work.files import data_folder, read_small, write_private

_LOG = logging.getLogger(__name__)
_KEY_BYTES = 24
FOLDER = "rooms"
_WRITTEN_S = 60.0  # no file takes so long to be written


@dataclass(frozen=True, slots=True)
class Left:
    """What is still there of a room that has ended, as somebody who looks finds it: all zeros if all went well.

    Attributes:
        rooms: Files that tell of it.
        photos: Its photos, in memory and on disk.
        people: Who is in it.
        projects: Class sets.
        models: Made of these.
    """

    rooms: int
    photos: int
    people: int
    projects: int
    models: int


class Rooms:
    """The rooms; safe to use from several threads.

    Args:
        data: The data folder.
        workshop: Returns where class sets are.
        clock: Returns seconds.
        now: Returns seconds since 1970.

    Attributes:
        forget: Told of each room that has ended, by id.
    """

    def __init__(
        self,
        data: Path,
        workshop: Callable[[], Workshop] = server_workshop,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._workshop, self._clock, self._now = data / FOLDER, workshop, clock, now
        self._rooms: dict[str, Room] = {}
        self._ended: OrderedDict[str, float] = OrderedDict()  # when, by code
        self._lock = threading.RLock()
        self.forget: Callable[[str], None] = lambda room_id: None
        for file in sorted(self._folder.glob("*")):
            self._bring_back(file)

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self._rooms)

    @property
    def people(self) -> int:
        """Return how many people are in them."""
        with self._lock:
            return sum(len(room.present) for room in self._rooms.values())

    @property
    def held_bytes(self) -> int:
        """Return how much memory their photos take."""
        with self._lock:
            return sum(room.album.held_bytes for room in self._rooms.values())

    def open(self, model: str) -> tuple[Room, str]:
        """Open a room whose photos `model` answers; return it, and the key that its teacher keeps.

        Raises:
            RoomFullError: There are `limits.ROOMS` already.
        """
        self.sweep()
        with self._lock:
            if len(self._rooms) >= limits.ROOMS:
                sentence = N_("There are {n} rooms on this computer already. End one that is not needed any more.")
                raise RoomFullError(sentence, n=len(self._rooms))
            key = secrets.token_urlsafe(_KEY_BYTES)
            taken = {room.code for room in self._rooms.values()} | self._ended.keys()
            room = Room(codes.new_code(taken), digest(key), model, clock=self._clock)
            self._add(room)
        room.save()
        return room, key

    def of_id(self, room_id: str) -> Room:
        """Return a room. Raises UnknownRoomError: there is none of this id."""
        if (room := self._rooms.get(room_id)) is None:
            raise UnknownRoomError
        return room

    def of_code(self, code: str) -> Room:
        """Return the room of a code as `codes.read` returns it. Raises UnknownRoomError: there is none."""
        with self._lock:
            found = next((room for room in self._rooms.values() if room.code == code), None)
        if found is None:
            raise UnknownRoomError
        return found

    def has_ended(self, code: str) -> bool:
        """Whether there was a room of this code a short time ago."""
        with self._lock:
            return code in self._ended and self._clock() - self._ended[code] < limits.ENDED_S

    def require_space(self, size: int) -> None:
        """Go on only if all rooms together have space for so many bytes. Raises RoomFullError."""
        if self.held_bytes + size > limits.ROOMS_BYTES:
            raise RoomFullError(N_("This computer has no space for more photos right now. Try again in a few minutes."))

    def end(self, room: Room, *, keeps_set: bool = False) -> Left:
        """End a room: all of it is forgotten, its class set and the model made of that only if they are not to be kept.

        Raises:
            DownloadError: The disk refuses.
        """
        with self._lock:
            self._rooms.pop(room.id, None)
            self._ended[room.code] = self._clock()
            while len(self._ended) > 2 * limits.ROOMS:
                self._ended.popitem(last=False)
        project = room.end()
        self.forget(room.id)
        try:
            found = self._workshop().find(project) if project and not keeps_set else None
            left = None if found is None else self._workshop().delete(found)
        finally:  # last, so that a server that is killed meanwhile brings the room back, to be ended again
            with suppress(OSError):
                self._file(room).unlink(missing_ok=True)
        photos, projects, models = (0, 0, 0) if left is None else (left.photos, int(left.files > 0), left.models)
        return Left(int(self._file(room).exists()), len(room.album.photos) + photos, len(room.people), projects, models)

    def sweep(self) -> None:
        """End rooms that nobody has looked at for long; to be called now and then."""
        with self._lock:
            unused = [room for room in self._rooms.values() if self._clock() - room.used_s > limits.ROOM_UNUSED_S]
        for room in unused:
            try:
                self.end(room)
            except AppError as error:
                _LOG.warning("Not all of a room that nobody used could be deleted: %s", error)

    def _file(self, room: Room) -> Path:
        return self._folder / f"{room.id}.json"

    def _add(self, room: Room) -> None:
        self._rooms[room.id] = room
        room.save = lambda: self._save(room)

    def _save(self, room: Room) -> None:
        """Keep what outlives the server; where the disk refuses, the room goes on without."""
        try:
            write_private(self._file(room), json.dumps(room.to_dict(), ensure_ascii=False).encode())
        except OSError as error:
            _LOG.warning("A room cannot be kept on disk: %s.", error.strerror)

    def _bring_back(self, file: Path) -> None:
        """Take over what another server kept, as old as it is; what is only half written goes when nobody writes it."""
        try:
            idle_s = max(0.0, self._now() - file.stat().st_mtime)
            if file.suffix != ".json":
                if idle_s > _WRITTEN_S:
                    file.unlink()
                return
            room = Room.of_dict(json.loads(read_small(file)), self._now(), self._clock, idle_s)
            if file.stem != room.id:
                raise ValueError(file.stem)
        except (OSError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            _LOG.warning("The file of a room is damaged: it is passed over.")
            return
        self._add(room)


def server_rooms() -> Rooms:
    """Return the rooms of this server."""
    return _rooms(data_folder())


@cache
def _rooms(data: Path) -> Rooms:
    return Rooms(data)
