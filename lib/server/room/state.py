"""A room as its phones and its wall draw it, in plain values and HTML that is ready; `/r` and `/rooms` answer with it.

A phone is told nothing of an answer before it is shown, and of the others nothing but names and photos.
"""

import secrets
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lib.face.answer import caption, look
from lib.i18n import Translator
from lib.projects.project import Project
from lib.server import limits, qr
from lib.server.asked import Asked
from lib.server.project_state import picture, state
from lib.server.room import codes, nicknames
from lib.server.room.guessing import UNSURE, Option, name_of, options, right
from lib.server.room.looking import SETTINGS, Looking, Said
from lib.server.room.room import Person, Phase, Room, Shot
from lib.server.workshop import Workshop
from lib.work.jobs import JobState

State = dict[str, object]
_BOOT = secrets.token_urlsafe(4)  # a server that was started anew begins to count anew


@dataclass(frozen=True, slots=True)
class Place:
    """Where phones find a room.

    Attributes:
        addresses: Of this server for others, the likeliest first; none where nobody else reaches it.
        here: Its address for this machine.
    """

    addresses: tuple[str, ...]
    here: str


def version(room: Room, of: object = "") -> str:
    """Return what changes whenever anything of a room does.

    Args:
        room: The room.
        of: The same of what belongs to it.
    """
    return f"{_BOOT}.{room.step}.{room.version}.{of}"


def step(version: str) -> str:
    """Return the part of a version that changes only with what everybody is told of at once."""
    return version.rpartition(".")[0].rpartition(".")[0]


def answers_key(room: Room, t: Translator) -> str:
    """Return what tells the answers that are shown in a room from all others; "" while none are."""
    if room.phase is not Phase.SHOWN:
        return ""
    shown = zlib.crc32(repr([(shot.photo.id, shot.is_hidden) for shot in room.on_wall]).encode())
    return f"{_BOOT}.{room.round}.{room.model}.{t.language}.{shown:x}"


def ended() -> State:
    """Return what is told of a room that has ended."""
    return {"version": "ended", "phase": Phase.ENDED.value, "me": None, "out": False}


def earned(looking: Looking) -> Callable[[Shot, Room], list[int]]:
    """Return what tells who guessed right of a photo."""
    t = Translator()

    def of(shot: Shot, room: Room) -> list[int]:
        answer = right(looking.said(room, shot, t).found)
        return [person for person, guess in shot.guesses.items() if guess == answer]

    return of


def points(room: Room, looking: Looking) -> Counter[int]:
    """Return how many guesses of each person were right, as far as answers were shown."""
    counted = Counter({person.id: person.points for person in room.present})
    if room.has_shown:
        who = earned(looking)
        for shot in room.on_wall:
            counted.update(who(shot, room))
    return counted


def phone(
    t: Translator, room: Room, person: Person | None, looking: Looking, has: str, project: Project | None
) -> State:
    """Return what one phone draws.

    Args:
        t: The reader's language.
        room: The room.
        person: Whose phone it is; None if they have not joined.
        looking: What models said.
        has: The answers that the phone holds already, see `answers_key`.
        project: The class set, if there is one.
    """
    with room.still():
        if room.phase is Phase.ENDED:
            return ended()
        is_in = person is not None and not person.is_out
        key = answers_key(room, t)
        told: State = {
            "version": version(room),
            "answers": key,
            "code": codes.shown(room.code),
            "phase": room.phase.value,
            "round": room.round,
            "me": None,
            "out": person is not None and person.is_out,
            "locked": room.is_locked,
            "paused": room.is_paused,
            "people": len(room.present),
            "score": room.has_points,
            "note": "",
            "model": {"id": room.model, "name": looking.name(room.model), "query": _query(t, room)},
            "mine": [],
            "most": limits.PHOTOS_OF_PERSON,
            "guess": [],
            "shown": [],
            "collect": None,
        }
        if person is None or not is_in:
            return told | {"names": nicknames.offered(t, [one.name for one in room.present])}
        is_shown, without = room.phase is Phase.SHOWN, bool(key) and has == key
        score = points(room, looking)[person.id] if room.has_points else 0
        told["me"] = {"id": person.id, "name": person.name, "score": score}
        if room.restored_s is not None:
            told["note"] = t("The teacher’s computer was started anew. Photos on the wall are gone: send yours again.")
        wall, own = [shot for shot in room.on_wall if not shot.is_hidden], {}
        own = {shot.photo.id: shot for shot in room.on_wall if shot.person == person.id}
        told["mine"] = [_mine(t, room, shot, looking, is_shown=is_shown, without=without) for shot in own.values()]
        if room.phase is Phase.PHOTOS:
            others = [shot for shot in wall if shot.person != person.id]
            told["guess"] = [_guess(t, room, shot, person, looking) for shot in _turned(others, person)]
        if is_shown:
            told["shown"] = [_shown(t, room, shot, person, looking, without=without) for shot in wall]
        if room.phase is Phase.COLLECT and project is not None:
            told["collect"] = _collect(room, person, project)
        return told


