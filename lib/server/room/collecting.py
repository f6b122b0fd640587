"""How the photos on a wall become a class set to train with."""

from dataclasses import dataclass

from lib.errors import UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.projects.project import Project
from lib.server.room.guessing import UNSURE, name_of, right
from lib.server.room.looking import Looking
from lib.server.room.room import Room, Shot


@dataclass(frozen=True, slots=True)
class Pile:
    """Photos with the same answer.

    Attributes:
        name: The answer, in the teacher's language.
        shots: The photos.
    """

    name: str
    shots: tuple[Shot, ...]


def piles(room: Room, looking: Looking, t: Translator) -> list[Pile]:
    """Return a room's photos by their answers, those that went into the class set already left out.

    Where the model was not sure there is no class to put a photo into: it is left out, and so is what the teacher hid.

    Raises:
        UsageError: There is no photo with an answer.
    """
    found: dict[str, list[Shot]] = {}
    with room.still():
        shots = [shot for shot in room.shots.values() if not shot.is_hidden and not shot.is_taken]
    for shot in shots:
        said = looking.said(room, shot, t).found
        if (answer := right(said)) != UNSURE:
            found.setdefault(name_of(t, said, answer), []).append(shot)
    if not found:
        raise UsageError(N_("No photo here has an answer that could be its class. Name classes, and collect photos."))
    return [Pile(name, tuple(shots)) for name, shots in found.items()]


def take_over(found: list[Pile], project: Project) -> None:
    """Add photos to a class set, a class for each pile; what it sets aside it gives its reason for.

    Raises:
        UsageError: These are more classes than a project has.
    """
    for pile in found:
        (klass,) = project.classes_called([pile.name])
        for shot in pile.shots:
            project.add(klass, shot.photo.name, shot.photo.data)
            shot.is_taken = True
