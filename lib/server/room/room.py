"""One room: who is in it, their photos, what they guess, and how far the class is.

A round goes through two phases. While photos come in, everybody guesses what the model will say of the others'; once
the answers are shown the guesses count, and everybody may say whether the model is right. Beside that a class collects
photos for a set to train with. Nothing here waits or looks at photos; all of it is safe to use from several threads.
"""

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lib.messages import N_
from lib.results import Answer
from lib.server import limits
from lib.server.album import Album, Photo
from lib.server.refusal import Refusal
from lib.server.room import codes, nicknames
from lib.server.room.bell import Bell

_KEY_BYTES, _ID_BYTES = 24, 9


class Phase(StrEnum):
    """How far the class is."""

    PHOTOS = "photos"  # they come in, and are guessed at
    SHOWN = "shown"  # the answers are
    COLLECT = "collect"  # photos for a class set
    ENDED = "ended"


class UnknownRoomError(Refusal):
    """There is no such room, or no longer."""

    code = "room-unknown"

    def __init__(self) -> None:
        super().__init__(404, N_("There is no room with this code. Look at the screen once more."))


class UnknownPersonError(Refusal):
    """Who asks has not joined, or was removed."""

    code = "person-unknown"

    def __init__(self) -> None:
        super().__init__(403, N_("You are not in this room. Join it first."))


class LockedError(Refusal):
    """The door is locked."""

    code = "room-locked"

    def __init__(self) -> None:
        super().__init__(403, N_("The teacher has locked the door of this room."))


class PausedError(Refusal):
    """Nothing is taken at this time."""

    code = "room-paused"

    def __init__(self) -> None:
        super().__init__(409, N_("The teacher has paused the room."))


class RoomFullError(Refusal):
    """There is no space."""

    code = "room-full"

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(429, text, **values)


class NoPhotoError(Refusal):
    """There is no such photo in this room, or no longer."""

    code = "photo-unknown"

    def __init__(self) -> None:
        super().__init__(404, N_("This photo is not here any more."))


def digest(token: str) -> str:
    """Return what is kept of a key or token: who reads it cannot make it."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(eq=False)
class Person:
    """Somebody with a phone.

    Attributes:
        id: In the order of joining, from 1.
        name: Untrusted text.
        token: Digest of what the phone has.
        points: Right guesses of the rounds before.
        is_out: Whether the teacher removed them.
        sent: How many photos for the class set, by class.
        seen_s: When their phone last asked for something.
    """

    id: int
    name: str
    token: str
    points: int = 0
    is_out: bool = False
    sent: Counter[int] = field(default_factory=Counter)
    seen_s: float = -math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A photo that a model has looked at.

    Attributes:
        photo: It, in the room's album.
        answer: What the model said.
        names: The model's K names by language, as they were then: a class that collects on makes its model anew.
    """

    photo: Photo
    answer: Answer
    names: Mapping[str, tuple[str, ...]]


@dataclass(eq=False)
class Shot:
    """A photo on the wall.

    Attributes:
        photo: It.
        person: Whose, by id.
        round: Of which round.
        answer: What the round's model said.
        names: See `Looked`.
        sent: Digest of the file that was sent.
        is_hidden: Whether the teacher hid it.
        is_taken: Whether it went into the class set.
        is_counted: Whether its round ended with the answers shown, so that its guesses count.
        guesses: By person.
        votes: Likewise: whether they find the answer right.
    """

    photo: Photo
    person: int
    round: int
    answer: Answer
    names: Mapping[str, tuple[str, ...]]
    sent: str
    is_hidden: bool = False
    is_taken: bool = False
    is_counted: bool = False
    guesses: dict[int, str] = field(default_factory=dict)
    votes: dict[int, bool] = field(default_factory=dict)


