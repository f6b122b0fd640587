"""How the photos on a wall become a class set to train with."""

from lib.errors import PhotoError, UsageError
from lib.i18n import Translator
from lib.messages import N_
from lib.projects.project import Project
from lib.server.room.guessing import UNSURE, name_of, right
from lib.server.room.looking import Looking
from lib.server.room.room import Room


def take_over(room: Room, project: Project, looking: Looking, t: Translator) -> int:
    """Add a room's photos to its class set, a class for each answer; return how many.

    Where the model was not sure there is no class to put a photo into: it is left out, and so is what the teacher hid.

    Raises:
        UsageError: There is no photo with an answer.
    """
    piles: dict[str, list[tuple[str, bytes]]] = {}
    with room.still():
        shots = [shot for shot in room.shots.values() if not shot.is_hidden and not shot.is_taken]
    for shot in shots:
        said = looking.said(room, shot, t)
        answer = UNSURE if said is None else right(said.found)
        if said is not None and answer != UNSURE:
            piles.setdefault(name_of(t, said.found, answer), []).append((shot.photo.name, shot.photo.data))
            shot.is_taken = True
    if not piles:
        raise UsageError(N_("No photo here has an answer that could be its class. Name classes, and collect photos."))
    count = 0
    for name, photos in piles.items():
        klass = next((one.id for one in project.classes if one.name == name), None)
        klass = project.add_class(name).id if klass is None else klass
        for file, data in photos:
            try:
                count += project.add(klass, file, data).aside is None
            except PhotoError:
                continue  # the project says why
    return count