def _query(t: Translator, room: Room) -> str:
    return Asked(room.model, settings=SETTINGS, language=t.language).query()


def _turned(shots: list[Shot], person: Person) -> list[Shot]:
    """Return photos so that everybody begins elsewhere: all of them are guessed at soon."""
    begin = person.id % len(shots) if shots else 0
    return shots[begin:] + shots[:begin]


def _src(room: Room, shot: Shot) -> str:
    return f"/r/{room.code}/photos/{shot.photo.id}.jpg"


def _mine(t: Translator, room: Room, shot: Shot, looking: Looking, *, is_shown: bool, without: bool) -> State:
    said = looking.said(room, shot, t) if is_shown else None
    answer = None if said is None else right(said.found)
    told: State = {
        "photo": shot.photo.id,
        "src": _src(room, shot),
        "hidden": shot.is_hidden,
        "guesses": len(shot.guesses),
        "rightGuesses": sum(guess == answer for guess in shot.guesses.values()),
    }
    return told if without and said else told | {"answer": "" if said is None else said.html}


def _guess(t: Translator, room: Room, shot: Shot, person: Person, looking: Looking) -> State:
    said = looking.said(room, shot, t)
    return {
        "photo": shot.photo.id,
        "src": _src(room, shot),
        "options": [{"id": one.id, "name": one.name} for one in options(t, said.found)],
        "chosen": shot.guesses.get(person.id, ""),
        "guessed": len(shot.guesses),
        "of": _others(room, shot),
    }


def _others(room: Room, shot: Shot) -> int:
    return sum(one.id != shot.person for one in room.present)


def _shown(t: Translator, room: Room, shot: Shot, person: Person, looking: Looking, *, without: bool) -> State:
    said, chosen = looking.said(room, shot, t), shot.guesses.get(person.id, "")
    told: State = {
        "photo": shot.photo.id,
        "src": _src(room, shot),
        "by": _name(room, shot),
        "isMine": shot.person == person.id,
        "chosen": chosen,
        "chosenName": name_of(t, said.found, chosen) if chosen else "",
        "right": chosen == right(said.found) if chosen else None,
        "vote": shot.votes.get(person.id),
        "votes": _votes(shot),
    }
    return told if without else told | {"answer": said.html}


def _name(room: Room, shot: Shot) -> str:
    person = room.people.get(shot.person)
    return "" if person is None else person.name


def _votes(shot: Shot) -> State:
    count = sum(shot.votes.values())
    return {"right": count, "wrong": len(shot.votes) - count}


def _collect(room: Room, person: Person, project: Project) -> State:
    counts = Counter(photo.klass for photo in project.manifest.usable)
    classes = [
        {"id": one.id, "name": one.name, "count": counts[one.id], "mine": person.sent[one.id]}
        for one in project.classes
    ]
    return {"classes": classes, "pinned": room.pinned}