class Room:
    """A room.

    Args:
        code: What it is called, see `lib.server.room.codes`.
        key: Digest of what its teacher has.
        model: Id of the model that answers.
        room_id: Its own; None for a new one.
        clock: Returns seconds.

    Attributes:
        id: Random; part of addresses, and no secret.
        code: See above.
        key: See above.
        model: See above.
        people: All who are or were in it, by id.
        shots: Photos on the wall, of all rounds, in the order of coming.
        album: What is kept of these photos.
        phase: How far the class is.
        round: Which, from 1.
        has_shown: Whether the answers of this round are shown, or were before photos were collected.
        is_locked: Whether nobody else can join.
        is_paused: Whether nothing is taken at this time.
        has_points: Whether points are shown.
        project: Id of the class set; "" before there is one.
        pinned: The class that all phones collect for; None for a choice.
        restored_s: When the server was started anew in this round, in seconds since 1970: photos are gone, the rest was
            kept. None if it was not.
        version: Another number after each change.
        step: Another number after each change that all are told of at once.
        used_s: When somebody last asked for something.
        save: Called where what is kept on disk has changed.
        bell: Rings at each change.
    """

    def __init__(
        self,
        code: str,
        key: str,
        model: str,
        *,
        room_id: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = room_id or secrets.token_urlsafe(_ID_BYTES)
        self.code, self.key, self.model = code, key, model
        self.people: dict[int, Person] = {}
        self.shots: dict[int, Shot] = {}
        self.album = Album()
        self.phase, self.round = Phase.PHOTOS, 1
        self.has_shown = self.is_locked = self.is_paused = False
        self.has_points = True
        self.project = ""
        self.pinned: int | None = None
        self.restored_s: float | None = None
        self.version = self.step = 1
        self.save: Callable[[], None] = lambda: None
        self.bell = Bell()
        self._clock = clock
        self.used_s = clock()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        """Return what it is, without anything that is anybody's."""
        return f"<Room {self.id}>"

    @contextmanager
    def change(self, *, at_once: bool = True, is_kept: bool = True) -> Iterator[None]:
        """Change something, alone; then who waits is told.

        Args:
            at_once: Whether all are to be told at once.
            is_kept: Whether something changes that is kept on disk.
        """
        with self._lock:
            if self.phase is Phase.ENDED:
                raise UnknownRoomError
            yield
            self.version += 1
            self.step += at_once
            if is_kept:
                self.save()
        self.bell.ring()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Read several things that belong together."""
        with self._lock:
            yield

    # People.

    @property
    def present(self) -> list[Person]:
        """Return who is in, in the order of joining."""
        with self._lock:
            return [person for person in self.people.values() if not person.is_out]

    def renew_key(self) -> str:
        """Return another key, the only one from now on."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        with self.change(at_once=False):
            self.key = digest(key)
        return key

    def is_key(self, key: str | None) -> bool:
        """Whether who has this key is the teacher."""
        return key is not None and hmac.compare_digest(digest(key), self.key)

    def person(self, token: str | None) -> Person | None:
        """Return whose phone has this token, removed or not; None if nobody's."""
        if not token:
            return None
        known = digest(token)
        with self._lock:
            found = next((one for one in self.people.values() if hmac.compare_digest(one.token, known)), None)
            if found is not None:
                found.seen_s = self.used_s = self._clock()
        return found

    def is_here(self, person: Person) -> bool:
        """Whether their phone is awake."""
        return self._clock() - person.seen_s < limits.HERE_S

    def seen(self) -> None:
        """Note that the teacher looks."""
        self.used_s = self._clock()

    def join(self, name: str) -> tuple[Person, str]:
        """Let somebody in; return them, and the token that their phone keeps.

        Raises:
            LockedError: The door is locked.
            RoomFullError: So many are in already.
            BadNameError: See `nicknames.chosen`.
        """
        with self._lock:
            if self.is_locked:
                raise LockedError
            if len(self.present) >= limits.ROOM_PEOPLE:
                self._let_go_of_sleepers()
            if len(self.present) >= limits.ROOM_PEOPLE:
                raise RoomFullError(N_("This room is full: {n} people are in it."), n=limits.ROOM_PEOPLE)
            token = secrets.token_urlsafe(_KEY_BYTES)
            called = nicknames.chosen(name, [one.name for one in self.present])
            with self.change():
                person = Person(1 + max(self.people, default=0), called, digest(token), seen_s=self._clock())
                self.people[person.id] = person
            return person, token

    def _let_go_of_sleepers(self) -> None:
        """Make space in a full room: who sent nothing, has no points and has not been heard of is not missed."""
        busy = {shot.person for shot in self.shots.values()}
        for one in self.present:
            if not (self.is_here(one) or one.points or one.sent or one.id in busy):
                self.leave(one)

    def leave(self, person: Person) -> None:
        """Let somebody go, with their photos. Raises UnknownPersonError: they are not in any more."""
        with self.change():
            self.require_in(person)
            self._forget(person)
            del self.people[person.id]

    def remove(self, person_id: int) -> None:
        """Put somebody out, with their photos; their phone cannot come in again.

        Raises:
            UnknownPersonError: There is nobody of this id.
        """
        with self.change():
            person = self.people.get(person_id)
            if person is None or person.is_out:
                raise UnknownPersonError
            self._forget(person)
            person.is_out, person.name, person.points = True, "", 0
            removed = [one for one in self.people.values() if one.is_out]
            for oldest in removed[: -limits.ROOM_REMOVED]:
                del self.people[oldest.id]

    def require_in(self, person: Person) -> None:
        """Go on only if somebody is still in: they may have left since they were let in, or have been removed."""
        if person.is_out or self.people.get(person.id) is not person:
            raise UnknownPersonError

    def _forget(self, person: Person) -> None:
        for shot in [shot for shot in self.shots.values() if shot.person == person.id]:
            self._drop(shot)
        for shot in self.shots.values():
            shot.guesses.pop(person.id, None)
            shot.votes.pop(person.id, None)

    # Photos.

    @property
    def on_wall(self) -> list[Shot]:
        """Return the photos of this round, in the order of coming."""
        with self._lock:
            return [shot for shot in self.shots.values() if shot.round == self.round]

    def shot(self, number: int) -> Shot:
        """Return a photo that is or was on the wall. Raises NoPhotoError."""
        found = self.shots.get(number)
        if found is None:
            raise NoPhotoError
        return found

    def require_open(self, *phases: Phase) -> None:
        """Go on only in one of these phases, and not while the room is paused.

        Raises:
            PausedError: It is paused, or the class is elsewhere at this time.
            UnknownRoomError: It has ended.
        """
        if self.phase is Phase.ENDED:
            raise UnknownRoomError
        if self.is_paused or (phases and self.phase not in phases):
            raise PausedError

    def require_space(self, person: Person, size: int) -> None:
        """Go on only if somebody can put up one more photo of so many bytes.

        Raises:
            RoomFullError: They have put up `limits.PHOTOS_OF_PERSON` in this round, or the room has no space.
        """
        if sum(shot.person == person.id for shot in self.on_wall) >= limits.PHOTOS_OF_PERSON:
            sentence = N_("In one round everybody can send {n} photos. Remove one of yours first.")
            raise RoomFullError(sentence, n=limits.PHOTOS_OF_PERSON)
        if self.album.held_bytes + size > limits.ROOM_BYTES:
            raise RoomFullError(
                N_("This room holds as many photos as it can. The teacher can end it and open another.")
            )

    def put_up(self, person: Person, looked: Looked, sent: str) -> Shot:
        """Put a photo that was looked at on the wall, unless it is there: a phone that heard no answer sends it again.

        Args:
            person: Whose it is.
            looked: The photo, which is forgotten where it does not get on the wall.
            sent: Digest of the file that was sent.

        Raises:
            UnknownPersonError: They left meanwhile.
            PausedError: The round is over, or another model answers now.
            RoomFullError: See `require_space`.
        """
        photo = looked.photo
        try:
            with self.change(is_kept=False):
                self.require_in(person)
                self.require_open(Phase.PHOTOS)
                if looked.answer.model != self.model:
                    raise PausedError
                there = next((one for one in self.on_wall if one.person == person.id and one.sent == sent), None)
                if there is None:
                    self.require_space(person, 0)
                    there = self.shots[photo.id] = Shot(photo, person.id, self.round, looked.answer, looked.names, sent)
            return there
        finally:
            if photo.id not in self.shots:
                self._let_go(photo)

    def take_down(self, shot: Shot) -> None:
        """Take a photo off the wall, and forget it."""
        with self.change(is_kept=False):
            self._drop(shot)

    def _drop(self, shot: Shot) -> None:
        self.shots.pop(shot.photo.id, None)
        self._let_go(shot.photo)

    def _let_go(self, photo: Photo) -> None:
        self.album.remove(photo)
        self.album.forget_removed()

    def guess(self, person: Person, number: int, guess: str, known: Iterable[str]) -> None:
        """Note what somebody guesses; until the answers are shown it can be changed.

        Args:
            person: Who.
            number: The photo.
            guess: What, by id.
            known: What can be guessed.

        Raises:
            UnknownPersonError: They are not in any more.
            PausedError: See `require_open`.
            NoPhotoError: It is not on the wall, or their own.
            Refusal: This cannot be guessed.
        """
        with self.change(at_once=False, is_kept=False):
            self.require_in(person)
            self.require_open(Phase.PHOTOS)
            shot = self._others(person, number)
            if guess not in known:
                raise Refusal(422, N_("This is none of the answers to choose from."))
            shot.guesses[person.id] = guess

    def vote(self, person: Person, number: int, *, is_right: bool) -> None:
        """Note whether somebody finds an answer right; raises as `guess`."""
        with self.change(at_once=False, is_kept=False):
            self.require_in(person)
            self.require_open(Phase.SHOWN)
            shot = self.shot(number)
            if shot.round != self.round or shot.is_hidden:
                raise NoPhotoError
            shot.votes[person.id] = is_right

    def _others(self, person: Person, number: int) -> Shot:
        shot = self.shot(number)
        if shot.round != self.round or shot.is_hidden or shot.person == person.id:
            raise NoPhotoError
        return shot

    def require_shots(self, person: Person) -> None:
        """Go on only if somebody can send one more photo for the class set. Raises RoomFullError."""
        if person.sent.total() >= limits.SHOTS_OF_PERSON:
            raise RoomFullError(N_("Each phone can send {n} photos for the class."), n=limits.SHOTS_OF_PERSON)

    def collected(self, person: Person, klass: int | None) -> None:
        """Note that a photo of somebody's came into the class set, and into which class; None if it was set aside."""
        with self.change(at_once=False, is_kept=False):
            if klass is not None:
                person.sent[klass] += 1

    # How far the class is.

    def show(self, phase: Phase) -> None:
        """Go to a phase, to and fro as one likes; from collecting photos one comes back to the answers."""
        with self.change():
            if phase is Phase.PHOTOS and self.phase is Phase.COLLECT and self.has_shown:
                phase = Phase.SHOWN
            if phase is not Phase.COLLECT:
                self.has_shown = phase is Phase.SHOWN
            self.phase = phase

    def next_round(self, earned: Callable[[Shot, "Room"], Iterable[int]], model: str | None = None) -> None:
        """Clear the wall for the next round; earlier photos stay until the room ends.

        Args:
            earned: Returns who guessed right, of a photo whose answer was shown.
            model: Id of the model that answers from now on; None for the same.
        """
        with self.change():
            if self.has_shown:
                for shot in self.on_wall:
                    shot.is_counted = True
                    for one in earned(shot, self):
                        if one in self.people:
                            self.people[one].points += 1
            self.phase, self.restored_s, self.pinned, self.has_shown = Phase.PHOTOS, None, None, False
            self.round += bool(self.on_wall)
            self.model = model or self.model

    def end(self) -> str:
        """Forget everything; return the id of the class set there was, if there was one."""
        with self._lock:
            project = self.project
            self.phase = Phase.ENDED
            self.people.clear()
            self.shots.clear()
            self.album.clear()
            self.project, self.key = "", ""
            self.version += 1
            self.step += 1
        self.bell.ring()
        return project

    # What is kept on disk: no photo, and nothing that was guessed.

    def to_dict(self) -> dict[str, Any]:
        """Return what outlives the server."""
        with self._lock:
            return {
                "schema": 1, "id": self.id, "code": self.code, "key": self.key, "model": self.model,
                "round": self.round, "locked": self.is_locked, "paused": self.is_paused, "points": self.has_points,
                "project": self.project, "collects": self.phase is Phase.COLLECT,
                "people": [
                    {"id": one.id, "name": one.name, "token": one.token, "points": one.points, "out": one.is_out,
                     "sent": [[klass, count] for klass, count in one.sent.items()]}
                    for one in self.people.values()
                ],
            }  # fmt: skip

    @classmethod
    def of_dict(
        cls, kept: dict[str, Any], at_s: float, clock: Callable[[], float] = time.monotonic, idle_s: float = 0.0
    ) -> "Room":
        """Return a room as it was kept.

        Args:
            kept: What `to_dict` returned.
            at_s: When the server was started, in seconds since 1970.
            clock: See above.
            idle_s: For how long nobody had asked for anything.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: It is something else.
        """
        if codes.read(kept["code"]) != kept["code"]:
            raise ValueError(kept["code"])
        people = kept["people"]
        "".join([kept["id"], kept["key"], *(one["token"] for one in people)]).encode("ascii")
        "".join([kept["model"], kept["project"], *(one["name"] for one in people)]).encode()
        room = cls(kept["code"], kept["key"], kept["model"], room_id=kept["id"], clock=clock)
        for one in people:
            sent = Counter({int(klass): int(count) for klass, count in one["sent"]})
            person = Person(int(one["id"]), one["name"], one["token"], int(one["points"]), bool(one["out"]), sent)
            room.people[person.id] = person
        room.round, room.project = int(kept["round"]), kept["project"]
        room.is_locked, room.is_paused = bool(kept["locked"]), bool(kept["paused"])
        room.has_points = bool(kept["points"])
        room.phase = Phase.COLLECT if kept["collects"] and room.project else Phase.PHOTOS
        room.restored_s = at_s
        room.used_s -= idle_s
        return room