def wall(
    t: Translator, room: Room, looking: Looking, workshop: Workshop, project: Project | None, place: Place
) -> State:
    """Return what the wall draws.

    Args:
        t: The reader's language.
        room: The room.
        looking: What models said.
        workshop: Where class sets are.
        project: The room's class set, if there is one.
        place: Where phones find the room.
    """
    of = "" if project is None or project.is_deleted else workshop.tell(project).version
    collect = None if project is None or project.is_deleted else _set(t, room, workshop, project)
    with room.still():
        if room.phase is Phase.ENDED:
            return ended() | {"id": room.id}
        score, shots, who = points(room, looking), room.on_wall, earned(looking)
        is_shown = room.phase is Phase.SHOWN
        photos = [_on_wall(t, room, shot, looking, is_shown=is_shown) for shot in shots]
        first = place.addresses[0] if place.addresses else place.here
        address = f"{first.rstrip('/')}/r/{room.code}"
        guessed = sum(len(shot.guesses) for shot in shots) if is_shown else 0
        hits = sum(len(who(shot, room)) for shot in shots) if is_shown else 0
        return {
            "version": version(room, of),
            "id": room.id,
            "code": codes.shown(room.code),
            "address": address,
            "short": f"{first.partition('://')[2].rstrip('/')}/r",
            "others": [f"{one.rstrip('/')}/r" for one in place.addresses[1:]],
            "isReachable": bool(place.addresses),
            "qr": qr.picture(address),
            "phase": room.phase.value,
            "round": room.round,
            "locked": room.is_locked,
            "paused": room.is_paused,
            "score": room.has_points,
            "restored": _restored(t, room),
            "model": {"id": room.model, "name": looking.name(room.model)},
            "people": [
                {
                    "id": one.id,
                    "name": one.name,
                    "score": score[one.id],
                    "photos": sum(shot.person == one.id for shot in shots),
                    "here": room.is_here(one),
                }
                for one in room.present
            ],
            "photos": photos,
            "all": len(room.shots),
            "guesses": {"right": hits, "surprises": guessed - hits},
            "collect": collect,
            "bytes": room.album.held_bytes,
        }


def _restored(t: Translator, room: Room) -> str:
    if room.restored_s is None:
        return ""
    at = time.strftime("%H:%M", time.localtime(room.restored_s))
    people = t.plural("{n} person with their points", "{n} people with their points", len(room.present))
    kept = [t("the room"), people, *([t("the class set")] if room.project else [])]
    return t(
        "This computer was started anew at {time}. Kept: {kept}. Gone: photos on the wall, which are in memory only.",
        time=at,
        kept=t.listed(kept),
    )


def _on_wall(t: Translator, room: Room, shot: Shot, looking: Looking, *, is_shown: bool) -> State:
    told: State = {
        "photo": shot.photo.id,
        "src": f"/rooms/{room.id}/photos/{shot.photo.id}.jpg",
        "by": _name(room, shot),
        "person": shot.person,
        "hidden": shot.is_hidden,
        "state": "ready",
        "guesses": len(shot.guesses),
        "of": _others(room, shot),
        "rightGuesses": 0,
    }
    return told | _open(t, shot, looking.said(room, shot, t)) if is_shown else told


def _open(t: Translator, shot: Shot, said: Said) -> State:
    found, answer = said.found, right(said.found)
    counts = Counter(shot.guesses.values())
    listed = [*options(t, found), Option(UNSURE, t("It will not be sure"))]
    tallied = [{"id": one.id, "name": one.name, "count": counts[one.id], "isRight": one.id == answer} for one in listed]
    votes = _votes(shot)
    return {
        "look": look(found),
        "caption": caption(t, found),
        "answer": said.html,
        "pile": "" if answer == UNSURE else name_of(t, found, answer),
        "rightGuesses": counts[answer],
        "options": tallied,
        "votes": votes,
        "disputed": is_disputed(shot, answer),
    }


def is_disputed(shot: Shot, answer: str) -> bool:
    """Whether the class sees a photo otherwise than the model: most votes say wrong, or most guesses something else."""
    wrong = sum(not vote for vote in shot.votes.values())
    most, count = Counter(shot.guesses.values()).most_common(1)[0] if shot.guesses else ("", 0)
    return 2 * wrong > len(shot.votes) > 0 or (most != answer and 2 * count > len(shot.guesses))


def _set(t: Translator, room: Room, workshop: Workshop, project: Project) -> State:
    now = state(t, workshop, project)
    job = workshop.job(project)
    classes, with_photos = now["classes"], len({photo.klass for photo in project.manifest.usable})
    assert isinstance(classes, list)
    told, is_failed = now["job"], job is not None and job.state in (JobState.FAILED, JobState.CANCELLED)
    words = str(told["words"]) if isinstance(told, Mapping) else ""
    return {
        "project": project.id,
        "classes": [
            {"id": one["id"], "name": one["name"], "count": one["count"], "photos": _pictures(project, one["photos"])}
            for one in classes
        ],
        "aside": now["asideCount"],
        "pinned": room.pinned,
        "result": now["result"],
        "accuracy": now["accuracy"],
        "canMake": with_photos > 1,
        "why": "" if with_photos > 1 else t("A model needs photos of at least two classes."),
        "making": words if job is not None and job.is_live else "",
        "model": now["model"],
        "problem": words if is_failed else "",
    }


def _pictures(project: Project, photos: Iterable[int]) -> list[str]:
    return [picture(project, photo) for photo in photos]
